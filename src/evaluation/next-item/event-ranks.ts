/** Where the item that came next stands among all items (or listed candidates) by its score. */

/** Of each target: how many candidates score higher, and how many others the same. */
export interface EventRanks {
  readonly greater: Int32Array; // [T]
  readonly equal: Int32Array; // [T]
  readonly nCandidates: Int32Array; // [T] the target included
  /** Why the target can stand in no list: {@link unknownItem}, {@link itemOfHistory}; 0 = it can. */
  readonly isMiss: Uint8Array; // [T]
}

/** A target unknown to training, which no model can rank. */
export const unknownItem = 1;
/** A target that stands in its history, where lists leave the history out. */
export const itemOfHistory = 2;

export function emptyRanks(n: number): EventRanks {
  const [greater, equal, nCandidates] = [new Int32Array(n), new Int32Array(n), new Int32Array(n)];
  return { greater, equal, nCandidates, isMiss: new Uint8Array(n) };
}

/**
 * Enters the rank of one target. A score that is NaN counts as lower than every number; a target whose score is NaN is last.
 * @param scores [nItems]
 * @param candidates items to rank the target among, whether or not it is one of them; null = all
 */
export function enterRank(
  ranks: EventRanks,
  target: number,
  item: number,
  scores: Float32Array,
  candidates: Int32Array | null,
): void {
  const nOthers = candidates === null ? scores.length - 1 : candidates.length - (candidates.includes(item) ? 1 : 0);
  ranks.nCandidates[target] = nOthers + 1;
  const own = item < 0 ? Number.NaN : scores[item];
  if (item < 0) ranks.isMiss[target] = unknownItem;
  if (Number.isNaN(own)) {
    ranks.greater[target] = nOthers;
    return;
  }
  if (candidates === null) countAll(ranks, target, own, scores);
  else countListed(ranks, target, item, scores, candidates);
}

function countAll(ranks: EventRanks, target: number, own: number, scores: Float32Array): void {
  let greater = 0;
  let notLess = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i];
    greater += score > own ? 1 : 0;
    notLess += score >= own ? 1 : 0;
  }
  ranks.greater[target] = greater;
  ranks.equal[target] = notLess - greater - 1; // the target itself is not less than itself
}

function countListed(ranks: EventRanks, target: number, item: number, scores: Float32Array, listed: Int32Array): void {
  const own = scores[item];
  for (const other of listed) {
    if (other === item) continue;
    const score = scores[other];
    if (score > own) ranks.greater[target]++;
    else if (score === own) ranks.equal[target]++;
  }
}
