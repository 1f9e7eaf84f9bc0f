/**
 * Slates of items with values Q̄_i under a conditional choice model, P(i | A) = v_i / (v_∅ + Σ_{j ∈ A} v_j) (Ie et al.: SlateQ: A Tractable
 * Decomposition for Reinforcement Learning with Recommendation Sets. IJCAI 2019, §4):
 *
 *   Q(A) = (v_∅ Q̄_∅ + Σ_{i ∈ A} v_i Q̄_i) / (v_∅ + Σ_{i ∈ A} v_i)
 */

/** What is known of a decision's items, nothing (∅) after the last of them. */
export interface ItemValues {
  /** v_i, at [from, from + items]. */
  readonly appeal: Float64Array;
  /** Q̄_i, likewise. */
  readonly value: Float64Array;
}

/** Chooses `slate.length` of n items, which stand from `from` on. @returns Q of the slate */
export type SlateRule = (values: ItemValues, from: number, n: number, slate: Int32Array) => number;

/** Adds the item with the largest Q of the slate so far and it, until the slate is full (greedy: GS). */
export const greedySlate: SlateRule = ({ appeal, value }, from, n, slate) => {
  let mass = appeal[from + n];
  let sum = mass * value[from + n];
  for (let place = 0; place < slate.length; place++) {
    let [best, most] = [-1, Number.NEGATIVE_INFINITY];
    for (let item = 0; item < n; item++) {
      const v = appeal[from + item];
      const q = (sum + v * value[from + item]) / (mass + v);
      if (q > most && !holds(slate, place, item)) [best, most] = [item, q];
    }
    slate[place] = best;
    mass += appeal[from + best];
    sum += appeal[from + best] * value[from + best];
  }
  return sum / mass;
};

/** The items of the largest v_i (Q̄_i − Q̄_∅) (top-s: TS); the paper's v_i Q̄_i where nothing is worth 0. */
export const topSlate: SlateRule = ({ appeal, value }, from, n, slate) => {
  const nothing = value[from + n];
  let mass = appeal[from + n];
  let sum = mass * nothing;
  for (let place = 0; place < slate.length; place++) {
    let [best, most] = [-1, Number.NEGATIVE_INFINITY];
    for (let item = 0; item < n; item++) {
      const gain = appeal[from + item] * (value[from + item] - nothing);
      if (gain > most && !holds(slate, place, item)) [best, most] = [item, gain];
    }
    slate[place] = best;
    mass += appeal[from + best];
    sum += appeal[from + best] * value[from + best];
  }
  return sum / mass;
};

function holds(slate: Int32Array, length: number, item: number): boolean {
  for (let place = 0; place < length; place++) if (slate[place] === item) return true;
  return false;
}

/** All ordered slates of k different items among n, [n (n − 1) … × k]. */
export function everySlate(n: number, k: number): Int32Array {
  const all: number[] = [];
  const extend = (begun: readonly number[]): void => {
    if (begun.length === k) {
      all.push(...begun);
      return;
    }
    for (let item = 0; item < n; item++) if (!begun.includes(item)) extend([...begun, item]);
  };
  extend([]);
  return Int32Array.from(all);
}
