/** The workloads of Bi-LSTM, policy gradient, DSCF and GraphRec: they learn, give the same bytes on any number of threads, and count their work. */
import { afterAll, describe, expect, it } from 'vitest';
import { type ExampleSteps, exampleTraining } from '../../src/benchmark/example-training.ts';
import { lstmCost, lstmTraining } from '../../src/benchmark/lstm-training.ts';
import { policyCost, policyTraining } from '../../src/benchmark/policy-training.ts';
import { dscfTraining, graphrecTraining } from '../../src/benchmark/social-training.ts';
import { KERNEL_BUILDS } from '../../src/core/kernel-build.ts';
import { RandomStream } from '../../src/core/random.ts';
import { fullSoftmaxCrossEntropy, indexInput, input, lookup } from '../../src/engine/ops/index.ts';
import { Engine, type EngineOptions } from '../../src/engine/runtime/engine.ts';
import { canRun } from '../../src/engine/runtime/kernel-file.ts';
import { normal } from '../../src/layers/initializer.ts';

const made: Engine[] = [];
const engineWith = (options: EngineOptions): Engine => {
  const engine = new Engine(options);
  made.push(engine);
  return engine;
};
afterAll(() => {
  for (const engine of made) engine.close();
});

const lstmSmall = { rows: 70, sequences: 3, steps: 4, dims: 7, batchSize: 129, examples: 400 };
const social = { nUsers: 40, nItems: 60, nLevels: 5, dims: 7, hidden: [6], batchSize: 129, examples: 400 };
const policySmall = { items: 333, dims: 9, history: 3, batchSize: 67, examples: 300 };
const workloads: Record<string, (engine: Engine) => ExampleSteps> = {
  'Bi-LSTM': (engine) => lstmTraining(engine, lstmSmall, new RandomStream(1, 'test')),
  DSCF: (engine) => dscfTraining(engine, { ...social, walks: 2, steps: 3 }, new RandomStream(1, 'test')),
  GraphRec: (engine) => graphrecTraining(engine, { ...social, cap: 5 }, new RandomStream(1, 'test')),
  'policy gradient': (engine) => policyTraining(engine, policySmall, new RandomStream(1, 'test')),
};

/** All weights after steps in runs of the given lengths. */
function weightsAfter(training: ExampleSteps, runs: readonly number[]): string {
  for (const steps of runs) training.run(steps);
  const bytes = training.store.parameters.map((p) => Buffer.from(training.store.read(p).buffer).toString('base64'));
  training.free();
  return bytes.join(' ');
}

describe.each(Object.entries(workloads))('%s', (_name, make) => {
  it.each(canRun('wide') ? KERNEL_BUILDS : (['relaxed', 'simd'] as const))(
    'gives the same bytes on 1, 2, 3 and 5 threads, in one run and in many (%s)',
    (kernels) => {
      const results = [1, 2, 3, 5].map((threads) =>
        weightsAfter(make(engineWith({ threads, kernels, blas: 'off' })), threads === 3 ? [1, 2, 2] : [5]),
      );
      expect(new Set(results).size).toBe(1);
    },
  );

  it.runIf(canRun('wide'))('gives the same bytes with vectors of 128 and of 256 bits', () => {
    const [narrow, wide] = (['relaxed', 'wide'] as const).map((kernels) =>
      weightsAfter(make(engineWith({ threads: 2, kernels, blas: 'off' })), [5]),
    );
    expect(wide).toBe(narrow);
  });

  it('gives the same bytes on 1 and 3 threads with the system BLAS, where there is one', () => {
    const results = [1, 3].map((threads) => weightsAfter(make(engineWith({ threads })), [5]));
    expect(new Set(results).size).toBe(1);
  });

  it('lowers its loss', () => {
    const training = make(engineWith({ threads: 2, blas: 'off' }));
    const lossOf = (epoch: number) => training.plan.run(epoch, 0, 3).lossSum;
    const first = lossOf(0);
    for (let epoch = 1; epoch < 60; epoch++) lossOf(epoch);
    expect(lossOf(60)).toBeLessThan(0.9 * first);
    training.free();
  });
});

it('trains every row of a table on the whole softmax, looked up or not', () => {
  const labels = new Float32Array(40);
  const [n, d] = [50, 4];
  const training = exampleTraining({
    engine: engineWith({ threads: 2, blas: 'off' }),
    labels,
    batchSize: 20,
    random: new RandomStream(1, 'test'),
    cost: { flops: 1, bytes: 1 },
    parameters: [{ name: 'E', shape: [n, d], initializer: normal(0.1), table: 'item' }],
    build: ({ E }) => {
      const [from, to] = [indexInput('from'), indexInput('to')];
      const slots = [from, to].map((leaf, k) => ({ leaf, index: Int32Array.from(labels, (_, r) => (r + k) % 5) }));
      return { loss: fullSoftmaxCrossEntropy(lookup(E, from), E, to, 20), label: input('label', [1]), slots };
    },
  });
  const before = training.store.read(training.store.parameters[0]);
  training.run(1);
  const after = training.store.read(training.store.parameters[0]);
  expect(after.every((v, k) => v !== before[k])).toBe(true);
  training.free();
});

it('counts the products of a step and its least bytes', () => {
  const tokens = 129 * 3 * 4;
  // both directions: input and recurrent product; attention; the layers above, all with two gradients
  const forward = tokens * (2 * 2 * (7 * 28 + 7 * 28) + 2 * (14 * 7 + 7)) + 129 * 2 * (3 * 14 * 7 + 7);
  expect(lstmCost(lstmSmall).flops).toBe(3 * forward);
  expect(policyCost(policySmall).flops).toBe(3 * 2 * 67 * (333 * 9 + 81));
  expect(policyCost(policySmall).bytes).toBe(333 * 9 * 4 * 9);
});
