/**
 * The gradients that a training plan really applies, seen through one SGD step with learning rate 1, against central
 * differences of the float64 reference: batch statistics (several levels of tile work), several tiles and lanes, shared
 * computations, and parameters that are reached on more than one way.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import * as o from '../../src/engine/ops/index.ts';
import { optimizerOptions } from '../../src/engine/optimizers/optimizer.ts';
import { StepPlan } from '../../src/engine/plan/step-plan.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../../src/engine/runtime/sampler.ts';
import { drawExamples, samplerOf } from './drawn-examples.ts';
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

const sizes = { nUsers: 30, nItems: 12 };
const random = new RandomStream(5, 'pairs');
const pairs = Array.from({ length: 500 }, () => [random.below(30), random.below(12)] as const);
const sampler = samplerOf(pairs, sizes, { reject: false, negatives: 1 });

interface Leaves {
  /** U[u], batch [5] */
  readonly u: Tensor;
  /** V[i], batch [5] */
  readonly v: Tensor;
  readonly label: Tensor;
  readonly w: Tensor; // [5, 3]
  readonly a: Tensor; // [3]
  readonly b: Tensor; // [3]
  readonly s: Tensor; // [1]
}

/** x minus its mean over the batch. */
function centred(x: Tensor): Tensor {
  return o.subtract(x, o.broadcastRow(meanOf(x)));
}

/** Mean over the batch, shared [n]: every row times 1/B, summed. */
function meanOf(x: Tensor): Tensor {
  return o.sumRows(o.multiply(x, o.fillRows(o.inverseRows(), x.shape)));
}

const scoreOf = (x: Tensor, { a, label }: Leaves): Tensor => o.bceWithLogits(o.rowDot(x, o.broadcastRow(a)), label);

const squareOfSum = (x: Tensor): Tensor => o.square(o.rowSum(x));

const losses: Record<string, (leaves: Leaves) => Tensor> = {
  'a fused layer': (l) => scoreOf(o.linearRelu(o.multiply(l.u, l.v), l.w, l.b), l),
  'centring by the batch mean': (l) => scoreOf(o.tanh(centred(o.linear(o.add(l.u, l.v), l.w))), l),
  'normalising by batch mean and variance': (l) => {
    const x = centred(o.linear(o.add(l.u, l.v), l.w));
    const deviation = o.sqrt(o.affine(meanOf(o.square(x)), 1, 1e-3));
    return scoreOf(o.multiply(x, o.broadcastRow(o.reciprocal(deviation))), l);
  },
  'statistics of statistics, three levels deep': (l) => {
    const x = centred(o.square(centred(o.exp(centred(o.linear(l.u, l.w))))));
    return scoreOf(o.add(x, o.linear(l.v, l.w)), l);
  },
  'a table whose gradient passes a statistic': (l) => o.square(o.rowDot(centred(l.u), l.v)),
  'a matrix made of batch rows': (l) => {
    const covariance = o.outerSum(o.multiply(l.u, o.fillRows(o.inverseRows(), [5])), l.u);
    return o.square(o.subtract(o.rowDot(o.linear(l.v, covariance), l.u), l.label));
  },
  'a loss that is a column of something': (l) => {
    const x = o.square(o.linear(o.add(l.u, l.v), l.w, { bias: l.b }));
    return o.slice(x, 1, 2);
  },
  'a sum of two parameters': (l) => squareOfSum(o.add(o.linear(l.u, l.w), o.broadcastRow(o.add(l.a, l.b)))),
  'a parameter beside a function of another': (l) =>
    squareOfSum(o.add(o.linear(l.u, l.w), o.broadcastRow(o.add(l.a, o.exp(l.b))))),
  'a parameter twice in a sum': (l) =>
    scoreOf(o.add(o.linear(l.u, l.w), o.broadcastRow(o.add(l.b, o.multiply(l.b, l.b)))), l),
  'a mean that is a gradient too': (l) => o.square(o.rowDot(centred(o.linear(l.u, l.w)), o.broadcastRow(l.b))),
  'one parameter on three ways': (l) => {
    const x = o.linear(o.linear(o.add(l.u, l.v), l.w, { bias: l.a }), o.transpose(l.w));
    return o.square(o.add(o.rowDot(x, l.v), o.rowDot(o.linear(l.u, l.w), o.broadcastRow(l.a))));
  },
  'one table row looked up for two purposes': (l) => o.square(o.rowDot(o.sigmoid(l.u), o.multiply(l.u, l.v))),
  'a scalar in every element': (l) => o.square(o.rowDot(l.u, o.multiply(l.v, o.fillRows(l.s, [5])))),
  'joined and cut rows': (l) => {
    const x = o.concat(l.u, l.v, o.linear(l.u, l.w));
    return o.square(o.rowDot(o.slice(x, 3, 8), o.slice(x, 8, 13)));
  },
  'a scalar a row': (l) => o.rowSum(o.softplus(o.multiplyColumn(l.v, o.rowSum(l.u)))),
};

