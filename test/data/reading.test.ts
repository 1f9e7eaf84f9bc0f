import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DataOptions } from '../../src/data/data-options.ts';
import { loadDataset } from '../../src/data/load.ts';
import { readTable } from '../../src/data/read-table.ts';
import { Database } from '../../src/data/readers/database.ts';
import { temporaryFolder } from './temporary-files.ts';

const { folder, write } = temporaryFolder();

/** The same five rows in every format. */
const rows = [
  ['u1', '007', 4, 1000000100],
  ['u2', 'b', 3.5, 1000000200],
  ['u1', 'b', 5, 1000000300],
  ['12345678901234567890123', '007', 1, 1000000400],
  ['u2', 'c', 2, 1000000500],
] as const;
const lines = (separator: string): string => rows.map((row) => row.join(separator)).join('\n');
const csv = `user_id,item_id,rating,timestamp\n${lines(',')}\n`;
const objects = rows.map(
  ([u, i, r, t]) => `{"user_id":${/^\d+$/.test(u) ? u : `"${u}"`},"item_id":"${i}","rating":${r},"timestamp":${t}}`,
);

const cases: [string, string | Buffer, Partial<DataOptions>?][] = [
  ['a.csv', csv],
  ['a.csv.gz', csv],
  ['packed-without-saying.csv', gzipSync(csv)],
  ['bom-crlf.csv', `\ufeff${csv.replaceAll('\n', '\r\n')}`],
  ['mixed-line-ends.csv', csv.replace('\n', '\r\n')],
  ['no-last-line-end.csv', csv.trimEnd()],
  ['blank-lines.csv', `\n\n${csv.replaceAll('\n', '\n\n')}`],
  ['semicolon.csv', csv.replaceAll(',', ';')],
  ['pipe.txt', csv.replaceAll(',', '|')],
  ['a.tsv', csv.replaceAll(',', '\t')],
  ['spaces.txt', csv.replaceAll(',', ' ')],
  ['headerless.csv', lines(',')],
  ['headerless.tsv.gz', lines('\t')],
  ['told-names.csv', lines(','), { columnNames: ['user_id', 'item_id', 'rating', 'timestamp'] }],
  ['odd-delimiter.txt', csv.replaceAll(',', '~~'), { delimiter: '~~' }],
  ['a.jsonl', objects.join('\n')],
  ['a.ndjson.gz', objects.join('\n')],
  ['a.json', `[${objects.join(',\n')}]`],
  ['a.inter', `user_id:token\titem_id:token\trating:float\ttimestamp:float\n${lines('\t')}\n`],
  ['packed.inter.gz', `user_id:token\titem_id:token\trating:float\ttimestamp:float\n${lines('\t')}\n`],
  ['ratings.dat', lines('::')],
  ['sub/ratings.dat.gz', lines('::')],
  ['names.csv', csv.replace('user_id,item_id,rating,timestamp', 'visitor,sku,stars,when')],
  ['told.csv', csv.replace('user_id,item_id', 'a,b'), { columns: { user: 'a', item: 'b' } }],
  ['milliseconds.csv', csv.replaceAll(/(10000\d{5})/g, '$1000')],
  ['iso.csv', csv.replaceAll(/10000\d{5}/g, (t) => new Date(Number(t) * 1000).toISOString())],
  [
    'offset.csv',
    csv.replaceAll(/10000\d{5}/g, (t) => new Date(Number(t) * 1000 + 7200e3).toISOString().replace('Z', '+02:00')),
  ],
];

/** SHA-256 over the same bytes, put together by hand. */
function expectedHash(): string {
  const ids = ['u1', 'u2', '12345678901234567890123'].map((id) => `${id.length}:${id}`).join('');
  const items = ['007', 'b', 'c'].map((id) => `${id.length}:${id}`).join('');
  const bytes = (array: Int32Array | Float32Array | Float64Array): Buffer => Buffer.from(array.buffer);
  return createHash('sha256')
    .update('deeptaste-interactions-1 5 true true false\n')
    .update(`${ids}\n`)
    .update(bytes(Int32Array.of(0, 1, 0, 2, 1)))
    .update(`${items}\n`)
    .update(bytes(Int32Array.of(0, 1, 1, 0, 2)))
    .update(bytes(Float32Array.of(4, 3.5, 5, 1, 2)))
    .update(bytes(Float64Array.of(1000000100, 1000000200, 1000000300, 1000000400, 1000000500)))
    .digest('hex');
}

