import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import type { Dataset, Interactions, Split } from '../../src/data/dataset.ts';
import { loadDataset } from '../../src/data/load.ts';
import { nthSmallest } from '../../src/data/nth-smallest.ts';
import { loadSplit, splitDataset } from '../../src/data/splits/split-dataset.ts';
import type { SplitOptions } from '../../src/data/splits/split-options.ts';
import { pairs, testRandom } from './made-data.ts';
import { temporaryFolder } from './temporary-files.ts';

const { folder, write } = temporaryFolder();

/** More rows than a few of DuckDB's chunks and row groups hold; pairs repeat, the times go up and down. */
const nRows = 60_000;
const draw = testRandom(11);
const rows = Array.from({ length: nRows }, () => [draw(700) - 5, draw(400), 1.6e9 + draw(90_000)] as const);

async function run(sql: string): Promise<void> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(sql);
  connection.closeSync();
}

/** What must come out, from the rows alone: of a repeated pair the latest row stays; ids are numbered by first appearance. */
function expected() {
  const kept = new Map<string, number>();
  rows.forEach(([user, item, time], row) => {
    const key = `${user} ${item}`;
    const former = kept.get(key);
    if (former === undefined || time >= rows[former][2]) kept.set(key, row);
  });
  const places = [...kept.values()].sort((a, b) => a - b);
  const numbering = (of: (row: number) => number) => {
    const numbers = new Map<number, number>();
    const column = places.map((row) => {
      const id = of(row);
      if (!numbers.has(id)) numbers.set(id, numbers.size);
      return numbers.get(id) as number;
    });
    return { ids: [...numbers.keys()].map(String), column: Int32Array.from(column) };
  };
  const [users, items] = [numbering((row) => rows[row][0]), numbering((row) => rows[row][1])];
  const time = Float64Array.from(places, (row) => rows[row][2]);
  const hash = createHash('sha256').update(`deeptaste-interactions-1 ${places.length} false true false\n`);
  for (const { ids, column } of [users, items]) {
    hash.update(ids.map((id) => `${id.length}:${id}`).join('')).update('\n');
    hash.update(new Uint8Array(column.buffer));
  }
  return { users, items, time, hash: hash.update(new Uint8Array(time.buffer)).digest('hex') };
}

