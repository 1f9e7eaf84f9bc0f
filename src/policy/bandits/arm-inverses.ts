import { DoubleRows, evenLength } from '../../engine/runtime/double-rows.ts';

/**
 * Ridge regressions side by side, one an action: A_a = λI + Σ xxᵀ and θ_a = A_a⁻¹ Σ r x, kept by rank-1 updates (Sherman & Morrison 1950):
 *
 *   A⁻¹ ← A⁻¹ − g gᵀ / (1 + xᵀg),   θ ← θ + g (r − xᵀθ) / (1 + xᵀg),   g = A⁻¹x before the update.
 *
 * Of each symmetric A⁻¹ the upper triangle is kept, row by row. The products x_i x_j of a context are made once a decision (those off the
 * diagonal doubled), so that the variances of all actions are one product of a matrix and a vector.
 */
export class ArmInverses {
  readonly arms: number;
  readonly d: number;
  /** Elements from one θ to the next. */
  readonly thetaStride: number;
  /** θ [arms × thetaStride]. */
  readonly theta: Float64Array;
  /** Elements from one triangle to the next. */
  readonly triangleStride: number;
  /** A⁻¹ [arms × triangleStride]. */
  readonly inverse: Float64Array;
  /** A⁻¹x of the last update, before it [d]. */
  readonly gain: Float64Array;
  readonly #rows: DoubleRows<'theta' | 'inverse' | 'x' | 'products' | 'means' | 'variances'>;

  /** @param d length of contexts @param ridge λ */
  constructor(arms: number, d: number, ridge: number) {
    this.arms = arms;
    this.d = d;
    this.thetaStride = evenLength(d);
    this.triangleStride = evenLength(triangleLength(d));
    this.#rows = new DoubleRows({
      theta: arms * this.thetaStride,
      inverse: arms * this.triangleStride,
      x: this.thetaStride,
      products: this.triangleStride,
      means: arms,
      variances: arms,
    });
    this.theta = this.#rows.arrays.theta;
    this.inverse = this.#rows.arrays.inverse;
    this.gain = new Float64Array(d);
    for (let arm = 0; arm < arms; arm++)
      for (let i = 0, at = arm * this.triangleStride; i < d; at += d - i, i++) this.inverse[at] = 1 / ridge;
  }

  /**
   * Of a context: xᵀθ_a and xᵀA_a⁻¹x of every action, [arms] each, overwritten by the next context.
   * @param x [d]
   */
  look(x: Float64Array): { readonly means: Float64Array; readonly variances: Float64Array } {
    const { arrays } = this.#rows;
    arrays.x.set(x);
    contextProducts(x, arrays.products);
    this.#rows.rowProducts(arrays.theta, arrays.x, arrays.means);
    this.#rows.rowProducts(arrays.inverse, arrays.products, arrays.variances);
    return arrays;
  }

  /** @returns 1 + xᵀA⁻¹x before the update */
  update(arm: number, x: Float64Array, reward: number): number {
    const { d, theta, inverse, gain: g } = this;
    const start = arm * this.triangleStride;
    const ofTheta = arm * this.thetaStride;
    g.fill(0);
    let place = start;
    for (let i = 0; i < d; i++) {
      let own = g[i] + inverse[place++] * x[i];
      for (let j = i + 1; j < d; j++) {
        const value = inverse[place++];
        own += value * x[j];
        g[j] += value * x[i];
      }
      g[i] = own;
    }
    let [spread, mean] = [1, 0];
    for (let i = 0; i < d; i++) {
      spread += x[i] * g[i];
      mean += x[i] * theta[ofTheta + i];
    }
    const step = (reward - mean) / spread;
    for (let i = 0; i < d; i++) theta[ofTheta + i] += step * g[i];
    place = start;
    for (let i = 0; i < d; i++) {
      const scaled = g[i] / spread;
      for (let j = i; j < d; j++) inverse[place++] -= scaled * g[j];
    }
    return spread;
  }
}

/** Elements of the upper triangle of a symmetric matrix [d × d]. */
const triangleLength = (d: number): number => (d * (d + 1)) / 2;

/** x_i x_j in the order of a triangle, those off the diagonal doubled: the triangle of a matrix times these is xᵀ(matrix)x. */
function contextProducts(x: Float64Array, products: Float64Array): void {
  const d = x.length;
  let place = 0;
  for (let i = 0; i < d; i++) {
    products[place++] = x[i] * x[i];
    const doubled = 2 * x[i];
    for (let j = i + 1; j < d; j++) products[place++] = doubled * x[j];
  }
}
