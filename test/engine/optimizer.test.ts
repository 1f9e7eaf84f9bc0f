/**
 * Training steps against an oracle in float64 that is written out here by hand: two small models with formulas for their
 * gradients, and the update rules from their papers. It imports nothing of the engine's optimizers but the option names.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import * as o from '../../src/engine/ops/index.ts';
import { type OptimizerOptions, optimizerOptions } from '../../src/engine/optimizers/optimizer.ts';
import type { Feed } from '../../src/engine/plan/feed.ts';
import { StepPlan } from '../../src/engine/plan/step-plan.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../../src/engine/runtime/sampler.ts';
import { drawExamples, type Examples, samplerOf } from './drawn-examples.ts';
import { thrownCode } from './thrown-code.ts';

const engines = [new Engine({ threads: 1, kernels: 'simd' }), new Engine({ threads: 2 })];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const sizes = { nUsers: 6, nItems: 7 };
/** User 5 and item 6 are in no pair: rows that only dense updates touch. Users and items recur within a batch. */
const pairs = [
  [0, 0],
  [0, 1],
  [0, 5],
  [1, 1],
  [2, 1],
  [2, 3],
  [3, 0],
  [4, 2],
  [4, 4],
  [1, 5],
] as const;
const sampler = samplerOf(pairs, sizes, { reject: true, negatives: 1 });

type Weights = Record<string, number[]>;
/** Gradient of the mean loss: summed over the batch, by parameter, with how often a table's row was used. */
type Gradients = Record<string, { values: number[]; uses?: number[]; width: number }>;

interface SmallModel {
  readonly kind: 'pointwise' | 'pairwise';
  readonly parameters: () => Tensor[];
  readonly loss: (parameters: Record<string, Tensor>, leaves: readonly [Tensor, Tensor, Tensor]) => Tensor;
  readonly gradients: (w: Weights, batch: Examples) => Gradients;
}

const row = (w: number[], r: number, width: number): number[] => w.slice(r * width, (r + 1) * width);
const sigma = (x: number): number => 1 / (1 + Math.exp(-x));
const empty = (w: Weights, widths: Record<string, [rows: number, width: number] | number>): Gradients =>
  Object.fromEntries(
    Object.entries(widths).map(([name, size]) => {
      const values = w[name].map(() => 0);
      return [
        name,
        typeof size === 'number' ? { values, width: size } : { values, uses: Array(size[0]).fill(0), width: size[1] },
      ];
    }),
  );

function addRow(gradient: Gradients[string], r: number, values: readonly number[]): void {
  values.forEach((v, j) => {
    gradient.values[r * gradient.width + j] += v;
  });
  if (gradient.uses) gradient.uses[r]++;
}

/** loss = (Σ_j U[u]_j c_j + Σ_j V[i]_j + b − y)²: two tables of ragged widths and dense parameters. */
const squared: SmallModel = {
  kind: 'pointwise',
  parameters: () => [o.table('U', 6, 3), o.table('V', 7, 5), o.parameter('c', [3]), o.parameter('b', [1])],
  loss: ({ U, V, c, b }, [user, item, label]) => {
    const left = o.rowDot(o.lookup(U, user), o.broadcastRow(c));
    const score = o.add(o.add(left, o.rowSum(o.lookup(V, item))), o.broadcastRow(b));
    return o.square(o.subtract(score, label));
  },
  gradients: (w, { users, items, labels }) => {
    const g = empty(w, { U: [6, 3], V: [7, 5], c: 3, b: 1 });
    users.forEach((user, n) => {
      const u = row(w.U, user, 3);
      const v = row(w.V, items[n], 5);
      const score = u[0] * w.c[0] + u[1] * w.c[1] + u[2] * w.c[2] + v[0] + v[1] + v[2] + v[3] + v[4] + w.b[0];
      const d = (2 * (score - labels[n])) / users.length;
      addRow(g.U, user, [d * w.c[0], d * w.c[1], d * w.c[2]]);
      addRow(g.V, items[n], [d, d, d, d, d]);
      addRow(g.c, 0, [d * u[0], d * u[1], d * u[2]]);
      addRow(g.b, 0, [d]);
    });
    return g;
  },
};

