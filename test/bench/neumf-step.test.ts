import { describe, expect, it } from 'vitest';
import { type NeumfBatch, type NeumfWeights, neumfState, neumfStep } from '../../bench/peers/neumf-step.ts';

/** The weights as nested arrays, for an oracle that shares nothing with the step. */
const parameters = (weights: NeumfWeights) => {
  const { userGmf, itemGmf, userMlp, itemMlp, layers, h, bias } = weights;
  return [userGmf, itemGmf, userMlp, itemMlp, ...layers.flatMap(({ W, b }) => [W, b]), h, bias];
};

/** Mean cross-entropy of one batch, written from the model's formula with the probability itself. */
function oracleLoss(weights: NeumfWeights, { users, items, labels }: NeumfBatch, g: number, e: number): number {
  const row = (table: ArrayLike<number>, index: number, width: number) =>
    Array.from({ length: width }, (_, d) => table[index * width + d]);
  const losses = Array.from(users, (user, n) => {
    const item = items[n];
    let x = [...row(weights.userMlp, user, e), ...row(weights.itemMlp, item, e)];
    for (const { W, b } of weights.layers)
      x = Array.from(b, (bj, j) =>
        Math.max(0, bj + x.map((xi, i) => xi * W[i * b.length + j]).reduce((s, t) => s + t)),
      );
    const q = row(weights.itemGmf, item, g);
    const features = [...row(weights.userGmf, user, g).map((p, d) => p * q[d]), ...x];
    const logit = features.map((f, d) => f * weights.h[d]).reduce((s, t) => s + t, weights.bias[0]);
    const probability = 1 / (1 + Math.exp(-logit));
    return -Math.log(labels[n] === 1 ? probability : 1 - probability);
  });
  return losses.reduce((s, t) => s + t, 0) / losses.length;
}

/** Fourth-order central differences of `f` in each value of `array`. */
function differences(f: () => number, array: NeumfWeights['h']): number[] {
  const width = 1e-5; // small, so that no ReLU changes side in between
  return Array.from(array, (kept, k) => {
    const at = (shift: number) => {
      array[k] = kept + shift * width;
      return f();
    };
    const slope = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * width);
    array[k] = kept;
    return slope;
  });
}

function scrambled(seed: number) {
  let state = seed;
  return (n: number, scale = 0.8) =>
    Float64Array.from({ length: n }, () => {
      state = (state * 48271) % 2147483647;
      return scale * ((2 * state) / 2147483647 - 1);
    });
}

const nUsers = 5;
const nItems = 6;
const g = 3;
const e = 2;

function world(seed: number) {
  const draw = scrambled(seed);
  const weights: NeumfWeights = {
    userGmf: draw(nUsers * g),
    itemGmf: draw(nItems * g),
    userMlp: draw(nUsers * e),
    itemMlp: draw(nItems * e),
    layers: [
      { W: draw(2 * e * 5), b: draw(5) },
      { W: draw(5 * 4), b: draw(4) },
    ],
    h: draw(g + 4),
    bias: draw(1),
  };
  // user 0 and item 2 occur twice in a batch; users 3, 4 and items 3, 5 are never touched in the first
  const batches: NeumfBatch[] = [
    { users: Int32Array.of(0, 1, 0, 2), items: Int32Array.of(2, 2, 1, 4), labels: Float64Array.of(1, 0, 0, 1) },
    { users: Int32Array.of(3, 1), items: Int32Array.of(0, 2), labels: Float64Array.of(1, 1) },
    { users: Int32Array.of(0, 0, 0, 4), items: Int32Array.of(2, 2, 5, 0), labels: Float64Array.of(0, 1, 1, 0) },
  ];
  return { weights, batches };
}

/** One Adam step on numerical gradients; `age` counts all steps. Rows outside the batch keep weights and moments. */
function oracleStep(weights: NeumfWeights, moments: number[][][], batch: NeumfBatch, age: number, rate: number) {
  const arrays = parameters(weights);
  const gradients = arrays.map((array) => differences(() => oracleLoss(weights, batch, g, e), array));
  const touched = (table: number, k: number) => {
    if (table > 3) return true;
    const row = Math.floor(k / (table < 2 ? g : e));
    return (table % 2 === 0 ? batch.users : batch.items).includes(row);
  };
  arrays.forEach((array, a) => {
    for (let k = 0; k < array.length; k++) {
      if (!touched(a, k)) continue;
      const [mean, square] = moments[a][k];
      const slope = gradients[a][k];
      moments[a][k] = [0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope ** 2];
      const [m, v] = [moments[a][k][0] / (1 - 0.9 ** age), moments[a][k][1] / (1 - 0.999 ** age)];
      array[k] -= (rate * m) / (Math.sqrt(v) + 1e-3);
    }
  });
}

