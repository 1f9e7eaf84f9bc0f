/**
 * What a training plan does with slots of feature fields, batch statistics, dropout, kept parameters and several optimizers:
 * one SGD step against central differences of the float64 reference, and plans against each other.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { philox, RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import * as o from '../../src/engine/ops/index.ts';
import { type OptimizerOptions, optimizerOptions } from '../../src/engine/optimizers/optimizer.ts';
import { computeRows } from '../../src/engine/plan/row-plan.ts';
import { StepPlan } from '../../src/engine/plan/step-plan.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ExampleFeed, type SlotSource } from '../../src/engine/runtime/example-feed.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { thrownCode } from './thrown-code.ts';
import { wideEngines } from './wide-engines.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed' }),
  new Engine({ threads: 2, kernels: 'simd' }),
  new Engine({ threads: 3 }),
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const nRows = 300;
const nTable = 40;
const random = new RandomStream(9, 'slots');
/** Some slots are empty, some rows come often. */
const drawSlots = (slots: number) =>
  Int32Array.from({ length: nRows * slots }, () =>
    random.uniform() < 0.15 ? -1 : Math.floor(nTable * random.uniform() ** 2),
  );
const first = drawSlots(4);
const second = drawSlots(2);
const weights = Float32Array.from(first, () => 0.5 + random.uniform());
const labels = Float32Array.from({ length: nRows }, () => (random.uniform() < 0.5 ? 1 : 0));

interface Leaves {
  readonly first: Tensor; // [B, 4]
  readonly weights: Tensor; // [B, 4]
  readonly second: Tensor; // [B, 2]
  readonly label: Tensor;
}

interface Model {
  readonly parameters: readonly Tensor[];
  readonly loss: Tensor;
  readonly assignments?: readonly (readonly [Tensor, Tensor])[];
}

function leavesAndSources() {
  const leaves: Leaves = {
    first: o.indexInput('first', 4),
    weights: o.input('weights', [4]),
    second: o.indexInput('second', 2),
    label: o.input('label', [1]),
  };
  const sources: SlotSource[] = [
    { by: 'example', index: first, value: weights, leaves: { index: leaves.first, value: leaves.weights } },
    { by: 'example', index: second, value: null, leaves: { index: leaves.second, value: null } },
  ];
  return { leaves, sources };
}

const models: Record<string, (leaves: Leaves) => Model> = {
  'pooled weighted fields and plain ones of one table': (l) => {
    const V = o.table('V', nTable, 10);
    const e = o.concat(o.lookupFields(V, l.first, [1, 2, 1], l.weights), o.lookupFields(V, l.second, [1, 1]));
    return { parameters: [V], loss: o.bceWithLogits(o.rowSum(o.bilinearPooling(e, 10)), l.label) };
  },
  'linear terms of width one beside vectors of width three': (l) => {
    const [V, w] = [o.table('V', nTable, 3), o.table('w', nTable, 1)];
    const pairs = o.rowSum(o.bilinearPooling(o.lookupFields(V, l.first, [1, 1, 1, 1]), 3));
    const linear = o.rowSum(o.lookupFields(w, l.first, [2, 2], l.weights));
    return { parameters: [V, w], loss: o.bceWithLogits(o.add(pairs, linear), l.label) };
  },
  'batch normalisation over a layer over fields': (l) => {
    const V = o.table('V', nTable, 4);
    const [W, gamma, beta] = [o.parameter('W', [8, 5]), o.parameter('gamma', [5]), o.parameter('beta', [5])];
    const x = o.linear(o.lookupFields(V, l.second, [1, 1]), W);
    const y = o.tanh(o.normaliseRows(x, o.batchStatistics(x), gamma, beta, 1e-3));
    return { parameters: [V, W, gamma, beta], loss: o.bceWithLogits(o.rowSum(y), l.label) };
  },
  'two normalised layers': (l) => {
    const V = o.table('V', nTable, 4);
    const layer = (x: Tensor, n: number): readonly [Tensor, readonly Tensor[]] => {
      const own = [o.parameter(`W${n}`, [x.size, 6]), o.parameter(`g${n}`, [6]), o.parameter(`b${n}`, [6])];
      const z = o.linear(x, own[0]);
      return [o.sigmoid(o.normaliseRows(z, o.batchStatistics(z), own[1], own[2], 1e-2)), own];
    };
    const [x1, p1] = layer(o.lookupFields(V, l.first, [4], l.weights), 1);
    const [x2, p2] = layer(x1, 2);
    return { parameters: [V, ...p1, ...p2], loss: o.bceWithLogits(o.rowSum(x2), l.label) };
  },
  'dropout of fields and of a layer': (l) => {
    const V = o.table('V', nTable, 6);
    const W = o.parameter('W', [12, 7]);
    const e = o.dropout(o.lookupFields(V, l.second, [1, 1]), 0.4, [1, 2]);
    const a = o.dropout(o.tanh(o.linear(e, W)), 0.25, [1, 3]);
    return { parameters: [V, W], loss: o.bceWithLogits(o.rowSum(a), l.label) };
  },
};