/** BPR: loss = −ln σ(U[u]·V[i] − U[u]·V[j]): one table looked up twice, no dense parameter. */
const ranked: SmallModel = {
  kind: 'pairwise',
  parameters: () => [o.table('U', 6, 4), o.table('V', 7, 4)],
  loss: ({ U, V }, [user, item, other]) => {
    const difference = o.subtract(o.lookup(V, item), o.lookup(V, other));
    return o.negativeLogSigmoid(o.rowDot(o.lookup(U, user), difference));
  },
  gradients: (w, { users, items, others }) => {
    const g = empty(w, { U: [6, 4], V: [7, 4] });
    users.forEach((user, n) => {
      const [u, i, j] = [row(w.U, user, 4), row(w.V, items[n], 4), row(w.V, others[n], 4)];
      const score = u.reduce((sum, x, k) => sum + x * (i[k] - j[k]), 0);
      const d = -sigma(-score) / users.length;
      addRow(
        g.U,
        user,
        i.map((x, k) => d * (x - j[k])),
      );
      addRow(
        g.V,
        items[n],
        u.map((x) => d * x),
      );
      addRow(
        g.V,
        others[n],
        u.map((x) => -d * x),
      );
    });
    return g;
  },
};

/** One weight's update, straight from the papers' formulas; `state` holds up to two numbers. */
function updated(w: number, g: number, state: number[], t: number, rate: number, options: OptimizerOptions): number {
  const { beta1, beta2, epsilon } = options;
  switch (options.name) {
    case 'sgd':
      return w - rate * g;
    case 'momentum':
      state[0] = beta1 * state[0] + g;
      return w - rate * state[0];
    case 'adagrad':
      state[0] += g ** 2;
      return w - (rate * g) / Math.sqrt(state[0] + epsilon);
    case 'adagrad-momentum':
      state[0] += g ** 2;
      state[1] = beta1 * state[1] - (rate * g) / Math.sqrt(state[0] + epsilon);
      return w + state[1];
    case 'rmsprop':
      state[0] = beta2 * state[0] + (1 - beta2) * g ** 2;
      return w - (rate * g) / (Math.sqrt(state[0]) + epsilon);
    case 'adam': {
      state[0] = beta1 * state[0] + (1 - beta1) * g;
      state[1] = beta2 * state[1] + (1 - beta2) * g ** 2;
      const mean = state[0] / (1 - beta1 ** t);
      return w - (rate * mean) / (Math.sqrt(state[1] / (1 - beta2 ** t)) + epsilon);
    }
    case 'ftrl': {
      const before = state[0];
      state[0] += g ** 2;
      state[1] += g - ((Math.sqrt(state[0]) - Math.sqrt(before)) / rate) * w;
      const z = state[1];
      if (Math.abs(z) <= options.l1) return 0;
      return -(z - Math.sign(z) * options.l1) / ((options.beta + Math.sqrt(state[0])) / rate + options.l2);
    }
    case 'grda': {
      state[0] -= rate * g;
      const threshold = options.shrinkage * rate ** (0.5 + options.shrinkagePower) * t ** options.shrinkagePower;
      return Math.sign(state[0]) * Math.max(Math.abs(state[0]) - threshold, 0);
    }
  }
}

/** Learning rate of step t = 1, 2, … of `total`, by hand. */
function rateOf(options: OptimizerOptions, t: number, total: number): number {
  const { learningRate, warmupSteps: warm } = options;
  if (t <= warm) return (learningRate * t) / warm;
  const done = Math.min(1, (t - 1 - warm) / (total - warm));
  if (options.schedule === 'linear') return learningRate * (1 - done);
  if (options.schedule === 'cosine') return learningRate * 0.5 * (1 + Math.cos(Math.PI * done));
  if (options.schedule === 'inverse-sqrt') return learningRate * Math.sqrt(Math.max(1, warm) / t);
  return learningRate;
}

type States = Record<string, number[][]>;

function oracleStep(
  w: Weights,
  states: States,
  g: Gradients,
  rows: number,
  t: number,
  total: number,
  s: OptimizerOptions,
): void {
  const norm = Math.sqrt(Object.values(g).reduce((sum, { values }) => sum + values.reduce((q, x) => q + x * x, 0), 0));
  const factor = s.clipNorm > 0 && norm > s.clipNorm ? s.clipNorm / norm : 1;
  const rate = rateOf(s, t, total);
  for (const [name, { values, uses, width }] of Object.entries(g))
    values.forEach((value, k) => {
      const used = uses ? uses[Math.floor(k / width)] : null;
      if (used === 0 && !s.dense) return;
      const l2 = used !== null && s.l2Scope === 'touched' ? (s.l2 * used) / rows : s.l2;
      // FTRL has l2 in its closed form
      let gradient = factor * value + (s.name === 'ftrl' ? 0 : l2 * w[name][k]);
      if (s.clipValue > 0) gradient = Math.max(-s.clipValue, Math.min(s.clipValue, gradient));
      w[name][k] = updated(w[name][k], gradient, states[name][k], t, rate, s);
    });
}

