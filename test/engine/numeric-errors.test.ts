/** What cannot be computed stops a run with the name of its place, before any weight has changed. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/engine/expression.ts';
import * as o from '../../src/engine/ops/index.ts';
import { optimizerOptions } from '../../src/engine/optimizers/optimizer.ts';
import { StepPlan } from '../../src/engine/plan/step-plan.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../../src/engine/runtime/sampler.ts';
import { drawExamples, samplerOf } from './drawn-examples.ts';
import { thrownError } from './thrown-code.ts';

const engines = [new Engine({ threads: 1, kernels: 'simd' }), new Engine({ threads: 3 })];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const nUsers = 200;
const pairs = Array.from({ length: nUsers }, (_, user) => [user, user % 3] as const);

interface World {
  readonly u: Tensor;
  readonly v: Tensor;
  readonly w: Tensor;
  readonly label: Tensor;
}

/** A plan over U[u] (width 3), V[i] (width 3) and w [3]; all weights start at 0.5. */
function planOf(engine: Engine, loss: (world: World) => Tensor, tableRows = nUsers) {
  const [user, item, label] = [o.indexInput('user'), o.indexInput('item'), o.input('label', [1])];
  const [U, V, w] = [o.table('U', tableRows, 3), o.table('V', 3, 3), o.parameter('w', [3])];
  const store = new ParameterStore(engine, [U, V, w]);
  for (const p of [U, V, w]) store.write(p, new Float32Array(p.size).fill(0.5));
  const record = new SamplerRecord(engine, samplerOf(pairs, { nUsers, nItems: 3 }, { reject: false }));
  const plan = new StepPlan({
    engine,
    store,
    loss: loss({ u: o.lookup(U, user), v: o.lookup(V, item), w, label }),
    feed: record.pointwise(user, item, label),
    batchSize: 100,
    totalRows: record.rowsPointwise,
    optimizer: optimizerOptions.parse({ clipNorm: 1 }),
    totalSteps: 4,
  });
  const bytes = () => [U, V, w].map((p) => Buffer.from(store.read(p).buffer).toString('hex')).join();
  return { plan, store, record, U, V, w, bytes };
}

const score = ({ u, v, w }: World): Tensor => o.rowDot(o.multiply(u, v), o.broadcastRow(w));

describe.each(engines)('$threads threads, $build kernels', (engine) => {
  it.each(['U', 'V', 'w'] as const)('names the parameter that holds a NaN: %s', (name) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const made = planOf(engine, (world) => o.bceWithLogits(score(world), world.label));
      const values = made.store.read(made[name]);
      values[4 % values.length] = value;
      made.store.write(made[name], values);
      const before = made.bytes();
      const error = thrownError(() => made.plan.run(0, 0, 4));
      expect(error?.code).toBe('numeric');
      expect(error?.details.op).toBe(`parameter "${name}"`);
      if (name !== 'U') expect(made.bytes()).toBe(before);
    }
  });

  it('names the op where numbers overflow first, and leaves the weights of that step alone', () => {
    const made = planOf(engine, (world) => o.exp(o.affine(o.square(score(world)), 1e4)));
    const before = made.bytes();
    const error = thrownError(() => made.plan.run(2, 1, 2));
    expect(error?.code).toBe('numeric');
    expect(error?.details).toMatchObject({ op: 'exp', epoch: 2, step: 1 });
    expect(made.bytes()).toBe(before);
  });

  it('names an op behind a batch statistic', () => {
    const made = planOf(engine, (world) => {
      const total = o.broadcastRow(o.sumRows(score(world)));
      return o.square(o.log(o.affine(total, -1)));
    });
    expect(thrownError(() => made.plan.run(0, 0, 1))?.details.op).toBe('log');
  });

  it('finds the one row of a later tile that fails', () => {
    // user 0 has ln 0; all others are fine
    const made = planOf(engine, ({ u }) => o.square(o.rowSum(o.log(u))));
    const values = made.store.read(made.U);
    values.fill(0, 0, 3);
    made.store.write(made.U, values);
    const steps = [0, 1, 2, 3].filter((n) =>
      drawExamples(engine, made.record, 'pointwise', 0, 100 * n, 100).users.includes(0),
    );
    for (const step of steps) {
      const before = made.bytes();
      const error = thrownError(() => made.plan.run(0, step, 1));
      expect(error?.details).toMatchObject({ op: 'log', step });
      expect(made.bytes()).toBe(before);
    }
    expect(steps.length).toBeGreaterThan(0);
  });

  it('keeps the steps before the failing one', () => {
    const made = planOf(engine, ({ u }) => o.square(o.rowSum(o.log(u))));
    const values = made.store.read(made.U);
    values.fill(0, 0, 3);
    made.store.write(made.U, values);
    const failing = [0, 1, 2, 3].find((n) =>
      drawExamples(engine, made.record, 'pointwise', 3, 100 * n, 100).users.includes(0),
    ) as number;
    const twin = planOf(engine, ({ u }) => o.square(o.rowSum(o.log(u))));
    twin.store.write(twin.U, values);
    twin.plan.run(3, 0, failing);
    expect(thrownError(() => made.plan.run(3, 0, 4))?.details.step).toBe(failing);
    expect(made.bytes()).toBe(twin.bytes());
  });

  it('stops at an index outside the table', () => {
    const made = planOf(engine, (world) => o.bceWithLogits(score(world), world.label), nUsers - 150);
    const before = made.bytes();
    const error = thrownError(() => made.plan.run(0, 0, 1));
    expect(error?.code).toBe('numeric');
    expect(error?.details.op).toBe('lookup "U"');
    expect(made.bytes()).toBe(before);
  });

  it('can go on after an error when the cause is gone', () => {
    const made = planOf(engine, (world) => o.bceWithLogits(score(world), world.label));
    const start = made.store.read(made.w);
    made.store.write(made.w, [Number.NaN, 1, 1]);
    expect(thrownError(() => made.plan.run(0, 0, 1))?.code).toBe('numeric');
    made.store.write(made.w, start);
    const twin = planOf(engine, (world) => o.bceWithLogits(score(world), world.label));
    expect(made.plan.run(0, 0, 4)).toEqual(twin.plan.run(0, 0, 4));
    expect(made.bytes()).toBe(twin.bytes());
  });
});
