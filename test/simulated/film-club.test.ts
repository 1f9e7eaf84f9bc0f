import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type SimulatedWorld, simulateFilmClub } from '../../src/data/simulated/film-club.ts';
import { TitleMaker } from '../../src/data/simulated/film-titles.ts';
import type { FilmClubInput } from '../../src/data/simulated/options.ts';
import { choose, runningSums } from '../../src/data/simulated/weighted-choice.ts';
import { historiesOf, median } from './measures.ts';

const small: FilmClubInput = { nUsers: 60, nItems: 80 };

describe('same seed, same world', () => {
  it('gives the same bytes twice and other bytes for another seed', () => {
    const world = simulateFilmClub(small);
    const again = simulateFilmClub({ ...small, seed: 1 });
    expect(again.dataset).toEqual(world.dataset);
    expect(again.watched).toEqual(world.watched);
    const other = simulateFilmClub({ ...small, seed: 2 });
    expect(other.dataset.hash).not.toBe(world.dataset.hash);
    expect(other.dataset.itemFields).not.toEqual(world.dataset.itemFields);
  });
});

/** Everything that must hold of every world, whatever its size. */
function checkWorld(world: SimulatedWorld): void {
  const { dataset, films, options } = world;
  const { length, userIndex, itemIndex, time, session, rating } = dataset.interactions;
  expect([dataset.users.size, dataset.items.size]).toEqual([options.nUsers, options.nItems]);
  expect([dataset.userFields.nRows, dataset.itemFields.nRows]).toEqual([options.nUsers, options.nItems]);
  for (const field of dataset.userFields.fields) expect(field.values.length).toBe(options.nUsers);
  for (const field of dataset.itemFields.fields) expect(field.values.length).toBe(options.nItems);
  expect(rating).toBeNull();
  for (const column of [userIndex, itemIndex, time!, session!]) expect(column.length).toBe(length);
  expect(dataset.hash).toMatch(/^[0-9a-f]{64}$/);
  const rowsInOrder = time!.every((t, row) => row === 0 || time![row - 1] <= t);
  expect(rowsInOrder).toBe(true);
  expect(new Set(films.titles).size).toBe(options.nItems);
  const userOfSession = new Map<number, number>();
  for (const [user, events] of historiesOf(world).entries()) {
    expect(events.length).toBeGreaterThan(0);
    expect(new Set(events.map((event) => event.item)).size).toBe(events.length);
    for (const [n, event] of events.entries()) {
      if (n > 0 && !(event.time > events[n - 1].time && event.session >= events[n - 1].session))
        expect.fail(`user ${user}: event ${n} is not later than the one before`);
      if (!userOfSession.has(event.session)) userOfSession.set(event.session, user);
      if (userOfSession.get(event.session) !== user) expect.fail('a session belongs to two users');
      if (event.time < films.releaseTime[event.item]) expect.fail('a film was seen before it was released');
    }
  }
}

describe('worlds of all sizes', () => {
  const sizes: FilmClubInput[] = [
    { nUsers: 2, nItems: 2 },
    { nUsers: 5, nItems: 7 },
    { nUsers: 5, nItems: 7, days: 7, activity: 5000, sessionLength: 20, newReleases: 0.9 },
    { nUsers: 20, nItems: 300, days: 7, activity: 5000, sessionLength: 1 },
    { nUsers: 300, nItems: 20, friends: 100, homophily: 20 },
    { nUsers: 30, nItems: 2100, activitySpread: 1.5 },
    { nUsers: 50, nItems: 40, friends: 0, sessionInfluence: 0, socialInfluence: 0, premiereInfluence: 0.9 },
    { nUsers: 50, nItems: 40, tasteStrength: 5, quality: 5, popularityExponent: 3, noise: 0 },
  ];
  it.each(sizes)('%o', (options) => checkWorld(simulateFilmClub(options)));
});

