import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { describeChosen, resolveTraining } from '../../src/examples/settings.ts';
import { bprDefaults, bprMf } from '../../src/models/bpr-mf.ts';
import { findModel } from '../../src/models/index.ts';
import { checkerboard, trainSmall } from '../models/made-worlds.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());
const model = bprMf;
const sizes = { nInteractions: 40_000, nUsers: 900, nItems: 1_600 };

describe('defaults of BPR-MF follow the number of interactions', () => {
  it.each([
    [1, 256, 100, 0.05],
    [12_000, 256, 100, 0.05],
    [40_000, 256, 100, 0.025],
    [100_000, 256, 52, 0.01],
    [810_000, 1024, 40, 0.01],
    [20_000_000, 2048, 40, 0.01],
  ])('%i', (nInteractions, batchSize, epochs, l2) => {
    expect(bprDefaults({ nInteractions })).toEqual({ batchSize, epochs, optimizer: { l2 } });
  });

  it('where they are not set', () => {
    const { training, chosen } = resolveTraining(model, {}, sizes);
    expect(training).toMatchObject({
      batchSize: 256,
      epochs: 100,
      negatives: 1,
      patience: 10,
      optimizer: { learningRate: 0.002, l2: 0.025 },
    });
    expect(describeChosen(chosen!)).toBe(
      'batchSize 256, epochs 100, l2 0.025: chosen for 40,000 training rows of 900 users and 1,600 items',
    );
  });

  it('and explicit settings win, and are not told as chosen', () => {
    const given = { epochs: 7, optimizer: { l2: 0, learningRate: 0.1 } };
    const { training, chosen } = resolveTraining(model, given, sizes);
    expect(training).toMatchObject({ epochs: 7, batchSize: 256, optimizer: { l2: 0, learningRate: 0.1 } });
    expect(chosen?.values).toEqual({ 'training.batchSize': 256 });
    const all = { epochs: 7, batchSize: 64, optimizer: { l2: 0 } };
    expect(resolveTraining(model, all, sizes).chosen).toBeNull();
    expect(() => resolveTraining(model, { epoch: 7 }, sizes)).toThrow('"epoch"');
    expect(() => resolveTraining(model, { optimizer: 'adam' }, sizes)).toThrow('optimizer');
  });

  it('and are in the account of a run, and in its record', async () => {
    const split = checkerboard(12, 'validation');
    const { account, recommender } = await trainSmall(engine, split, model, { training: { epochs: 2 } });
    expect(account.chosenDefaults).toEqual({
      values: { 'optimizer.l2': 0.05 },
      sizes: { nInteractions: split.train.length, nUsers: split.dataset.users.size, nItems: split.dataset.items.size },
    });
    expect(recommender.parts.info.training).toMatchObject({ epochs: 2, optimizer: { l2: 0.05 } });
  });
});

it('models without such defaults have nothing to tell', () => {
  const { chosen } = resolveTraining(findModel('gmf'), {}, sizes);
  expect(chosen).toBeNull();
});