const startWeights = (parameters: readonly Tensor[]): Weights =>
  Object.fromEntries(
    parameters.map(({ attributes: { name }, size }) => {
      const random = new RandomStream(3, String(name));
      return [name, Array.from({ length: size }, () => Math.fround(random.uniform() - 0.5))];
    }),
  );

interface Prepared {
  readonly engine: Engine;
  readonly model: SmallModel;
  readonly record: SamplerRecord;
  readonly totalRows: number;
}

function planOf({ engine, model, record, totalRows }: Prepared, optimizer: OptimizerOptions, batchSize: number) {
  const parameters = model.parameters();
  const byName = Object.fromEntries(parameters.map((p) => [p.attributes.name as string, p]));
  const leaves = [
    o.indexInput('u'),
    o.indexInput('i'),
    model.kind === 'pointwise' ? o.input('y', [1]) : o.indexInput('j'),
  ] as const;
  const store = new ParameterStore(engine, parameters);
  const start = startWeights(parameters);
  for (const p of parameters) store.write(p, start[p.attributes.name as string]);
  const feed: Feed = model.kind === 'pointwise' ? record.pointwise(...leaves) : record.pairwise(...leaves);
  const loss = model.loss(byName, leaves);
  const totalSteps = 2 * Math.ceil(totalRows / batchSize);
  const plan = new StepPlan({ engine, store, loss, feed, batchSize, totalRows, optimizer, totalSteps });
  return { plan, store, parameters, start, totalSteps };
}

/** Largest difference of weights between engine and oracle after `steps` steps of epoch 0 and on. */
function worstDifference(
  prepared: Prepared,
  options: Record<string, unknown>,
  batchSize: number,
  steps: number,
): number {
  const { engine, model, record, totalRows } = prepared;
  const optimizer = optimizerOptions.parse(options);
  const { plan, store, parameters, start, totalSteps } = planOf(prepared, optimizer, batchSize);
  const states: States = Object.fromEntries(
    Object.entries(start).map(([name, w]) => {
      const first = ['adagrad', 'adagrad-momentum', 'ftrl'].includes(optimizer.name) ? optimizer.initialAccumulator : 0;
      // FTRL's weights are a function of z, here solved for the start weights
      const { beta, learningRate, l1, l2 } = optimizer;
      const perWeight = (beta + Math.sqrt(first)) / learningRate + l2;
      const z = (x: number) => (optimizer.name === 'ftrl' ? -x * perWeight - Math.sign(x) * l1 : 0);
      return [name, w.map((x) => [optimizer.name === 'grda' ? x : first, z(x)])];
    }),
  );
  for (let t = 1; t <= steps; t++) {
    const epoch = Math.floor((t - 1) / plan.stepsPerEpoch);
    const from = ((t - 1) % plan.stepsPerEpoch) * batchSize;
    const rows = Math.min(batchSize, totalRows - from);
    const batch = drawExamples(engine, record, model.kind, epoch, from, rows);
    plan.run(epoch, (t - 1) % plan.stepsPerEpoch, 1);
    oracleStep(start, states, model.gradients(start, batch), rows, t, totalSteps, optimizer);
  }
  const worst = Math.max(
    ...parameters.map((p) => {
      const want = start[p.attributes.name as string];
      return Math.max(...store.read(p).map((x, k) => Math.abs(x - want[k]) / Math.max(1, Math.abs(want[k]))));
    }),
  );
  plan.free();
  store.free();
  return worst;
}

