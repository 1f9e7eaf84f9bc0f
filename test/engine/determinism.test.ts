import { afterAll, describe, expect, it } from 'vitest';
import { Engine, type EngineOptions } from '../../src/engine/runtime/engine.ts';
import { neumfTraining } from './neumf-training.ts';

const made: Engine[] = [];
const engineWith = (options: EngineOptions): Engine => {
  const engine = new Engine(options);
  made.push(engine);
  return engine;
};
const pools = [1, 2, 3, 5].map((threads) => engineWith({ threads }));
const plainPools = [1, 2].map((threads) => engineWith({ threads, kernels: 'simd' }));
afterAll(() => {
  for (const engine of made) engine.close();
});

/** Weights, state and loss after nine steps, in runs of the given lengths. */
function trained(
  engine: Engine,
  batchSize: number,
  optimizer: Record<string, unknown>,
  runs: readonly number[],
): string {
  const training = neumfTraining(engine, batchSize, optimizer);
  let step = 0;
  let lossSum = 0;
  for (const count of runs) {
    lossSum += training.plan.run(1, step, count).lossSum;
    step += count;
  }
  const result = `${lossSum} ${training.bytes().toString('base64')}`;
  training.free();
  return result;
}

const settings: Record<string, Record<string, unknown>> = {
  'Adam on touched rows': {},
  'clipped, regularised Adagrad': { name: 'adagrad', clipNorm: 0.5, l2: 0.01 },
  'dense momentum': { name: 'momentum', dense: true, clipNorm: 0.01, clipValue: 0.001 },
};

describe.each(Object.entries(settings))('%s', (_title, optimizer) => {
  it.each([1, 31, 64, 257, 301])('gives the same bytes on 1, 2, 3 and 5 threads, batches of %i', (batchSize) => {
    for (const engines of [pools, plainPools]) {
      const results = engines.map((engine) => trained(engine, batchSize, optimizer, [9]));
      expect(new Set(results).size).toBe(1);
    }
  });

  it('gives the same bytes in one run and in many', () => {
    const whole = trained(pools[1], 64, optimizer, [9]).split(' ')[1];
    for (const runs of [Array(9).fill(1), [4, 5], [1, 0, 8]])
      expect(trained(pools[2], 64, optimizer, runs).split(' ')[1]).toBe(whole);
  });
});

it('gives the same bytes every time, and others from another start', () => {
  const results = Array.from({ length: 5 }, () => trained(pools[2], 100, {}, [9]));
  expect(new Set(results).size).toBe(1);
  expect(trained(pools[2], 100, { learningRate: 0.011 }, [9])).not.toBe(results[0]);
});
