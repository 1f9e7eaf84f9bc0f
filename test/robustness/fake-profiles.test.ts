/** Budgets that all attacks obey, and fake people among real ones. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { countOf, drawBudget, parseFakePeople, requireWithinBudget } from '../../src/robustness/budget.ts';
import { addFakes, addFakesToSplit, fakeTimings } from '../../src/robustness/fake-profiles.ts';
import { ratingStatistics } from '../../src/robustness/real-people.ts';
import { smallData } from './small-data.ts';

const random = () => new RandomStream(3, 'test');
const profile = (items: number[], ratings: number[] | null = items.map(() => 5)) => ({
  items: Int32Array.from(items),
  ratings: ratings && Float32Array.from(ratings),
});

describe('a budget', () => {
  it.each([
    ['20', { count: 20 }],
    ['1%', { share: 0.01 }],
    [' 2.5% ', { share: 0.025 }],
  ])('is read from %j', (text, people) => {
    expect(parseFakePeople(text)).toEqual(people);
  });

  it.each(['0', '0%', '-1', '1.5', 'all', '', '1 %%'])('is not read from %j', (text) => {
    expect(() => parseFakePeople(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('counts fake people: one at least, not more than real ones', () => {
    expect(countOf({ share: 0.01 }, 943)).toBe(9);
    expect(countOf({ share: 0.001 }, 60)).toBe(1);
    expect(countOf({ count: 60 }, 60)).toBe(60);
    expect(() => countOf({ count: 61 }, 60)).toThrow(expect.objectContaining({ code: 'config' }));
    expect(() => countOf({ share: 1.5 }, 60)).toThrow(expect.objectContaining({ code: 'config' }));
  });

  it('has lengths of real people, their mean, or a fixed one', () => {
    const data = smallData();
    const { userIndex } = data.interactions;
    const real = Array.from({ length: 60 }, (_, user) => userIndex.filter((u) => u === user).length);
    const matched = drawBudget(data, { count: 50 }, 'matched', random()).lengths;
    expect([...matched].filter((n) => !real.includes(n))).toEqual([]);
    expect(new Set(matched).size).toBeGreaterThan(4);
    const mean = Math.round(userIndex.length / 60);
    expect([...drawBudget(data, { count: 3 }, 'mean', random()).lengths]).toEqual([mean, mean, mean]);
    expect([...drawBudget(data, { count: 2 }, 7, random()).lengths]).toEqual([7, 7]);
    for (const length of [0, 41, 1.5])
      expect(() => drawBudget(data, { count: 2 }, length, random())).toThrow(
        expect.objectContaining({ code: 'config' }),
      );
  });

  it('is kept to by profiles, or these are refused', () => {
    const budget = { lengths: Int32Array.of(3, 2) };
    const bounds = { nItems: 10, ratings: { low: 1, high: 5 } };
    const check = (...profiles: ReturnType<typeof profile>[]) => requireWithinBudget('mine', profiles, budget, bounds);
    check(profile([1, 2, 3]), profile([4]));
    for (const wrong of [
      [profile([1, 2, 3, 4])],
      [profile([1]), profile([1, 2, 3])],
      [profile([1]), profile([1]), profile([1])],
      [profile([1, 1])],
      [profile([10])],
      [profile([1], [6])],
      [profile([1, 2], [5])],
      [profile([1], null)],
    ])
      expect(() => check(...wrong)).toThrow(expect.objectContaining({ code: 'config' }));
    expect(() => requireWithinBudget('mine', [profile([1])], budget, { nItems: 10, ratings: null })).toThrow('ratings');
  });
});

describe('fake people in the data', () => {
  const data = smallData({ context: true });
  const profiles = [profile([3, 1], [5, 2]), profile([0, 39, 7], [1, 4, 3])];

  it.each(fakeTimings)('stand after the real ones, whose rows stay; times: %s', (timing) => {
    const { dataset, fakeUsers } = addFakes(data, profiles, random(), timing);
    const n = data.interactions.length;
    const { userIndex, itemIndex, rating, time, context, length } = dataset.interactions;
    expect([...fakeUsers]).toEqual([60, 61]);
    expect(length).toBe(n + 5);
    expect(userIndex.subarray(0, n)).toEqual(data.interactions.userIndex);
    expect(time!.subarray(0, n)).toEqual(data.interactions.time);
    expect([...userIndex.subarray(n)]).toEqual([60, 60, 61, 61, 61]);
    expect([...itemIndex.subarray(n)]).toEqual([3, 1, 0, 39, 7]);
    expect([...rating!.subarray(n)]).toEqual([5, 2, 1, 4, 3]);
    const span = [Math.min(...data.interactions.time!), Math.max(...data.interactions.time!)];
    const own = [...time!.subarray(n)];
    for (const t of own) expect(t >= span[0] && t <= span[1]).toBe(true);
    expect(own[0]).toBeLessThanOrEqual(own[1]);
    if (timing === 'burst')
      expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(0.001 * (span[1] - span[0]) + 1);
    if (timing === 'people') expect(own.every((t) => data.interactions.time!.includes(t))).toBe(true);
    expect(context![0]).toMatchObject({ values: ['phone', 'tv'] });
    expect((context![0] as { index: Int32Array }).index).toHaveLength(n + 5);
    expect(dataset.userFields.nRows).toBe(62);
    expect(dataset.userFields.fields[0].values.slice(58)).toEqual([78, 79, null, null]);
    expect(dataset.users.idOf(60)).toBe('fake-1');
    expect(dataset.hash).not.toBe(data.hash);
    expect(addFakes(data, profiles, random(), timing).dataset.hash).toBe(dataset.hash);
  });

  it('have ids that no real person has', () => {
    const named = { ...data, users: data.users.with(['fake-2']) };
    const { dataset } = addFakes(named, profiles, random());
    expect(dataset.users.size).toBe(63);
    expect(dataset.users.idOf(61)).toBe('fake-fake-1');
  });

  it('are training rows of a split whose held-out rows stay', () => {
    const split = splitDataset(data, { method: 'leave-one-out', by: 'random' });
    const poisoned = addFakesToSplit(split, profiles, random()).split;
    expect(poisoned.test).toBe(split.test);
    expect(poisoned.validation).toBe(split.validation);
    expect(poisoned.train.length).toBe(split.train.length + 5);
    expect([...poisoned.train.itemIndex.subarray(split.train.length)]).toEqual([3, 1, 0, 39, 7]);
    expect(poisoned.dataset.users.size).toBe(62);
  });

  it('have times and context of training rows alone, and sessions that no row of the data has', () => {
    const { interactions } = data;
    const [device] = interactions.context!;
    // every held-out row is late and on the tv, every training row early and on the phone
    const plain = splitDataset(data, { method: 'leave-one-out', by: 'random' });
    const isTrain = (row: number) =>
      [...plain.train.userIndex].some(
        (user, n) => user === interactions.userIndex[row] && plain.train.itemIndex[n] === interactions.itemIndex[row],
      );
    const known = Array.from({ length: interactions.length }, (_, row) => isTrain(row));
    const told = {
      ...data,
      interactions: {
        ...interactions,
        time: Float64Array.from(known, (isKnown, row) => (isKnown ? 1000 + row : 9_000_000 + row)),
        session: Int32Array.from(known, (isKnown, row) => (isKnown ? row : 5000 + row)),
        context: [{ ...device, index: Int32Array.from(known, (isKnown) => (isKnown ? 0 : 1)) } as typeof device],
      },
    };
    const split = splitDataset(told, { method: 'leave-one-out', by: 'random' });
    const many = Array.from({ length: 50 }, () => profile([3, 1, 0, 39, 7]));
    for (const timing of fakeTimings) {
      const { train, dataset } = addFakesToSplit(split, many, random(), timing).split;
      const n = split.train.length;
      for (const t of train.time!.subarray(n)) expect(t).toBeLessThan(1000 + interactions.length);
      const { index } = train.context![0] as { readonly index: Int32Array };
      expect([...index.subarray(n)].filter((value) => value !== 0)).toEqual([]);
      const taken = new Set(told.interactions.session);
      expect([...train.session!.subarray(n)].filter((session) => taken.has(session))).toEqual([]);
      expect(dataset.interactions.time!.subarray(0, interactions.length)).toEqual(told.interactions.time);
    }
  });

  it('act at times of one real person each', () => {
    const many = Array.from({ length: 30 }, () => profile([3, 1, 0, 39, 7]));
    const { time, userIndex } = addFakes(data, many, random()).dataset.interactions;
    const timesOf = (user: number) => [...time!].filter((_, row) => userIndex[row] === user);
    const real = Array.from({ length: 60 }, (_, user) => new Set(timesOf(user)));
    for (let k = 0; k < 30; k++) {
      const own = timesOf(60 + k);
      expect(real.some((times) => own.every((t) => times.has(t)))).toBe(true);
    }
  });

  it('have ratings where the data have some', () => {
    expect(() => addFakes(data, [profile([1], null)], random())).toThrow(expect.objectContaining({ code: 'data' }));
    const plain = smallData({ ratings: false, times: false });
    expect(addFakes(plain, [profile([1], null)], random()).dataset.interactions.rating).toBeNull();
    expect(() => addFakes(plain, [profile([1])], random())).toThrow(expect.objectContaining({ code: 'data' }));
  });
});

it('ratings: mean and deviation of all and of each item, written down again', () => {
  const data = smallData();
  const { rating, itemIndex } = data.interactions;
  const found = ratingStatistics(data)!;
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = (values: number[]) =>
    Math.sqrt(values.reduce((s, v) => s + (v - mean(values)) ** 2, 0) / (values.length - 1));
  expect(found.mean).toBeCloseTo(mean([...rating!]), 10);
  expect(found.deviation).toBeCloseTo(deviation([...rating!]), 10);
  const own = [...rating!].filter((_, row) => itemIndex[row] === 2);
  expect(found.itemMean[2]).toBeCloseTo(mean(own), 10);
  expect(found.itemDeviation[2]).toBeCloseTo(deviation(own), 10);
  expect([...found.levels!]).toEqual([1, 2, 3, 4, 5]);
});
