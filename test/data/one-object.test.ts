/** JSON files that hold one object: the forms in which pandas writes tables, and dictionaries of what people took. */
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../src/data/load.ts';
import { messageOf, temporaryFolder } from './temporary-files.ts';

const { write } = temporaryFolder();
let n = 0;

const rows = Array.from({ length: 40 }, (_, k) => ({
  user: `u${k % 7}`,
  item: `i${k}`,
  rating: (k % 5) + 1,
  city: k % 3 ? 'Ö "x"' : null,
}));
const names = ['user', 'item', 'rating', 'city'] as const;
type Cell = string | number | null;
const table = (key: (k: number) => string): Record<string, Record<string, Cell>> =>
  Object.fromEntries(names.map((name) => [name, Object.fromEntries(rows.map((row, k) => [key(k), row[name]]))]));

async function load(value: unknown, pack = false) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return loadDataset({ files: [write(`${n++}.json${pack ? '.gz' : ''}`, text)] });
}

async function rowsOf(value: unknown, pack = false): Promise<string[]> {
  const { users, items, interactions } = await load(value, pack);
  const { userIndex, itemIndex, rating, context = [] } = interactions;
  const city = context.find(({ name }) => name === 'city');
  return Array.from(userIndex, (user, row) => {
    const place = city?.kind === 'categorical' && city.index[row] >= 0 ? city.values[city.index[row]] : null;
    return `${users.idOf(user)} ${items.idOf(itemIndex[row])} ${rating?.[row] ?? ''} ${place}`;
  });
}

const expected = rows.map(({ user, item, rating, city }) => `${user} ${item} ${rating} ${city}`);

describe('one object holds the table', () => {
  it.each([
    ['an object a column', table(String)],
    ['an object a column, spread over lines', JSON.stringify(table(String), null, 2)],
    ['an object a column, rows chosen from others', table((k) => String(3 * k + 11))],
    ['an object a row', Object.fromEntries(rows.map((row, k) => [k, row]))],
    ['an object a row under other keys', Object.fromEntries(rows.map((row, k) => [`row ${k}`, row]))],
    [
      'columns and data',
      { columns: names, index: rows.map((_, k) => k), data: rows.map((row) => names.map((name) => row[name])) },
    ],
    ['schema and data', { schema: { fields: names.map((name) => ({ name, type: 'string' })) }, data: rows }],
  ])('%s', async (_, value) => {
    expect(await rowsOf(value)).toEqual(expected);
    expect(await rowsOf(value, true)).toEqual(expected);
    expect((await load(value)).warnings.join('\n')).toMatch(/holds .*(as pandas writes|read so)/);
  });

  it('of many rows is read at once', async () => {
    const many = Array.from({ length: 30_000 }, (_, k) => k);
    const value = {
      user: Object.fromEntries(many.map((k) => [k, `u${k % 1000}`])),
      item: Object.fromEntries(many.map((k) => [k, k])),
    };
    expect((await load(value)).interactions.length).toBe(30_000);
  }, 20_000);
});

describe('one object of what each user took', () => {
  it('lists of items', async () => {
    const data = await load({ '9007199254740993': ['a', 'b'], u2: ['b'], u3: [] });
    expect([...data.users.ids]).toEqual(['9007199254740993', 'u2']);
    expect(data.interactions.length).toBe(3);
    expect(data.warnings.join()).toMatch(/keys are taken for users/);
  });
  it('items with ratings, in all digits', async () => {
    const text = '{"u1": {"9007199254740993": 4.5, "9007199254740995": 1}, "u2": {"9007199254740993": 3}}';
    const { items, interactions, warnings } = await load(text);
    expect([...items.ids]).toEqual(['9007199254740993', '9007199254740995']);
    expect([...interactions.rating!]).toEqual([4.5, 1, 3]);
    expect(warnings.join()).toMatch(/keys are taken for users/);
  });
});

