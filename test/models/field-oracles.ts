/** Feature models once more, in plain float64 loops from the formulas of their papers; imports nothing from src. */

export type Weights = Readonly<Record<string, readonly number[]>>;
type Vector = readonly number[];

/** One row: for each slot its field, its row of the common table and its value; and the rows of its crosses. */
export interface Row {
  readonly nFields: number;
  readonly slots: readonly { readonly field: number; readonly row: number; readonly value: number }[];
  readonly crosses: readonly number[];
  /** Fields of user and item. */
  readonly userFields: readonly number[];
  readonly itemFields: readonly number[];
}

const dot = (a: Vector, b: Vector): number => a.reduce((sum, x, k) => sum + x * b[k], 0);
const plus = (a: Vector, b: Vector): Vector => a.map((x, k) => x + b[k]);
const times = (a: Vector, b: Vector): Vector => a.map((x, k) => x * b[k]);
const rectified = (x: Vector): Vector => x.map((v) => Math.max(0, v));
const sigma = (x: number): number => 1 / (1 + Math.exp(-x));

/** x W for W [n, m] row-major. */
function product(x: Vector, w: Vector): Vector {
  const m = w.length / x.length;
  return Array.from({ length: m }, (_, j) => x.reduce((sum, v, i) => sum + v * w[i * m + j], 0));
}

const known = (row: Row) => row.slots.filter((slot) => slot.row >= 0);

/** x_i v_i of every slot that has a value. */
function slotVectors(v: Vector, d: number, row: Row): readonly Vector[] {
  return known(row).map((slot) => Array.from({ length: d }, (_, j) => slot.value * v[slot.row * d + j]));
}

/** e_f of every field: the sum over its slots. */
function fieldVectors(v: Vector, d: number, row: Row): readonly Vector[] {
  return Array.from({ length: row.nFields }, (_, f) =>
    slotVectors(v, d, { ...row, slots: row.slots.filter(({ field }) => field === f) }).reduce(plus, Array(d).fill(0)),
  );
}

function linear(w: Weights, row: Row): number {
  return w.w0[0] + known(row).reduce((sum, slot) => sum + w.w[slot.row] * slot.value, 0);
}

/** Σ_{i<j} a_i ⊙ a_j as the double sum. */
function pairs(vectors: readonly Vector[], d: number): Vector {
  let sum: Vector = Array(d).fill(0);
  for (let i = 0; i < vectors.length; i++)
    for (let j = i + 1; j < vectors.length; j++) sum = plus(sum, times(vectors[i], vectors[j]));
  return sum;
}

/** Batch normalisation with the kept statistics, where the layer has one. */
function normalised(w: Weights, name: string, x: Vector): Vector {
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'mean', 'variance'].map((part) => w[`${name}.${part}`]);
  if (!gamma) return x;
  return x.map((v, k) => (gamma[k] * (v - mean[k])) / Math.sqrt(variance[k] + 1e-5) + beta[k]);
}

function tower(w: Weights, prefix: string, x: Vector): Vector {
  let a = x;
  for (let l = 1; w[`${prefix}${l}.W`]; l++) {
    const name = `${prefix}${l}`;
    a = rectified(normalised(w, name, plus(product(a, w[`${name}.W`]), w[`${name}.b`])));
  }
  return a;
}

const sumOf = (x: Vector): number => x.reduce((sum, v) => sum + v, 0);

export interface OracleConfig {
  readonly factors: number;
  readonly deep?: boolean;
  readonly literalPaper?: boolean;
  readonly structure?: string;
  readonly heads?: number;
  readonly gate?: string;
}

function fmScore(w: Weights, d: number, row: Row): number {
  return linear(w, row) + (d > 0 ? sumOf(pairs(slotVectors(w.V, d, row), d)) : 0);
}

function crossNetwork(w: Weights, x0: Vector): Vector {
  let x = x0;
  for (let l = 0; w[`cross${l}.b`]; l++) {
    const name = `cross${l}`;
    const z = w[`${name}.W`] ? product(x, w[`${name}.W`]) : product(product(x, w[`${name}.V`]), w[`${name}.U`]);
    x = plus(times(x0, plus(z, w[`${name}.b`])), x);
  }
  return x;
}

