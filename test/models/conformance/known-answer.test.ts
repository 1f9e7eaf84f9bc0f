import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { models } from '../../../src/models/index.ts';
import { checkerboard, SIDE, trainSmall } from '../made-worlds.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

/** Models that do not look at the user; the reason stands beside each. */
const impersonal: Readonly<Record<string, string>> = {
  popularity: 'every item of the board was taken equally often, so that all scores are equal',
};

describe.each(models)('$name on the checkerboard', (model) => {
  it.skipIf(model.name in impersonal)('ranks the withheld item of each user above all of the other colour', async () => {
    const { result, recommender } = await trainSmall(engine, checkerboard(), model);
    expect(result!.metrics['hr@1'].mean).toBe(1);
    for (let user = 0; user < SIDE; user++) {
      const { recommendations, how } = recommender.recommendForUser(`user ${user}`, { k: 3 });
      expect(how).toBe('trained');
      expect(recommendations[0].item).toBe(`item ${user}`);
      expect(recommendations[0].title).toBe(`Item no. ${user}`);
    }
    recommender.close();
  });

  it.runIf(model.name in impersonal)(`says what it can: ${impersonal[model.name]}`, async () => {
    const { result, recommender } = await trainSmall(engine, checkerboard(), model, { evaluation: { metrics: ['hr@1'] } });
    const answer = recommender.recommendForUser('user 0', { k: SIDE, includeSeen: true });
    expect(new Set(answer.recommendations.map(({ score }) => score)).size).toBe(1);
    // one of the 13 items that a user has not taken: the withheld one and twelve of the other colour
    expect(result!.metrics['hr@1'].mean).toBeCloseTo(1 / 13, 12);
    recommender.close();
  });
});
