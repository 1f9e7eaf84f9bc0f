import { afterAll, describe, expect, it } from 'vitest';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { trainRecommender } from '../../src/runs/train-recommender.ts';
import { evaluateScorer, validator } from '../../src/tasks/evaluate-ranking.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { madeDataset, testRandom } from '../data/made-data.ts';

const engine = new Engine({ threads: 2, blas: 'off' });
afterAll(() => engine.close());

const draw = testRandom(5);
const dataset = madeDataset(Array.from({ length: 4000 }, (_, n) => [`u${draw(200)}`, `i${draw(150)}`, n] as const));
const split = splitDataset(dataset, { method: 'leave-one-out' });
const width = 4;
const values = (n: number) => Float32Array.from({ length: n * width }, () => draw(1000) / 500 - 1);
const form = { form: 'dot', users: values(dataset.users.size), items: values(dataset.items.size), width } as const;
const scorer = { form, itemVectors: null, free: () => {} };
const settings = (users?: number) =>
  parseRunSettings({ data: { files: ['none'] }, model: 'popularity', evaluation: { users } });
const evaluate = (users: number | undefined, seed = 3) =>
  evaluateScorer(engine, scorer, split, settings(users).evaluation, seed);

describe('evaluation for some users', () => {
  it('gives each drawn user the values that all users give, and says so', () => {
    const all = evaluate(undefined);
    const some = evaluate(40);
    expect(some.users).toHaveLength(40);
    expect(new Set(some.users).size).toBe(40);
    const expected = some.users.map((user) => all.perUser['ndcg@10'][all.users.indexOf(user)]);
    expect([...some.perUser['ndcg@10']]).toEqual(expected);
    expect(some.protocol).toMatchObject({ nUsers: 40, drawnUsers: { of: all.protocol.nUsers, seed: 3 } });
    expect(all.protocol.drawnUsers).toBeUndefined();
  });

  it('draws the same users for the same seed, others for another; more than there are is all', () => {
    expect(evaluate(40).users).toEqual(evaluate(40).users);
    expect(evaluate(40).users).not.toEqual(evaluate(40, 4).users);
    expect(evaluate(10_000).users).toEqual(evaluate(undefined).users);
    expect(evaluate(10_000).protocol.drawnUsers).toBeUndefined();
  });

  it('is left out for none', async () => {
    expect(validator(engine, split, settings(0).evaluation, 1)).toBeUndefined();
    const { result, recommender } = await trainRecommender({ engine, split, settings: settings(0) });
    expect(result).toBeNull();
    expect(recommender.recommend({ user: 'u1' }).recommendations).toHaveLength(10);
    recommender.close();
  });
});
