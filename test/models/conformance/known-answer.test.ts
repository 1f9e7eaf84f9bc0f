import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { modelsOf } from '../../../src/models/index.ts';
import { checkerboard, SIDE, trainSmall } from '../made-worlds.ts';

const models = modelsOf('pairs').filter(({ tasks }) => tasks[0] === 'ranking');

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

const impersonal = models.filter(({ name }) => name === 'popularity');
const personal = models.filter((model) => !impersonal.includes(model));

describe.each(personal)('$name on the checkerboard', (model) => {
  it.each([1, 2, 3])('ranks the withheld item of each user first (seed %i)', async (seed) => {
    const { result, recommender } = await trainSmall(engine, checkerboard(), model, { seed });
    expect(result!.metrics['hr@1'].mean).toBe(1);
    for (let user = 0; user < SIDE; user++) {
      const { recommendations, how } = recommender.recommend({ user: `user ${user}` }, { k: 3 });
      expect(how).toBe('trained');
      expect(recommendations[0]).toMatchObject({ item: `item ${user}`, title: `Item no. ${user}` });
      expect(recommendations[0].score).toBeGreaterThan(recommendations[1].score);
    }
    recommender.close();
  });
});

describe.each(impersonal)('$name on the checkerboard', (model) => {
  it('scores all items alike, since every item was taken equally often', async () => {
    const { result, recommender } = await trainSmall(engine, checkerboard(), model);
    const answer = recommender.recommend({ user: 'user 0' }, { k: SIDE, includeSeen: true });
    expect(new Set(answer.recommendations.map(({ score }) => score)).size).toBe(1);
    // one of the 13 items that a user has not taken: the withheld one and twelve of the other colour
    expect(result!.metrics['hr@1'].mean).toBeCloseTo(1 / 13, 12);
    recommender.close();
  });
});