describe('the default club', () => {
  const world = simulateFilmClub();

  it('has the promised size and skew', () => {
    checkWorld(world);
    const { dataset } = world;
    expect(dataset.name).toBe('film-club');
    expect([dataset.users.size, dataset.items.size]).toEqual([3000, 1200]);
    expect(dataset.interactions.length).toBeGreaterThan(120_000);
    expect(dataset.interactions.length).toBeLessThan(200_000);
    const counts = historiesOf(world).map((events) => events.length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(5);
    expect(Math.abs(median(counts) - 35)).toBeLessThanOrEqual(2);
    const years = (dataset.interactions.time!.at(-1)! - dataset.interactions.time![0]) / (365.25 * 86400);
    expect(years).toBeGreaterThan(1.95);
    expect(years).toBeLessThan(2.01);
  });

  it('describes films and people', () => {
    const { dataset } = world;
    for (const [item, title] of world.films.titles.entries())
      if (!title.endsWith(` (${world.films.years[item]})`)) expect.fail(title);
    expect(new Set(world.films.titles.map((title) => title.replace(/ \(\d+\)$/, ''))).size).toBe(1200);
    expect(dataset.itemFields.title).toBe('title');
    expect(dataset.userFields.title).toBe('name');
    expect(dataset.schema.columns.map((column) => `${column.owner}.${column.name}:${column.role}`)).toEqual([
      'interaction.user:user',
      'interaction.item:item',
      'interaction.time:time',
      'interaction.session:session',
      'user.name:field',
      'user.age_band:field',
      'user.region:field',
      'user.favourite_genre:field',
      'item.title:title',
      'item.genres:field',
      'item.year:field',
      'item.director:field',
    ]);
    const silent = world.people.favouriteGenres.filter((genre) => genre === null).length / 3000;
    expect(Math.abs(silent - 0.1)).toBeLessThan(0.03);
  });

  it('has mutual friendships without loops or repeats', () => {
    const { from, to } = world.dataset.social!;
    const edges = new Set(Array.from(from, (user, n) => `${user}>${to[n]}`));
    expect(edges.size).toBe(from.length);
    for (const [n, user] of from.entries())
      if (user === to[n] || !edges.has(`${to[n]}>${user}`)) expect.fail(`edge ${user} to ${to[n]}`);
  });
});

describe('options that do not hold', () => {
  const bad: [string, Record<string, unknown>, string][] = [
    ['unknown option', { popularityExponant: 1 }, 'popularityExponent'],
    ['one user', { nUsers: 1 }, 'nUsers'],
    ['one film', { nItems: 1 }, 'nItems'],
    ['fractional size', { nItems: 10.5 }, 'nItems'],
    ['text', { noise: 'much' }, 'noise'],
    ['NaN', { drift: Number.NaN }, 'drift'],
    ['negative seed', { seed: -1 }, 'seed'],
    ['seed beyond 32 bits', { seed: 2 ** 32 }, 'seed'],
    ['too much influence', { sessionInfluence: 0.5, socialInfluence: 0.5 }, 'sessionInfluence'],
  ];
  it.each(bad)('%s', (_, options, named) => {
    expect(() => simulateFilmClub(options as FilmClubInput)).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining(named) }),
    );
  });
});

describe('titles', () => {
  it('stay unique long after the grammar has run short', () => {
    const maker = new TitleMaker(new RandomStream(5, 'titles'));
    const titles = Array.from({ length: 20_000 }, (_, n) => maker.make(-1 + (n % 3), 1990));
    expect(new Set(titles).size).toBe(20_000);
  });
});

describe('weighted choice', () => {
  it('gives each index the interval of its weight', () => {
    const sums = runningSums([1, 0, 2, 1]);
    expect(Array.from(sums)).toEqual([1, 1 + 0, 1 + 0 + 2, 1 + 0 + 2 + 1]);
    const table: [number, number][] = [
      [0, 0],
      [0.2499, 0],
      [0.25, 2],
      [0.7499, 2],
      [0.75, 3],
      [1, 3],
    ];
    for (const [uniform, index] of table) expect(choose(sums, uniform)).toBe(index);
  });
});
