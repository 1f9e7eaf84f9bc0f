/** `--where` and `similar --user` from the command line. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { filmsCsv, type Outcome, workplace } from './command-line.ts';

const place = workplace();
const genreOf = (item: number) => ['Comedy', 'Crime', 'Science Fiction'][item % 3];
const yearOf = (item: number) => 1980 + item;

/** Films f1 … f23 but the odd ids, by the number in their title. */
function itemsCsv(): string {
  const lines = Array.from({ length: 24 }, (_, n) => `f${n},${genreOf(n)},${yearOf(n)},${n % 2 ? 'de|us' : 'us|fr'}`);
  return `item,genre,year,countries\n${lines.join('\n')}\n`;
}

beforeAll(async () => {
  place.write('films.csv', filmsCsv());
  place.write('items.csv', itemsCsv());
  const small = ['--set', 'factors=4', '--set', 'training.batchSize=64', '--epochs', '3', '--quiet'];
  const data = ['--data', 'films.csv', '--items', 'items.csv', '--split', 'none'];
  for (const args of [
    [...data, '--model', 'mf', ...small, '--out', 'runs/mf'],
    [...data, '--model', 'fm', '--task', 'ranking', ...small, '--out', 'runs/fm'],
    [
      '--data',
      'films.csv',
      '--items',
      'items.csv',
      '--sequences',
      'user',
      '--split',
      'none',
      '--model',
      'markov',
      '--out',
      'runs/markov',
    ],
    ['--data', 'films.csv', '--model', 'item-knn', '--split', 'none', '--out', 'runs/bare'],
  ]) {
    const { code, stderr } = await place.run(['train', ...args]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
}, 240_000);

const listed = z.looseObject({ item: z.string(), score: z.number() });
function itemsOf({ code, stdout, stderr }: Outcome, key: 'recommendations' | 'similar'): string[] {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return z
    .array(listed)
    .parse((JSON.parse(stdout) as Record<string, unknown>)[key])
    .map(({ item }) => item);
}
const number = (item: string) => Number(item.slice(1));
/** Items with other ids are not described. */
const isWanted = (item: string) =>
  /^f\d+$/.test(item) && genreOf(number(item)) === 'Comedy' && yearOf(number(item)) >= 1990;
const where = `genre = 'Comedy' and year >= 1990`;

describe.each(['mf', 'fm', 'markov'])('--where, asked of %s', (model) => {
  const ask = (...args: string[]) => place.run(['recommend', `runs/${model}`, '--include-seen', ...args]);

  it('keeps to items of which it holds, as many as there are', async () => {
    const all = itemsOf(await ask('--user', 'u3', '-k', '100', '--json'), 'recommendations').filter(isWanted);
    expect(all.length).toBeGreaterThan(2);
    expect(itemsOf(await ask('--user', 'u3', '-k', '2', '--json', '--where', where), 'recommendations')).toEqual(
      all.slice(0, 2),
    );
    expect(itemsOf(await ask('--user', 'u3', '-k', '99', '--json', '--where', where), 'recommendations')).toEqual(all);
  });

  it('in the table for many users, and of similar items', async () => {
    expect(
      await ask('--users', 'all', '--out', `${model}.jsonl`, '-k', '3', '--where', 'countries = fr or year = 1991'),
    ).toMatchObject({ code: 0 });
    const rows = readFileSync(place.path(`${model}.jsonl`), 'utf8')
      .trim()
      .split('\n');
    expect(rows).toHaveLength(90);
    for (const row of rows) {
      const n = number((JSON.parse(row) as { item: string }).item);
      expect(n % 2 === 0 || n === 11).toBe(true);
    }
    const like = ['similar', `runs/${model}`, '--item', 'f5', '--json'];
    const all = itemsOf(await place.run([...like, '-k', '99']), 'similar').filter(isWanted);
    expect(itemsOf(await place.run([...like, '-k', '2', '--where', where]), 'similar')).toEqual(all.slice(0, 2));
  });

  it.each([
    [
      'a field that is not there',
      'gender = 1',
      2,
      /error: where: at character 1 must stand a field .*"gender"; did you mean "genre"\?; there are .*"genre", "year", "countries"/,
    ],
    ['half a condition', 'genre =', 2, /error: where: at character 8 must stand a value, found the end/],
    ['texts for numbers', 'year > new', 2, /must stand a number, as in field "year", found "new"/],
    [
      'what holds of nothing',
      'genre = comedy',
      1,
      /found none; no item has "comedy" in "genre": did you mean "Comedy"\?/,
    ],
  ])('refuses %s', async (_, condition, expected, message) => {
    for (const args of [
      ['--user', 'u3'],
      ['--users', 'all', '--out', 'refused.csv'],
    ]) {
      const { code, stdout, stderr } = await ask(...args, '--where', condition);
      expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
      expect(stderr).toMatch(message);
    }
    expect(place.names()).not.toContain('refused.csv');
  });
});

it('--where says how to train where no fields are kept', async () => {
  place.write('plain.csv', 'user,item\na,x\na,y\nb,x\nb,z\n');
  expect(
    await place.run(['train', '--data', 'plain.csv', '--model', 'item-knn', '--split', 'none', '--out', 'runs/plain']),
  ).toMatchObject({ code: 0 });
  const { code, stderr } = await place.run(['recommend', 'runs/plain', '--user', 'a', '--where', where]);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /where: needs fields that describe the items, this recommender keeps none; train with --items FILE/,
  );
});

describe('similar --user', () => {
  it('shows users and what likeness means', async () => {
    const { code, stdout } = await place.run(['similar', 'runs/mf', '--user', 'u4', '-k', '3']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Like user u4\n\n +user +score\n─+\n1 +u\d+ +[\d.]+\n2 .*\n3 .*\n\nby the cosine of the user vectors\n$/,
    );
  });

  it('prints one document', async () => {
    const { code, stdout } = await place.run(['similar', 'runs/mf', '--user', 'u4', '-k', '2', '--json']);
    expect(code).toBe(0);
    const similar = z.strictObject({ rank: z.int(), user: z.string(), name: z.string(), score: z.number() });
    z.strictObject({
      run: z.literal('runs/mf'),
      model: z.literal('mf'),
      user: z.literal('u4'),
      name: z.literal('u4'),
      how: z.string(),
      similar: z.array(similar).length(2),
    }).parse(JSON.parse(stdout));
  });

  it.each([
    ['nothing asked for', [], 2, /similar: must be asked about an item or a user, found neither/],
    ['both', ['--user', 'u1', '--item', 'f5'], 2, /found both; say --item ID or --user ID/],
    [
      'a condition on items',
      ['--user', 'u1', '--where', 'year = 1990'],
      2,
      /--where is a condition on items, found it with --user/,
    ],
    [
      'somebody unknown',
      ['--user', 'nobody'],
      1,
      /similarUsers: no user "nobody" has rows in the training data; ids look like "u0"/,
    ],
  ])('refuses %s', async (_, args, expected, message) => {
    const { code, stdout, stderr } = await place.run(['similar', 'runs/mf', ...args]);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('says which models know users where one does not', async () => {
    const { code, stderr } = await place.run(['similar', 'runs/bare', '--user', 'u1']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/ItemKNN has no vectors of users; ask a model such as mf, ials, neumf or fm/);
  });
});
