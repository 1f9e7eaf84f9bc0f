/** What must hold for any table: parts are disjoint, ids come back as they were, nobody is served what they have, the order of rows is nothing. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { DeepTasteError } from '../../src/core/errors.ts';
import type { Dataset, Split } from '../../src/data/dataset.ts';
import { loadSplit, splitDataset } from '../../src/data/splits/split-dataset.ts';
import type { SplitOptions } from '../../src/data/splits/split-options.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { trainRecommender } from '../../src/runs/train-recommender.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { type MadeRow, madeDataset, pairs } from '../data/made-data.ts';
import { temporaryFolder } from '../data/temporary-files.ts';

const { folder, write } = temporaryFolder();
const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

const seeded = (numRuns: number) => ({ seed: 12, numRuns });

/** Rows of a few users and items, so that pairs repeat; times and sessions of all kinds. */
const anyRow = fc.tuple(fc.nat(6), fc.nat(8), fc.nat(60), fc.nat(2));
const tables = fc.array(anyRow, { minLength: 4, maxLength: 80 }).map((rows) => {
  const sessions = new Map<string, number>();
  return rows.map(([user, item, time, part]): MadeRow => {
    const key = `${user} ${part}`;
    sessions.set(key, sessions.get(key) ?? sessions.size);
    return [`u${user}`, `i${item}`, time, sessions.get(key)];
  });
});

const orders = fc.constantFrom('time' as const, 'random' as const, 'order' as const);
const shares = fc.record({ validation: fc.constantFrom(0, 0.1, 0.2), test: fc.constantFrom(0.1, 0.25, 0.4) });
const seeds = fc.nat(1000);
const splits: fc.Arbitrary<SplitOptions> = fc.oneof(
  fc.record({ method: fc.constant('leave-one-out' as const), by: orders, seed: seeds }),
  fc
    .tuple(orders, fc.constantFrom('user' as const, 'all' as const), shares, seeds)
    .map(([by, of, share, seed]) => ({ method: 'ratio' as const, by, of, seed, ...share })),
  shares.map((share) => ({ method: 'time' as const, ...share })),
  shares.map((share) => ({ method: 'session' as const, ...share })),
  fc.constant({ method: 'last-session' as const }),
  fc.tuple(shares, seeds).map(([share, seed]) => ({ method: 'cold-items' as const, seed, ...share })),
);

/** The split, or null where the data are too few for it, which is said as such. */
function splitOrNull(dataset: Dataset, options: SplitOptions): Split | null {
  try {
    return splitDataset(dataset, options);
  } catch (error) {
    expect(error).toBeInstanceOf(DeepTasteError);
    expect((error as DeepTasteError).code).toBe('data');
    return null;
  }
}

describe('any split of any table', () => {
  it('has no (user, item) pair in two parts, and no row that the data lack', () => {
    let nSplit = 0;
    const check = (rows: MadeRow[], options: SplitOptions): void => {
      const dataset = madeDataset(rows);
      const split = splitOrNull(dataset, options);
      if (split === null) return;
      nSplit++;
      const parts = [split.train, split.validation, split.test].map((part) => pairs(dataset, part));
      const distinct = parts.map((part) => new Set(part));
      expect(new Set(parts.flat()).size).toBe(distinct.reduce((n, { size }) => n + size, 0));
      expect(parts.flat().length).toBeLessThanOrEqual(rows.length);
      const known = new Set(rows.map(([user, item]) => `${user}>${item}`));
      expect(parts.flat().every((pair) => known.has(pair))).toBe(true);
    };
    fc.assert(fc.property(tables, splits, check), seeded(400));
    expect(nSplit).toBeGreaterThan(150);
  });

  it('by time holds out the same pairs in whatever order the rows stand', () => {
    const timed = fc.uniqueArray(fc.tuple(fc.nat(5), fc.nat(7), fc.nat(10_000)), {
      selector: ([, , time]) => time,
      minLength: 6,
      maxLength: 60,
    });
    const byTime = fc.constantFrom<SplitOptions>(
      { method: 'time', test: 0.3 },
      { method: 'leave-one-out', by: 'time' },
      { method: 'ratio', by: 'time', test: 0.3 },
    );
    const check = (rows: [number, number, number][], order: number[], options: SplitOptions): void => {
      const made = rows.map(([user, item, time]): MadeRow => [`u${user}`, `i${item}`, time]);
      const moved = made
        .map((row, k) => ({ row, key: order[k % order.length] * 61 + ((k * 37) % 61) }))
        .sort((a, b) => a.key - b.key)
        .map(({ row }) => row);
      const held = [made, moved].map((each) => {
        const split = splitOrNull(madeDataset(each), options);
        return split && [split.train, split.validation, split.test].map((part) => pairs(split.dataset, part).sort());
      });
      expect(held[1]).toEqual(held[0]);
    };
    fc.assert(fc.property(timed, fc.array(fc.nat(100), { minLength: 3 }), byTime, check), seeded(150));
  });
});

