/** Area under the ROC curve: the chance that a relevant item scores above one that is not (ties count one half). */
import { DeepTasteError } from '../../core/errors.ts';
import { perUser, type TieGroups } from '../tie-groups.ts';
import { checkBinaryLabels, checkLengths, checkNumbers } from './prediction-checks.ts';

/**
 * AUC per user [U] over the user's candidates: Σ over relevant items of (irrelevant below + ½ irrelevant tied), divided by
 * |relevant| · |irrelevant|; a miss is below all. NaN (undefined) for a user whose candidates are all relevant.
 */
export function userAuc(groups: TieGroups): Float64Array {
  return perUser(groups, (user, first, end) => {
    let nListable = 0;
    for (let g = first; g < end; g++) nListable += groups.relevant[g];
    const nIrrelevant = groups.nCandidates[user] - nListable;
    let won = 0;
    let relevantAbove = 0;
    for (let g = first; g < end; g++) {
      const r = groups.relevant[g];
      const tied = groups.size[g] - r;
      const lost = groups.above[g] - relevantAbove;
      won += r * (nIrrelevant - lost - tied / 2);
      relevantAbove += r;
    }
    return won / (groups.nRelevant[user] * nIrrelevant); // 0/0 = NaN when nothing is irrelevant
  });
}

/**
 * AUC of scored rows by mid-ranks (Mann–Whitney): (Σ ranks of positives − P(P+1)/2) / (P·N).
 * @param labels 0 or 1 [n]; @param scores higher = more likely positive [n]
 * @returns NaN when there are no positives or no negatives
 */
export function auc(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  checkLengths('auc', labels, scores);
  checkBinaryLabels('auc', labels);
  checkNumbers('auc', 'score', scores);
  return aucOfRows(
    labels,
    scores,
    Int32Array.from({ length: labels.length }, (_, row) => row),
  );
}

/** AUC of the given rows; sorts `rows` in place. */
function aucOfRows(labels: ArrayLike<number>, scores: ArrayLike<number>, rows: Int32Array): number {
  rows.sort((a, b) => scores[a] - scores[b]);
  let rankSum = 0;
  let nPositive = 0;
  for (let i = 0; i < rows.length; ) {
    const start = i;
    let positives = 0;
    while (i < rows.length && scores[rows[i]] === scores[rows[start]]) positives += labels[rows[i++]];
    rankSum += positives * ((start + 1 + i) / 2); // mid-rank of places start+1 … i
    nPositive += positives;
  }
  return (rankSum - (nPositive * (nPositive + 1)) / 2) / (nPositive * (rows.length - nPositive));
}

/** GAUC and what it is made of; G users that have both labels. */
export interface GroupAuc {
  /** Σ rows·AUC / Σ rows over the G users; NaN when G = 0. */
  readonly value: number;
  readonly users: Int32Array; // [G] dense user indices, ascending
  readonly auc: Float64Array; // [G]
  readonly nRows: Int32Array; // [G] the weights: rows (impressions) of the user
  /** Users left out because all their rows carry the same label. */
  readonly nUndefined: number;
}

/**
 * Group AUC of scored rows: the AUC of each user's rows, weighted by the number of rows (Zhu et al., KDD 2017; Zhou et al.,
 * DIN, KDD 2018). @param userIndex dense user of each row [n]; users with one label only are left out and counted.
 */
export function groupAuc(labels: ArrayLike<number>, scores: ArrayLike<number>, userIndex: Int32Array): GroupAuc {
  checkLengths('gauc', labels, scores);
  if (userIndex.length !== labels.length)
    throw new DeepTasteError(
      'data',
      `gauc: every row must have a user, got ${labels.length} rows and ${userIndex.length} users; give userIndex for each row`,
    );
  checkBinaryLabels('gauc', labels);
  checkNumbers('gauc', 'score', scores);
  const rows = Int32Array.from({ length: labels.length }, (_, row) => row).sort((a, b) => userIndex[a] - userIndex[b]);
  const defined: { user: number; auc: number; nRows: number }[] = [];
  let nUndefined = 0;
  for (let start = 0, end = 0; start < rows.length; start = end) {
    const user = userIndex[rows[start]];
    while (end < rows.length && userIndex[rows[end]] === user) end++;
    const value = aucOfRows(labels, scores, rows.subarray(start, end));
    if (Number.isNaN(value)) nUndefined++;
    else defined.push({ user, auc: value, nRows: end - start });
  }
  return {
    value: defined.reduce((sum, g) => sum + g.auc * g.nRows, 0) / defined.reduce((sum, g) => sum + g.nRows, 0),
    users: Int32Array.from(defined, (g) => g.user),
    auc: Float64Array.from(defined, (g) => g.auc),
    nRows: Int32Array.from(defined, (g) => g.nRows),
    nUndefined,
  };
}