interface Model {
  readonly loss: Tensor;
  readonly leaves: readonly [Tensor, Tensor, Tensor];
  readonly parameters: readonly Tensor[];
}

function modelOf(make: (leaves: Leaves) => Tensor): Model {
  const [user, item, label] = [o.indexInput('user'), o.indexInput('item'), o.input('label', [1])];
  const [U, V] = [o.table('U', sizes.nUsers, 5), o.table('V', sizes.nItems, 5)];
  const [w, a, b, s] = [o.parameter('w', [5, 3]), o.parameter('a', [3]), o.parameter('b', [3]), o.parameter('s', [1])];
  const loss = make({ u: o.lookup(U, user), v: o.lookup(V, item), label, w, a, b, s });
  return { loss, leaves: [user, item, label], parameters: [U, V, w, a, b, s] };
}

type Given = Map<Tensor, Float64Array>;

function startValues(parameters: readonly Tensor[]): Given {
  return new Map(
    parameters.map((p) => {
      const stream = new RandomStream(8, p.attributes.name as string);
      return [p, Float64Array.from({ length: p.size }, () => Math.fround(1.6 * stream.uniform() - 0.8))];
    }),
  );
}

/** Central differences of the mean loss. */
function slopes(loss: Tensor, given: Given, parameter: Tensor, rows: number): Float64Array {
  const values = given.get(parameter) as Float64Array;
  const mean = () => {
    const terms = evaluateReference([loss], given, rows).get(loss) as Float64Array;
    return terms.reduce((sum, x) => sum + x, 0) / rows;
  };
  const width = 1e-5;
  return values.map((kept, k) => {
    values[k] = kept + width;
    const above = mean();
    values[k] = kept - width;
    const below = mean();
    values[k] = kept;
    return (above - below) / (2 * width);
  });
}

/** Step number `step` of the plan in the oracle's and in the engine's numbers. */
function compareStep(engine: Engine, model: Model, batchSize: number, step: number): void {
  const { loss, leaves, parameters } = model;
  const record = new SamplerRecord(engine, sampler);
  const store = new ParameterStore(engine, parameters);
  const given = startValues(parameters);
  for (const p of parameters) store.write(p, given.get(p) as Float64Array);
  const rows = Math.min(batchSize, record.rowsPointwise - step * batchSize);
  const { users, items, labels } = drawExamples(engine, record, 'pointwise', 0, step * batchSize, rows);
  [users, items, labels].forEach((values, n) => {
    given.set(leaves[n], Float64Array.from(values));
  });
  const optimizer = optimizerOptions.parse({ name: 'sgd', learningRate: 1 });
  const feed = record.pointwise(...leaves);
  const totalRows = record.rowsPointwise;
  const plan = new StepPlan({ engine, store, loss, feed, batchSize, totalRows, optimizer, totalSteps: 100 });
  // an earlier step, taken back, so that nothing can live on the zeros of fresh memory
  plan.run(0, step === 0 ? 1 : 0, 1);
  for (const p of parameters) store.write(p, given.get(p) as Float64Array);
  const { lossSum } = plan.run(0, step, 1);
  const want = (evaluateReference([loss], given, rows).get(loss) as Float64Array).reduce((sum, x) => sum + x, 0);
  expect(Math.abs(lossSum - want) / Math.abs(want)).toBeLessThan(1e-5);
  for (const p of parameters) {
    const exact = slopes(loss, given, p, rows);
    const before = given.get(p) as Float64Array;
    const scale = Math.max(0.01, ...exact.map(Math.abs));
    store.read(p).forEach((after, k) => {
      expect(Math.abs(before[k] - after - exact[k]) / scale, `${p}[${k}]`).toBeLessThan(3e-5);
    });
  }
  plan.free();
  store.free();
  record.free();
}

describe.each(Object.entries(losses))('%s', (_title, make) => {
  it.each(engines)('is trained by its gradient ($threads threads, $build)', (engine) => {
    // one tile; three tiles; and the last, partial batch of an epoch of 1,000 rows
    for (const [batchSize, step] of [
      [20, 0],
      [90, 1],
      [90, 11],
    ])
      compareStep(engine, modelOf(make), batchSize, step);
  });
});
