import { describe, expect, it } from 'vitest';
import type { Dataset, Split } from '../../src/data/dataset.ts';
import { rowOf } from '../../src/data/sparse-rows.ts';
import { holdOutOneOfTrain } from '../../src/data/splits/hold-out-of-train.ts';
import { leaveOneOut } from '../../src/data/splits/leave-one-out.ts';
import { sampleCandidates } from '../../src/data/splits/sample-candidates.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import type { SplitOptions } from '../../src/data/splits/split-options.ts';
import { type MadeRow, madeDataset, pairs, testRandom } from './made-data.ts';
import { codeOf, messageOf } from './temporary-files.ts';

/** Every user has every pair once; times collide. */
function manyRows(seed: number, nUsers = 30, nItems = 40): MadeRow[] {
  const below = testRandom(seed);
  const rows: MadeRow[] = [];
  for (let u = 0; u < nUsers; u++)
    for (let i = 0; i < nItems; i++) if (below(3) === 0) rows.push([`u${u}`, `i${i}`, below(100), below(3) + 3 * u]);
  return rows;
}
const many = madeDataset(manyRows(1));

function sortedPairs(dataset: Dataset, split: Split): string[] {
  return [split.train, split.validation, split.test].flatMap((part) => pairs(dataset, part)).sort();
}

const methods: SplitOptions[] = [
  { method: 'leave-one-out' },
  { method: 'leave-one-out', by: 'random', validation: 'order', seed: 3 },
  { method: 'leave-one-out', by: 'order', validation: 'none' },
  { method: 'ratio' },
  { method: 'ratio', by: 'time', validation: 0 },
  { method: 'ratio', by: 'order', test: 0.3 },
  { method: 'time' },
  { method: 'time', validation: 0, test: 0.2 },
  { method: 'session' },
  { method: 'session', by: 'order', unseenUsers: 'keep' },
  { method: 'last-session' },
  { method: 'last-session', by: 'order', validation: false },
];

describe.each(methods)('any split, %j', (options) => {
  const split = splitDataset(many, options);
  it('gives each row to at most one part, and counts the rest', () => {
    const all = pairs(many, many.interactions).sort();
    const parts = sortedPairs(many, split);
    const { nUnseenUserRows = 0, nUnseenItemRows = 0 } = split.description as Record<string, number>;
    expect(parts.length + nUnseenUserRows + nUnseenItemRows).toBe(all.length);
    expect(new Set(parts).size).toBe(parts.length);
    expect(parts.every((pair) => all.includes(pair))).toBe(true);
  });
  it('describes itself', () => {
    const { description, train, validation, test } = split;
    expect(description).toMatchObject({ method: options.method, data: many.hash, nTrain: train.length });
    expect(description).toMatchObject({ nValidation: validation?.length ?? 0, nTest: test?.length });
    for (const [key, value] of Object.entries(options)) if (key !== 'seed') expect(description[key]).toBe(value);
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });
  it('is the same twice', () => {
    expect(splitDataset(many, options)).toEqual(split);
  });
});

describe('leave-one-out', () => {
  const rows: MadeRow[] = [
    ['a', 'i1', 30],
    ['a', 'i2', 10],
    ['a', 'i3', 30],
    ['a', 'i4', 20],
    ['b', 'i1', 5],
    ['c', 'i2', 9],
    ['c', 'i1', 8],
  ];
  const dataset = madeDataset(rows);
  it('takes the last by time, of equal times the later row', () => {
    const split = leaveOneOut(dataset);
    expect(pairs(dataset, split.test)).toEqual(['a>i3', 'c>i2']);
    expect(pairs(dataset, split.validation)).toEqual(['a>i1']);
    expect(pairs(dataset, split.train)).toEqual(['a>i2', 'a>i4', 'b>i1', 'c>i1']);
    expect(split.description).toMatchObject({ nUsersNotTested: 1, nUsersNotValidated: 2, seed: null });
  });
  it('takes the last in the file by order', () => {
    expect(pairs(dataset, leaveOneOut(dataset, { by: 'order' }).test)).toEqual(['a>i4', 'c>i1']);
  });
  it('takes each row equally often at random', () => {
    // 4 rows, 4,000 seeds: each count has mean 1,000 and deviation √(4000·¼·¾) = 27.4; a bound of 5 deviations on
    // four counts fails by chance less than once in 400,000 runs.
    const counts = new Map<string, number>();
    const own = madeDataset(rows.slice(0, 4));
    for (let seed = 0; seed < 4000; seed++) {
      const [pair] = pairs(own, leaveOneOut(own, { by: 'random', validation: 'none', seed }).test);
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
    expect([...counts.values()].length).toBe(4);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * 27.4);
  });
  it("does not let other users change a user's random row", () => {
    const of = (data: Dataset) =>
      pairs(data, leaveOneOut(data, { by: 'random' }).test).filter((p) => p.startsWith('a'));
    expect(of(madeDataset(rows.slice(0, 4)))).toEqual(of(dataset));
  });
});

