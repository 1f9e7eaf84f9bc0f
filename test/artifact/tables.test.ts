import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { readParquet } from '../../src/artifact/parquet-reader.ts';
import { withDuckdb, writeParquet } from '../../src/artifact/parquet-writer.ts';
import {
  columnNames,
  readEntities,
  readPerUser,
  readSeen,
  writeEntities,
  writePerUser,
  writeSeen,
} from '../../src/artifact/tables.ts';
import { RandomStream } from '../../src/core/random.ts';
import { Vocabulary } from '../../src/data/vocabulary.ts';
import { exampleArtifact, itemIds, userIds } from './example-artifact.ts';
import { failure, temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
const example = exampleArtifact();
const noFields = (nRows: number) => ({ nRows, fields: [], title: null });

/** What an independent reader sees (but for byte order marks, which DuckDB's Node client drops). */
async function rowsOf(path: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(`FROM read_parquet('${path}')`)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

test('ids and fields come back exactly', async () => {
  const read = await withDuckdb(async (connection) => {
    const users = await writeEntities(connection, join(folder, 'u'), example.users, example.userFields);
    const items = await writeEntities(connection, join(folder, 'i'), example.items, example.itemFields);
    return [await readEntities(join(folder, 'u'), users), await readEntities(join(folder, 'i'), items)];
  });
  expect(read[0].vocabulary.ids).toEqual(userIds);
  expect(read[1].vocabulary.ids).toEqual(itemIds);
  expect(read[0].fields).toEqual(example.userFields); // toEqual tells −0 from 0 and null from NaN
  expect(read[1].fields).toEqual(example.itemFields);
  expect(read[0].vocabulary.indexOf('9223372036854775808')).toBe(0);
});

test('ids that were written small are found by other spellings when they come back', async () => {
  const path = join(folder, 'small');
  const ids = new Vocabulary(['ann'], { ignoresCase: true });
  const layout = await withDuckdb((connection) => writeEntities(connection, path, ids, noFields(1)));
  expect((await readEntities(path, layout)).vocabulary.indexOf('ANN')).toBe(0);
});

test('other tools can read the files on their own', async () => {
  await withDuckdb((connection) => writeEntities(connection, join(folder, 'o'), example.items, example.itemFields));
  expect(await rowsOf(join(folder, 'o'))).toEqual([
    [0, '1', 'Amélie (2001)', ['Drama', 'Comedy']],
    [1, '2', '', []],
    [2, '3', null, null],
    [3, 'été', 'L"été" 🌞', ['a,b', 'c|d', '']],
    [4, 'null', 'x', ['😀']],
  ]);
});

test('columns that differ only in case, or are called like our own, get names of their own', () => {
  expect(columnNames(['Age', 'age', 'AGE', 'id', 'Index', '', 'a\0b', 'age_2'], ['index', 'id'])).toEqual([
    'Age',
    'age_2',
    'AGE_3',
    'id_2',
    'Index_2',
    'field',
    'field_2',
    'age_2_2',
  ]);
});

test('seen items keep their rows and their order', async () => {
  const path = join(folder, 'seen');
  const read = await withDuckdb(async (connection) => {
    await writeSeen(connection, path, example.seen);
    return readSeen(path, 9, 5);
  });
  expect(read).toEqual(example.seen);
  // Row 0 = 4, 0; row 2 = 2, 2, 1; row 7 = 3; row 8 = 0, 4; the others are empty.
  expect(await rowsOf(path)).toEqual([
    [0, 4],
    [0, 0],
    [2, 2],
    [2, 2],
    [2, 1],
    [7, 3],
    [8, 0],
    [8, 4],
  ]);
});

test('more rows than one chunk, and the same bytes every time', async () => {
  const random = new RandomStream(3, 'seen');
  const nUsers = 3000;
  const rowStart = new Int32Array(nUsers + 1);
  for (let u = 0; u < nUsers; u++) rowStart[u + 1] = rowStart[u] + random.below(5);
  const columns = Int32Array.from({ length: rowStart[nUsers] }, () => random.below(70_000));
  const ids = Array.from({ length: nUsers }, (_, u) => `user ${u * 7919}`);
  const write = (name: string) =>
    withDuckdb(async (connection) => {
      await writeSeen(connection, join(folder, `${name}-seen`), { nRows: nUsers, rowStart, columns });
      const layout = await writeEntities(connection, join(folder, name), new Vocabulary(ids), noFields(nUsers));
      const { vocabulary } = await readEntities(join(folder, name), layout);
      return { seen: await readSeen(join(folder, `${name}-seen`), nUsers, 70_000), vocabulary };
    });
  const first = await write('first');
  await write('second');
  expect(first.seen).toEqual({ nRows: nUsers, rowStart, columns });
  expect(first.vocabulary.ids).toEqual(ids);
  expect(readFileSync(join(folder, 'first')).equals(readFileSync(join(folder, 'second')))).toBe(true);
  expect(readFileSync(join(folder, 'first-seen')).equals(readFileSync(join(folder, 'second-seen')))).toBe(true);
});

test('nobody and nothing', async () => {
  await withDuckdb(async (connection) => {
    const layout = await writeEntities(connection, join(folder, 'none'), new Vocabulary([]), noFields(0));
    expect((await readEntities(join(folder, 'none'), layout)).vocabulary.size).toBe(0);
    await writeSeen(connection, join(folder, 'none'), {
      nRows: 0,
      rowStart: new Int32Array(1),
      columns: new Int32Array(0),
    });
    expect((await readSeen(join(folder, 'none'), 0, 0)).columns.length).toBe(0);
    const metrics = await writePerUser(connection, join(folder, 'none'), {
      userIndex: new Int32Array(2),
      metrics: new Map(),
    });
    expect((await readPerUser(join(folder, 'none'), metrics, 1)).userIndex.length).toBe(2);
  });
});

test('per-user values come back exactly', async () => {
  const perUser = example.perUser!;
  await withDuckdb(async (connection) => {
    const layout = await writePerUser(connection, join(folder, 'per-user'), perUser);
    expect(await readPerUser(join(folder, 'per-user'), layout, 9)).toEqual(perUser);
  });
});

test('folders named like patterns, key=value, or with quotes', async () => {
  for (const name of ['a[b]c', '*?', "seed=1, o'clock", '%20 {x}', 'ünï 😀']) {
    const path = join(folder, name, 'seen.parquet');
    mkdirSync(join(folder, name));
    await withDuckdb(async (connection) => {
      await writeSeen(connection, path, example.seen);
      expect(await readSeen(path, 9, 5)).toEqual(example.seen);
    });
  }
});

test('half a surrogate pair is refused; whole ones, NUL and a byte order mark are kept', async () => {
  await withDuckdb(async (connection) => {
    const path = join(folder, 'text');
    const column = (values: string[]) => [{ name: 'x', type: 'text' as const, values }];
    expect((await failure(() => writeParquet(connection, path, column(['ok', '\ud83d'])))).code).toBe('data');
    const lists = [{ name: 'x', type: 'texts' as const, values: [['\udc00']] }];
    expect((await failure(() => writeParquet(connection, path, lists))).code).toBe('data');
    await writeParquet(connection, path, column(['\ud83d\ude00', 'a\0b', '\ufeffid', '']));
    const kept = ['😀', 'a\0b', '\ufeffid', ''];
    expect(await readParquet(path, [{ name: 'x', type: 'text' }])).toEqual([kept]);
  });
});

const ints = (name: string, ...values: number[]) => ({
  name,
  type: 'integer' as const,
  values: Int32Array.from(values),
});
const texts = (name: string, ...values: (string | null)[]) => ({ name, type: 'text' as const, values });
test.each([
  ['users descend', 'seen', [ints('user', 1, 0), ints('item', 0, 0)]],
  ['user out of range', 'seen', [ints('user', 2), ints('item', 0)]],
  ['item out of range', 'seen', [ints('user', 0), ints('item', 2)]],
  ['negative item', 'seen', [ints('user', 0), ints('item', -1)]],
  ['no item column', 'seen', [ints('user', 0)]],
  ['items are text', 'seen', [ints('user', 0), texts('item', '0')]],
  ['too few ids', 'ids', [ints('index', 0), texts('id', 'a')]],
  ['equal ids', 'ids', [ints('index', 0, 1), texts('id', 'a', 'a')]],
  ['a missing id', 'ids', [ints('index', 0, 1), texts('id', 'a', null)]],
  ['another order', 'ids', [ints('index', 1, 0), texts('id', 'a', 'b')]],
  ['no ids', 'ids', [ints('index', 0, 1)]],
])('a table that does not fit is refused: %s', async (_, kind, columns) => {
  const path = join(folder, 'misfit');
  const error = await withDuckdb(async (connection) => {
    await writeParquet(connection, path, columns);
    return failure(() =>
      kind === 'seen' ? readSeen(path, 2, 2) : readEntities(path, { rows: 2, fields: [], title: null }),
    );
  });
  expect(error.code).toBe('artifact');
});

test('what is not Parquet, and what is not there', async () => {
  writeFileSync(join(folder, 'garbage'), 'PAR1 hello PAR1');
  await withDuckdb(async (connection) => {
    expect((await failure(() => readSeen(join(folder, 'garbage'), 1, 1))).code).toBe('artifact');
    expect((await failure(() => readSeen(join(folder, 'absent'), 1, 1))).code).toBe('io');
    expect((await failure(() => writeSeen(connection, join(folder, 'absent/x'), example.seen))).code).toBe('io');
  });
});

test('a file with any byte of its table of contents altered is read, or refused as what it is, and nothing fails behind its back', async () => {
  const path = join(folder, 'contents');
  const ids = new Vocabulary(['ann', 'bo']);
  const layout = await withDuckdb((connection) => writeEntities(connection, path, ids, noFields(2)));
  const bytes = readFileSync(path);
  const unhandled: unknown[] = [];
  const listen = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', listen);
  let refused = 0;
  for (let at = 4; at < bytes.length; at++)
    for (const value of [0, bytes[at] ^ 1, 0x15, 0xff]) {
      const altered = Buffer.from(bytes);
      altered[at] = value;
      writeFileSync(path, altered);
      const error = await readEntities(path, layout).then(
        () => null,
        (caught) => caught,
      );
      if (error === null) continue;
      expect(error, `byte ${at} = ${value}`).toMatchObject({ code: 'artifact' });
      refused++;
    }
  // what nobody waited for is told after the turn in which it failed
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', listen);
  expect(unhandled).toEqual([]);
  expect(refused).toBeGreaterThan(bytes.length);
});
