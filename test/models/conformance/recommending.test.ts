import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { modelsOf } from '../../../src/models/index.ts';
import { Recommender } from '../../../src/recommender/recommender.ts';
import { checkerboard, SIDE, trainSmall } from '../made-worlds.ts';
import { thrownCode } from '../thrown-code.ts';
import { weightBytes } from '../weight-bytes.ts';

const models = modelsOf('pairs').filter(({ tasks }) => tasks[0] === 'ranking');

const engine = new Engine({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true });
});

const idsOf = (items: readonly number[]): string[] => items.map((item) => `item ${item}`);
const numberOf = (id: string): number => Number(id.slice('item '.length));
const takenBy = (user: number): number[] =>
  Array.from({ length: SIDE }, (_, i) => i).filter((item) => item !== user && item % 2 === user % 2);

describe.each(models)('$name recommends', (model) => {
  const trained = trainSmall(engine, checkerboard(), model).then(({ recommender }) => recommender);

  it('the same after saving and loading, to users and to new people, byte for byte', async () => {
    const before = await trained;
    const path = join(folder, model.name);
    await before.save(path);
    const after = await Recommender.load(path, { threads: 2 });
    expect(weightBytes(after.parts.weights)).toBe(weightBytes(before.parts.weights));
    for (let user = 0; user < SIDE; user++)
      expect(after.recommend({ user: `user ${user}` })).toEqual(before.recommend({ user: `user ${user}` }));
    const history = idsOf([1, 5, 9]);
    expect(after.recommend({ history })).toEqual(before.recommend({ history }));
    await after.save(`${path} again`);
    const again = await Recommender.load(`${path} again`, { threads: 1 });
    expect(weightBytes(again.parts.weights)).toBe(weightBytes(before.parts.weights));
    after.close();
    again.close();
  });

  it.skipIf(model.name === 'popularity')(
    'to a new person with a user’s history what it recommends to that user',
    async () => {
      const recommender = await trained;
      for (const user of [0, 7, 16, 23]) {
        const all = { k: SIDE / 2, includeSeen: true };
        const colour = (items: readonly { item: string }[]) => items.map(({ item }) => numberOf(item) % 2);
        const known = recommender.recommend({ user: `user ${user}` }, all);
        const fresh = recommender.recommend({ history: idsOf(takenBy(user)) }, all);
        expect(colour(known.recommendations)).toEqual(Array(SIDE / 2).fill(user % 2));
        expect(colour(fresh.recommendations)).toEqual(Array(SIDE / 2).fill(user % 2));
        expect(recommender.recommend({ history: idsOf(takenBy(user)) }, { k: 1 }).recommendations[0].item).toBe(
          `item ${user}`,
        );
      }
    },
  );

  it.skipIf(model.name === 'popularity')('from a single item those of its colour', async () => {
    const recommender = await trained;
    const matches = Array.from({ length: SIDE }, (_, item) => {
      const { recommendations } = recommender.recommend({ history: [`item ${item}`] }, { k: 3 });
      expect(recommendations.map(({ item: id }) => id)).not.toContain(`item ${item}`);
      return recommendations.filter(({ item: id }) => numberOf(id) % 2 === item % 2).length / 3;
    });
    // one item says little, so a few of the 72 may be wrong; by chance it would be half of them
    expect(matches.reduce((sum, share) => sum + share, 0) / SIDE).toBeGreaterThan(0.9);
  });

  it('tells how a new person was represented and which items it does not know', async () => {
    const recommender = await trained;
    const answer = recommender.recommend({ history: ['item 4', 'item 4', 'no such', 'item 2', ''] }, { k: 3 });
    expect(answer.unknownItems).toEqual(['no such', '']);
    expect(answer.how).toMatch(/\w+ \w+ \w+/);
    const without = recommender.recommend({ history: ['item 2', 'item 4'] }, { k: 3 });
    expect(answer.recommendations).toEqual(without.recommendations);
    for (const { because } of answer.recommendations)
      for (const { item } of because) expect(['item 2', 'item 4']).toContain(item);
  });

  it('only what a person has not taken, unless asked', async () => {
    const recommender = await trained;
    const unseen = recommender
      .recommend({ user: 'user 3' }, { k: 1000 })
      .recommendations.map(({ item }) => numberOf(item));
    const seen = takenBy(3);
    expect(new Set(unseen).size).toBe(SIDE - seen.length);
    expect(unseen.filter((item) => seen.includes(item))).toEqual([]);
    const all = recommender.recommend({ user: 'user 3' }, { k: 1000, includeSeen: true }).recommendations;
    expect(all.map(({ item }) => numberOf(item)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: SIDE }, (_, i) => i),
    );
    const scores = all.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  it('nothing to a person who took everything, all of it when asked', async () => {
    const recommender = await trained;
    const everything = idsOf(Array.from({ length: SIDE }, (_, i) => i));
    expect(recommender.recommend({ history: everything }).recommendations).toEqual([]);
    const all = recommender.recommend({ history: everything }, { includeSeen: true, k: SIDE }).recommendations;
    expect(new Set(all.map(({ item }) => item)).size).toBe(SIDE);
    expect(all.every(({ score }) => Number.isFinite(score))).toBe(true);
  });

  it('with an error to strangers, to no known item, and for a k that is no count', async () => {
    const recommender = await trained;
    expect(await thrownCode(() => recommender.recommend({ user: 'user 99' }))).toBe('not-found');
    expect(await thrownCode(() => recommender.recommend({ history: [] }))).toBe('usage');
    expect(await thrownCode(() => recommender.recommend({ history: ['?', '??'] }))).toBe('not-found');
    for (const k of [0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(await thrownCode(() => recommender.recommend({ user: 'user 1' }, { k }))).toBe('usage');
      expect(await thrownCode(() => recommender.recommend({ history: ['item 1'] }, { k }))).toBe('usage');
    }
  });
});