describe('ratio', () => {
  it('holds out round(n · share) rows of each user, leaving one', () => {
    const rows = (user: string, n: number): MadeRow[] =>
      Array.from({ length: n }, (_, k) => [user, `i${k}`, k] as const);
    const dataset = madeDataset([...rows('ten', 10), ...rows('four', 4), ...rows('one', 1)]);
    const split = splitDataset(dataset, { method: 'ratio', by: 'time', validation: 0.2, test: 0.25 });
    // ten: round(2.5) = 3 test, round(2) = 2 validation; four: 1 and round(0.8) = 1; one: none.
    expect(pairs(dataset, split.test)).toEqual(['ten>i7', 'ten>i8', 'ten>i9', 'four>i3']);
    expect(pairs(dataset, split.validation)).toEqual(['ten>i5', 'ten>i6', 'four>i2']);
    expect(split.description.nUsersNotTested).toBe(1);
  });
});

describe('global time', () => {
  it('keeps equal times together and drops what training does not know', () => {
    const dataset = madeDataset([
      ['a', 'x', 1],
      ['b', 'y', 2],
      ['a', 'y', 3],
      ['b', 'x', 4],
      ['a', 'z', 4], // z is first seen in the test part
      ['new', 'x', 5],
    ]);
    const split = splitDataset(dataset, { method: 'time', validation: 0, test: 0.4 });
    // 6 · 0.6 = 3.6 → the cut is at the 5th sorted time, 4: all rows of time 4 and 5 are for testing.
    expect(pairs(dataset, split.train)).toEqual(['a>x', 'b>y', 'a>y']);
    expect(pairs(dataset, split.test)).toEqual(['b>x']);
    expect(split.description).toMatchObject({ nUnseenUserRows: 1, nUnseenItemRows: 1, testStart: 4 });
  });
  it('never trains on what is later than a test row', () => {
    const { train, validation, test } = splitDataset(many, { method: 'time' });
    expect(Math.max(...train.time!)).toBeLessThan(Math.min(...validation!.time!));
    expect(Math.max(...validation!.time!)).toBeLessThan(Math.min(...test!.time!));
  });
  it('is the default when times vary, else ratio', () => {
    expect(splitDataset(many).description.method).toBe('time');
    const timeless = madeDataset(manyRows(1).map(([u, i]) => [u, i]));
    expect(splitDataset(timeless).description.method).toBe('ratio');
  });
});

describe('sessions', () => {
  const dataset = madeDataset([
    ['a', 'x', 1, 0],
    ['a', 'y', 9, 0],
    ['b', 'x', 2, 1],
    ['a', 'x', 3, 2],
    ['b', 'y', 4, 3],
    ['b', 'x', 5, 4],
  ]);
  it('holds out the sessions that end last', () => {
    // Ends: session 0 at 9, 1 at 2, 2 at 3, 3 at 4, 4 at 5; the last round(5 · 0.4) = 2 are 4 and 0.
    const split = splitDataset(dataset, { method: 'session', test: 0.4, validation: 0 });
    // a and b took x in training sessions too
    expect(pairs(dataset, split.test)).toEqual(['a>y']);
    expect(pairs(dataset, split.train)).toEqual(['b>x', 'a>x', 'b>y']);
    expect(split.description.nRepeatedPairRows).toBe(2);
  });
  it("holds out each user's last", () => {
    const split = splitDataset(dataset, { method: 'last-session' });
    expect(pairs(dataset, split.test)).toEqual(['a>y']);
    expect(pairs(dataset, split.validation)).toEqual(['b>y']);
    expect(pairs(dataset, split.train)).toEqual(['b>x', 'a>x']);
  });
});

describe('hold-out of training rows', () => {
  it('moves the last training row of each user and keeps the test part', () => {
    const dataset = madeDataset([
      ['a', 'x', 1],
      ['a', 'y', 2],
      ['a', 'z', 3],
      ['b', 'x', 1],
      ['b', 'y', 2],
    ]);
    const split = leaveOneOut(dataset, { validation: 'none' });
    const held = holdOutOneOfTrain(split);
    expect(pairs(dataset, held.train)).toEqual(['a>x', 'b>x']);
    expect(pairs(dataset, held.validation)).toEqual(['a>y']);
    expect(held.test).toBe(split.test);
    expect(held.description).toMatchObject({
      nTrain: 2,
      nValidation: 1,
      nUsersNotValidated: 1,
      validationFromTrain: 'time',
    });
  });
  it.each(['time', 'order', 'random'] as const)('by %s is the same twice', (by) => {
    const split = leaveOneOut(many, { validation: 'none' });
    expect(holdOutOneOfTrain(split, { by, seed: 2 })).toEqual(holdOutOneOfTrain(split, { by, seed: 2 }));
  });
});

