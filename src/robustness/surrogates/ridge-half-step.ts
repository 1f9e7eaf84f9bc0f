/**
 * One half-step of alternating least squares in float64, and its exact derivative. For given features f_c every row r has
 *   x_r = A_r⁻¹ b_r,   A_r = Σ_c w_rc f_c f_cᵀ + α₀ Σ_c f_c f_cᵀ + λ_r I,   b_r = Σ_c w_rc y_rc f_c,   λ_r = λ (Σ_c w_rc + α₀ n)^ν
 * With g_r = ∂L/∂x_r and v_r = A_r⁻¹ g_r, the same equations differentiated give
 *   ∂L/∂f_c  = Σ_r w_rc [ v_r (y_rc − f_c·x_r) − x_r (v_r·f_c) ] − α₀ Σ_r (v_r x_rᵀ + x_r v_rᵀ) f_c
 *   ∂L/∂y_rc = w_rc v_r·f_c
 *   ∂L/∂w_rc = (v_r·f_c)(y_rc − f_c·x_r) − λ ν (Σ w + α₀ n)^(ν−1) v_r·x_r
 * The last two hold for entries of weight 0 too: that is how an attack learns which entries to make.
 */
import { DeepTasteError } from '../../core/errors.ts';
import { choleskyFactor, solveFactored } from '../../engine/linalg/cholesky.ts';
import { addProduct, addRow, dotRows, outerSum } from './vectors.ts';
import type { WeightedRows } from './weighted-rows.ts';

export interface RidgeOptions {
  /** d */
  readonly factors: number;
  /** α₀ */
  readonly unobservedWeight: number;
  /** λ */
  readonly regularization: number;
  /** ν */
  readonly exponent: number;
}

export class RidgeHalfStep {
  readonly #rows: WeightedRows;
  readonly #options: RidgeOptions;
  /** U of A_r = UᵀU [nRows × d × d], of the last `solve`. */
  readonly #factored: Float64Array;
  /** Σ_c w_rc + α₀ n [nRows] */
  readonly #mass: Float64Array;

  constructor(rows: WeightedRows, options: RidgeOptions) {
    this.#rows = rows;
    this.#options = options;
    this.#factored = new Float64Array(rows.nRows * options.factors ** 2);
    this.#mass = new Float64Array(rows.nRows).fill(options.unobservedWeight * rows.nColumns);
    for (let r = 0; r < rows.nRows; r++)
      for (let e = rows.rowStart[r]; e < rows.rowStart[r + 1]; e++) this.#mass[r] += rows.weight[e];
  }

  /** @param features [nColumns × d]; @returns [nRows × d] @throws DeepTasteError `numeric` */
  solve(features: Float64Array): Float64Array {
    const { nRows, rowStart, columns, weight, value } = this.#rows;
    const { factors: d, unobservedWeight, regularization, exponent } = this.#options;
    const gram = outerSum(features, features, d);
    const solved = new Float64Array(nRows * d);
    for (let r = 0; r < nRows; r++) {
      const a = this.#factored.subarray(r * d * d, (r + 1) * d * d);
      for (let k = 0; k < d * d; k++) a[k] = unobservedWeight * gram[k];
      const x = solved.subarray(r * d, (r + 1) * d);
      for (let e = rowStart[r]; e < rowStart[r + 1]; e++) {
        const at = columns[e] * d;
        const w = weight[e];
        for (let i = 0; i < d; i++) {
          const s = w * features[at + i];
          x[i] += s * value[e];
          for (let j = i; j < d; j++) a[i * d + j] += s * features[at + j];
        }
      }
      const penalty = regularization * this.#mass[r] ** exponent;
      for (let i = 0; i < d; i++) a[i * d + i] += penalty;
      if (choleskyFactor(a, d) >= 0)
        throw new DeepTasteError('numeric', 'surrogate: a system is not positive definite; raise "regularization"');
      solveFactored(a, d, x);
    }
    return solved;
  }

  /** A_r⁻¹ g_r for all rows, by what the last `solve` factored; g is left as it is. */
  solveAdjoint(gradient: Float64Array): Float64Array {
    const d = this.#options.factors;
    const v = gradient.slice();
    for (let r = 0; r < this.#rows.nRows; r++)
      solveFactored(this.#factored.subarray(r * d * d, (r + 1) * d * d), d, v.subarray(r * d, (r + 1) * d));
    return v;
  }

  /** ∂L/∂f [nColumns × d]. @param solved what `solve(features)` gave; @param v of `solveAdjoint` */
  toFeatures(features: Float64Array, solved: Float64Array, v: Float64Array): Float64Array {
    const { nRows, nColumns, rowStart, columns, weight, value } = this.#rows;
    const { factors: d, unobservedWeight } = this.#options;
    const gradient = new Float64Array(nColumns * d);
    for (let r = 0; r < nRows; r++)
      for (let e = rowStart[r]; e < rowStart[r + 1]; e++) {
        const c = columns[e];
        addRow(gradient, c, weight[e] * (value[e] - dotRows(features, c, solved, r, d)), v, r, d);
        addRow(gradient, c, -weight[e] * dotRows(v, r, features, c, d), solved, r, d);
      }
    if (unobservedWeight > 0) {
      const crossed = outerSum(v, solved, d);
      const both = crossed.map((_, k) => crossed[k] + crossed[(k % d) * d + Math.floor(k / d)]);
      for (let c = 0; c < nColumns; c++) addProduct(gradient, c, -unobservedWeight, both, features, c, d);
    }
    return gradient;
  }

  /** ∂L/∂w of any entry. @param y its value */
  toWeight(r: number, c: number, y: number, features: Float64Array, solved: Float64Array, v: Float64Array): number {
    const { factors: d, regularization, exponent } = this.#options;
    const slope = exponent === 0 ? 0 : regularization * exponent * this.#mass[r] ** (exponent - 1);
    return (
      dotRows(v, r, features, c, d) * (y - dotRows(features, c, solved, r, d)) - slope * dotRows(v, r, solved, r, d)
    );
  }
}