/** What is a mark of a missing value, and nobody's id. */
const isMissing = (text: string): boolean =>
  /^\s*(|n\/?a|nan|null|none|nil|\\n|-+|[–—]|\?+|#n\/a|missing|unknown|undefined|<na>|inf|-inf)\s*$/i.test(text);

const anyId = fc
  .oneof(
    fc.stringMatching(/^[0-9]{1,19}$/),
    fc.stringMatching(/^[0-9]{1,3}\.[0-9]{1,2}$/),
    fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
    fc.stringMatching(/^[ "',;|:\\/#A-Za-zäé日0-9-]{1,10}$/),
  )
  .filter((text) => !isMissing(text) && !/\p{C}/u.test(text) && text.trim() !== '');

const named = fc.record({
  users: fc.uniqueArray(anyId, { minLength: 2, maxLength: 5 }),
  items: fc.uniqueArray(anyId, { minLength: 3, maxLength: 7 }),
  taken: fc.array(fc.tuple(fc.nat(4), fc.nat(6)), { minLength: 12, maxLength: 40 }),
  form: fc.constantFrom('csv' as const, 'jsonl' as const),
  split: fc.constantFrom<SplitOptions>(
    { method: 'leave-one-out', by: 'order' },
    { method: 'ratio', test: 0.3 },
    { method: 'none' },
  ),
  model: fc.constantFrom('popularity', 'item-knn'),
});

let nFiles = 0;
function fileOf(rows: readonly (readonly [string, string])[], form: 'csv' | 'jsonl'): string {
  const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const lines =
    form === 'csv'
      ? ['user,item', ...rows.map((row) => row.map(cell).join(','))]
      : rows.map(([user, item]) => JSON.stringify({ user, item }));
  return write(`table-${nFiles++}.${form}`, `${lines.join('\n')}\n`);
}

describe('any recommender of any table', () => {
  it('gives ids back as they were, and never what the data say was taken', { timeout: 120_000 }, async () => {
    let nServed = 0;
    await fc.assert(
      fc.asyncProperty(named, async ({ users, items, taken, form, split: options, model }) => {
        const rows = taken.map(([u, i]) => [users[u % users.length], items[i % items.length]] as const);
        const takenBy = new Map(users.map((user) => [user, new Set<string>()]));
        for (const [user, item] of rows) takenBy.get(user)!.add(item);
        const data = { files: [fileOf(rows, form)], idsAsWritten: true };
        let split: Split;
        try {
          split = await loadSplit(data, options);
        } catch (error) {
          // too few rows for the split
          expect((error as DeepTasteError).message).toMatch(/^split by .* no row is left/);
          return;
        }
        const { dataset } = split;
        expect(new Set(dataset.users.idsFrom(0, dataset.users.size))).toEqual(new Set(rows.map(([user]) => user)));
        expect(new Set(dataset.items.idsFrom(0, dataset.items.size))).toEqual(new Set(rows.map(([, item]) => item)));
        const settings = parseRunSettings({ data, model, evaluation: { metrics: ['ndcg@3'] } });
        const run = await trainRecommender({ engine, split, settings });
        const path = `${folder}/run-${nFiles}`;
        await run.recommender.save(path, run.result);
        const loaded = await Recommender.load(path, { threads: 1 });
        for (const user of new Set(rows.map((row) => row[0]))) {
          const { recommendations } = loaded.recommend({ user }, { k: 100 });
          const known = new Set(rows.map((row) => row[1]));
          for (const { item } of recommendations) {
            nServed++;
            expect(known.has(item)).toBe(true);
            expect(takenBy.get(user)!.has(item)).toBe(false);
          }
        }
        loaded.close();
      }),
      seeded(15),
    );
    expect(nServed).toBeGreaterThan(20);
  });

  it('scores alike in whatever order the rows stand', async () => {
    const rows = fc.array(fc.tuple(fc.nat(9), fc.nat(7)), { minLength: 25, maxLength: 60 });
    const check = async (taken: [number, number][], order: number[], model: string): Promise<void> => {
      const made = taken.map(([user, item], k): MadeRow => [`u${user}`, `i${item}`, k]);
      const moved = made
        .map((row, k) => ({ row, key: order[k % order.length] * 61 + ((k * 37) % 61) }))
        .sort((a, b) => a.key - b.key)
        .map(({ row }) => row);
      const scores: Map<string, number>[] = [];
      for (const each of [made, moved]) {
        const split = splitDataset(madeDataset(each), { method: 'none' });
        const settings = parseRunSettings({ data: { files: ['made'] }, model });
        const { recommender } = await trainRecommender({ engine, split, settings });
        const { recommendations } = recommender.recommend({ user: made[0][0] }, { k: 100, includeSeen: true });
        scores.push(new Map(recommendations.map(({ item, score }) => [item, score])));
      }
      expect(new Set(scores[1].keys())).toEqual(new Set(scores[0].keys()));
      for (const [item, score] of scores[0]) expect(scores[1].get(item)).toBeCloseTo(score, 5);
    };
    const models = fc.constantFrom('popularity', 'item-knn', 'ease');
    await fc.assert(fc.asyncProperty(rows, fc.array(fc.nat(100), { minLength: 3 }), models, check), seeded(25));
  });
});