type Given = Map<Tensor, Float64Array>;

const startOf = (p: Tensor): Float64Array => {
  const stream = new RandomStream(8, p.attributes.name as string);
  return Float64Array.from({ length: p.size }, () => Math.fround(1.6 * stream.uniform() - 0.8));
};

function planOf(engine: Engine, make: (leaves: Leaves) => Model, batchSize: number, optimizer: OptimizerOptions) {
  const { leaves, sources } = leavesAndSources();
  const model = make(leaves);
  const examples = { nRows, users: null, items: null, labels, sampler: null, key: [5, 6] as const };
  const feed = new ExampleFeed(engine, examples, sources, leaves.label);
  const store = new ParameterStore(engine, model.parameters);
  for (const p of model.parameters) store.write(p, startOf(p));
  const { loss, assignments } = model;
  const plan = new StepPlan({
    engine,
    store,
    loss,
    assignments,
    feed: feed.feed,
    batchSize,
    totalRows: nRows,
    optimizer,
    totalSteps: 100,
  });
  const bytes = () =>
    [...model.parameters.map((p) => store.read(p)), ...plan.state.read().map(({ data }) => data)]
      .map(({ buffer }) => Buffer.from(buffer).toString('hex'))
      .join();
  const free = () => {
    plan.free();
    feed.free();
    store.free();
  };
  return { leaves, model, feed, store, plan, bytes, free };
}

/** Numbers of the examples of a batch, read off a plan that adds 1 to the row of each. */
function examplesOf(engine: Engine, batchSize: number, step: number): number[] {
  const seen = o.table('seen', nRows, 1);
  const order: number[] = [];
  const index = o.indexInput('number', 1);
  const label = o.input('label', [1]);
  const numbers = Int32Array.from({ length: nRows }, (_, e) => e);
  const examples = { nRows, users: null, items: null, labels, sampler: null, key: [5, 6] as const };
  const feed = new ExampleFeed(
    engine,
    examples,
    [{ by: 'example', index: numbers, value: null, leaves: { index, value: null } }],
    label,
  );
  const store = new ParameterStore(engine, [seen]);
  const optimizer = optimizerOptions.parse({ name: 'sgd', learningRate: 1 });
  // one row at a time tells the order too
  const loss = o.lookupFields(seen, index, [1]);
  const plan = new StepPlan({
    engine,
    store,
    loss,
    feed: feed.feed,
    batchSize: 1,
    totalRows: nRows,
    optimizer,
    totalSteps: nRows,
  });
  for (let r = step * batchSize; r < Math.min(nRows, (step + 1) * batchSize); r++) {
    store.write(seen, new Float32Array(nRows));
    plan.run(0, r, 1);
    order.push(store.read(seen).findIndex((x) => x !== 0));
  }
  plan.free();
  feed.free();
  store.free();
  return order;
}

function meanLoss(loss: Tensor, given: Given, rows: number): number {
  return (evaluateReference([loss], given, rows).get(loss) as Float64Array).reduce((sum, x) => sum + x, 0) / rows;
}

function slopes(loss: Tensor, given: Given, parameter: Tensor, rows: number): Float64Array {
  const values = given.get(parameter) as Float64Array;
  return values.map((kept, k) => {
    const at = (shift: number): number => {
      values[k] = kept + shift;
      const mean = meanLoss(loss, given, rows);
      values[k] = kept;
      return mean;
    };
    return (at(1e-5) - at(-1e-5)) / 2e-5;
  });
}

