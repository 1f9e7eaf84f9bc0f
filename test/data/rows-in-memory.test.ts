import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadDataset } from '../../src/data/load.ts';
import { loadSequences } from '../../src/data/sequences/load.ts';
import { loadSplit } from '../../src/data/splits/split-dataset.ts';
import { testRandom } from './made-data.ts';
import { codeOf, messageOf, temporaryFolder } from './temporary-files.ts';

const { folder, write } = temporaryFolder();
afterEach(() => vi.unstubAllEnvs());
const draw = testRandom(11);
const start = Date.UTC(2024, 0, 1);
const rows = Array.from({ length: 500 }, (_, n) => ({
  user_id: 1 + draw(40),
  item_id: `film ${draw(30)}`,
  rating: 1 + draw(5),
  timestamp: new Date(start + n * 3_600_000),
}));
const items = Array.from({ length: 30 }, (_, n) => ({
  item_id: `film ${n}`,
  title: `Film "${n}", the`,
  genre: n % 2 ? 'War' : null,
}));
const csv = (table: readonly Record<string, unknown>[]) => {
  const cell = (value: unknown) =>
    value === null || value === undefined
      ? ''
      : value instanceof Date
        ? value.toISOString()
        : `"${String(value).replaceAll('"', '""')}"`;
  return [Object.keys(table[0]).join(), ...table.map((row) => Object.values(row).map(cell).join())].join('\n');
};

async function* oneByOne<T>(table: readonly T[]) {
  for (const row of table) yield row;
}

// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may give
type Anything = any;

describe('rows in memory', () => {
  it('give the data set of the same rows in a file', async () => {
    const files = [write('ratings.csv', csv(rows))];
    const described = write('films.csv', csv(items));
    const temporary = join(folder, 'temporary');
    mkdirSync(temporary);
    vi.stubEnv('TMPDIR', temporary);
    const fromFile = await loadDataset({ files, items: described, minRating: 3 });
    for (const interactions of [rows, new Set(rows), oneByOne(rows)]) {
      const dataset = await loadDataset({ interactions, items: oneByOne(items), minRating: 3 });
      expect(dataset.hash).toBe(fromFile.hash);
      expect(dataset.interactions).toEqual(fromFile.interactions);
      expect(dataset.schema).toEqual(fromFile.schema);
      expect(dataset.itemFields).toEqual(fromFile.itemFields);
      expect(dataset.name).toBe('interactions');
      expect(dataset.warnings.join()).not.toMatch(/jsonl|tmp/);
    }
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('are split and made sequences of like those of files', async () => {
    const files = [write('again.csv', csv(rows))];
    const [a, b] = [await loadSplit({ files }), await loadSplit({ interactions: rows })];
    expect(b.test).toEqual(a.test);
    const [c, d] = [await loadSequences({ data: { files } }), await loadSequences({ data: { interactions: rows } })];
    expect(d.sequences).toEqual(c.sequences);
  });

  it('keep ids of any kind exact', async () => {
    const ids = [2n ** 63n, 9007199254740991, '007', 7, 'a"b\n\\', '\u00e9', true, 1.5];
    const dataset = await loadDataset({ interactions: ids.map((user, n) => ({ user, item: n })), duplicates: 'keep' });
    expect([...dataset.users.ids]).toEqual(ids.map(String));
  });

  it('take null and undefined as missing, and keys that some rows lack', async () => {
    const dataset = await loadDataset({
      interactions: [
        { user: 'a', item: 'x', device: undefined },
        { user: 'b', item: 'y', device: 'phone', note: null },
        { user: 'a', item: 'y', device: 'tv' },
      ],
    });
    expect(dataset.interactions).toHaveLength(3);
  });

  it('are refused by number where they are no rows', async () => {
    const refused = async (interactions: Anything, message: RegExp, code = 'data') => {
      expect(await codeOf(() => loadDataset({ interactions }))).toBe(code);
      expect(await messageOf(() => loadDataset({ interactions }))).toMatch(message);
    };
    await refused([], /interactions: there must be at least one row/);
    await refused([{ user: 'a', item: 'b' }, null], /interactions row 2: must be an object.*null/);
    await refused([['a', 'b']], /row 1/);
    await refused([{ user: 'a', item: Number.POSITIVE_INFINITY }], /row 1, column "item".*Infinity/);
    await refused([{ user: 'a', item: new Date('x') }], /invalid date/);
    await refused([{ user: 'a', item: () => 1 }], /a function/);
    await refused(
      [
        { user: 'a', item: 'x' },
        { user: 'b', item: null },
      ],
      /interactions row 2: "item" must hold an item id/,
    );
    await refused('ratings.csv', /list of objects/, 'config');
    const both: Anything = { files: ['x.csv'], interactions: rows };
    expect(await messageOf(() => loadDataset(both))).toMatch(/either "files" or rows/);
    expect(await messageOf(() => loadDataset({} as Anything))).toMatch(/found neither/);
    expect(await messageOf(() => loadDataset([{ user: 'a' }] as Anything))).toMatch(/give rows as \{ interactions/);
  });
});