describe('every format gives the same data set', () => {
  it.each(cases)('%s', async (name, content, options = {}) => {
    const dataset = await loadDataset({ files: [write(name, content)], ...options });
    expect(dataset.users.ids).toEqual(['u1', 'u2', '12345678901234567890123']);
    expect(dataset.items.ids).toEqual(['007', 'b', 'c']);
    expect([...dataset.interactions.rating!]).toEqual([4, 3.5, 5, 1, 2]);
    expect([...dataset.interactions.time!]).toEqual([1000000100, 1000000200, 1000000300, 1000000400, 1000000500]);
    expect(dataset.hash).toBe(expectedHash());
  });

  describe('Parquet', () => {
    const values = rows.map(([u, i, r, t]) => `('${u}', '${i}', ${r}, ${t})`).join(', ');
    const copy = (select: string, name: string): string =>
      `COPY (SELECT ${select} FROM (VALUES ${values}) v(user_id, item_id, rating, timestamp)) TO '${folder}/${name}' (FORMAT parquet)`;
    beforeAll(() =>
      Database.use(async (database) => {
        await database.run(copy('*', 'plain.parquet'));
        await database.run(
          copy('* REPLACE (make_timestamp(timestamp::BIGINT * 1000000) AS timestamp)', 'timestamps.parquet'),
        );
        await database.run(
          copy('* REPLACE (rating::FLOAT AS rating, timestamp::DOUBLE AS timestamp)', 'floats.parquet'),
        );
      }),
    );
    it.each(['plain', 'timestamps', 'floats'])('%s', async (name) => {
      const { hash } = await loadDataset({ files: [`${folder}/${name}.parquet`] });
      expect(hash).toBe(expectedHash());
    });
    it('in a gzip file', async () => {
      const { readFileSync } = await import('node:fs');
      const path = write('packed.parquet.gz', readFileSync(`${folder}/plain.parquet`));
      expect((await loadDataset({ files: [path] })).hash).toBe(expectedHash());
    });
    it('reads whole numbers that are stored as floats as ids without .0', async () => {
      await Database.use((database) =>
        database.run(
          `COPY (SELECT 12.0 AS user_id, 9007199254740993::BIGINT AS item_id UNION ALL SELECT 13.0, 9007199254740992)
           TO '${folder}/float-ids.parquet' (FORMAT parquet)`,
        ),
      );
      const { users, items } = await loadDataset({ files: [`${folder}/float-ids.parquet`] });
      expect(users.ids).toEqual(['12', '13']);
      expect(items.ids).toEqual(['9007199254740993', '9007199254740992']);
    });
  });
});

describe('other layouts', () => {
  it('reads globs in the order of the names, and columns in any order', async () => {
    write('many/2.csv', 'item,user\nz,u2\n');
    write('many/1.csv', 'user,item\nu1,y\n');
    const { users, items, name } = await loadDataset({ files: [`${folder}/many/*.csv`] });
    expect(users.ids).toEqual(['u1', 'u2']);
    expect(items.ids).toEqual(['y', 'z']);
    expect(name).toBe('1');
  });
  it('reads a file whose name holds glob characters', async () => {
    const path = write('odd[1]*.csv', 'user,item\n1,2\n');
    expect((await loadDataset({ files: [path] })).interactions.length).toBe(1);
  });
  it('keeps ids with commas, quotes, spaces, line ends, emoji and 64-bit numbers', async () => {
    const path = write(
      'ids.csv',
      'user,item\n"a,b","say ""hi"""\nwith space,👍🏽\n9007199254740993,"two\nlines"\n9007199254740992, padded\n',
    );
    const { users, items, warnings } = await loadDataset({ files: [path] });
    expect(users.ids).toEqual(['a,b', 'with space', '9007199254740993', '9007199254740992']);
    expect(items.ids).toEqual(['say "hi"', '👍🏽', 'two\nlines', ' padded']);
    expect(warnings.some((line) => line.includes('space'))).toBe(true);
  });
  it('does not take quotes in tab-separated files for quoting unless they wrap cells', async () => {
    const plain = write('quotes.tsv', 'user\titem\tname\n1\t2\t"Weird Al" Yankovic\n');
    const wrapped = write('wrapped.tsv', 'user\titem\tname\n1\t2\t"a\tb"\n');
    const title = async (path: string) => (await loadDataset({ files: [path] })).itemFields.fields[0].values[0];
    expect(await title(plain)).toBe('"Weird Al" Yankovic');
    expect(await title(wrapped)).toBe('a\tb');
  });
  it('reads Latin-1 files and says so', async () => {
    const path = write('latin.csv', Buffer.from('user,item\n1,caf\xe9\n', 'latin1'));
    const { items, warnings } = await loadDataset({ files: [path] });
    expect(items.ids).toEqual(['café']);
    expect(warnings.some((line) => line.includes('Latin-1'))).toBe(true);
  });
  it('reads lists of items', async () => {
    const path = write('lists.txt', 'a 1 2 3\nb 2\n\nc\n');
    const { users, items, interactions } = await loadDataset({ files: [path], format: 'lists' });
    expect(users.ids).toEqual(['a', 'b']);
    expect(items.ids).toEqual(['1', '2', '3']);
    expect([...interactions.userIndex]).toEqual([0, 0, 0, 1]);
  });
  it.each([
    ['indices with value 1', '1 10:1 20:1\n0 11:1.0 20:1\n'],
    ['bare indices', '1 10 20\n0 11 20\n'],
  ])('reads libfm rows with %s as fields', async (_, content) => {
    const path = write('fields.libfm', content);
    const columns = { user: 'field1', item: 'field2' };
    const { users, items, interactions } = await loadDataset({ files: [path], format: 'libfm', columns });
    expect(users.ids).toEqual(['10', '11']);
    expect(items.ids).toEqual(['20']);
    expect([...interactions.rating!]).toEqual([1, 0]);
  });
  it('reads libfm rows of unlike length as lists of features', async () => {
    const table = await readTable([write('rows.libfm', '1 10:1 20:0.5\n-1 11:1\n')]);
    expect(table.fields).toEqual([
      { name: 'label', kind: 'numeric', values: [1, -1] },
      { name: 'features', kind: 'multi', values: [['10:1', '20:0.5'], ['11:1']] },
    ]);
  });
  it('reads lists, categories, codes and numbers of any table', async () => {
    const path = write(
      't.jsonl',
      '{"a":["x","y"],"zip":"01234","n":1.5,"g":"A|B"}\n{"a":[],"zip":"99999","n":null,"g":"A"}\n',
    );
    expect((await readTable([path])).fields).toEqual([
      { name: 'a', kind: 'multi', values: [['x', 'y'], []] },
      { name: 'zip', kind: 'categorical', values: ['01234', '99999'] },
      { name: 'n', kind: 'numeric', values: [1.5, null] },
      { name: 'g', kind: 'multi', values: [['A', 'B'], ['A']] },
    ]);
  });
});
