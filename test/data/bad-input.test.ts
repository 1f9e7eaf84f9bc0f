import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { DataOptions } from '../../src/data/data-options.ts';
import { loadDataset } from '../../src/data/load.ts';
import { codeOf, messageOf, temporaryFolder } from './temporary-files.ts';

const { folder, write } = temporaryFolder();
const good = 'user,item,rating\n1,a,3\n2,b,4\n';
write('ratings.csv', good);
const rows = gzipSync(`user,item\n${Array.from({ length: 3000 }, (_, k) => `${k},${(k * 7919) % 997}`).join('\n')}`);

type Case = [
  what: string,
  file: [name: string, content: string | Buffer],
  told: RegExp,
  options?: Record<string, unknown>,
];

const dataCases: Case[] = [
  ['an empty file', ['empty.csv', ''], /empty/],
  ['an empty packed file', ['empty.csv.gz', ''], /empty/],
  ['a header alone', ['header.csv', 'user,item,rating\n'], /at least one row/],
  ['an empty JSON array', ['none.json', '[]'], /./],
  ['rows that are too short', ['short.csv', `${good}3,c\n`], /line 4.*3 columns, found 2/],
  ['rows that are too long', ['long.csv', `${good}3,c,4,5\n`], /line 4.*3 columns, found 4/],
  ['a quote that is not closed', ['quote.csv', `${good}3,"c,4\n`], /line 4/],
  ['text where a rating belongs', ['text.csv', `${good}3,c,n/a\n`], /text\.csv row 3: "rating".*"n\/a"/],
  ['a missing rating', ['blank.csv', `${good}3,c,\n`], /row 3: "rating".*nothing/],
  ['a rating that is NaN', ['nan.csv', `${good}3,c,nan\n`], /row 3/],
  ['an infinite rating', ['inf.csv', `${good}3,c,inf\n`], /row 3/],
  ['a rating beyond float32', ['big.csv', `${good}3,c,1e39\n`], /row 3/],
  ['an empty user id', ['user.csv', `${good},c,4\n`], /row 3: "user"/],
  ['a blank item id', ['item.csv', `${good}3,"  ",4\n`], /row 3: "item"/],
  [
    'a time that is none',
    ['time.csv', 'user,item,timestamp\n1,a,2020-01-01\n1,b,soon\n'],
    /row 2: "timestamp".*"soon"/,
  ],
  [
    'a column that is not there',
    ['col.csv', good],
    /no column "itm" for item; did you mean "item"/,
    { columns: { item: 'itm' } },
  ],
  ['users that are lists', ['listids.jsonl', '{"user":["1","2"],"item":"a"}\n'], /"user" holds lists/],
  ['words without a header', ['words.csv', 'a,b\nc,d\n'], /--no-header/],
  ['bad rows alone', ['allbad.csv', 'user,item,rating\n1,a,x\n'], /all 1 are bad/, { skipBadRows: true }],
  ['blank lines alone', ['blank.csv', '\n\n'], /at least one row/],
  ['unknown columns', ['x.csv', 'a,b\nx,y\n'], /--user COLUMN --item COLUMN.*a, b/],
  ['several item columns', ['two.csv', 'user,movie_id,book_id\n1,2,3\n'], /movie_id, book_id.*--item/],
  ['one column for user and item', ['same.csv', good], /different/, { columns: { user: 'user', item: 'user' } }],
  ['a repeated column name', ['twice.csv', 'user,item,user\n1,a,2\n'], /"user" occurs twice/],
  ['too few column names', ['named.csv', '1,a,3\n'], /2 column names/, { columnNames: ['user', 'item'] }],
  ['a file that is not Parquet', ['not.parquet', good], /not a Parquet file/],
  ['a Parquet file cut short', ['cut.parquet', 'PAR1 and nothing else'], /cannot be read/],
  ['malformed JSON lines', ['bad.jsonl', '{"user":1,"item":2}\n{"user":\n'], /bad\.jsonl/],
  ['JSON without objects', ['numbers.jsonl', '1\n2\n'], /objects/],
  ['a binary file', ['binary.dat', Buffer.from([1, 2, 0, 3, 10, 4])], /binary/],
  ['a bad RecBole header', ['bad.inter', 'user_id:token\titem_id\n1\t2\n'], /name:type/, { format: 'recbole' }],
  ['lists that may be libfm rows', ['which.txt', '1 2 3\n4 5\n'], /--format/],
  ['libfm rows that are none', ['bad.libfm', '1 1:1 2:1\n0 :5 2:1\n'], /row 2/, { format: 'libfm' }],
  ['a threshold above all ratings', ['low.csv', good], /minRating/, { minRating: 9 }],
  ['a core that is empty', ['core.csv', good], /kCore/, { kCore: { user: 2 } }],
];

const load = (files: string[], options: Record<string, unknown> = {}) =>
  loadDataset({ files, ...options } as DataOptions);

/** Cases in which a flag must say which column is which. */
const ofColumns = [
  'a column that is not there',
  'words without a header',
  'unknown columns',
  'several item columns',
  'one column for user and item',
];