describe('one object of what each user thought of items', () => {
  const ratings = (value: (k: number) => unknown, item: (k: number) => string, user: (k: number) => string) =>
    Object.fromEntries(
      Array.from({ length: 6 }, (_, u) => [user(u), Object.fromEntries([1, 2, 3].map((i) => [item(i), value(i + u)]))]),
    );
  const name = (letter: string) => (k: number) => `${letter}${k}`;
  const someKnown = (k: number) => ['ann', 'book', 'bob', 'cem', 'dora', 'eva'][k];

  it.each([
    ['as texts', ratings((k) => String((k % 5) + 1), name('i'), name('u')), 'u0', 'i1', 2],
    ['of numbered items, dense', ratings((k) => (k % 5) + 1, String, name('u')), 'u0', '1', 2],
    ['of a user whose name columns have too', ratings((k) => (k % 5) + 1, name('i'), someKnown), 'ann', 'i1', 2],
    [
      'of items whose names columns have too',
      ratings(
        (k) => (k % 5) + 1,
        (k) => `b${k}ook`.replace('1', ''),
        name('u'),
      ),
      'u0',
      'book',
      2,
    ],
  ])('%s', async (_, value, user, item, rating) => {
    const { users, items, interactions } = await load(value);
    expect([users.size, items.size, interactions.length]).toEqual([6, 3, 18]);
    expect([users.idOf(0), items.idOf(0), interactions.rating![0]]).toEqual([user, item, rating]);
  });
  it('as yes and no', async () => {
    const { interactions, warnings } = await load(ratings((k) => k % 2 === 0, name('i'), name('u')));
    expect([...interactions.rating!].slice(0, 3)).toEqual([0, 1, 0]);
    expect(warnings.join()).toMatch(/label "rating": "true" is 1/);
  });
  it('empty where there is none', async () => {
    const { interactions, warnings } = await load(ratings((k) => (k % 3 ? k : null), name('i'), name('u')));
    expect(interactions.length).toBe(12);
    expect(warnings.join()).toMatch(/6 items without a rating left out/);
  });
  it('lists of users of whom one has the name of a column', async () => {
    const { users } = await load({ ann: ['a', 'b'], game: ['b', 'c', 'd'], bob: ['a'] });
    expect([...users.ids]).toEqual(['ann', 'game', 'bob']);
  });
  it('words are no ratings', async () => {
    expect(await messageOf(() => load(ratings((k) => `word${k}`, name('i'), name('u'))))).toMatch(/cannot tell which/);
  });
});

it.each([
  ['rows', [{ user: 'u1', item: 'a' }]],
  ['pairs', [['u1', 'a']]],
  ['items of users', { u1: ['a', 'b'] }],
  ['ids', ['a', 'b']],
])('parts of a split in one object are refused: %s', async (_, part) => {
  expect(await messageOf(() => load({ train: part, test: part }))).toMatch(
    /must hold rows of one kind, found one object of "train" and "test"; write each into a file of its own.*--test FILE/,
  );
});

it('one long list of rows in an object is read as the list would be', async () => {
  const text = 'x'.repeat(400);
  const long = Array.from({ length: 50_000 }, (_, k) => ({ user: `u${k % 1000}`, item: `]}"${k}`, text }));
  const { items, interactions, warnings } = await load(`\n{ "rows" :\n${JSON.stringify(long)} } \n`);
  expect([interactions.length, items.idOf(49_999)]).toEqual([50_000, ']}"49999']);
  expect(warnings.join()).not.toMatch(/read so/);
}, 60_000);

describe('other files are read as before', () => {
  it.each([
    ['one row', '{"user": "u0", "item": "i0", "rating": 1}', 1],
    ['one row with an object', '{"user": {"id": "u0"}, "item": "i0"}', 1],
    ['one list of rows', JSON.stringify({ data: rows }), 40],
    ['a list in an object', JSON.stringify({ result: { rows }, count: 40 }), 40],
    [
      'lists as columns',
      JSON.stringify(Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])]))),
      40,
    ],
    ['lines', rows.map((row) => JSON.stringify(row)).join('\n'), 40],
    ['objects behind each other', rows.map((row) => JSON.stringify(row, null, 1)).join(''), 40],
  ])('%s', async (_, text, length) => {
    expect((await load(text)).interactions.length).toBe(length);
  });
  it('objects as Python shows them are refused by that', async () => {
    expect(await messageOf(() => load("{'user': 'u1', 'item': 'i1'}\n{'user': 'u2', 'item': 'i1'}"))).toMatch(
      /must be written as JSON, found them as Python shows them.*json\.dumps/,
    );
  });
  it('an object of very many keys is refused', async () => {
    const value = Object.fromEntries(Array.from({ length: 3000 }, (_, k) => [`k${k}`, 'x']));
    expect(await messageOf(() => load(value))).toMatch(/one object of 3000 keys/);
  });
});