describe('sampled candidates', () => {
  const split = leaveOneOut(many);
  const touched = (user: number): Set<number> =>
    new Set([...many.interactions.itemIndex].filter((_, row) => many.interactions.userIndex[row] === user));
  it.each([5, 20, 1000])('%i of them are distinct and untouched', (n) => {
    const sampled = sampleCandidates(split, { n });
    let nShort = 0;
    for (const user of split.test!.userIndex) {
      const list = [...rowOf(sampled.testCandidates!, user)];
      const own = touched(user);
      expect(list.length).toBe(Math.min(n, many.items.size - own.size));
      expect(new Set(list).size).toBe(list.length);
      expect(list.some((item) => own.has(item))).toBe(false);
      if (list.length < n) nShort++;
    }
    expect(sampled.description.nUsersWithFewerTestCandidates).toBe(nShort);
  });
  it('each untouched item is equally likely', () => {
    // 8 untouched items, 2 drawn, 4,000 seeds: each count has mean 1,000 and deviation √(4000·¼·¾) = 27.4.
    const dataset = madeDataset([
      ['a', 'x', 1],
      ['a', 'y', 2],
      ...Array.from({ length: 8 }, (_, k): MadeRow => ['b', `i${k}`, k]),
    ]);
    const own = leaveOneOut(dataset, { validation: 'none' });
    const counts = new Int32Array(dataset.items.size);
    for (let seed = 0; seed < 4000; seed++)
      for (const item of rowOf(sampleCandidates(own, { n: 2, seed }).testCandidates!, 0)) counts[item]++;
    expect([...counts.slice(0, 2)]).toEqual([0, 0]);
    for (const count of counts.slice(2)) expect(Math.abs(count - 1000)).toBeLessThan(5 * 27.4);
  });
  it('differs by seed, not by run, and leaves given lists alone', () => {
    const first = sampleCandidates(split, { n: 5, seed: 1 });
    expect(sampleCandidates(split, { n: 5, seed: 1 })).toEqual(first);
    expect(sampleCandidates(split, { n: 5, seed: 2 }).testCandidates).not.toEqual(first.testCandidates);
    const again = sampleCandidates({ ...first, validationCandidates: null }, { n: 7 });
    expect(again.testCandidates).toBe(first.testCandidates);
    expect(again.validationCandidates).not.toEqual(first.validationCandidates);
  });
});

describe('what cannot be split', () => {
  const timeless = madeDataset([
    ['a', 'x'],
    ['a', 'y'],
    ['b', 'x'],
  ]);
  const flat = madeDataset([
    ['a', 'x', 1],
    ['a', 'y', 1],
    ['b', 'x', 1],
  ]);
  const singles = madeDataset([
    ['a', 'x', 1],
    ['b', 'x', 2],
  ]);
  it.each<[string, () => unknown, string]>([
    ['time order without times', () => splitDataset(timeless, { method: 'leave-one-out' }), 'config'],
    ['global time without times', () => splitDataset(timeless, { method: 'time' }), 'config'],
    ['equal times', () => splitDataset(flat, { method: 'time' }), 'data'],
    ['sessions without sessions', () => splitDataset(flat, { method: 'session' }), 'config'],
    ['users with one row each', () => splitDataset(singles, { method: 'leave-one-out' }), 'data'],
    ['shares above one', () => splitDataset(many, { method: 'ratio', test: 0.6, validation: 0.5 }), 'config'],
    ['no test share', () => splitDataset(many, { method: 'time', test: 0 }), 'config'],
    ['given files without files', () => splitDataset(many, { method: 'given', test: 'x' }), 'config'],
    ['an unknown method', () => splitDataset(many, { method: 'tme' } as never), 'config'],
    ['an unknown key', () => splitDataset(many, { method: 'ratio', tst: 1 } as never), 'config'],
    [
      'candidates of a part that is not there',
      () => sampleCandidates(leaveOneOut(many, { validation: 'none' }), { parts: ['validation'] }),
      'config',
    ],
    ['a second validation part', () => holdOutOneOfTrain(leaveOneOut(many)), 'config'],
    [
      'a hold-out by time without times',
      () => holdOutOneOfTrain(splitDataset(timeless, { method: 'leave-one-out', by: 'order', validation: 'none' })),
      'config',
    ],
  ])('%s', async (_, work, code) => {
    expect(await codeOf(work)).toBe(code);
    expect(await messageOf(work)).not.toContain('\n');
  });
  it('names the nearest method', async () => {
    expect(await messageOf(() => splitDataset(many, { method: 'tme' } as never))).toMatch(/did you mean "time"/);
  });
});