describe('bad data', () => {
  it.each(dataCases)('%s', async (title, [name, content], told, options) => {
    const path = write(name, content);
    expect(await codeOf(() => load([path], options))).toBe(ofColumns.includes(title) ? 'config' : 'data');
    const message = await messageOf(() => load([path], options));
    expect(message).toMatch(told);
    expect(message).not.toContain('\n');
  });

  it('names the nearest file when one is missing', async () => {
    expect(await codeOf(() => load([`${folder}/rating.csv`]))).toBe('data');
    expect(await messageOf(() => load([`${folder}/rating.csv`]))).toMatch(/did you mean .*ratings\.csv/);
    expect(await messageOf(() => load([`${folder}/nowhere/x.csv`]))).toMatch(/no folder/);
    expect(await codeOf(() => load([`${folder}/*.nothing`]))).toBe('data');
  });
  it('refuses a folder', async () => expect(await messageOf(() => load([folder]))).toMatch(/is a folder/));
  it('refuses a file that only its name packs', async () => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${folder}/fake.csv.gz`, good);
    expect(await messageOf(() => load([`${folder}/fake.csv.gz`]))).toMatch(/not a gzip file/);
  });
  it.each([2000, 4])('refuses a gzip file that lacks its last %i bytes', async (n) => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${folder}/cut-${n}.csv.gz`, rows.subarray(0, rows.length - n));
    expect(await messageOf(() => load([`${folder}/cut-${n}.csv.gz`]))).toMatch(/truncated or damaged/);
  });
  it('refuses files with unlike columns', async () => {
    const files = [write('p.csv', 'user,item\n1,2\n'), write('q.csv', 'user,thing\n1,2\n')];
    expect(await messageOf(() => load(files))).toMatch(/same columns/);
  });
});

describe('bad options', () => {
  const path = `${folder}/ratings.csv`;
  it.each([
    ['an unknown key', { minRatings: 4 }, /"minRatings".*did you mean "minRating"/],
    ['an unknown inner key', { columns: { usr: 'a' } }, /"columns\.usr".*did you mean "user"/],
    [
      'an unknown choice',
      { duplicates: 'lst' },
      /"duplicates" must be one of last, first, distinct, keep.*did you mean "last"/,
    ],
    ['a value of another type', { minRating: 'four' }, /"minRating".*"four"/],
    ['a negative core', { kCore: { user: -1 } }, /"kCore\.user"/],
    ['a threshold without ratings', { minRating: 3, columns: { rating: null } }, /needs a rating column/],
  ])('%s', async (_, options, told) => {
    expect(await codeOf(() => load([path], options))).toBe('config');
    expect(await messageOf(() => load([path], options))).toMatch(told);
  });
  it('no files', async () => expect(await codeOf(() => load([]))).toBe('config'));
});

describe('skipped rows', () => {
  it('are counted for each reason and kept out', async () => {
    const path = write('skip.csv', `${good}3,c\n4,d,n/a\n,e,3\n5,f,5\n6,g,x\n`);
    const { users, interactions, warnings } = await load([path], { skipBadRows: true });
    expect(users.ids).toEqual(['1', '2', '5']);
    expect([...interactions.rating!]).toEqual([3, 4, 5]);
    expect(warnings.some((line) => /1 row skipped; the first is at line 4/.test(line))).toBe(true);
    expect(warnings.some((line) => /2 rows skipped because "rating"/.test(line))).toBe(true);
    expect(warnings.some((line) => /1 row skipped because "user"/.test(line))).toBe(true);
  });
  it('of a JSON file too', async () => {
    const path = write('skip.jsonl', '{"user":"1","item":"a"}\n{"user":\n{"user":"2","item":"b"}\n');
    const { users } = await load([path], { skipBadRows: true });
    expect(users.ids).toEqual(['1', '2']);
  });
});

describe('odd but allowed', () => {
  it.each([
    ['one user', 'user,item,rating\n1,a,3\n1,b,4\n', /one user/],
    ['one item', 'user,item,rating\n1,a,3\n2,a,4\n', /one item/],
    ['equal ratings', 'user,item,rating\n1,a,3\n2,b,3\n', /every rating is 3/],
    ['equal times', 'user,item,timestamp\n1,a,5\n2,b,5\n', /times are equal/],
    ['single interactions', good, /2 of 2 users have a single/],
    ['a column not used', `user,item,review\n1,a,${'so '.repeat(40)}\n2,b,good\n`, /not used: review/],
    ['a copy of the rating', 'user,item,rating,stars\n1,a,3,30\n2,b,4,40\n1,b,3,30\n', /"stars" repeats "rating"/],
    ['labels 0 and 1', 'user,item,label\n1,a,0\n2,b,1\n', /keep the rows labelled 1 only/],
    ['repeated pairs', 'user,item\n1,a\n1,a\n', /1 row dropped/],
  ])('%s: a warning', async (what, content, told) => {
    const { warnings } = await load([write(`${what}.csv`, content)]);
    expect(warnings.join('\n')).toMatch(told);
  });
});
