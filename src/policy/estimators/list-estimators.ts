/**
 * Estimators of the reward of whole lists, Σ over their positions. What is shown at a position was chosen with the propensity of its
 * row, given what stands above; w_k is the weight of the row at position k. They differ in what the reward of a position depends on:
 *
 *   sips  the whole list         Σ_k r_k · Π_j w_j            (Swaminathan et al. 2017, standard IPS)
 *   rips  what stands above      Σ_k r_k · Π_{j ≤ k} w_j      (McInerney et al. 2020, reward interaction)
 *   iips  its own item alone     Σ_k r_k · w_k                (Li et al. 2018, item–position; positions chosen independently)
 *   cascade-dr                   Σ_k W_{k−1} [ q̂(x, π) + w_k (r_k − q̂(x, a_k)) ],  W_k = Π_{j ≤ k} w_j
 *                                (Kiyohara et al. 2022, with q̂ of the reward of the position itself)
 *
 * Each weaker assumption has the larger variance. The names that begin with `sn` divide by the mean weight of each position.
 */
import { assert } from '../../core/errors.ts';
import type { ListRows } from '../support/weights.ts';
import type { Weighed } from './estimator.ts';
import { ratioContributions } from './estimator.ts';

export interface ListEstimator {
  readonly name: string;
  readonly title: string;
  readonly isModelled: boolean;
  /** @returns one contribution a list */
  contributions(lists: ListRows, weighed: Weighed, positions: number): Float64Array;
}

/** The weight of the reward of each row [n], in the order of `lists.rows`. */
type RewardWeights = (lists: ListRows, weight: Float64Array) => Float64Array;

const whole: RewardWeights = ({ start, rows }, weight) => {
  const out = new Float64Array(rows.length);
  for (let l = 0; l + 1 < start.length; l++) {
    let product = 1;
    for (let n = start[l]; n < start[l + 1]; n++) product *= weight[rows[n]];
    out.fill(product, start[l], start[l + 1]);
  }
  return out;
};

const above: RewardWeights = ({ start, rows }, weight) => {
  const out = new Float64Array(rows.length);
  for (let l = 0; l + 1 < start.length; l++) {
    let product = 1;
    for (let n = start[l]; n < start[l + 1]; n++) {
      product *= weight[rows[n]];
      out[n] = product;
    }
  }
  return out;
};

const own: RewardWeights = ({ rows }, weight) => Float64Array.from(rows, (row) => weight[row]);

function weighing(name: string, title: string, weightsOf: RewardWeights): ListEstimator {
  return {
    name,
    title,
    isModelled: false,
    contributions({ start, rows }, { weight, reward }) {
      const weights = weightsOf({ start, rows }, weight);
      return sums(start, (n) => weights[n] * reward[rows[n]]);
    },
  };
}

/** The same, each position divided by its mean weight: the sum of a ratio for each position. */
function selfNormalised(name: string, title: string, weightsOf: RewardWeights): ListEstimator {
  return {
    name,
    title,
    isModelled: false,
    contributions({ start, rows }, { weight, reward }, positions) {
      const weights = weightsOf({ start, rows }, weight);
      const total = new Float64Array(start.length - 1);
      for (let k = 0; k < positions; k++) {
        const top = new Float64Array(total.length);
        const bottom = new Float64Array(total.length);
        for (let l = 0; l < total.length; l++) {
          const n = start[l] + k;
          if (n >= start[l + 1]) continue;
          top[l] = weights[n] * reward[rows[n]];
          bottom[l] = weights[n];
        }
        const share = bottom.reduce((count, w) => count + (w > 0 ? 1 : 0), 0);
        if (share === 0) continue;
        // lists that are shorter have no reward there: the ratio counts for the share of lists that reach the position
        const reached = lengthShare(start, k);
        const ratio = ratioContributions(top, bottom);
        for (let l = 0; l < total.length; l++) total[l] += reached * ratio[l];
      }
      return total;
    },
  };
}

function lengthShare(start: Int32Array, k: number): number {
  let count = 0;
  for (let l = 0; l + 1 < start.length; l++) if (start[l + 1] - start[l] > k) count++;
  return count / (start.length - 1);
}

const cascadeDr: ListEstimator = {
  name: 'cascade-dr',
  title: 'Cascade-DR',
  isModelled: true,
  contributions({ start, rows }, { weight, reward, modelled }) {
    assert(modelled, 'an estimator with predicted rewards was asked without them');
    const { ofLogged, ofPolicy } = modelled;
    const weights = above({ start, rows }, weight);
    return sums(start, (n, isFirst) => {
      const row = rows[n];
      const before = isFirst ? 1 : weights[n - 1];
      return before * ofPolicy[row] + weights[n] * (reward[row] - ofLogged[row]);
    });
  },
};

function sums(start: Int32Array, term: (n: number, isFirst: boolean) => number): Float64Array {
  return Float64Array.from({ length: start.length - 1 }, (_, l) => {
    let sum = 0;
    for (let n = start[l]; n < start[l + 1]; n++) sum += term(n, n === start[l]);
    return sum;
  });
}

export const listEstimators: readonly ListEstimator[] = [
  weighing('sips', 'SIPS', whole),
  selfNormalised('snsips', 'SN-SIPS', whole),
  weighing('rips', 'RIPS', above),
  selfNormalised('snrips', 'SN-RIPS', above),
  weighing('iips', 'IIPS', own),
  selfNormalised('sniips', 'SN-IIPS', own),
  cascadeDr,
];
