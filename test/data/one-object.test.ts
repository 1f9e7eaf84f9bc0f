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