describe.each(Object.entries(models))('%s', (title, make) => {
  it.each(engines)('is trained by its gradient ($threads threads, $build)', (engine) => {
    const sgd = optimizerOptions.parse({ name: 'sgd', learningRate: 1 });
    // one tile, several tiles, and (where no noise depends on the place) the last, smaller batch
    for (const [batchSize, step] of title.startsWith('dropout')
      ? [
          [20, 0],
          [90, 0],
        ]
      : [
          [20, 0],
          [90, 1],
          [88, 3],
        ]) {
      const made = planOf(engine, make, batchSize, sgd);
      const { model, leaves, plan, store } = made;
      const order = examplesOf(engine, batchSize, step);
      const rowsOf = (values: ArrayLike<number>, n: number) =>
        Float64Array.from(order.flatMap((e) => Array.from({ length: n }, (_, s) => values[e * n + s])));
      const given: Given = new Map(model.parameters.map((p) => [p, startOf(p)]));
      given.set(leaves.first, rowsOf(first, 4)).set(leaves.weights, rowsOf(weights, 4));
      given.set(leaves.second, rowsOf(second, 2)).set(leaves.label, rowsOf(labels, 1));
      const { lossSum } = plan.run(0, step, 1);
      expect(lossSum / order.length).toBeCloseTo(meanLoss(model.loss, given, order.length), 5);
      for (const p of model.parameters) {
        const exact = slopes(model.loss, given, p, order.length);
        const before = given.get(p) as Float64Array;
        const scale = Math.max(0.01, ...exact.map(Math.abs));
        const after = store.read(p);
        const worst = Math.max(...exact.map((slope, k) => Math.abs(before[k] - after[k] - slope) / scale));
        expect(worst, String(p)).toBeLessThan(5e-5);
      }
      made.free();
    }
  });

  it('gives the same bytes on 1, 2 and 3 threads, in one run and in many', () => {
    const pools = [new Engine({ threads: 1 }), new Engine({ threads: 2 }), engines[2]];
    for (const settings of [
      { name: 'adam' },
      { name: 'adagrad', clipNorm: 0.05, l2: 0.01 },
      { name: 'ftrl', l1: 1e-3 },
      { name: 'grda', shrinkage: 0.5 },
    ]) {
      const results = pools.map((engine, n) => {
        const made = planOf(engine, make, 70, optimizerOptions.parse({ ...settings, learningRate: 0.05 }));
        for (const [epoch, from, count] of n === 0
          ? [
              [0, 0, 5],
              [1, 0, 5],
            ]
          : [
              [0, 0, 2],
              [0, 2, 3],
              [1, 0, 1],
              [1, 1, 4],
            ])
          made.plan.run(epoch, from, count);
        const bytes = made.bytes();
        made.free();
        return bytes;
      });
      expect(new Set(results).size).toBe(1);
    }
    pools[0].close();
    pools[1].close();
  });
});

