import { describe, expect, it } from 'vitest';
import type { DataOptions } from '../../src/data/data-options.ts';
import type { Dataset, Split } from '../../src/data/dataset.ts';
import { loadDataset } from '../../src/data/load.ts';
import { holdOutOneOfTrain } from '../../src/data/splits/hold-out-of-train.ts';
import { loadSplit, splitDataset } from '../../src/data/splits/split-dataset.ts';
import type { SplitOptions } from '../../src/data/splits/split-options.ts';
import { type MadeRow, madeDataset, pairs, testRandom } from './made-data.ts';
import { messageOf, temporaryFolder } from './temporary-files.ts';

const { write } = temporaryFolder();
let n = 0;
const file = (content: string): string => write(`repeats-${n++}.csv`, content);

/** 600 rows of 12 users with 15 items, which repeat often; time and sessions too. */
function repeating(seed: number): Dataset {
  const random = testRandom(seed);
  const sessions = new Map<string, number>();
  const rows = Array.from({ length: 600 }, (_, k): MadeRow => {
    const user = random(12);
    const key = `${user} ${Math.floor(k / 60)}`;
    sessions.set(key, sessions.get(key) ?? sessions.size);
    return [`u${user}`, `i${random(15)}`, k, sessions.get(key)];
  });
  return madeDataset(rows);
}

function shared(dataset: Dataset, { train, validation, test }: Split): string[] {
  const own = new Set(pairs(dataset, train));
  const held = new Set(pairs(dataset, validation));
  const inTest = pairs(dataset, test);
  return [...inTest.filter((pair) => own.has(pair) || held.has(pair)), ...[...held].filter((pair) => own.has(pair))];
}

const methods: SplitOptions[] = [
  ...(['time', 'random', 'order'] as const).map((by): SplitOptions => ({ method: 'leave-one-out', by })),
  ...(['time', 'random', 'order'] as const).flatMap((by) =>
    (['user', 'all'] as const).map((of): SplitOptions => ({ method: 'ratio', by, of, test: 0.2 })),
  ),
  { method: 'time', test: 0.3 },
  { method: 'session', test: 0.3 },
  { method: 'last-session' },
  { method: 'cold-items', test: 0.2 },
];

describe('repeated pairs', () => {
  it.each(methods)('never stand in two parts: %j', (options) => {
    for (const seed of [1, 2, 3]) {
      const dataset = repeating(seed);
      const split = splitDataset(dataset, options);
      expect(shared(dataset, split)).toEqual([]);
      expect(split.test!.length).toBeGreaterThan(0);
      // every user that is tested has something to be trained on
      const trained = new Set(split.train.userIndex);
      expect([...split.test!.userIndex].every((user) => trained.has(user))).toBe(true);
    }
  });

  it('go together where a user is split: nothing is lost', () => {
    const dataset = repeating(4);
    for (const options of methods.slice(0, 9)) {
      const { train, validation, test } = splitDataset(dataset, options);
      expect(train.length + (validation?.length ?? 0) + test!.length).toBe(600);
    }
  });

  it('stand where duplicates: last would leave them', () => {
    const rows: MadeRow[] = [
      ['a', 'x', 1],
      ['a', 'y', 2],
      ['a', 'z', 3],
      ['a', 'x', 4],
    ];
    const split = splitDataset(madeDataset(rows), { method: 'leave-one-out' });
    expect(pairs(split.dataset, split.test)).toEqual(['a>x', 'a>x']);
    expect(pairs(split.dataset, split.validation)).toEqual(['a>z']);
    const once = splitDataset(madeDataset(rows.slice(1)), { method: 'leave-one-out' });
    expect(new Set(pairs(once.dataset, once.test))).toEqual(new Set(pairs(split.dataset, split.test)));
  });

  it('that a split by time drops are counted and told', () => {
    const split = splitDataset(repeating(5), { method: 'time', test: 0.3 });
    const dropped = Number(split.description.nRepeatedPairRows);
    expect(dropped).toBeGreaterThan(0);
    expect(split.dataset.warnings.join('\n')).toMatch(
      new RegExp(`${dropped} held-out rows dropped: the \\(user, item\\) pair is in the training rows too`),
    );
  });

  it('of training rows are held out together', () => {
    const dataset = repeating(6);
    const split = splitDataset(dataset, { method: 'leave-one-out', validation: 'none' });
    for (const by of ['time', 'random', 'order'] as const)
      expect(shared(dataset, holdOutOneOfTrain(split, { by }))).toEqual([]);
  });

  it('of data without repeats change no split', () => {
    const rows = Array.from(
      { length: 60 },
      (_, k): MadeRow => [`u${k % 6}`, `i${(Math.floor(k / 6) + k) % 10}`, 60 - k, k % 30],
    );
    const dataset = madeDataset(rows);
    for (const options of methods) {
      const known = splitDataset({ ...dataset, distinctPairs: true }, options);
      expect(splitDataset(dataset, options)).toEqual({ ...known, dataset: expect.anything() });
    }
  });
});

