import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { modelsOf } from '../../../src/models/index.ts';
import { madeSplit, type Pair, trainSmall } from '../made-worlds.ts';
import { thrownCode } from '../thrown-code.ts';

const models = modelsOf('pairs').filter(({ tasks }) => tasks[0] === 'ranking');

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());

interface World {
  readonly name: string;
  readonly users: number;
  readonly items: number;
  readonly train: readonly Pair[];
}

const worlds: readonly World[] = [
  {
    name: 'one user',
    users: 1,
    items: 6,
    train: [
      [0, 0],
      [0, 2],
      [0, 5],
    ],
  },
  {
    name: 'one item',
    users: 3,
    items: 1,
    train: [
      [0, 0],
      [1, 0],
      [2, 0],
    ],
  },
  { name: 'one user and one item', users: 1, items: 1, train: [[0, 0]] },
  {
    name: 'two items',
    users: 2,
    items: 2,
    train: [
      [0, 0],
      [1, 1],
    ],
  },
  {
    name: 'a user who took all items',
    users: 2,
    items: 4,
    train: [
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 2],
    ],
  },
  {
    name: 'users and items without any training row',
    users: 4,
    items: 5,
    train: [
      [1, 1],
      [1, 3],
      [3, 3],
    ],
  },
];

describe.each(models)('$name', (model) => {
  it.each(worlds)('trains and recommends with $name', async ({ users, items, train }) => {
    const { recommender, log } = await trainSmall(engine, madeSplit(users, items, { train }), model);
    for (const { loss } of log) expect(loss).toBeGreaterThan(0);
    for (const { data } of recommender.parts.weights.values()) expect(data.every(Number.isFinite)).toBe(true);
    // what no training row has is served to nobody, and nobody without training rows is served
    const trained = new Set(train.map(([, item]) => item));
    for (let user = 0; user < users; user++) {
      const taken = new Set(train.filter((pair) => pair[0] === user).map((pair) => pair[1]));
      if (taken.size === 0) {
        expect(await thrownCode(() => recommender.recommend({ user: `user ${user}` }))).toBe('not-found');
        continue;
      }
      const { recommendations } = recommender.recommend({ user: `user ${user}` });
      expect(recommendations.length).toBe(trained.size - taken.size);
      const all = recommender.recommend({ user: `user ${user}` }, { includeSeen: true }).recommendations;
      expect(all.length).toBe(trained.size);
      expect(all.every(({ score }) => Number.isFinite(score))).toBe(true);
    }
    for (let item = 0; item < items; item++)
      if (!trained.has(item))
        expect(await thrownCode(() => recommender.recommend({ history: [`item ${item}`] }))).toBe('not-found');
    const fresh = recommender.recommend({ history: [`item ${train[0][1]}`] }, { includeSeen: true });
    expect(fresh.recommendations.length).toBe(trained.size);
    expect(fresh.recommendations.every(({ score }) => Number.isFinite(score))).toBe(true);
    recommender.close();
  });

  it('refuses a world without a training row', async () => {
    expect(await thrownCode(() => trainSmall(engine, madeSplit(2, 3, { train: [] }), model))).toBe('data');
  });
});
