/** The classic attacks: every profile within its budget, and each of the form that its name says. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import type { AttackOrder, Goal } from '../../src/robustness/attacks/attack.ts';
import { carryOut } from '../../src/robustness/attacks/attack.ts';
import { attackNamed } from '../../src/robustness/attacks/index.ts';
import { drawBudget, type ProfileLength } from '../../src/robustness/budget.ts';
import { smallData } from './small-data.ts';

const classic = ['random', 'average', 'bandwagon', 'reverse-bandwagon', 'segment', 'love-hate'] as const;
const targets = Int32Array.of(37, 39);

function order(data: Dataset, goal: Goal, length: ProfileLength = 'matched', seed = 1): AttackOrder {
  const random = new RandomStream(seed, 'attack');
  return {
    data,
    targets,
    goal,
    budget: drawBudget(data, { count: 12 }, length, random.child('budget')),
    random,
    engine: () => {
      throw new Error('no engine');
    },
  };
}

const craft = (name: string, goal: Goal, data: Dataset, length?: ProfileLength, options = {}, seed = 1) =>
  carryOut(attackNamed(name, options), order(data, goal, length, seed));

/** How many people took each item, counted again. */
function counts(data: Dataset): number[] {
  const { itemIndex } = data.interactions;
  return Array.from({ length: 40 }, (_, item) => itemIndex.filter((i) => i === item).length);
}

describe.each(classic)('%s', (name) => {
  const { attack } = attackNamed(name);
  for (const goal of attack.goals)
    for (const ratings of attack.needsRatings ? [true] : [true, false])
      it(`to ${goal}, ${ratings ? 'with' : 'without'} ratings: as long as the budget says, the same with the same seed`, async () => {
        const data = smallData({ ratings });
        const { lengths } = order(data, goal).budget;
        const profiles = await craft(name, goal, data);
        expect(profiles.map(({ items }) => items.length)).toEqual([...lengths]);
        for (const { items, ratings: rated } of profiles) {
          expect(rated === null).toBe(!ratings);
          const held = [...targets].filter((target) => items.includes(target));
          expect(held).toHaveLength(ratings || goal === 'promote' || name === 'reverse-bandwagon' ? 2 : 0);
          if (rated) for (const target of held) expect(rated[items.indexOf(target)]).toBe(goal === 'promote' ? 5 : 1);
        }
        expect(await craft(name, goal, data)).toEqual(profiles);
        expect(await craft(name, goal, data, 'matched', {}, 2)).not.toEqual(profiles);
      });

  it('refuses a goal or data that it is not for', async () => {
    const foreign = (['promote', 'demote'] as const).find((goal) => !attack.goals.includes(goal));
    if (foreign) await expect(craft(name, foreign, smallData())).rejects.toMatchObject({ code: 'config' });
    if (attack.needsRatings)
      await expect(craft(name, attack.goals[0], smallData({ ratings: false }))).rejects.toMatchObject({
        code: 'config',
      });
    const alone = { ...order(smallData(), attack.goals[0]), data: smallData({ nUsers: 1 }) };
    await expect(carryOut(attackNamed(name), alone)).rejects.toMatchObject({ code: 'data' });
  });
});

it('has room for some targets only where profiles are short', async () => {
  const profiles = await craft('random', 'promote', smallData(), 1);
  expect(new Set(profiles.map(({ items }) => items[0]))).toEqual(new Set(targets));
});

it('fills up to all items, and never beyond', async () => {
  for (const fillers of ['matched', 'popularity', 'uniform'])
    for (const { items } of await craft('random', 'promote', smallData(), 40, { fillers }))
      expect([...items].sort((a, b) => a - b)).toEqual([...Array(40).keys()]);
});

it('fillers are as popular as what real people take, or drawn alike', async () => {
  const data = smallData({ nUsers: 300 });
  const n = counts(data);
  const meanOf = (items: readonly number[]) => items.reduce((sum, item) => sum + n[item], 0) / items.length;
  const fillersOf = async (fillers: string) =>
    (
      await carryOut(attackNamed('random', { fillers }), {
        ...order(data, 'promote'),
        budget: { lengths: new Int32Array(200).fill(9) },
      })
    ).flatMap(({ items }) => [...items].filter((item) => !targets.includes(item)));
  const real = meanOf([...data.interactions.itemIndex]);
  const alike = meanOf([...Array(40).keys()].filter((item) => !targets.includes(item)));
  // distinct items: a little below what single draws would give
  expect(meanOf(await fillersOf('popularity')) / real).toBeGreaterThan(0.85);
  expect(meanOf(await fillersOf('uniform')) / alike).toBeCloseTo(1, 1);
});

