import { describe, expect, it } from 'vitest';
import type { DataOptions } from '../../src/data/data-options.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { loadDataset } from '../../src/data/load.ts';
import { Database } from '../../src/data/readers/database.ts';
import { loadSplit } from '../../src/data/splits/split-dataset.ts';
import { messageOf, temporaryFolder } from './temporary-files.ts';

const { folder, write } = temporaryFolder();
let n = 0;

function load(text: string, options: Partial<DataOptions> = {}, name = 'values.csv'): Promise<Dataset> {
  return loadDataset({ files: [write(`${n++}/${name}`, text)], ...options });
}

function cellsOf({ interactions }: Dataset, name: string): unknown[] {
  const column = interactions.context!.find((each) => each.name === name)!;
  if (column.kind === 'categorical') return Array.from(column.index, (i) => (i < 0 ? null : column.values[i]));
  return 'value' in column ? Array.from(column.value, (x) => (Number.isNaN(x) ? null : x)) : [];
}

const marks = [
  'NA',
  'N/A',
  'n/a',
  '#N/A',
  'null',
  'NULL',
  'Null',
  'None',
  'none',
  'NaN',
  'nan',
  'nil',
  '\\N',
  '-',
  '—',
  ' NA ',
];

describe('marks of missing values', () => {
  it.each(marks)('are no user: %s', async (mark) => {
    const text = `user,item,rating\nu1,i1,4\n${mark},i2,5\nu2,i1,3\n`;
    expect(await messageOf(() => load(text))).toMatch(/row 2: "user" must hold a user id, found the mark .*--missing/);
    const { users, warnings } = await load(text, { skipBadRows: true });
    expect(users.ids).toEqual(['u1', 'u2']);
    expect(warnings.join('\n')).toMatch(/1 row skipped because "user" is not a user id \(marks of missing values: /);
  });

  it('are no items, no sessions and no ratings', async () => {
    const text = 'user,item,session,rating\nu1,NA,s1,4\nu1,i1,null,5\nu2,i1,s2,None\nu3,i2,s3,3\n';
    const { items, interactions } = await load(text, { skipBadRows: true });
    expect([items.ids, interactions.length]).toEqual([['i2'], 1]);
  });

  it('are ids when that is said', async () => {
    const { users } = await load('user,item\nNA,i1\nu2,i2\n', { missing: [] });
    expect(users.ids).toEqual(['NA', 'u2']);
    const { users: others } = await load('user,item\nNA,i1\nu2,i2\n?,i1\n', { missing: ['?'], skipBadRows: true });
    expect(others.ids).toEqual(['NA', 'u2']);
  });

  it('are missing cells of categories and numbers, and counted', async () => {
    const text = 'user,item,country,price\nu1,i1,NA,1.5\nu2,i2,DE,NA\nu3,i3,,-\nu4,i4,FR,2.5\n';
    const dataset = await load(text);
    expect(cellsOf(dataset, 'country')).toEqual([null, 'DE', null, 'FR']);
    expect(cellsOf(dataset, 'price')).toEqual([1.5, null, null, 2.5]);
    expect(dataset.warnings.join('\n')).toMatch(/"price": cells that stand for a missing value: NA \(1\), - \(1\)/);
    expect(cellsOf(await load(text, { missing: ['-'] }), 'country')).toEqual(['NA', 'DE', null, 'FR']);
  });

  it('in JSON and in Parquet, where NaN counts too', async () => {
    const rows = [
      { user: 'u1', item: 'i1', price: 'NA' },
      { user: 'null', item: 'i2', price: '3' },
      { user: 'u2', item: 'i3', price: '4.5' },
    ];
    const json = await load(rows.map((row) => JSON.stringify(row)).join('\n'), { skipBadRows: true }, 'rows.jsonl');
    expect([json.users.ids, cellsOf(json, 'price')]).toEqual([
      ['u1', 'u2'],
      [null, 4.5],
    ]);
    const path = `${folder}/nan.parquet`;
    const select =
      "SELECT * FROM (VALUES (1::DOUBLE, 'a', 'nan'::DOUBLE, 'x'), ('nan'::DOUBLE, 'b', 2, 'NA'), (3, 'c', 4.5, 'NA')) t(user_id, item_id, price, kind)";
    await Database.use((database) => database.run(`COPY (${select}) TO '${path}'`));
    const parquet = await loadDataset({ files: [path], skipBadRows: true });
    expect([parquet.users.ids, cellsOf(parquet, 'price'), cellsOf(parquet, 'kind')]).toEqual([
      ['1', '3'],
      [null, 4.5],
      ['x', null],
    ]);
  });

  it('in files of users', async () => {
    const users = write('marks-users.csv', 'user,age,town\nu1,31,NA\nu2,N/A,Bonn\nNA,5,Ulm\n');
    const { userFields, users: ids } = await load('user,item\nu1,i1\nu2,i2\n', { users });
    expect(ids.size).toBe(2);
    expect(userFields.fields.map(({ kind, values }) => [kind, values])).toEqual([
      ['numeric', [31, null]],
      ['categorical', [null, 'Bonn']],
    ]);
  });
});

describe('a column of numbers with a few other cells', () => {
  const rows = (other: number, number: (k: number) => number | string): string =>
    `user,item,size\n${Array.from({ length: 200 }, (_, k) => `u${k % 20},i${k % 19},${k < other ? 'on request' : number(k)}`).join('\n')}\n`;

  it.each([
    ['one of them', 1, (k: number) => k % 7, 'numeric'],
    ['a twentieth of measures', 10, (k: number) => k / 4, 'numeric'],
    ['a twentieth of codes', 10, (k: number) => k % 7, 'categorical'],
    ['a fifth of measures, one word', 40, (k: number) => k / 4, 'numeric'],
    ['a fifth of codes, one word', 40, (k: number) => k % 7, 'categorical'],
    ['a third', 66, (k: number) => k / 4, 'categorical'],
  ])('is one of numbers or not: %s', async (_, other, number, kind) => {
    const { interactions, warnings } = await load(rows(other, number), { duplicates: 'keep' });
    expect(interactions.context![0].kind).toBe(kind);
    if (kind === 'numeric') expect(warnings.join('\n')).toMatch(/"size": \d+ cells? not a number \("on request"\)/);
  });

  it('in a file of items too', async () => {
    const lines = Array.from({ length: 100 }, (_, k) => `i${k},${k === 3 ? 'free' : k / 10}`);
    const items = write('sizes.csv', `item,price\n${lines.join('\n')}\n`);
    const text = `user,item\n${lines.map((_, k) => `u${k % 9},i${k}`).join('\n')}\n`;
    const { itemFields, warnings } = await load(text, { items });
    expect([itemFields.fields[0].kind, itemFields.fields[0].values[3]]).toEqual(['numeric', null]);
    expect(warnings.join('\n')).toMatch(/"price": 1 cell not a number \("free"\)/);
  });
});

describe('decimal marks', () => {
  const ratings = (cells: readonly string[], separator = ';'): string =>
    ['user', 'item', 'rating'].join(separator) +
    cells
      .map((cell, k) => `\nu${k},i${k},"${cell}"`.replaceAll(`,i`, `${separator}i`).replace(`,"`, `${separator}"`))
      .join('');

  it.each([
    ['a comma', ['4,5', '3,0', '5'], [4.5, 3, 5]],
    ['points between thousands', ['1.234,5', '2,25', '12'], [1234.5, 2.25, 12]],
    ['blanks between thousands', ['1 234,5', '2 000,25', '12,5'], [1234.5, 2000.25, 12.5]],
    ['euros', ['€4,50', '3,00 €', '-1,5 EUR'], [4.5, 3, -1.5]],
    ['dollars', ['$1,234.00', '$5', '$0.50'], [1234, 5, 0.5]],
    ['commas between thousands', ['1,234.5', '12.5', '1,000'], [1234.5, 12.5, 1000]],
  ])('are found: %s', async (_, cells, values) => {
    const { interactions, warnings } = await load(ratings(cells));
    expect([...interactions.rating!]).toEqual(values.map(Math.fround));
    expect(warnings.join('\n')).toMatch(/"rating": numbers are read with a decimal (comma|point), e\.g\./);
  });

  it('that are open are refused, and read as told', async () => {
    const text = ratings(['1,234', '2,500']);
    expect(await messageOf(() => load(text))).toMatch(/found "1,234"; for a decimal comma say --decimal ,/);
    expect([...(await load(text, { decimal: ',' })).interactions.rating!]).toEqual([1.234, 2.5].map(Math.fround));
    expect([...(await load(text, { decimal: '.' })).interactions.rating!]).toEqual([1234, 2500]);
  });

  const sizes = (cells: readonly string[]): string =>
    `user;item;size\n${cells.map((cell, k) => `u${k};i${k};${cell}`).join('\n')}\n`;

  it.each([
    [
      'commas alone',
      ['52,159', '1,234'],
      [52159, 1234],
      /commas are taken to stand between thousands, e\.g\. 1,234 = 1234; if it is 1\.234, say --decimal ,/,
    ],
    ['commas beside small numbers', ['52,159', '7', '999'], [52159, 7, 999], /if it is 52\.159, say --decimal ,/],
    ['two commas', ['1,234,567', '1,234'], [1234567, 1234], /read with a decimal point, e\.g\. 1,234 = 1234/],
    [
      'points with a mark',
      ['1.234 €', '52.000 €'],
      [1234, 52000],
      /points are taken to stand between thousands.*say --decimal \./,
    ],
    ['a zero in front', ['0,125', '1,250'], [0.125, 1.25], /read with a decimal comma/],
  ])('of fields that may be thousands: %s', async (_, cells, values, told) => {
    const dataset = await load(sizes(cells));
    expect(cellsOf(dataset, 'size')).toEqual(values);
    expect(dataset.warnings.join('\n')).toMatch(told);
  });

  it('of fields that contradict each other are told and stay categories', async () => {
    for (const cells of [
      ['1,234', '1500'],
      ['4,5', '4.5'],
    ]) {
      const dataset = await load(sizes(cells));
      expect(cellsOf(dataset, 'size')).toEqual(cells);
      expect(dataset.warnings.join('\n')).toMatch(
        /"size": looks like numbers but is kept as categories: .* may be .*--decimal \. or --decimal ,/,
      );
    }
    expect(cellsOf(await load(sizes(['1,234', '1500']), { decimal: '.' }), 'size')).toEqual([1234, 1500]);
  });

  it('of items that may be thousands are read too', async () => {
    const items = write('thousands.csv', 'item;views\ni1;12,500\ni2;980\n');
    const dataset = await load('user;item\nu;i1\nv;i2\n', { items });
    expect(dataset.itemFields.fields[0].values).toEqual([12500, 980]);
    expect(dataset.warnings.join('\n')).toMatch(/"views": commas are taken to stand between thousands/);
  });

  it('told for a file leave its columns with decimal points alone', async () => {
    const dataset = await load('user;item;rating;lat\nu;i;4,5;52.25\nv;j;3,5;48.125\n', { decimal: ',' });
    expect([[...dataset.interactions.rating!], cellsOf(dataset, 'lat')]).toEqual([
      [4.5, 3.5],
      [52.25, 48.125],
    ]);
  });

  it('of context columns and of items', async () => {
    const items = write('prices.csv', 'item;price\ni1;1.299,00\ni2;4,99\n');
    const dataset = await load('user;item;paid\nu;i1;1,5\nv;i2;2,75\n', { items });
    expect(cellsOf(dataset, 'paid')).toEqual([1.5, 2.75]);
    expect(dataset.itemFields.fields[0].values).toEqual([1299, 4.99]);
  });
});

describe('opinions on a scale', () => {
  const ratings = (cells: readonly string[]): string =>
    `user;item;rating\n${cells.map((cell, k) => `u${k};i${k};${cell}`).join('\n')}\n`;

  it.each([
    ['4/5', ['4/5', '5/5', '3.5/5'], [4, 5, 3.5], /"rating": read as numbers out of 5, e\.g\. 5\/5 = 5/],
    ['8 out of 10', ['8 out of 10', '10 out of 10', '7'], [8, 10, 7], /out of 10/],
    ['stars', ['5 stars', '1 star', '4,5 Sterne'], [5, 1, 4.5], /stars are counted, e\.g\. 5 stars = 5/],
    ['drawn stars', ['★★★★☆', '★☆☆☆☆', '☆☆☆☆☆', '★★½'], [4, 1, 0, 2.5], /stars are counted/],
    ['coloured stars', ['⭐⭐⭐', '⭐'], [3, 1], /stars are counted/],
    ['a number and a star', ['4.5★', '3 ⭐'], [4.5, 3], /stars are counted/],
  ])('are read: %s', async (_, cells, values, told) => {
    const { interactions, warnings } = await load(ratings(cells));
    expect([...interactions.rating!]).toEqual(values);
    expect(warnings.join('\n')).toMatch(told);
  });

  it('are read in files of items', async () => {
    const items = write('scale-items.csv', 'item,quality\ni1,4/5\ni2,2/5\n');
    expect((await load('user,item\nu,i1\nv,i2\n', { items })).itemFields.fields[0].values).toEqual([4, 2]);
  });

  it('of several scales are refused, and days of a month are none', async () => {
    expect(await messageOf(() => load(ratings(['4/5', '8/10'])))).toMatch(
      /found "4\/5" \(ratings such as 4\/5 are read where all are of one scale/,
    );
    const dataset = await load('user,item,day_month\nu,i,28/10\nv,j,3/10\nw,k,30/10\n');
    expect(cellsOf(dataset, 'day_month')).toEqual(['28/10', '3/10', '30/10']);
  });

  it('in words are refused with what can be said', async () => {
    expect(await messageOf(() => load(ratings(['good', 'poor', 'good'])))).toMatch(
      /"rating" must hold a finite number, found "good"; no cell of the column is a number: say --no-rating .*--label rating --positive good/,
    );
  });
});

describe('a text with an underscore', () => {
  it('is no number', async () => {
    const dataset = await load('user,item,code_name\nu,i,12_34\nv,j,56_78\n');
    expect(cellsOf(dataset, 'code_name')).toEqual(['12_34', '56_78']);
  });
});

describe('ids and codes keep all their digits', () => {
  const [a, b] = ['2053013552326770905', '2053013552326770906'];
  const huge = '170141183460469231731687303715884105727';

  it('in context columns of CSV, JSON and Parquet', async () => {
    const csv = await load(`user,item,category_id,tag\nu1,i1,${a},${b}\nu2,i2,${b},${a}\n`);
    expect([cellsOf(csv, 'category_id'), cellsOf(csv, 'tag')]).toEqual([
      [a, b],
      [b, a],
    ]);
    const json = await load(
      `{"user":${a},"item":"i1","shopId":${a}}\n{"user":${b},"item":"i2","shopId":${b}}\n`,
      {},
      'big.jsonl',
    );
    expect([json.users.ids, cellsOf(json, 'shopId')]).toEqual([
      [a, b],
      [a, b],
    ]);
    const path = `${folder}/big.parquet`;
    const values = [a, b].map((id) => `(${id}::BIGINT, ${id}::UBIGINT, ${id}::BIGINT, ${id}.5::DECIMAL(38, 1))`);
    const select = `SELECT * FROM (VALUES ${values.join(', ')}) t(user_id, item_id, "groupCode", code)`;
    await Database.use((database) => database.run(`COPY (${select}) TO '${path}'`));
    const parquet = await loadDataset({ files: [path] });
    expect([parquet.users.ids, parquet.items.ids, cellsOf(parquet, 'groupCode')]).toEqual([
      [a, b],
      [a, b],
      [a, b],
    ]);
  });

  it('as ids of 128 bits, as sessions, and in files of items', async () => {
    const items = write('big-items.csv', `item,maker_id\n${huge},${a}\n${a},${b}\n`);
    const dataset = await load(`user,item,session\nu1,${huge},${a}\nu1,${a},${b}\n`, { items });
    expect(dataset.items.ids).toEqual([huge, a]);
    expect(new Set(dataset.interactions.session)).toEqual(new Set([0, 1]));
    expect(dataset.itemFields.fields[0].values).toEqual([a, b]);
  });

  it('small numbers under the name of a code are categories too, amounts are not', async () => {
    const { schema } = await load('user,item,store_id,amount\nu1,i1,10,10\nu2,i2,20,20\n');
    expect(schema.columns.slice(2).map(({ kind }) => kind)).toEqual(['categorical', 'numeric']);
  });
});

describe('ids 7 and 7.0', () => {
  it('are one where all ids are whole numbers, in one file and in several', async () => {
    const first = write('floats-1.csv', 'user,item\n7.0,i1\n8.0,i2\n');
    const second = write('floats-2.csv', 'user,item\n7,i2\n9,i1\n');
    const { users, warnings } = await loadDataset({ files: [first, second] });
    expect(users.ids).toEqual(['7', '8', '9']);
    expect(warnings.join('\n')).toMatch(/"user": 2 ids written as floats, 7\.0 is read as 7/);
    expect((await loadDataset({ files: [first, second], idsAsWritten: true })).users.ids).toEqual([
      '7.0',
      '8.0',
      '7',
      '9',
    ]);
  });

  it('are one where they differ in capitals, as told, in all files', async () => {
    const files = [
      write('mail-1.csv', 'user,item\nAnn@x.com,A\nbob@y.de,b\n'),
      write('mail-2.csv', 'user,item\nann@X.com,a\n'),
    ];
    const users = write('mail-users.csv', 'user,age\nANN@x.com,31\nbob@y.de,22\n');
    const social = write('mail-social.csv', 'from,to\nANN@X.COM,Bob@y.de\n');
    const apart = await loadDataset({ files, users: null, social: null });
    expect(apart.users.ids).toEqual(['Ann@x.com', 'bob@y.de', 'ann@X.com']);
    expect(apart.warnings.join('\n')).toMatch(
      /differs from another one in capitals only .*--ids-ignore-case makes them one/,
    );
    const {
      users: known,
      items,
      userFields,
      social: edges,
      warnings,
    } = await loadDataset({ files, users, social, idsIgnoreCase: true });
    expect([...known.ids].sort()).toEqual(['ann@x.com', 'bob@y.de']);
    expect([...items.ids].sort()).toEqual(['a', 'b']);
    const ann = known.indexOf('ann@x.com') as number;
    expect(userFields.fields[0].values[ann]).toBe(31);
    expect([...edges!.from, ...edges!.to]).toEqual([ann, 1 - ann]);
    const same = await loadDataset({
      files: [write('mail-3.csv', 'user,item\nAnn@x.com,A\nann@x.com,b\n')],
      idsIgnoreCase: true,
    });
    expect(same.warnings.join('\n')).toMatch(
      /"user": 1 id that differs from another one in capitals only is taken for it/,
    );
    expect(warnings.join('\n')).not.toMatch(/kept apart/);
  }, 60_000);

  it('are one in held-out files and files of users', async () => {
    const train = write('floats-train.csv', 'user,item\n7.0,i1\n8.0,i2\n');
    const test = write('floats-test.csv', 'user,item\n7,i2\n');
    const users = write('floats-users.csv', 'user,age\n7,30\n8,40\n');
    const { dataset } = await loadSplit({ files: [train], users }, { method: 'given', test });
    expect(dataset.users.ids).toEqual(['7', '8']);
    expect(dataset.userFields.fields[0].values).toEqual([30, 40]);
  });

  it('stay two beside other ids, with a warning', async () => {
    const { users, warnings } = await load('user,item\n7.0,i1\n7,i2\nann,i1\n');
    expect(users.ids).toEqual(['7.0', '7', 'ann']);
    expect(warnings.join('\n')).toMatch(/1 user id looks like another one written otherwise \(7\.0 and 7\)/);
  });

  it('and with zeros in front stay two, with a warning', async () => {
    const { users, warnings } = await load('user,item\n07,i1\n7,i2\n8,i1\n');
    expect(users.size).toBe(3);
    expect(warnings.join('\n')).toMatch(/\(07 and 7\)/);
  });

  it('that lost digits are told', async () => {
    const { warnings } = await load('user,item\n2.05301E+18,i1\n2.05302E+18,i2\n');
    expect(warnings.join('\n')).toMatch(/2 user ids .*2\.05301E\+18.*lost digits/);
  });
});

describe('ids that are hardly one person', () => {
  const log = (user: (k: number) => string): string =>
    `user,item\n${Array.from({ length: 300 }, (_, k) => `${user(k)},i${k}`).join('\n')}\n`;
  const told = async (user: (k: number) => string): Promise<string> => (await load(log(user))).warnings.join('\n');

  it.each(['unknown', 'Anonymous', 'guest', '(not set)'])('are told with the flag that drops them: %s', async (id) => {
    const user = (k: number): string => (k % 3 === 0 ? id : `u${k % 50}`);
    expect(await told(user)).toMatch(
      /user id ".*" has 100 rows \(33\.3 % of all rows\): perhaps nobody.*--missing .* --skip-bad-rows leaves its rows out/,
    );
    const { users } = await load(log(user), { missing: [id], skipBadRows: true });
    expect(users.indexOf(id)).toBeUndefined();
  });

  it.each(['0', '-1', '00000000-0000-0000-0000-000000000000'])('are told where they have many rows: %s', async (id) => {
    expect(await told((k) => (k % 3 === 0 ? id : String(k + 7)))).toMatch(
      /has 100 rows .*perhaps nobody.*leave its rows out of the file/,
    );
    expect(await told((k) => (k === 0 ? id : String((k % 30) + 7)))).not.toMatch(/perhaps nobody/);
  });

  it('and any other with a third of all rows among many', async () => {
    expect(await told((k) => (k % 3 === 0 ? 'shop' : `u${k}`))).toMatch(
      /user id "shop" has 100 rows .*perhaps many people at once/,
    );
    expect(await told((k) => `u${k % 30}`)).not.toMatch(/perhaps/);
  });

  it('addresses that differ in capitals only are told', async () => {
    const { users, warnings } = await load(
      'email,item\nAnn@x.example,a\nann@x.example,b\nBob@x.example,a\nUser,a\nuser,b\n',
    );
    expect(users.size).toBe(5);
    expect(warnings.join('\n')).toMatch(
      /1 user id differs from another one in capitals only \(Ann@x\.example and ann@x\.example\)/,
    );
  });

  it.each([
    [
      'UUIDs in capitals',
      '0000ABCD-0000-4000-8000-00000000ABCD',
      '0000abcd-0000-4000-8000-00000000abcd',
      /in capitals only/,
    ],
    ['accents written apart', 'Jos\u00e9', 'Jose\u0301', /hold.* other characters \(José and Jose<U\+0301>/],
    ['characters of no width', 'u7', 'u7\u200b', /u7 and u7<U\+200B>/],
    ['wide letters', 'u7', '\uff557', /u7 and <U\+FF55>7/],
  ])('%s are told and kept apart', async (_, first, second, message) => {
    const { users, warnings } = await load(`user,item\n${first},a\n${second},b\nother,a\n`);
    expect(users.size).toBe(3);
    expect(warnings.join('\n')).toMatch(message);
  });

  it('ids in several scripts that look unlike are not', async () => {
    const { warnings } = await load('user,item\nЮрий,a\n太郎,b\nJürgen,a\nJurgen,b\n');
    expect(warnings.join('\n')).not.toMatch(/kept apart/);
  });
});
