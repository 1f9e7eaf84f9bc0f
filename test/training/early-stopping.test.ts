import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { isPairModel } from '../../src/examples/pairs.ts';
import { modelsOf } from '../../src/models/index.ts';
import { evaluateScorer } from '../../src/tasks/evaluate-ranking.ts';
import { evaluationOptions } from '../../src/tasks/ranking-settings.ts';
import { testRandom } from '../data/made-data.ts';
import { madeSplit, type Pair, trainSmall } from '../models/made-worlds.ts';
import { weightBytes } from '../models/weight-bytes.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

/** Tastes of two colours with a third of noise, so that training too long spoils the validation metric. */
function noisySplit() {
  const random = testRandom(3);
  const train: Pair[] = [];
  const validation: Pair[] = [];
  for (let user = 0; user < 30; user++)
    for (let item = 0; item < 30; item++) {
      const taken = (user + item) % 2 === 0 ? random(3) > 0 : random(3) === 0;
      if (taken) (random(5) === 0 ? validation : train).push([user, item]);
    }
  return madeSplit(30, 30, { train, validation });
}

const split = noisySplit();
const metric = 'ndcg@5';
const evaluation = { validationMetric: metric };
const hasty = { epochs: 25, patience: 0, batchSize: 256, optimizer: { learningRate: 0.08, l2: 0 } };

describe.each(modelsOf('pairs').filter(isPairModel))('early stopping of $name', (model) => {
  const run = (training: object, signalled: string[] = []) =>
    trainSmall(engine, split, model, {
      evaluation,
      training: { ...hasty, ...training },
      onEpoch: ({ epoch }) => signalled.push(`epoch ${epoch}`),
    });
  const measured = (trained: Awaited<ReturnType<typeof run>>): number => {
    const options = evaluationOptions.parse({ metrics: [metric], filter: 'train' });
    return evaluateScorer(engine, trained.recommender.scorer('pairs'), split, options, 1, 'validation').metrics[metric]
      .mean;
  };

  it('ends with the weights of the best epoch', async () => {
    const trained = await run({});
    const looks = trained.log.map(({ validation }) => validation!);
    const best = Math.max(...looks);
    expect(trained.bestEpoch).toBe(looks.indexOf(best) + 1);
    expect(trained.bestEpoch).toBeLessThan(trained.log.length);
    expect(measured(trained)).toBeCloseTo(best, 12);
    // those are the weights of a run that ends there
    const shorter = await run({ epochs: trained.bestEpoch, keepBest: false });
    expect(weightBytes(trained.recommender.parts.weights)).toBe(weightBytes(shorter.recommender.parts.weights));
  });

  it('ends with the last weights when asked', async () => {
    const trained = await run({ keepBest: false });
    expect(measured(trained)).toBeCloseTo(trained.log[trained.log.length - 1].validation!, 12);
    expect(trained.bestEpoch).toBe(trained.log.length);
  });

  it('stops after `patience` looks without gain, looking every second epoch', async () => {
    const signalled: string[] = [];
    const { log } = await run({ epochs: 60, patience: 2, evaluateEvery: 2 }, signalled);
    const looks = log.flatMap(({ epoch, validation }) => (validation === null ? [] : [{ epoch, validation }]));
    expect(looks.map(({ epoch }) => epoch)).toEqual(looks.map((_, n) => 2 * (n + 1)));
    const values = looks.map(({ validation }) => validation);
    const best = values.indexOf(Math.max(...values));
    expect(values.length - 1 - best).toBe(2);
    expect(log.length).toBe(2 * (best + 3));
    expect(log.length).toBeLessThan(60);
    expect(signalled).toEqual(log.map(({ epoch }) => `epoch ${epoch}`));
  });
});