it('profiles are like those of real people in length and popularity', async () => {
  const data = smallData({ nUsers: 300, nItems: 200 });
  const { userIndex, itemIndex } = data.interactions;
  const n = Array.from({ length: 200 }, (_, item) => itemIndex.filter((i) => i === item).length);
  const meanOf = (items: readonly number[]) => items.reduce((sum, item) => sum + n[item], 0) / items.length;
  const real = Array.from({ length: 300 }, (_, user) =>
    meanOf([...itemIndex].filter((_, row) => userIndex[row] === user)),
  );
  const budget = drawBudget(data, { count: 150 }, 'matched', new RandomStream(1, 'lengths'));
  /** The chance that a fake person's mean popularity is above a real one's. */
  const above = async (fillers: string) => {
    const profiles = await carryOut(attackNamed('random', { fillers }), {
      ...order(data, 'promote'),
      targets: Int32Array.of(150),
      budget,
    });
    const fake = profiles.map(({ items }) => meanOf([...items]));
    return fake.reduce((sum, f) => sum + real.filter((r) => f > r).length, 0) / (fake.length * real.length);
  };
  expect(Math.abs((await above('matched')) - 0.5)).toBeLessThan(0.12);
  expect(await above('uniform')).toBeLessThan(0.1);
});

it('average rates like the item, random like all', async () => {
  const data = smallData({ nUsers: 200 });
  const { interactions } = data;
  // everybody agrees on item 0
  const rating = interactions.rating!.map((r, row) => (interactions.itemIndex[row] === 0 ? 5 : r));
  const agreed = { ...data, interactions: { ...interactions, rating } };
  const ofItem0 = async (name: string) =>
    (
      await carryOut(attackNamed(name), {
        ...order(agreed, 'promote'),
        budget: { lengths: new Int32Array(50).fill(38) },
      })
    ).flatMap(({ items, ratings }) => [...items].flatMap((item, k) => (item === 0 ? [ratings![k]] : [])));
  expect(new Set(await ofItem0('average'))).toEqual(new Set([5]));
  expect(new Set(await ofItem0('random')).size).toBeGreaterThan(2);
  // all ratings are levels of the data
  for (const { ratings } of await craft('average', 'promote', data))
    for (const value of ratings!) expect([1, 2, 3, 4, 5]).toContain(value);
});

it('bandwagon goes with the most popular, reverse bandwagon with the least popular', async () => {
  const data = smallData();
  const n = counts(data);
  const ranked = [...Array(40).keys()].filter((item) => !targets.includes(item)).sort((a, b) => n[b] - n[a] || a - b);
  for (const { items, ratings } of await craft('bandwagon', 'promote', data, 10))
    for (const item of ranked.slice(0, 4)) expect(ratings![items.indexOf(item)]).toBe(5);
  const taken = ranked.filter((item) => n[item] > 0).reverse();
  for (const { items, ratings } of await craft('reverse-bandwagon', 'demote', data, 10))
    expect(taken.slice(0, 4).filter((item) => ratings![items.indexOf(item)] === 1)).toHaveLength(4);
});

it('segment takes what the audience of the target takes, and rates the rest lowest', async () => {
  const data = smallData({ nUsers: 300 });
  // item 6 is of kind 0: so is what its audience takes
  const one = { ...order(data, 'promote', 10), targets: Int32Array.of(6) };
  const profiles = await carryOut(attackNamed('segment', { segment: 0.6 }), one);
  const loved = profiles.flatMap(({ items, ratings }) => [...items].filter((_, k) => ratings![k] === 5));
  expect(loved.filter((item) => item % 3 === 0).length / loved.length).toBeGreaterThan(0.8);
  for (const { ratings } of profiles) expect(ratings!.filter((r) => r === 1)).toHaveLength(4);
});

it('love/hate rates all others highest', async () => {
  for (const { items, ratings } of await craft('love-hate', 'demote', smallData()))
    items.forEach((item, k) => {
      expect(ratings![k]).toBe(targets.includes(item) ? 1 : 5);
    });
});

it.each([
  [Int32Array.of(), 'config'],
  [Int32Array.of(1, 1), 'config'],
  [Int32Array.of(40), 'not-found'],
  [Int32Array.of(-1), 'not-found'],
])('refuses targets %j', async (wrong, code) => {
  const chosen = attackNamed('random');
  await expect(carryOut(chosen, { ...order(smallData(), 'promote'), targets: wrong })).rejects.toMatchObject({ code });
});

it('names attacks and options', () => {
  expect(() => attackNamed('randm')).toThrow(/did you mean "random"/);
  expect(() => attackNamed('bandwagon', { populr: 1 })).toThrow(/popular/);
  expect(() => attackNamed('bandwagon', { popular: 2 })).toThrow(expect.objectContaining({ code: 'config' }));
});
