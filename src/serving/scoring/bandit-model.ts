/**
 * What Thompson sampling knows of an item in a list: a ridge regression of "somebody followed it" on what is told of the item and its
 * place, with parameters that all items share (Agrawal & Goyal: Thompson sampling for contextual bandits with linear payoffs. ICML 2013):
 *
 *   x = [1, 1 / log₂(1 + place), value, popularity, directions …],   A = λI + Σ x xᵀ,   θ ~ N(A⁻¹(λθ₀ + Σ r x), v² A⁻¹).
 *
 * The place is there so that what stands on top is not taken to be good for that; within a place it is the same for all items.
 */
export const DIRECTIONS = 8;
const VALUE = 2;
export const FEATURES = 4 + DIRECTIONS;

/** θ₀: a standard deviation of the value in the list more is followed five of a hundred times more, until feedback knows better. */
export const PRIOR_MEAN: readonly number[] = Array.from({ length: FEATURES }, (_, n) => (n === VALUE ? 0.05 : 0));

/** What was learned, for the threads that choose. */
export interface Posterior {
  /** [FEATURES] */
  readonly mean: readonly number[];
  /** V with V Vᵀ = A⁻¹, upper triangle, row by row [FEATURES × FEATURES]. */
  readonly factor: readonly number[];
}

/** @param ridge λ */
export function priorOf(ridge: number): Posterior {
  const factor = new Array<number>(FEATURES * FEATURES).fill(0);
  for (let n = 0; n < FEATURES; n++) factor[n * FEATURES + n] = 1 / Math.sqrt(ridge);
  return { mean: PRIOR_MEAN, factor };
}

/** @param place from 1 @param described of the item [1 + DIRECTIONS]: popularity and directions */
export function featuresOf(place: number, value: number, described: ArrayLike<number>): number[] {
  return [1, 1 / Math.log2(1 + place), value, ...Array.from(described)];
}
