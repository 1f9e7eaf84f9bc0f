/**
 * What each user adds to a metric of predicted rows. RMSE and AUC are no means over users, so that no user has a value of them; a user's
 * contribution is the metric plus its first-order change by this user's rows (the infinitesimal jackknife, Jaeckel 1972), scaled so
 * that the mean over the G users is the metric itself:
 *
 *   mae, logloss   m + G/n · (S_u − n_u m),            S_u the sum of the penalties of the user's n_u rows, m = Σ S_u / n
 *   rmse           r + G/n · (S_u − n_u m) / (2 r),    S_u of squared errors, r = √m
 *   auc            A + G · (Σ_{rows of u labelled 1} (V − A) / P + Σ_{rows of u labelled 0} (V − A) / N),
 *                  V the share of the rows of the other label that the row stands on the right side of, ties counting one half
 *
 * Student's t test of their differences is the cluster-robust one (Liang and Zeger 1986; of AUC: DeLong et al. 1988, Obuchowski 1997).
 * GAUC is a weighted mean of values of users, which are its contributions. Rows that name nobody count as users of one row.
 */
import { DeepTasteError } from '../core/errors.ts';
import type { MeasuredRows } from './measured-rows.ts';
import type { Metric } from './metric-name.ts';
import { groupAuc } from './metrics/auc.ts';

export interface Contributions {
  /** [G] users in the order of their first rows; NaN where undefined. */
  readonly values: Float64Array;
  /** [G] null: all 1. */
  readonly weights: Float64Array | null;
  /** The user's mean penalty, users counting alike, for the test of signed ranks [G]; null: the metric has none. */
  readonly ranked: Float64Array | null;
}

/** Rows by whom they are of. */
interface Groups {
  readonly nUsers: number;
  /** Row → 0 … nUsers − 1. */
  readonly of: Int32Array;
  readonly nRows: Float64Array; // [nUsers]
}

/**
 * The mean over seeds of each user's contribution.
 * @param places the rows to look at; null = all
 */
export function rowContributions(rows: MeasuredRows, metric: Metric, places: Int32Array | null = null): Contributions {
  const labels = places ? Float32Array.from(places, (row) => rows.labels[row]) : rows.labels;
  const users = places && rows.userIndex ? places.map((row) => rows.userIndex![row]) : rows.userIndex;
  const groups = groupsOf(users, labels.length);
  const ofSeeds = rows.predictions.map((column) => {
    const predictions = places ? Float64Array.from(places, (row) => column[row]) : column;
    return contributionsOf(labels, predictions, groups, metric);
  });
  const [{ weights, ranked }] = ofSeeds;
  return {
    values: meanColumn(ofSeeds.map(({ values }) => values)),
    weights,
    ranked: ranked && meanColumn(ofSeeds.map((each) => each.ranked!)),
  };
}

function meanColumn(columns: readonly Float64Array[]): Float64Array {
  if (columns.length === 1) return columns[0];
  return columns[0].map((_, u) => columns.reduce((sum, column) => sum + column[u], 0) / columns.length);
}

function groupsOf(users: Int32Array | null, n: number): Groups {
  const placeOf = new Map<number, number>();
  const of = Int32Array.from({ length: n }, (_, row) => {
    const user = users ? users[row] : row;
    const place = placeOf.get(user) ?? placeOf.size;
    placeOf.set(user, place);
    return place;
  });
  const nRows = new Float64Array(placeOf.size);
  for (const user of of) nRows[user]++;
  return { nUsers: placeOf.size, of, nRows };
}

function contributionsOf(labels: Float32Array, predictions: Float64Array, groups: Groups, { family, name }: Metric) {
  switch (family) {
    case 'rmse':
      return ofPenalties((row) => (predictions[row] - labels[row]) ** 2, groups, true);
    case 'mae':
      return ofPenalties((row) => Math.abs(predictions[row] - labels[row]), groups, false);
    case 'logloss':
      return ofPenalties((row) => crossEntropy(labels[row], predictions[row]), groups, false);
    case 'auc':
      return ofAuc(labels, predictions, groups);
    case 'gauc':
      return ofGroupAuc(labels, predictions, groups);
    default:
      throw new DeepTasteError('config', `metric "${name}": it needs rankings, found predicted rows; choose another`);
  }
}

/** As `logLoss` counts it. */
function crossEntropy(label: number, prediction: number): number {
  const p = Math.min(1 - 1e-7, Math.max(1e-7, prediction));
  return -Math.log(label === 1 ? p : 1 - p);
}

function ofPenalties(penalty: (row: number) => number, { of, nUsers, nRows }: Groups, hasRoot: boolean): Contributions {
  const sums = new Float64Array(nUsers);
  of.forEach((user, row) => {
    sums[user] += penalty(row);
  });
  const mean = sums.reduce((sum, s) => sum + s, 0) / of.length;
  const [value, slope] = hasRoot ? [Math.sqrt(mean), mean > 0 ? 1 / (2 * Math.sqrt(mean)) : 0] : [mean, 1];
  const scale = (nUsers / of.length) * slope;
  return {
    values: sums.map((sum, user) => value + scale * (sum - nRows[user] * mean)),
    weights: null,
    ranked: sums.map((sum, user) => sum / nRows[user]),
  };
}

function ofAuc(labels: Float32Array, predictions: Float64Array, { of, nUsers }: Groups): Contributions {
  const order = Int32Array.from(of.keys()).sort((a, b) => predictions[a] - predictions[b]);
  const nPositive = labels.reduce((n, label) => n + label, 0);
  const nNegative = labels.length - nPositive;
  const values = new Float64Array(nUsers);
  if (nPositive === 0 || nNegative === 0) return { values: values.fill(Number.NaN), weights: null, ranked: null };
  const share = new Float64Array(labels.length);
  let [positivesBelow, negativesBelow, sum] = [0, 0, 0];
  for (let start = 0, end = 0; start < order.length; start = end) {
    let positives = 0;
    for (; end < order.length && predictions[order[end]] === predictions[order[start]]; end++)
      positives += labels[order[end]];
    const negatives = end - start - positives;
    for (let place = start; place < end; place++) {
      const row = order[place];
      if (labels[row] === 1) sum += share[row] = (negativesBelow + negatives / 2) / nNegative;
      else share[row] = (nPositive - positivesBelow - positives / 2) / nPositive;
    }
    positivesBelow += positives;
    negativesBelow += negatives;
  }
  const auc = sum / nPositive;
  for (let row = 0; row < of.length; row++)
    values[of[row]] += (share[row] - auc) / (labels[row] === 1 ? nPositive : nNegative);
  return { values: values.map((change) => auc + nUsers * change), weights: null, ranked: null };
}

function ofGroupAuc(labels: Float32Array, predictions: Float64Array, { of, nUsers, nRows }: Groups): Contributions {
  const { users, auc } = groupAuc(labels, predictions, of);
  const values = new Float64Array(nUsers).fill(Number.NaN);
  users.forEach((user, n) => {
    values[user] = auc[n];
  });
  return { values, weights: nRows, ranked: null };
}