const names = ['sgd', 'momentum', 'adagrad', 'adagrad-momentum', 'rmsprop', 'adam', 'ftrl', 'grda'] as const;
const variants: Record<string, Record<string, unknown>> = {
  plain: {},
  'other constants': { beta1: 0.5, beta2: 0.9, epsilon: 1e-3, initialAccumulator: 0.1 },
  'l2 of touched rows': { l2: 0.1 },
  clipValue: { clipValue: 0.05 },
  'clipNorm in force': { clipNorm: 0.1, l2: 0.05 },
  'clipNorm out of reach': { clipNorm: 100 },
  'warm-up, then constant': { warmupSteps: 2 },
  'linear schedule': { schedule: 'linear' },
  'linear schedule with warm-up': { schedule: 'linear', warmupSteps: 1 },
  'cosine schedule': { schedule: 'cosine', warmupSteps: 1 },
  'inverse square root schedule': { schedule: 'inverse-sqrt', warmupSteps: 2 },
  'inverse square root without warm-up': { schedule: 'inverse-sqrt' },
};
const ftrlOnly: typeof variants = { 'l1 and l2': { l1: 0.05, l2: 0.3 }, 'beta 0.2': { beta: 0.2, l1: 0.01 } };
const grdaOnly: typeof variants = {
  'a threshold that many weights fall under': { shrinkage: 1, shrinkagePower: 0.5, learningRate: 0.2 },
  'a threshold that stands still': { shrinkage: 0.3, shrinkagePower: 0 },
};
const denseOnly: typeof variants = { 'l2 of whole tables': { l2: 0.1, l2Scope: 'all' } };

describe.each([
  ['squared error, two tables, dense parameters', squared],
  ['BPR, one table looked up twice', ranked],
])('%s', (_title, model) => {
  const prepared: Prepared[] = [];
  beforeAll(() => {
    for (const engine of engines) {
      const record = new SamplerRecord(engine, sampler);
      const totalRows = model.kind === 'pointwise' ? record.rowsPointwise : record.rowsPairwise;
      prepared.push({ engine, model, record, totalRows });
    }
  });

  it.each(names)('%s does its first steps like the oracle, sparse and dense, with every option', (name) => {
    const unscheduled = Object.fromEntries(Object.entries(variants).filter(([, v]) => !v.schedule && !v.warmupSteps));
    const own =
      name === 'ftrl'
        ? { ...unscheduled, ...ftrlOnly }
        : name === 'grda'
          ? { ...unscheduled, ...grdaOnly, ...denseOnly }
          : { ...variants, ...denseOnly };
    for (const [variant, options] of Object.entries(own))
      for (const dense of variant in denseOnly ? [true] : [false, true])
        for (const each of prepared) {
          // batches of 7 leave a last partial batch in either epoch of 20 or 10 rows
          const learningRate = name === 'rmsprop' ? 0.005 : 0.05; // its first step is √1000 times as long
          const difference = worstDifference(each, { learningRate, ...options, name, dense }, 7, 6);
          // 1 − β₂ of single precision is off by 10⁻⁵ of itself
          expect(difference, `${variant}, dense ${dense}`).toBeLessThan(5e-5);
        }
  });

  it.each(['sgd', 'adagrad', 'ftrl'])('%s: sparse and dense form give the same bytes', (name) => {
    const bytes = [false, true].map((dense) => {
      const { plan, store, parameters } = planOf(prepared[0], optimizerOptions.parse({ name, dense, l2: 0.01 }), 7);
      plan.run(0, 0, plan.stepsPerEpoch);
      return parameters.map((p) => Buffer.from(store.read(p).buffer).toString('hex'));
    });
    expect(bytes[0]).toEqual(bytes[1]);
  });

  it.each(['momentum', 'adam'])(
    '%s: the dense form moves rows that the batch does not touch, the sparse form does not',
    (name) => {
      const movedUntouched = (dense: boolean): number => {
        const { plan, store, parameters } = planOf(prepared[0], optimizerOptions.parse({ name, dense }), 2);
        const width = parameters[0].shape[1];
        let moved = 0;
        for (let step = 0; step < plan.stepsPerEpoch; step++) {
          const { users } = drawExamples(engines[0], prepared[0].record, model.kind, 0, 2 * step, 2);
          const before = store.read(parameters[0]);
          plan.run(0, step, 1);
          const after = store.read(parameters[0]);
          for (let r = 0; r < sizes.nUsers; r++)
            if (!users.includes(r) && before[r * width] !== after[r * width]) moved++;
        }
        return moved;
      };
      expect(movedUntouched(false)).toBe(0);
      expect(movedUntouched(true)).toBeGreaterThan(10);
    },
  );
});

