/** Whether friends help to rank where they should, and do not where they are anybody. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Split } from '../../src/data/dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { findModelOf } from '../../src/models/index.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { testRandom } from '../data/made-data.ts';
import { temporaryFolder } from '../data/temporary-files.ts';
import { madeSplit, type Pair, trainSmall } from './made-worlds.ts';
import { type Edge, withFriends } from './social-world.ts';
import { thrownCode } from './thrown-code.ts';
import { weightBytes } from './weight-bytes.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());
const { folder } = temporaryFolder();

const [N_USERS, N_CIRCLES, N_ITEMS, N_FAVOURITES] = [400, 20, 100, 8];

/**
 * Circles of twenty people with eight favourite items each. Somebody's three training rows hold one or two of them beside whatever
 * else, which hardly tells the circle; those of all friends do. The test rows are favourites.
 */
function favouritesWorld(friends: 'circle' | 'random'): Split {
  const below = testRandom(23);
  const circles = Array.from({ length: N_CIRCLES }, () => distinct(N_FAVOURITES, () => below(N_ITEMS)));
  const [train, test]: [Pair[], Pair[]] = [[], []];
  const edges: Edge[] = [];
  for (let user = 0; user < N_USERS; user++) {
    const circle = user % N_CIRCLES;
    const favourites = circles[circle];
    const held = distinct(3, () => favourites[below(N_FAVOURITES)]);
    const taken = distinct(
      3,
      (n) => (below(2) === 0 && n > 0 ? below(N_ITEMS) : favourites[below(N_FAVOURITES)]),
      held,
    );
    for (const item of taken) train.push([user, item]);
    for (const item of held) test.push([user, item]);
    for (let n = 0; n < 6; n++) {
      const inCircle = circle + N_CIRCLES * below(N_USERS / N_CIRCLES);
      const anybody = below(N_USERS);
      const friend = friends === 'circle' ? inCircle : anybody;
      if (friend !== user) edges.push([user, friend]);
    }
  }
  return withFriends(madeSplit(N_USERS, N_ITEMS, { train, test }), edges);
}

/** So many numbers as `draw` gives them, no one twice and none of `others`. */
function distinct(count: number, draw: (n: number) => number, others: readonly number[] = []): number[] {
  const found: number[] = [];
  while (found.length < count) {
    const number = draw(found.length);
    if (!found.includes(number) && !others.includes(number)) found.push(number);
  }
  return found;
}

const training = { epochs: 60, batchSize: 256, optimizer: { learningRate: 0.01 } };

async function ndcgOfUsers(split: Split, name: string, config: object): Promise<Float64Array> {
  const evaluation = { metrics: ['ndcg@10'] };
  const changes = { config: { factors: 16, ...config }, training, evaluation };
  const { result, recommender } = await trainSmall(engine, split, findModelOf('pairs', name), changes);
  recommender.close();
  return result!.perUser['ndcg@10'];
}

const mean = (x: Float64Array): number => x.reduce((sum, v) => sum + v, 0) / x.length;

/** Student's t of the paired differences. */
function paired(a: Float64Array, b: Float64Array): number {
  const differences = a.map((x, u) => x - b[u]);
  const centre = mean(differences);
  const variance = differences.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (differences.length - 1);
  return centre / Math.sqrt(variance / differences.length);
}

describe.each(['circle', 'random'] as const)('friends: %s', (friends) => {
  const split = favouritesWorld(friends);
  let alone: Float64Array;
  beforeAll(async () => {
    alone = await ndcgOfUsers(split, 'lightgcn', {});
  });

  it.each([
    ['lightgcn', { socialWeight: 1 }],
    ['mhcn', {}],
  ])('%s with %o', { timeout: 60_000 }, async (name, config) => {
    const social = await ndcgOfUsers(split, name, config);
    const t = paired(social, alone);
    if (friends === 'circle') {
      expect(t).toBeGreaterThan(4);
      expect(mean(social)).toBeGreaterThan(1.1 * mean(alone));
    } else expect(t).toBeLessThan(2);
  });
});