function gate(w: Weights, stream: number, context: readonly Vector[], e: Vector): Vector {
  const name = `gate${stream}`;
  if (!w[`${name}.W`]) return e;
  const top = tower(w, `${name}.layer`, w[`${name}.z`] ?? context.flat());
  return times(
    e,
    plus(product(top, w[`${name}.W`]), w[`${name}.b`]).map((v) => 2 * sigma(v)),
  );
}

/** Σ α m BN(⟨e_i, e_j⟩) with the kept statistics, over the pairs of fields. */
function gatedPairs(w: Weights, d: number, row: Row): number {
  const e = fieldVectors(w.V, d, row);
  let [sum, n] = [0, 0];
  for (let i = 0; i < e.length; i++)
    for (let j = i + 1; j < e.length; j++, n++) {
      const normal = (dot(e[i], e[j]) - w['pairs.mean'][n]) / Math.sqrt(w['pairs.variance'][n] + 1e-12);
      sum += w['pairs.gate'][n] * w['pairs.mask'][n] * normal;
    }
  return sum;
}

/** The logit of one row, or for regression its value. */
export const oracles: Readonly<Record<string, (w: Weights, c: OracleConfig, row: Row) => number>> = {
  lr: (w, _c, row) => linear(w, row),
  fm: (w, c, row) => fmScore(w, c.factors, row),
  nfm: (w, c, row) => {
    const top = tower(w, 'layer', normalised(w, 'bilinear', pairs(slotVectors(w.V, c.factors, row), c.factors)));
    return linear(w, row) + (w.h ? dot(top, w.h) : sumOf(top));
  },
  'wide-deep': (w, c, row) => {
    const crosses = w.crosses ? row.crosses.reduce((sum, k) => sum + (k >= 0 ? w.crosses[k] : 0), 0) : 0;
    const wide = linear(w, row) + crosses;
    return c.deep === false ? wide : wide + dot(tower(w, 'layer', fieldVectors(w.V, c.factors, row).flat()), w.h);
  },
  deepfm: (w, c, row) => {
    const shallow = fmScore(w, c.factors, row);
    if (c.deep === false) return shallow;
    const deep = dot(tower(w, 'layer', fieldVectors(w.V, c.factors, row).flat()), w.h) + w.b[0];
    return shallow + (c.literalPaper ? Math.max(0, deep) : deep);
  },
  'auto-field': (w, c, row) => {
    const gates = w['fields.mask'] ?? w['fields.score'].map((s, f) => sigma(s * w['fields.sharpness'][f]));
    const e = fieldVectors(w.V, c.factors, row).flatMap((v, f) => v.map((x) => gates[f] * x));
    return dot(tower(w, 'layer', e), w.h) + w.b[0];
  },
  'auto-fm': (w, c, row) => linear(w, row) + gatedPairs(w, c.factors, row),
  'auto-deepfm': (w, c, row) => {
    const deep = dot(tower(w, 'layer', fieldVectors(w.V, c.factors, row).flat()), w.h) + w.b[0];
    return linear(w, row) + gatedPairs(w, c.factors, row) + deep;
  },
  'dcn-v2': (w, c, row) => {
    const x0 = fieldVectors(w.V, c.factors, row).flat();
    const crossed = crossNetwork(w, x0);
    if (c.structure === 'stacked') return dot(tower(w, 'layer', crossed), w.h) + w.b[0];
    return dot([...crossed, ...tower(w, 'layer', x0)], [...w['h.cross'], ...w.h]) + w.b[0];
  },
  'final-mlp': (w, c, row) => {
    const fields = fieldVectors(w.V, c.factors, row).flat();
    const seen = w['gate.V'] ? fieldVectors(w['gate.V'], c.factors, row) : [];
    const ofFields = (own: readonly number[]) => own.map((f) => seen[f]);
    const heads = c.heads as number;
    const o1 = tower(w, 'first', gate(w, 1, ofFields(row.userFields), fields));
    const o2 = tower(w, 'second', gate(w, 2, ofFields(row.itemFields), fields));
    const [n, m] = [o1.length / heads, o2.length / heads];
    let score = w.b[0] + dot(o1, w.w1) + dot(o2, w.w2);
    for (let j = 0; j < heads; j++)
      score += dot(product(o1.slice(j * n, (j + 1) * n), w[`head${j}.W`]), o2.slice(j * m, (j + 1) * m));
    return score;
  },
};
