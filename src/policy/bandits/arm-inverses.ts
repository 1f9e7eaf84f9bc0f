/**
 * Ridge regressions side by side, one an action: A_a = λI + Σ xxᵀ and θ_a = A_a⁻¹ Σ r x, kept by rank-1 updates (Sherman & Morrison 1950):
 *
 *   A⁻¹ ← A⁻¹ − g gᵀ / (1 + xᵀg),   θ ← θ + g (r − xᵀθ) / (1 + xᵀg),   g = A⁻¹x before the update.
 *
 * Of each symmetric A⁻¹ the upper triangle is kept. The products x_i x_j of a context are made once a decision (those off the diagonal
 * doubled), so that each action costs one dot product of d (d + 1) / 2 terms.
 */
export class ArmInverses {
  readonly arms: number;
  readonly d: number;
  /** θ [arms × d]. */
  readonly theta: Float64Array;
  readonly #triangle: number;
  readonly #inverse: Float64Array; // [arms × triangle]
  readonly #products: Float64Array; // [triangle]
  readonly #squares: Float64Array; // [d]
  /** Sums of the sizes of each row of A⁻¹ [arms × d]. */
  readonly #rowSums: Float64Array;
  /** A⁻¹x of the last update, before it [d]. */
  readonly gain: Float64Array;

  /** @param d length of contexts @param ridge λ */
  constructor(arms: number, d: number, ridge: number) {
    this.arms = arms;
    this.d = d;
    this.theta = new Float64Array(arms * d);
    this.#triangle = (d * (d + 1)) / 2;
    this.#inverse = new Float64Array(arms * this.#triangle);
    this.#products = new Float64Array(this.#triangle);
    this.#rowSums = new Float64Array(arms * d).fill(1 / ridge);
    this.#squares = new Float64Array(d);
    this.gain = new Float64Array(d);
    for (let arm = 0; arm < arms; arm++)
      for (let i = 0; i < d; i++) this.#inverse[arm * this.#triangle + this.#at(i, i)] = 1 / ridge;
  }

  /** Place of row i ≤ column j in a triangle that stands row by row. */
  #at(i: number, j: number): number {
    return i * this.d - (i * (i - 1)) / 2 + (j - i);
  }

  /** xᵀθ_a of every action. @param means [arms] */
  means(x: Float64Array, means: Float64Array): void {
    const { d, arms, theta } = this;
    for (let arm = 0, at = 0; arm < arms; arm++) {
      let mean = 0;
      for (let i = 0; i < d; i++, at++) mean += theta[at] * x[i];
      means[arm] = mean;
    }
  }

  /** Takes the context that `variance` is about. */
  look(x: Float64Array): void {
    const { d } = this;
    const products = this.#products;
    let place = 0;
    for (let i = 0; i < d; i++) {
      this.#squares[i] = x[i] * x[i];
      products[place++] = x[i] * x[i];
      const doubled = 2 * x[i];
      for (let j = i + 1; j < d; j++) products[place++] = doubled * x[j];
    }
  }

  /** At least `variance`, for d products instead of d (d + 1) / 2: 2 |x_i x_j| ≤ x_i² + x_j², hence xᵀA⁻¹x ≤ Σ_i x_i² Σ_j |A⁻¹_ij|. */
  varianceBound(arm: number): number {
    return dot(this.#squares, this.#rowSums, arm * this.d, this.d);
  }

  /** xᵀA_a⁻¹x of the context that was looked at last. */
  variance(arm: number): number {
    return Math.max(0, dot(this.#products, this.#inverse, arm * this.#triangle, this.#triangle));
  }

  /** @returns 1 + xᵀA⁻¹x before the update */
  update(arm: number, x: Float64Array, reward: number): number {
    const { d, theta, gain: g } = this;
    const inverse = this.#inverse;
    const start = arm * this.#triangle;
    g.fill(0);
    let place = start;
    for (let i = 0; i < d; i++) {
      g[i] += inverse[place++] * x[i];
      for (let j = i + 1; j < d; j++) {
        const value = inverse[place++];
        g[i] += value * x[j];
        g[j] += value * x[i];
      }
    }
    let [spread, mean] = [1, 0];
    for (let i = 0; i < d; i++) {
      spread += x[i] * g[i];
      mean += x[i] * theta[arm * d + i];
    }
    const step = (reward - mean) / spread;
    for (let i = 0; i < d; i++) theta[arm * d + i] += step * g[i];
    place = start;
    const sums = this.#rowSums.subarray(arm * d, (arm + 1) * d).fill(0);
    for (let i = 0; i < d; i++) {
      const scaled = g[i] / spread;
      inverse[place] -= scaled * g[i];
      sums[i] += Math.abs(inverse[place++]);
      for (let j = i + 1; j < d; j++) {
        inverse[place] -= scaled * g[j];
        const size = Math.abs(inverse[place++]);
        sums[i] += size;
        sums[j] += size;
      }
    }
    return spread;
  }
}

/** Four sums side by side, since one sum waits for the latency of each addition. */
function dot(x: Float64Array, y: Float64Array, from: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    s0 += x[i] * y[from + i];
    s1 += x[i + 1] * y[from + i + 1];
    s2 += x[i + 2] * y[from + i + 2];
    s3 += x[i + 3] * y[from + i + 3];
  }
  for (; i < n; i++) s0 += x[i] * y[from + i];
  return s0 + s1 + (s2 + s3);
}
