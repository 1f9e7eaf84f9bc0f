/**
 * Weighted matrix factorisation by gradient descent, with a derivative through its last steps (Tang, Wen, Wang 2020, section 4). With weights
 * w_ui of what people take (1, or those of fake people),
 *   F = ½ Σ w_ui (1 − x_u·y_i)² + ½ α₀ Σ_{u,i} (x_u·y_i)² + ½ Σ_u λ_u ‖x_u‖² + ½ Σ_i λ_i ‖y_i‖²,   λ_u = λ (Σ_i w_ui + α₀ n_items), λ_i alike
 * It is trained by Adam (full batches); the last U steps go down by a scale that the curvature at their start bounds,
 *   θ ← θ − s ∘ ∇F(θ),   s = η / Σ_l |A_kl| by row, A the second derivative by the vector alone
 * and are unrolled: from θ̄ = ∂L/∂θ at the end, step by step backwards, z = s ∘ θ̄,  w̄ ← w̄ − (∂∇F/∂w)ᵀ z,  θ̄ ← θ̄ − ∇²F z. For these steps the
 * gradient is exact; what the start of them owes to the fake people is left out, as in the paper.
 */
import type { RandomStream } from '../../core/random.ts';
import type { SparseRows } from '../../data/sparse-rows.ts';
import type { Vectors } from './als.ts';
import { addProduct, addRow, dotRows, outerSum } from './vectors.ts';
import { type WeightedRows, withFakeRows } from './weighted-rows.ts';

export interface WmfOptions {
  readonly factors: number;
  readonly unobservedWeight: number;
  readonly regularization: number;
  readonly learningRate: number;
}

/** Moments of Adam, so that training can go on. */
export interface AdamState {
  readonly first: Vectors;
  readonly second: Vectors;
  steps: number;
}

export interface Unrolled {
  /** Vectors before each of the last steps, and after them. */
  readonly path: readonly Vectors[];
  /** s */
  readonly scale: Vectors;
}

/** η: people and items move at once, each by half of what it would alone. */
const STEP = 0.5;

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

export class WmfDescent {
  readonly #rows: WeightedRows;
  readonly #options: WmfOptions;
  readonly #nFakes: number;
  readonly #userPenalty: Float64Array;
  readonly #itemPenalty: Float64Array;

  /** @param weights of fake people, dense [A × items] */
  constructor(real: SparseRows, nItems: number, weights: Float64Array, options: WmfOptions) {
    const rows = withFakeRows(real, nItems, null, { weight: weights, value: null });
    const { unobservedWeight: a0, regularization: lambda } = options;
    this.#rows = rows;
    this.#options = options;
    this.#nFakes = rows.nRows - real.nRows;
    this.#userPenalty = new Float64Array(rows.nRows).fill(lambda * a0 * nItems);
    this.#itemPenalty = new Float64Array(nItems).fill(lambda * a0 * rows.nRows);
    for (let u = 0; u < rows.nRows; u++)
      for (let e = rows.rowStart[u]; e < rows.rowStart[u + 1]; e++) {
        this.#userPenalty[u] += lambda * rows.weight[e];
        this.#itemPenalty[rows.columns[e]] += lambda * rows.weight[e];
      }
  }

