/** Importance weights: how much more often a policy takes an action than the log's policy did, w = π(a | x) / p. */
import type { Decisions } from '../log/decisions.ts';
import type { TargetPolicy } from '../targets/target-policy.ts';

/** One weight a row [n]. */
export function rowWeights({ propensity }: Decisions, { ofLogged }: TargetPolicy): Float64Array {
  return ofLogged.map((p, row) => p / propensity[row]);
}

/** Rows of each list in the order of their positions: those of list l are `rows[start[l] … start[l + 1])`. */
export interface ListRows {
  readonly start: Int32Array; // [lists + 1]
  readonly rows: Int32Array; // [n]
}

export function listRows({ list, nLists, position, length }: Decisions): ListRows {
  const start = new Int32Array(nLists + 1);
  for (let row = 0; row < length; row++) start[(list as Int32Array)[row] + 1]++;
  for (let l = 0; l < nLists; l++) start[l + 1] += start[l];
  const next = start.slice();
  const rows = new Int32Array(length);
  for (let row = 0; row < length; row++) rows[next[(list as Int32Array)[row]]++] = row;
  for (let l = 0; l < nLists; l++)
    rows.subarray(start[l], start[l + 1]).sort((a, b) => (position as Int32Array)[a] - (position as Int32Array)[b]);
  return { start, rows };
}

/** Weights of whole lists: the product over their rows [lists]. */
export function listWeights({ start, rows }: ListRows, weights: Float64Array): Float64Array {
  return Float64Array.from({ length: start.length - 1 }, (_, l) => {
    let product = 1;
    for (let n = start[l]; n < start[l + 1]; n++) product *= weights[rows[n]];
    return product;
  });
}

/** (Σw)² / Σw²: how many decisions of the policy itself the weighted ones are worth; 0 where all weights are 0. */
export function effectiveSize(weights: Float64Array): number {
  let [sum, squares] = [0, 0];
  for (const w of weights) {
    sum += w;
    squares += w * w;
  }
  return squares === 0 ? 0 : (sum * sum) / squares;
}