describe('batch statistics', () => {
  /** One column 1,000 ± 0.01 around a great mean: ½ (Σx² − (Σx)²/B) would lose all digits of the variance. */
  it('are exact far from zero, in whole batches of several tiles and lanes and in the smaller last one', () => {
    for (const engine of engines)
      for (const rows of [1, 2, 33, 500, 1001]) {
        const x = o.input('x', [3]);
        const given = Float32Array.from({ length: rows * 3 }, (_, k) => 1000 * (k % 3) + 0.01 * Math.sin(k));
        const { mean, variance } = o.batchStatistics(x);
        const made = o.concat(o.broadcastRow(mean), o.broadcastRow(variance));
        const whole = o.add(made, o.affine(made, 0));
        const values = runOnce(engine, whole, x, given, rows);
        for (let j = 0; j < 3; j++) {
          const column = Array.from({ length: rows }, (_, r) => given[r * 3 + j]);
          const m = column.reduce((sum, v) => sum + v, 0) / rows;
          const v = column.reduce((sum, u) => sum + (u - m) ** 2, 0) / rows;
          expect(Math.abs(values[j] - m)).toBeLessThan(1e-3 + 2e-6 * m);
          expect(Math.abs(values[3 + j] - v)).toBeLessThan(2e-6 + 1e-2 * v);
        }
      }
  });

  it('are kept after each step: running mean and variance by hand', () => {
    const make = (l: Leaves): Model => {
      const V = o.table('V', nTable, 3);
      const running = o.parameter('running', [6]);
      const x = o.lookupFields(V, l.second, [1, 1]);
      const { mean } = o.batchStatistics(x);
      const now = o.add(o.affine(running, 0.75), o.affine(mean, 0.25));
      return { parameters: [V, running], loss: o.square(o.rowSum(x)), assignments: [[running, now]] };
    };
    for (const engine of engines) {
      const made = planOf(engine, make, 128, optimizerOptions.parse({ name: 'sgd', learningRate: 0 + 1e-30, l2: 0.5 }));
      const [V, running] = made.model.parameters;
      const table = startOf(V);
      let want = [...startOf(running)];
      for (let step = 0; step < 3; step++) {
        made.plan.run(0, step, 1);
        const order = examplesOf(engine, 128, step);
        const mean = Array.from({ length: 6 }, (_, k) => {
          const rows = order.map((e) => second[e * 2 + Math.floor(k / 3)]);
          return rows.reduce((sum, row) => sum + (row < 0 ? 0 : table[row * 3 + (k % 3)]), 0) / order.length;
        });
        want = want.map((x, k) => 0.75 * x + 0.25 * mean[k]);
        made.store.read(running).forEach((x, k) => {
          expect(x).toBeCloseTo(want[k], 6);
        });
      }
      made.free();
    }
  });
});

/** Values of the first row of a batch expression over one input. */
function runOnce(engine: Engine, y: Tensor, x: Tensor, values: Float32Array, rows: number): Float32Array {
  const store = new ParameterStore(engine, []);
  const first = rowsOnce(engine, store, y, x, values, rows);
  store.free();
  return first;
}

function rowsOnce(engine: Engine, store: ParameterStore, y: Tensor, x: Tensor, values: Float32Array, rows: number) {
  return computeRows(engine, store, [y], new Map([[x, values]]), rows)[0].subarray(0, y.size);
}

describe('dropout', () => {
  /** The mask as the page of the kernel describes it, from the published generator. */
  const isKept = (
    key: readonly [number, number],
    epoch: number,
    example: number,
    column: number,
    rate: number,
  ): boolean => {
    const block = 4 * Math.floor(column / 16) + (column % 4);
    const words = philox([example, block, epoch, 2], key, new Uint32Array(4));
    return words[Math.floor((column % 16) / 4)] >= Math.floor(rate * 2 ** 32);
  };
  const width = 21;
  const x = o.input('x', [width]);

  it.each(engines)(
    'drops by key, example and column alone, and scales the rest ($threads threads, $build)',
    (engine) => {
      for (const [rate, rows] of [
        [0.5, 1000],
        [0.1, 700],
        [0.9, 77],
      ] as const) {
        const store = new ParameterStore(engine, []);
        const ones = new Float32Array(rows * width).fill(1);
        const [got] = computeRows(engine, store, [o.dropout(x, rate, [11, 12])], new Map([[x, ones]]), rows);
        got.forEach((value, k) => {
          const kept = isKept([11, 12], 0, Math.floor(k / width), k % width, rate);
          expect(value).toBe(kept ? Math.fround(1 / (1 - rate)) : 0);
        });
        // a share that strays by more than five standard deviations has a probability below 1e-6
        const share = got.filter((value) => value === 0).length / got.length;
        expect(Math.abs(share - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / got.length));
        store.free();
      }
    },
  );

  it('makes other masks for other keys and epochs', () => {
    const mask = (key: readonly [number, number], epoch: number) =>
      Array.from({ length: 200 }, (_, k) => isKept(key, epoch, k % 10, Math.floor(k / 10), 0.5)).join();
    expect(new Set([mask([1, 1], 0), mask([1, 2], 0), mask([2, 1], 0), mask([1, 1], 1)]).size).toBe(4);
  });

  it('uses the epoch and the number of the example in it', () => {
    const V = o.table('V', nTable, width);
    const make = (l: Leaves): Model => ({
      parameters: [V],
      loss: o.rowSum(o.dropout(o.lookupFields(V, l.second, [1, 1]), 0.3, [4, 4])),
    });
    const { plan, store, free } = planOf(
      engines[0],
      make,
      100,
      optimizerOptions.parse({ name: 'sgd', learningRate: 1 }),
    );
    store.write(V, new Float32Array(V.size).fill(1));
    const [epoch, step] = [3, 1];
    const { lossSum } = plan.run(epoch, step, 1);
    free();
    const order = examplesInEpoch(engines[0], epoch).slice(100, 200);
    let want = 0;
    order.forEach((e, r) => {
      for (let c = 0; c < 2 * width; c++)
        if (second[e * 2 + Math.floor(c / width)] >= 0 && isKept([4, 4], epoch, 100 + r, c, 0.3)) want += 1 / 0.7;
    });
    expect(Math.abs(lossSum - want)).toBeLessThan(1e-3 * want);
  });

  it('is nothing at rate 0, and refused outside [0, 1)', () => {
    expect(o.dropout(x, 0, [1, 1])).toBe(x);
    for (const rate of [1, -0.1, Number.NaN]) expect(thrownCode(() => o.dropout(x, rate, [1, 1]))).toBe('config');
  });
});

