import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { modelsOf } from '../../../src/models/index.ts';
import { checkerboard, trainSmall } from '../made-worlds.ts';
import { weightBytes } from '../weight-bytes.ts';

const models = modelsOf('pairs').filter(({ tasks }) => tasks[0] === 'ranking');

const engines = [1, 2, 3].map((threads) => new Engine({ threads }));
afterAll(() => {
  for (const engine of engines) engine.close();
});

const split = checkerboard();

describe.each(models)('$name', (model) => {
  // batches of several tiles and a last one that is not full
  const training = model.learn.by === 'gradients' ? { epochs: 3, batchSize: 500 } : {};
  const bytes = async (engine: Engine, seed: number) => {
    const { recommender } = await trainSmall(engine, split, model, { seed, training });
    recommender.close();
    return weightBytes(recommender.parts.weights);
  };

  it('gives the same bytes for the same seed on 1, 2 and 3 threads, and again', async () => {
    const first = await bytes(engines[0], 7);
    for (const engine of engines) expect(await bytes(engine, 7)).toBe(first);
  });

  it.runIf(model.learn.by === 'gradients')('gives other bytes for another seed', async () => {
    expect(await bytes(engines[0], 8)).not.toBe(await bytes(engines[0], 7));
  });
});