/** Comparing long arrays number by number takes seconds. */
function bytes(values: Int32Array | Float64Array | null): string {
  if (values === null) return 'none';
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

const path = (name: string): string => join(folder, name);
const csv = write('all.csv', `user,item,time\n${rows.map((row) => row.join(',')).join('\n')}\n`);
const columns = "columns = {'user': 'BIGINT', 'item': 'INTEGER', 'time': 'BIGINT'}";
const numbered = `(SELECT *, row_number() OVER () AS n FROM read_csv('${csv}', header = true, ${columns}))`;
const selects: [string, string][] = [
  ['whole.parquet', `SELECT user, item, time FROM ${numbered} ORDER BY n`],
  [
    'texts.parquet',
    `SELECT CAST(user AS VARCHAR) AS user, CAST(item AS VARCHAR) AS item, time FROM ${numbered} ORDER BY n`,
  ],
  ['piece-0.parquet', `SELECT user, item, time FROM ${numbered} WHERE n <= 20001 ORDER BY n`],
  ['piece-1.parquet', `SELECT item, time, user FROM ${numbered} WHERE n > 20001 ORDER BY n`],
  ['mixed-0.parquet', `SELECT user, item, time FROM ${numbered} WHERE n <= 20001 ORDER BY n`],
  ['mixed-1.parquet', `SELECT CAST(user AS VARCHAR) AS user, item, time FROM ${numbered} WHERE n > 20001 ORDER BY n`],
  [
    'holes.parquet',
    `SELECT CASE WHEN n % 1000 = 7 THEN NULL ELSE user END AS user, item, time
     FROM (SELECT user, item, time, n FROM ${numbered} UNION ALL SELECT 1, 1, 1, 1007.5 FROM range(3)) ORDER BY n`,
  ],
  ['file_row_number.parquet', `SELECT user, item, time, n AS file_row_number FROM ${numbered} ORDER BY n`],
];

describe('the same rows from any file are the same data set, bit for bit', async () => {
  for (const [name, sql] of selects)
    await run(`COPY (${sql}) TO '${path(name)}' (FORMAT parquet, ROW_GROUP_SIZE 4096)`);
  const truth = expected();
  const check = ({ users, items, interactions, hash }: Dataset): void => {
    expect(users.ids).toEqual(truth.users.ids);
    expect(items.ids).toEqual(truth.items.ids);
    expect(bytes(interactions.userIndex)).toEqual(bytes(truth.users.column));
    expect(bytes(interactions.itemIndex)).toEqual(bytes(truth.items.column));
    expect(bytes(interactions.time)).toEqual(bytes(truth.time));
    expect(hash).toBe(truth.hash);
  };
  it.each([
    ['text file', [csv]],
    ['Parquet, integer ids', [path('whole.parquet')]],
    ['Parquet, texts as ids', [path('texts.parquet')]],
    ['several Parquet files, columns in another order', [path('piece-*.parquet')]],
    ['several Parquet files, ids of unlike types', [path('mixed-*.parquet')]],
    ['a column called as DuckDB calls the rows', [path('file_row_number.parquet')]],
  ])('%s', async (_name, files) => check(await loadDataset({ files, columns: { context: null } })));

  it('with little memory, and leaves no temporary files', async () => {
    check(await loadDataset({ files: [csv], readMemory: 0.25 }));
    const left = readdirSync(tmpdir()).filter((name) => name.startsWith(`deeptaste-${process.pid}-`));
    expect(left.filter((name) => existsSync(join(tmpdir(), name)))).toEqual([]);
  });

  it('rows without an id are refused with their place, or skipped and counted', async () => {
    const files = [path('holes.parquet')];
    await expect(loadDataset({ files })).rejects.toThrow(/holes\.parquet row 7: "user" must hold a user id/);
    const { interactions, warnings } = await loadDataset({ files, skipBadRows: true, duplicates: 'keep' });
    expect(warnings.join()).toMatch(/60 rows skipped/);
    expect(interactions.length).toBe(nRows + 3 - 60);
  });
});

describe('a split of files equals the split of the data set in memory', () => {
  it.each<SplitOptions>([
    { method: 'time', validation: 0.1, test: 0.2 },
    { method: 'time', validation: 0, test: 0.1 },
    { method: 'leave-one-out' },
    { method: 'leave-one-out', by: 'random', validation: 'none' },
    { method: 'ratio', validation: 0.2, test: 0.1 },
    { method: 'ratio', by: 'time', of: 'all' },
  ])('%o', async (options) => {
    const files = [path('whole.parquet')];
    const dataset = await loadDataset({ files });
    const [streamed, made] = [await loadSplit({ files }, options), splitDataset(dataset, options)];
    const parts = ({ train, validation, test }: Split) => [train, validation, test];
    const texts = (part: Interactions | null) =>
      part && [part.length, ...[part.userIndex, part.itemIndex, part.time].map(bytes), part.rating, part.session];
    expect(parts(streamed).map(texts)).toEqual(parts(made).map(texts));
    expect(streamed.description).toEqual(made.description);
    expect(streamed.dataset.hash).toBe(dataset.hash);
    // part by part, no row is lost
    expect(pairs(dataset, streamed.dataset.interactions).sort()).toEqual(pairs(dataset, dataset.interactions).sort());
  });
});

it('the n-th smallest number is the one that sorting finds', () => {
  const values = Float64Array.from({ length: 4000 }, (_, k) =>
    k % 5 === 0 ? draw(9) - 4 : (draw(2e9) - 1e9) * 10 ** (draw(30) - 15),
  );
  values.set([-0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, 5e-324], 10);
  const sorted = values.slice().sort();
  for (let n = 0; n < values.length; n += 11) expect(nthSmallest(values, n)).toBe(sorted[n]);
  expect(nthSmallest(values, values.length - 1)).toBe(sorted[values.length - 1]);
});