/** The examples of an epoch in their order, by the permutation that a test of its own holds to its properties. */
function examplesInEpoch(engine: Engine, epoch: number): number[] {
  return Array.from({ length: nRows }, (_, r) => engine.kernels.permute(r, nRows, 5, 6, epoch));
}

describe('several optimizers in one plan', () => {
  const make = (l: Leaves) => {
    const [V, w, b] = [o.table('V', nTable, 3), o.table('w', nTable, 1), o.parameter('b', [1])];
    const [c, a] = [o.parameter('c', [6]), o.parameter('a', [1])];
    const deep = o.rowDot(o.lookupFields(V, l.second, [1, 1]), o.broadcastRow(c));
    const wide = o.rowSum(o.lookupFields(w, l.second, [1, 1]));
    const score = o.add(o.add(deep, wide), o.broadcastRow(o.add(b, a)));
    return { parameters: [V, w, b, c, a], loss: o.bceWithLogits(score, l.label) };
  };
  const ftrl = optimizerOptions.parse({ name: 'ftrl', learningRate: 0.1, l1: 0.01 });
  const adagrad = optimizerOptions.parse({ name: 'adagrad', learningRate: 0.05, initialAccumulator: 0.1 });
  const grda = optimizerOptions.parse({ name: 'grda', learningRate: 0.2, shrinkage: 0.1 });
  const adam = optimizerOptions.parse({ name: 'adam', learningRate: 0.02, dense: true, schedule: 'cosine' });

  function oneStep(engine: Engine, optimizers: Record<string, OptimizerOptions>, step = 0) {
    const { leaves, sources } = leavesAndSources();
    const { parameters, loss } = make(leaves);
    const examples = { nRows, users: null, items: null, labels, sampler: null, key: [5, 6] as const };
    const feed = new ExampleFeed(engine, examples, sources, leaves.label);
    const store = new ParameterStore(engine, parameters);
    for (const p of parameters) store.write(p, startOf(p));
    const nameOf = (p: Tensor) => p.attributes.name as string;
    const plan = new StepPlan({
      engine,
      store,
      loss,
      feed: feed.feed,
      batchSize: 64,
      totalRows: nRows,
      totalSteps: 10,
      optimizer: adagrad,
      optimizers: (p) => optimizers[nameOf(p)],
    });
    plan.run(0, step, 1);
    const result = Object.fromEntries(
      parameters.map((p) => [nameOf(p), Buffer.from(store.read(p).buffer).toString('hex')]),
    );
    const state = plan.state.read().map(({ name }) => name);
    plan.free();
    feed.free();
    store.free();
    return { result, state };
  }
  const all = (optimizer: OptimizerOptions) => ({
    V: optimizer,
    w: optimizer,
    b: optimizer,
    c: optimizer,
    a: optimizer,
  });

  it.each(engines)('each parameter moves as under its own alone ($threads threads)', (engine) => {
    const mixed = oneStep(engine, { V: adagrad, w: ftrl, b: adam, c: grda, a: ftrl }).result;
    const [byAdagrad, byFtrl, byAdam, byGrda] = [adagrad, ftrl, adam, grda].map(
      (optimizer) => oneStep(engine, all(optimizer)).result,
    );
    expect(mixed).toEqual({ V: byAdagrad.V, c: byGrda.c, w: byFtrl.w, a: byFtrl.a, b: byAdam.b });
    expect(new Set([byAdagrad.w, byFtrl.w, byAdam.w, byGrda.w]).size).toBe(4);
  });

  it('keeps the state that each needs', () => {
    const { state } = oneStep(engines[0], { V: adagrad, w: ftrl, b: adam, c: grda, a: ftrl });
    expect(state).toEqual([
      'V/state1',
      'w/state1',
      'w/state2',
      'b/state1',
      'b/state2',
      'c/state1',
      'a/state1',
      'a/state2',
    ]);
  });

  it('refuses norms clipped apart', () => {
    const clipped = { ...adam, clipNorm: 1 };
    expect(thrownCode(() => oneStep(engines[0], { ...all(adagrad), w: clipped }))).toBe('config');
  });
});