describe('neumfStep', () => {
  it('does Adam steps on touched rows, as numerical gradients of the loss say', () => {
    for (const seed of [11, 12, 13]) {
      const { weights, batches } = world(seed);
      const expected = world(seed).weights;
      const state = neumfState(weights, 4);
      const moments = parameters(expected).map((array) => Array.from(array, () => [0, 0]));
      batches.forEach((batch, n) => {
        const loss = neumfStep(weights, state, batch, { learningRate: 0.02, epsilon: 1e-3 });
        expect(loss).toBeCloseTo(oracleLoss(expected, batch, g, e), 8);
        oracleStep(expected, moments, batch, n + 1, 0.02);
      });
      parameters(weights).forEach((array, a) => {
        for (let k = 0; k < array.length; k++) expect(array[k]).toBeCloseTo(parameters(expected)[a][k], 8);
      });
    }
  });

  it('gives the values of a step done by hand', () => {
    const one = (value: number) => Float64Array.of(value);
    const weights: NeumfWeights = {
      userGmf: one(2),
      itemGmf: one(3),
      userMlp: one(1),
      itemMlp: one(-1),
      layers: [{ W: Float64Array.of(0.5, 0.25), b: one(1) }],
      h: Float64Array.of(0.1, -0.4),
      bias: one(0.2),
    };
    const batch = { users: Int32Array.of(0), items: Int32Array.of(0), labels: one(0) };
    const logit = 0.1 * 2 * 3 - 0.4 * (1 * 0.5 - 1 * 0.25 + 1) + 0.2;
    const p = 1 / (1 + Math.exp(-logit));
    const loss = neumfStep(weights, neumfState(weights, 1), batch, { learningRate: 0.1, epsilon: 1 });
    // the first step of Adam moves by rate · gradient / (|gradient| + ε)
    const moved = (from: number, gradient: number) => from - (0.1 * gradient) / (Math.abs(gradient) + 1);
    expect(loss).toBeCloseTo(-Math.log(1 - p), 12);
    expect(weights.bias[0]).toBeCloseTo(moved(0.2, p), 12);
    expect(weights.h[0]).toBeCloseTo(moved(0.1, p * 2 * 3), 12);
    expect(weights.h[1]).toBeCloseTo(moved(-0.4, p * 1.25), 12);
    expect(weights.userGmf[0]).toBeCloseTo(moved(2, p * 0.1 * 3), 12);
    expect(weights.itemGmf[0]).toBeCloseTo(moved(3, p * 0.1 * 2), 12);
    expect(weights.userMlp[0]).toBeCloseTo(moved(1, p * -0.4 * 0.5), 12);
    expect(weights.itemMlp[0]).toBeCloseTo(moved(-1, p * -0.4 * 0.25), 12);
    expect(weights.layers[0].W[0]).toBeCloseTo(moved(0.5, p * -0.4 * 1), 12);
    expect(weights.layers[0].W[1]).toBeCloseTo(moved(0.25, p * -0.4 * -1), 12);
    expect(weights.layers[0].b[0]).toBeCloseTo(moved(1, p * -0.4), 12);
  });

  it('leaves rows and moments outside the batch as they are, bit for bit', () => {
    const { weights, batches } = world(21);
    const state = neumfState(weights, 4);
    neumfStep(weights, state, batches[0], { learningRate: 0.1 });
    const before = structuredClone({ weights, m: state.m });
    neumfStep(weights, state, batches[1], { learningRate: 0.1 });
    expect(weights.userGmf.subarray(0, g)).toEqual(before.weights.userGmf.subarray(0, g));
    expect(state.m.userGmf.subarray(0, g)).toEqual(before.m.userGmf.subarray(0, g));
    expect(weights.userGmf.subarray(g, 2 * g)).not.toEqual(before.weights.userGmf.subarray(g, 2 * g));
  });

  it('agrees between float32 and float64, and learns', () => {
    const { weights, batches } = world(31);
    const single = structuredClone(weights);
    const narrow = (array: NeumfWeights['h']) => Float32Array.from(array);
    for (const key of ['userGmf', 'itemGmf', 'userMlp', 'itemMlp', 'h', 'bias'] as const)
      single[key] = narrow(single[key]);
    single.layers = single.layers.map(({ W, b }) => ({ W: narrow(W), b: narrow(b) }));
    const [wide, thin] = [neumfState(weights, 4), neumfState(single, 4)];
    const losses = Array.from({ length: 40 }, () => [
      neumfStep(weights, wide, batches[0], { learningRate: 0.02 }),
      neumfStep(single, thin, batches[0], { learningRate: 0.02 }),
    ]);
    expect(thin.m.h).toBeInstanceOf(Float32Array);
    for (const [a, b] of losses) expect(Math.abs(a - b)).toBeLessThan(1e-4);
    expect(losses[39][0]).toBeLessThan(losses[0][0] / 4);
  });
});
