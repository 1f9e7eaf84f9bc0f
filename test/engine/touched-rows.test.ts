/** Updates of a table of many thousand rows: exactly the touched ones change, wherever they lie among the words of their marks. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { add, indexInput, input, lookupFields, rowSum, subtract, table } from '../../src/engine/ops/index.ts';
import { optimizerOptions } from '../../src/engine/optimizers/optimizer.ts';
import { StepPlan } from '../../src/engine/plan/step-plan.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ExampleFeed } from '../../src/engine/runtime/example-feed.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';

const engines = [new Engine({ threads: 1, kernels: 'simd' }), new Engine({ threads: 2 }), new Engine({ threads: 3 })];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const WIDTH = 5;
const corners = (n: number) =>
  [0, 1, 62, 63, 64, 65, 4095, 4096, 4097, n - 65, n - 64, n - 1].filter((r) => r >= 0 && r < n);

/** Σ of two looked-up rows; the gradient of every element of a row is its uses / batch. One batch holds all examples. */
function train(engine: Engine, nRows: number, index: readonly number[], steps: number, settings: object): Float32Array {
  const e = table('E', nRows, WIDTH);
  const [leaf, label] = [indexInput('index', 2), input('label', [1])];
  const store = new ParameterStore(engine, [e]);
  const examples = index.length / 2;
  const feed = new ExampleFeed(
    engine,
    { nRows: examples, users: null, items: null, labels: new Float32Array(examples), sampler: null, key: [1, 2] },
    [{ by: 'example', index: Int32Array.from(index), value: null, leaves: { index: leaf, value: null } }],
    label,
  );
  const rows = lookupFields(e, leaf, [1, 1]);
  const plan = new StepPlan({
    engine,
    store,
    loss: add(rowSum(rows), subtract(label, label)),
    feed: feed.feed,
    batchSize: examples,
    totalRows: examples,
    totalSteps: 10,
    optimizer: optimizerOptions.parse({ name: 'sgd', learningRate: 1, ...settings }),
  });
  for (let step = 0; step < steps; step++) plan.run(step, 0, 1);
  const weights = store.read(e);
  plan.free();
  feed.free();
  store.free();
  return weights;
}

describe('touched rows', () => {
  it.each([1, 63, 64, 65, 4096, 4097, 20_000])(
    'of a table of %i rows move by their uses, and no other row',
    (nRows) => {
      const random = new RandomStream(nRows, 'touched');
      const some = Array.from({ length: 200 }, () => random.below(nRows));
      const index = [...corners(nRows), ...corners(nRows), ...some];
      const expected = new Float64Array(nRows);
      for (const row of index) expected[row] -= 2 / (index.length / 2);
      for (const engine of engines) {
        const weights = train(engine, nRows, index, 2, {});
        const isWrong = (w: number, n: number) => {
          const right = expected[Math.floor(n / WIDTH)];
          return right === 0 ? w !== 0 : Math.abs(w / right - 1) > 1e-5;
        };
        expect(weights.findIndex(isWrong)).toBe(-1);
      }
    },
  );

  it('are found twice in a step that clips by the norm', () => {
    const index = corners(9000);
    const examples = index.length / 2;
    // every row is used once: the norm is √(rows · width) / examples
    const move = -0.5 / Math.sqrt(index.length * WIDTH);
    for (const engine of engines) {
      const weights = train(engine, 9000, index, 1, { clipNorm: 0.5 });
      expect(Math.sqrt(index.length * WIDTH) / examples).toBeGreaterThan(0.5);
      for (const row of index) expect(weights[row * WIDTH + 4]).toBeCloseTo(move, 6);
      expect(weights.filter((w) => w !== 0)).toHaveLength(index.length * WIDTH);
    }
  });
});