describe('FTRL', () => {
  it('keeps weights at exactly zero until their gradients add up, more of them under a greater λ₁', () => {
    const zeros = [0, 0.05, 0.5, 1000].map((l1) => {
      const make = (l: Leaves): Model => {
        const w = o.table('w', nTable, 1);
        return { parameters: [w], loss: o.bceWithLogits(o.rowSum(o.lookupFields(w, l.first, [1, 1, 1, 1])), l.label) };
      };
      const made = planOf(engines[0], make, 50, optimizerOptions.parse({ name: 'ftrl', learningRate: 0.1, l1 }));
      const [w] = made.model.parameters;
      made.store.write(w, new Float32Array(nTable));
      for (let epoch = 0; epoch < 5; epoch++) made.plan.run(epoch, 0, made.plan.stepsPerEpoch);
      const n = made.store.read(w).filter((x) => x === 0).length;
      made.free();
      return n;
    });
    expect(zeros[0]).toBe(0);
    expect(zeros[1]).toBeGreaterThan(zeros[0]);
    expect(zeros[2]).toBeGreaterThan(zeros[1]);
    expect(zeros[3]).toBe(nTable);
  });
});

describe('GRDA', () => {
  it('makes more weights exactly zero the greater c is, never −0, and goes on from its state', () => {
    const trainedUnder = (shrinkage: number, split: boolean): Float32Array => {
      const make = (l: Leaves): Model => {
        const w = o.table('w', nTable, 1);
        return { parameters: [w], loss: o.bceWithLogits(o.rowSum(o.lookupFields(w, l.first, [1, 1, 1, 1])), l.label) };
      };
      const optimizer = optimizerOptions.parse({ name: 'grda', learningRate: 0.5, shrinkage });
      const open = () => planOf(engines[0], make, 50, optimizer);
      let made = open();
      const { stepsPerEpoch } = made.plan;
      for (let epoch = 0; epoch < 5; epoch++) {
        made.plan.run(epoch, 0, stepsPerEpoch);
        if (!split || epoch !== 2) continue;
        const weights = made.store.read(made.model.parameters[0]);
        const state = made.plan.state.read().map(({ name, data }) => [name, data] as const);
        made.free();
        made = open();
        made.store.write(made.model.parameters[0], weights);
        made.plan.state.write(new Map(state));
      }
      const w = made.store.read(made.model.parameters[0]);
      made.free();
      return w;
    };
    const zeros = [0, 0.01, 0.03, 100].map((c) => trainedUnder(c, false).filter((x) => x === 0).length);
    expect(zeros[0]).toBe(0);
    expect(zeros[1]).toBeGreaterThan(zeros[0]);
    expect(zeros[2]).toBeGreaterThan(zeros[1]);
    expect(zeros[3]).toBe(nTable);
    expect(trainedUnder(0.03, false).some((x) => Object.is(x, -0))).toBe(false);
    expect([...trainedUnder(0.03, true)]).toEqual([...trainedUnder(0.03, false)]);
  });
});