/** A log of shown items: each pair is shown up to four times. */
function clickLog(label: (k: number) => string = (k) => String(Number(k % 3 === 0))): string {
  const random = testRandom(9);
  const rows = Array.from({ length: 400 }, (_, k) => `u${random(10)},i${random(12)},${label(k)},${k}`);
  return `user,item,clicked,timestamp\n${rows.join('\n')}\n`;
}

describe('a log of shown items', () => {
  const read = (rowsFor: 'pairs' | 'examples', split: SplitOptions, more: Partial<DataOptions> = {}) =>
    loadSplit({ files: [file(clickLog())], ...more }, split, undefined, rowsFor);

  it.each<SplitOptions>([{ method: 'ratio', by: 'random' }, { method: 'time' }, { method: 'leave-one-out' }])(
    'for models of pairs: clicked rows, each pair once, in one part: %j',
    async (options) => {
      for (const duplicates of [undefined, 'keep', 'last'] as const) {
        const { dataset, ...parts } = await read('pairs', options, { duplicates });
        const all = [parts.train, parts.validation!, parts.test!];
        expect(all.every((part) => part.rating!.every((label) => label === 1))).toBe(true);
        expect(shared(dataset, { dataset, ...parts })).toEqual([]);
        expect(dataset.warnings.join('\n')).toMatch(/rows? (labelled 0|rated below 1) dropped/);
      }
    },
  );

  it('keeps every pair that was clicked once, whatever came later', async () => {
    const path = file('user,item,clicked\na,x,1\na,y,0\na,x,0\nb,x,0\nb,y,1\n');
    const split = await loadSplit(
      { files: [path] },
      { method: 'leave-one-out', by: 'order' },
      undefined,
      'pairs',
    ).catch((error) => error.message);
    expect(split).toMatch(/no user has two different items \(2 users with one each\)/);
    const { interactions } = await loadDataset({ files: [path] });
    expect([...interactions.rating!]).toEqual([1, 0, 0, 0, 1]);
  });

  it('for rows to be predicted: all rows, and what repeats is counted', async () => {
    const split = await read('examples', { method: 'ratio', by: 'random' });
    expect(split.train.length + split.validation!.length + split.test!.length).toBe(400);
    const own = new Set(pairs(split.dataset, split.train));
    const repeated = pairs(split.dataset, split.test).filter((pair) => own.has(pair)).length;
    expect(split.description.nTestRowsInTrain).toBe(repeated);
    expect(split.dataset.warnings.join('\n')).toMatch(`${repeated} of 40 test rows repeat a (user, item) pair`);
  });

  it('without a row labelled 1 has nothing to rank by', async () => {
    const options = { files: [file(clickLog(() => 'no'))] };
    const load = () => loadSplit(options, { method: 'leave-one-out' }, undefined, 'pairs');
    expect(await messageOf(load)).toMatch(/no row is labelled 1 in "clicked"/);
  });
});