  /** Start values, normal with deviation 0.1 / √d. */
  start(random: RandomStream): Vectors {
    const d = this.#options.factors;
    const draw = (n: number) => Float64Array.from({ length: n * d }, () => (0.1 / Math.sqrt(d)) * random.normal());
    return { users: draw(this.#rows.nRows), items: draw(this.#rows.nColumns) };
  }

  /** Goes on by Adam for so many steps; vectors and state change in place. */
  train(vectors: Vectors, state: AdamState, steps: number): void {
    const { learningRate } = this.#options;
    for (let step = 0; step < steps; step++) {
      const gradient = this.gradient(vectors);
      state.steps++;
      const [c1, c2] = [1 - BETA1 ** state.steps, 1 - BETA2 ** state.steps];
      for (const side of ['users', 'items'] as const) {
        const [x, g, m, v] = [vectors[side], gradient[side], state.first[side], state.second[side]];
        for (let k = 0; k < x.length; k++) {
          m[k] = BETA1 * m[k] + (1 - BETA1) * g[k];
          v[k] = BETA2 * v[k] + (1 - BETA2) * g[k] * g[k];
          x[k] -= (learningRate * (m[k] / c1)) / (Math.sqrt(v[k] / c2) + EPSILON);
        }
      }
    }
  }

  /** The last steps, whose path is kept. */
  unroll(vectors: Vectors, steps: number): Unrolled {
    const scale = this.#scaleAt(vectors);
    const path = [vectors];
    for (let step = 0; step < steps; step++) {
      const at = path[path.length - 1];
      const gradient = this.gradient(at);
      const moved = (x: Float64Array, s: Float64Array, g: Float64Array) => x.map((value, k) => value - s[k] * g[k]);
      path.push({
        users: moved(at.users, scale.users, gradient.users),
        items: moved(at.items, scale.items, gradient.items),
      });
    }
    return { path, scale };
  }

  /** η over the absolute row sums of each vector's own curvature, A_u = Σ_i w_ui y_i y_iᵀ + α₀ Σ_i y_i y_iᵀ + λ_u I, and alike for items. */
  #scaleAt({ users, items }: Vectors): Vectors {
    const { nRows, nColumns, rowStart, columns, weight } = this.#rows;
    const { factors: d, unobservedWeight } = this.#options;
    const ofItems = new Float64Array(nColumns * d * d);
    const [gramItems, gramUsers] = [outerSum(items, items, d), outerSum(users, users, d)];
    const scale = { users: new Float64Array(users.length), items: new Float64Array(items.length) };
    const own = new Float64Array(d * d);
    for (let u = 0; u < nRows; u++) {
      for (let k = 0; k < d * d; k++) own[k] = unobservedWeight * gramItems[k];
      for (let e = rowStart[u]; e < rowStart[u + 1]; e++) {
        addOuter(own, 0, weight[e], items, columns[e], d);
        addOuter(ofItems, columns[e] * d * d, weight[e], users, u, d);
      }
      rowScale(own, this.#userPenalty[u], scale.users.subarray(u * d, (u + 1) * d));
    }
    for (let i = 0; i < nColumns; i++) {
      const matrix = ofItems.subarray(i * d * d, (i + 1) * d * d);
      for (let k = 0; k < d * d; k++) matrix[k] += unobservedWeight * gramUsers[k];
      rowScale(matrix, this.#itemPenalty[i], scale.items.subarray(i * d, (i + 1) * d));
    }
    return scale;
  }

  /** ∂L/∂w of every entry of fake people, dense [A × items]. @param end ∂L/∂θ after the last step */
  backwards({ path, scale }: Unrolled, end: Vectors): Float64Array {
    const total = new Float64Array(this.#nFakes * this.#rows.nColumns);
    let [users, items] = [end.users.slice(), end.items.slice()];
    for (let step = path.length - 2; step >= 0; step--) {
      const z = {
        users: users.map((g, k) => scale.users[k] * g),
        items: items.map((g, k) => scale.items[k] * g),
      };
      this.#addToWeights(total, path[step], z);
      const curved = this.curvatureTimes(path[step], z);
      users = users.map((g, k) => g - curved.users[k]);
      items = items.map((g, k) => g - curved.items[k]);
    }
    return total;
  }

  /** ∇F */
  gradient({ users, items }: Vectors): Vectors {
    const { nRows, rowStart, columns, weight } = this.#rows;
    const d = this.#options.factors;
    const out = this.#penalised({ users, items });
    for (let u = 0; u < nRows; u++)
      for (let e = rowStart[u]; e < rowStart[u + 1]; e++) {
        const i = columns[e];
        const error = weight[e] * (1 - dotRows(users, u, items, i, d));
        addRow(out.users, u, -error, items, i, d);
        addRow(out.items, i, -error, users, u, d);
      }
    this.#addUnobserved(out.users, outerSum(items, items, d), users);
    this.#addUnobserved(out.items, outerSum(users, users, d), items);
    return out;
  }

  /** ∇²F z */
  curvatureTimes({ users, items }: Vectors, z: Vectors): Vectors {
    const { nRows, rowStart, columns, weight } = this.#rows;
    const d = this.#options.factors;
    const out = this.#penalised(z);
    for (let u = 0; u < nRows; u++)
      for (let e = rowStart[u]; e < rowStart[u + 1]; e++) {
        const i = columns[e];
        const along = weight[e] * (dotRows(z.users, u, items, i, d) + dotRows(users, u, z.items, i, d));
        const error = weight[e] * (1 - dotRows(users, u, items, i, d));
        addRow(out.users, u, along, items, i, d);
        addRow(out.users, u, -error, z.items, i, d);
        addRow(out.items, i, along, users, u, d);
        addRow(out.items, i, -error, z.users, u, d);
      }
    this.#addUnobserved(out.users, outerSum(items, items, d), z.users);
    this.#addUnobserved(out.users, symmetric(outerSum(items, z.items, d), d), users);
    this.#addUnobserved(out.items, outerSum(users, users, d), z.items);
    this.#addUnobserved(out.items, symmetric(outerSum(users, z.users, d), d), items);
    return out;
  }

  #penalised({ users, items }: Vectors): Vectors {
    const d = this.#options.factors;
    return {
      users: users.map((x, k) => this.#userPenalty[Math.floor(k / d)] * x),
      items: items.map((y, k) => this.#itemPenalty[Math.floor(k / d)] * y),
    };
  }

  /** out_r += α₀ M x_r for all rows. */
  #addUnobserved(out: Float64Array, matrix: Float64Array, x: Float64Array): void {
    const { factors: d, unobservedWeight } = this.#options;
    for (let r = 0; r < x.length / d; r++) addProduct(out, r, unobservedWeight, matrix, x, r, d);
  }

  /** total −= (∂∇F / ∂w)ᵀ z */
  #addToWeights(total: Float64Array, { users, items }: Vectors, z: Vectors): void {
    const { factors: d, regularization: lambda } = this.#options;
    const { nRows, nColumns } = this.#rows;
    const own = Float64Array.from({ length: nColumns }, (_, i) => dotRows(z.items, i, items, i, d));
    for (let k = 0; k < this.#nFakes; k++) {
      const u = nRows - this.#nFakes + k;
      const person = dotRows(z.users, u, users, u, d);
      for (let i = 0; i < nColumns; i++) {
        const error = 1 - dotRows(users, u, items, i, d);
        const along = dotRows(z.users, u, items, i, d) + dotRows(users, u, z.items, i, d);
        total[k * nColumns + i] += error * along - lambda * (person + own[i]);
      }
    }
  }
}

export function newAdamState({ users, items }: Vectors): AdamState {
  const zeros = () => ({ users: new Float64Array(users.length), items: new Float64Array(items.length) });
  return { first: zeros(), second: zeros(), steps: 0 };
}

/** M += s x_r x_rᵀ, M at an offset. */
function addOuter(matrix: Float64Array, offset: number, s: number, x: Float64Array, r: number, d: number): void {
  for (let i = 0; i < d; i++) {
    const xi = s * x[r * d + i];
    for (let j = 0, at = offset + i * d; j < d; j++) matrix[at + j] += xi * x[r * d + j];
  }
}

function rowScale(matrix: Float64Array, penalty: number, scale: Float64Array): void {
  const d = scale.length;
  for (let i = 0; i < d; i++) {
    let sum = penalty;
    for (let j = 0; j < d; j++) sum += Math.abs(matrix[i * d + j]);
    scale[i] = STEP / sum;
  }
}

/** M + Mᵀ */
function symmetric(matrix: Float64Array, d: number): Float64Array {
  return matrix.map((value, k) => value + matrix[(k % d) * d + Math.floor(k / d)]);
}