describe('by hand', () => {
  it('one SGD step on one row repeated in the batch', () => {
    const [engine] = engines;
    const only = samplerOf([[0, 0]], { nUsers: 1, nItems: 2 }, { negatives: 1, reject: false });
    const record = new SamplerRecord(engine, only);
    const U = o.table('U', 1, 1);
    const [user, item, label] = [o.indexInput('u'), o.indexInput('i'), o.input('y', [1])];
    const store = new ParameterStore(engine, [U]);
    store.write(U, [0.5]);
    const loss = o.square(o.subtract(o.lookup(U, user), label));
    const optimizer = optimizerOptions.parse({ name: 'sgd', learningRate: 0.25, l2: 0.5 });
    const feed = record.pointwise(user, item, label);
    const plan = new StepPlan({ engine, store, loss, feed, batchSize: 2, totalRows: 2, optimizer, totalSteps: 1 });
    // losses (0.5 − 1)² and (0.5 − 0)²; gradient 2 · (−0.5 + 0.5) / 2; l2: used twice in two rows: 0.5 · 0.5
    expect(plan.run(0, 0, 1)).toEqual({ steps: 1, lossSum: 0.25 + 0.25 });
    expect([...store.read(U)]).toEqual([0.5 - 0.25 * ((2 * (-0.5 + 0.5)) / 2 + 0.5 * 0.5)]);
  });
});

describe('settings', () => {
  const prepared = (): Prepared => {
    const record = new SamplerRecord(engines[0], sampler);
    return { engine: engines[0], model: squared, record, totalRows: record.rowsPointwise };
  };

  it('keeps frozen parameters to the bit', () => {
    const base = prepared();
    const { plan: all, store, parameters, start } = planOf(base, optimizerOptions.parse({}), 5);
    all.free();
    const leaves = [o.indexInput('u'), o.indexInput('i'), o.input('y', [1])] as const;
    const [U, V, c, b] = parameters;
    const loss = squared.loss({ U, V, c, b }, leaves);
    const changedWith = (trainable: readonly Tensor[]) => {
      for (const p of parameters) store.write(p, start[p.attributes.name as string]);
      const optimizer = optimizerOptions.parse({ l2: 0.1 });
      const feed = base.record.pointwise(...leaves);
      const options = { ...base, store, loss, feed, batchSize: 5, optimizer, totalSteps: 4, trainable };
      const plan = new StepPlan(options);
      plan.run(0, 0, 4);
      plan.free();
      return parameters.filter((p) => store.read(p).some((x, k) => x !== start[p.attributes.name as string][k]));
    };
    expect(changedWith(parameters)).toEqual(parameters);
    expect(changedWith([U, V])).toEqual([U, V]);
    expect(changedWith([c, b])).toEqual([c, b]);
    expect(changedWith([V])).toEqual([V]);
    expect(changedWith([])).toEqual([]);
    expect(changedWith([U, c])).toEqual([U, c]);
    expect(changedWith([b])).toEqual([b]);
  });

  it.each([
    ['l2 of whole tables without dense updates', { l2: 0.1, l2Scope: 'all' }],
    ['FTRL with a schedule', { name: 'ftrl', schedule: 'cosine' }],
    ['FTRL with a warm-up', { name: 'ftrl', warmupSteps: 3 }],
    ['GRDA with a schedule', { name: 'grda', schedule: 'linear' }],
    ['GRDA with a warm-up', { name: 'grda', warmupSteps: 1 }],
    ['l1 without FTRL', { name: 'adagrad', l1: 0.1 }],
  ])('refuses %s', (_what, options) => {
    expect(thrownCode(() => planOf(prepared(), optimizerOptions.parse(options), 5))).toBe('config');
  });

  it('can go on from saved weights and state', () => {
    const run = (split: number): string[] => {
      const base = prepared();
      let made = planOf(base, optimizerOptions.parse({ schedule: 'cosine' }), 7);
      made.plan.run(0, 0, split);
      const saved = made.parameters.map((p) => made.store.read(p));
      const state = new Map(made.plan.state.read().map(({ name, data }) => [name, data]));
      made = planOf(base, optimizerOptions.parse({ schedule: 'cosine' }), 7);
      made.parameters.forEach((p, n) => {
        made.store.write(p, saved[n]);
      });
      made.plan.state.write(state);
      made.plan.run(0, split, 3 - split);
      return made.parameters.map((p) => Buffer.from(made.store.read(p).buffer).toString('hex'));
    };
    expect(run(1)).toEqual(run(3));
    expect(run(2)).toEqual(run(3));
  });
});