describe('duplicates as ratings', () => {
  const path = file('user,item,rating\na,x,2\nb,x,1\na,x,5\na,y,1\na,x,1\n');

  it('are summed up, or counted, in the last row of each pair', async () => {
    const summed = await loadDataset({ files: [path], duplicates: 'sum' });
    expect(pairs(summed, summed.interactions)).toEqual(['b>x', 'a>y', 'a>x']);
    expect([...summed.interactions.rating!]).toEqual([1, 1, 8]);
    const counts = await loadDataset({ files: [path], duplicates: 'count' });
    expect([...counts.interactions.rating!]).toEqual([1, 1, 3]);
    const often = await loadDataset({ files: [path], duplicates: 'count', minRating: 2 });
    expect(pairs(often, often.interactions)).toEqual(['a>x']);
  });

  it('of rows without ratings can be counted, not summed', async () => {
    const bare = file('user,item\na,x\nb,x\na,x\n');
    expect([...(await loadDataset({ files: [bare], duplicates: 'count' })).interactions.rating!]).toEqual([1, 2]);
    expect(await messageOf(() => loadDataset({ files: [bare], duplicates: 'sum' }))).toMatch(/"sum" needs a rating/);
  });

  it('stay once each where ratings are distinct', async () => {
    const twice = file('user,item,rating\na,x,2\nb,x,2\na,x,5\na,x,2\na,y,2\nb,x,2\n');
    const { interactions, distinctPairs, warnings } = await loadDataset({ files: [twice], duplicates: 'distinct' });
    expect([...interactions.rating!]).toEqual([2, 2, 5, 2]);
    expect(distinctPairs).toBeUndefined();
    expect(warnings.join()).toMatch(/2 rows dropped: the same user, item and rating as a row before/);
    const bare = file('user,item\na,x\na,x\n');
    expect(await messageOf(() => loadDataset({ files: [bare], duplicates: 'distinct' }))).toMatch(/say "last"/);
  });

  it('of clicks are the number of clicks', async () => {
    const clicks = file('user,item,clicked\na,x,1\na,x,0\na,x,1\nb,y,0\nb,x,1\n');
    const { interactions, label } = await loadDataset({ files: [clicks], duplicates: 'count', minRating: 1 });
    expect([label, ...interactions.rating!]).toEqual([undefined, 2, 1]);
    const load = () => loadDataset({ files: [clicks], duplicates: 'count' });
    expect(await messageOf(load)).toMatch(/"count" makes ratings, and rows with labels \("clicked"\) have none/);
  });
});

describe('a part that stays empty', () => {
  const after = madeDataset(
    Array.from({ length: 60 }, (_, k): MadeRow => [`u${Math.floor(k / 6)}`, `i${k % 6}`, k, Math.floor(k / 3)]),
  );
  const single = madeDataset(Array.from({ length: 4 }, (_, k): MadeRow => [`u${k}`, `i${k % 2}`, k, k]));
  const few = madeDataset(Array.from({ length: 12 }, (_, k): MadeRow => [`u${k % 4}`, `i${k}`, k, k]));

  it.each<[string, Dataset, SplitOptions, RegExp]>([
    [
      'users who came one after the other, by time',
      after,
      { method: 'time' },
      /dropped 1\d rows of users without training rows\); choose leave-one-out, which can test 10 of 10 users.*, or ratio, which can test 10/,
    ],
    ['the same by session', after, { method: 'session' }, /users without training rows\); choose leave-one-out/],
    [
      'one row a user, by leave-one-out',
      single,
      { method: 'leave-one-out' },
      /no row is left for testing; no user has two different items \(4 users with one each\), so that no split/,
    ],
    ['one row a user, by ratio', single, { method: 'ratio' }, /no user has two different items/],
    [
      'three rows a user, by ratio',
      few,
      { method: 'ratio' },
      /choose leave-one-out, which can test 4 of 4 users.*, or a larger share \(test: 0.17 or more\)/,
    ],
    ['few items, cold', single, { method: 'cold-items' }, /hold out more: of 2 items .* \(test: 0.25\)/],
  ])('%s: says why, and what helps', async (_, dataset, options, told) => {
    const message = await messageOf(() => splitDataset(dataset, options));
    expect(message).toMatch(told);
    expect(message.slice(message.indexOf(';'))).not.toContain(options.method);
  });

  it('is named when it is the validation part', () => {
    const rows = Array.from({ length: 40 }, (_, k): MadeRow => {
      if (k >= 36) return [`u${k - 36}`, `i${k - 34}`, k];
      return k < 32 ? [`u${(k % 30) % 5}`, `i${(k % 30) % 7}`, k] : [`b${k}`, 'i0', k];
    });
    const { validation, dataset } = splitDataset(madeDataset(rows), { method: 'time', test: 0.1, validation: 0.1 });
    expect(validation).toBeNull();
    expect(dataset.warnings.join('\n')).toMatch(/no row is left for validation \(dropped/);
  });

  it('three rows a user, as it advises', () => {
    expect(splitDataset(few, { method: 'ratio', test: 0.17 }).test!.length).toBe(4);
  });
});