const social: readonly (readonly [string, object])[] = [
  ['lightgcn', { socialWeight: 0.5 }],
  ['mhcn', {}],
];

describe.each(social)('%s with %o', (name, config) => {
  const model = findModelOf('pairs', name);
  const changes = { config: { factors: 4, ...config }, training: { epochs: 2 } };
  const people = favouritesWorld('circle');
  const world = (edges: readonly Edge[]): Split => withFriends(people, edges);

  it('is refused where nobody knows anybody, with the reason', async () => {
    const { dataset } = people;
    const lonely = { ...people, dataset: { ...dataset, social: null } };
    expect(await thrownCode(() => trainSmall(engine, lonely, model, changes))).toBe('config');
    await expect(trainSmall(engine, lonely, model, changes)).rejects.toThrow(/--social FILE/);
  });

  const chain = Array.from({ length: N_USERS - 1 }, (_, user): Edge => [user, user + 1]);
  const star = Array.from({ length: N_USERS - 1 }, (_, user): Edge => [0, user + 1]);
  it.each<readonly [string, readonly Edge[]]>([
    ['no edges', []],
    ['one edge', [[3, 5]]],
    ['all in one chain', chain],
    ['one who knows all', star],
    ['everybody twice and back', [...chain, ...chain, ...chain.map(([a, b]): Edge => [b, a])]],
  ])('learns where the graph has %s', async (_, edges) => {
    const { recommender, log } = await trainSmall(engine, world(edges), model, changes);
    for (const { loss } of log) expect(Number.isFinite(loss)).toBe(true);
    const { recommendations } = recommender.recommend({ user: 'user 9' });
    expect(recommendations.every(({ score }) => Number.isFinite(score))).toBe(true);
    recommender.close();
  });

  it('takes edges without their direction', async () => {
    const [one, other] = await Promise.all(
      [chain, chain.map(([a, b]): Edge => [b, a])].map(async (edges) => {
        const { recommender } = await trainSmall(engine, world(edges), model, changes);
        const { recommendations } = recommender.recommend({ user: 'user 7' }, { k: 20 });
        recommender.close();
        return recommendations.map(({ item, score }) => [item, score]);
      }),
    );
    expect(one).toEqual(other);
  });

  it('answers from its folder as before, and refuses one whose friends were altered', async () => {
    const { recommender } = await trainSmall(engine, people, model, changes);
    const path = join(folder, name);
    await recommender.save(path);
    const loaded = await Recommender.load(path);
    const list = (of: Recommender) => of.recommend({ user: 'user 11' }, { k: 20 }).recommendations;
    expect(list(loaded)).toEqual(list(recommender));
    loaded.close();
    const { weights, seen, users, items } = recommender.parts;
    const friends = weights.get('known.friends')!;
    const altered = new Map([...weights, ['known.friends', { ...friends, data: friends.data.map(() => 0) }]]);
    const about = { sizes: { nUsers: users.size, nItems: items.size }, history: seen };
    const parsed = model.options.parse(recommender.parts.info.model.config);
    const scoring = () => model.scorerOf(() => engine, { config: parsed, weights: altered, about });
    expect(await thrownCode(async () => scoring())).toBe('artifact');
    recommender.close();
  });
});

it('LightGCN among no friends is LightGCN', async () => {
  const people = withFriends(favouritesWorld('circle'), []);
  const model = findModelOf('pairs', 'lightgcn');
  const bytes = await Promise.all(
    [0, 1].map(async (socialWeight) => {
      const changes = { config: { factors: 4, socialWeight }, training: { epochs: 2 } };
      const { recommender } = await trainSmall(engine, people, model, changes);
      recommender.close();
      return weightBytes(new Map([['E', recommender.parts.weights.get('E')!]]));
    }),
  );
  expect(bytes[0]).toBe(bytes[1]);
});
