/** Crosses in rankings: of items alone, of users and context, and of both sides, which are scored pair by pair. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { isRowResult } from '../../src/evaluation/result.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import { type FieldRun, trainFieldRecommender } from '../../src/runs/train-recommender.ts';
import { prepareFieldData } from '../../src/tasks/prepare-fields.ts';
import { type FieldRunInput, parseFieldRunSettings } from '../../src/tasks/row-settings.ts';
import { thrownCode } from '../models/thrown-code.ts';
import { clicksCsv, itemsCsv, usersCsv } from './made-clicks.ts';

const engine = new Engine({ threads: 2 });
const folder = mkdtempSync(join(tmpdir(), 'deeptaste-crosses-'));
const data = {
  files: [join(folder, 'clicks.csv')],
  items: join(folder, 'items.csv'),
  users: join(folder, 'users.csv'),
};
beforeAll(() => {
  writeFileSync(data.files[0], clicksCsv());
  writeFileSync(data.items, itemsCsv());
  writeFileSync(data.users, usersCsv());
});
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true });
});

async function train(crosses: readonly string[][], changes: Partial<FieldRunInput> = {}): Promise<FieldRun> {
  const settings = parseFieldRunSettings({
    data,
    split: { method: 'ratio', test: 0.2 },
    model: 'wide-deep',
    config: { factors: 3, hidden: [6], wideL1: 0, wideLearningRate: 1 },
    training: { epochs: 8, batchSize: 64, patience: 0 },
    features: { crosses: crosses.map((fields) => ({ fields })) },
    ...changes,
  });
  return trainFieldRecommender({ engine, data: await prepareFieldData(settings), settings });
}

const ranking = { data: { ...data, minRating: 1 } };

/** Scores of a ranking of all items against predictions of each row, which encode the row's crosses one by one. */
async function expectRankedAsPredicted(recommender: Recommender): Promise<void> {
  for (const device of ['tv', 'phone', 'unheard of']) {
    const row = { device, hour: 20 };
    const { recommendations } = recommender.recommend({ user: 'u3', row }, { k: 100, includeSeen: true });
    expect(recommendations.length).toBe(16);
    const predicted = recommender.predict(recommendations.map(({ item }) => ({ user: 'u3', item, ...row })));
    recommendations.forEach(({ score }, n) => {
      expect(score).toBeCloseTo(predicted[n].output, 4);
    });
    const unseen = recommender.recommend({ user: 'u3', row }, { k: 100 }).recommendations.map(({ item }) => item);
    expect(unseen.length).toBeLessThan(16);
    expect(recommendations.map(({ item }) => item).filter((item) => unseen.includes(item))).toEqual(unseen);
  }
  for await (const { user, recommendations } of recommender.recommendAll({ k: 100 })) {
    const alone = recommender.recommend({ user }, { k: 100 }).recommendations;
    expect(recommendations).toEqual(alone.map(({ item, title, score }) => ({ item, title, score })));
  }
}

const crossWeights = ({ parts }: Recommender, name: string): Float32Array => {
  const { firstRow, nRows } = parts.fields!.encoder.layout.crosses.find((cross) => cross.name === name)!;
  return (parts.weights.get('crosses')!.data as Float32Array).subarray(firstRow, firstRow + nRows);
};

describe('a ranking', () => {
  it('has crosses of items, of users, and of users with the context', async () => {
    const crosses = [
      ['user', 'device'],
      ['item', 'genre'],
      ['user', 'age'],
    ];
    const { recommender, result } = await train(crosses, ranking);
    expect(recommender.parts.fields?.task).toBe('ranking');
    if (!result || isRowResult(result)) throw new Error('no ranking');
    expect(Object.keys(result.metrics)).toContain('ndcg@10');
    await expectRankedAsPredicted(recommender);
    // the weight of an item's cross falls for items that are drawn more often than taken: not all are alike
    expect(new Set(crossWeights(recommender, 'item × genre')).size).toBeGreaterThan(10);
    recommender.close();
  });

  it('has the same weights from one cross of items as from the items themselves', async () => {
    const { recommender } = await train([['item', 'genre']], { ...ranking, config: { deep: false, wideL1: 0 } });
    const { parts } = recommender;
    const { firstRow } = parts.fields!.encoder.layout.fields.find(({ name }) => name === 'item')!;
    const own = parts.weights.get('w')!.data;
    parts.fields!.encoder.fitted.crosses[0].combinations!.forEach((part, k) => {
      if (k % 2 === 0) expect(crossWeights(recommender, 'item × genre')[k / 2]).toBeCloseTo(own[firstRow + part], 5);
    });
    recommender.close();
  });

  it('refuses crosses of items with others, which drawn items lack', async () => {
    expect(await thrownCode(() => train([['genre', 'age']], ranking))).toBe('config');
    expect(await thrownCode(() => train([['item', 'device']], ranking))).toBe('config');
  });
});

describe('a model of clicks', () => {
  it.each([
    [
      'items with users',
      [
        ['genre', 'age'],
        ['item', 'genre'],
      ],
    ],
    [
      'items with the context',
      [
        ['item', 'device'],
        ['user', 'device'],
      ],
    ],
    ['items alone', [['item', 'genre']]],
  ])('with crosses of %s ranks as it predicts', async (_what, crosses) => {
    const { recommender } = await train(crosses as string[][]);
    expect(recommender.parts.fields?.task).toBe('click');
    await expectRankedAsPredicted(recommender);
    recommender.close();
  });
});
