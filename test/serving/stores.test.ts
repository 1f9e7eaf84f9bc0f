/** One contract for every store. Postgres is asked at 127.0.0.1:5432, in a database of this test's own. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/serving/store/open-store.ts';
import type { FeedbackEvent } from '../../src/serving/store/records.ts';
import type { Store } from '../../src/serving/store/store.ts';
import { StoreFailure } from '../../src/serving/store/store-failure.ts';
import { temporaryFolder } from '../artifact/temporary-folder.ts';
import { addressOf, onPostgres, postgresServer } from './postgres.ts';

const database = `deeptaste_test_${randomUUID().slice(0, 8)}`;
const hasPostgres = await onPostgres('SELECT 1');
if (hasPostgres) await onPostgres(`CREATE DATABASE ${database}`);
afterAll(async () => {
  if (hasPostgres) await onPostgres(`DROP DATABASE ${database} WITH (FORCE)`);
});

const folder = temporaryFolder();
const addresses = { sqlite: join(folder, 'store.db'), 'sqlite in memory': ':memory:', postgres: addressOf(database) };

const event = (id: string, more: Partial<FeedbackEvent> = {}): FeedbackEvent => ({
  ...{ id, user: 'ann', item: 'i1', type: 'view', value: null, time: 1000, session: null, recommendation: null },
  ...more,
});

describe.each(Object.entries(addresses))('%s', (kind, address) => {
  const isAbsent = kind === 'postgres' && !hasPostgres;
  const test = it.skipIf(isAbsent);
  const testOfWhatStays = it.skipIf(isAbsent || address === ':memory:');
  if (isAbsent) it.skip(`no Postgres server answers at ${postgresServer} (DEEPTASTE_POSTGRES)`, () => {});
  let store: Store;
  beforeAll(async () => {
    if (!isAbsent) store = await openStore(address);
  });
  afterAll(async () => {
    if (!isAbsent) await store.close();
  });

  test('keeps an event once, and gives the newest in the order of their times', async () => {
    const events = [event('a', { time: 3000 }), event('b', { time: 1000, value: 4.5 }), event('c', { time: 2000 })];
    expect(await store.addEvents([...events, events[0]])).toEqual(events);
    expect(await store.addEvents(events)).toEqual([]);
    const { events: newest, ids, id } = await store.person('ann', 2);
    expect(newest.map((each) => each.id)).toEqual(['c', 'a']);
    expect([ids, id]).toEqual([['ann'], 'ann']);
    expect((await store.person('ann', 10)).events[0]).toEqual(events[1]);
    expect((await store.eventsAfter(0, 10)).map((each) => each.id)).toEqual(['a', 'b', 'c']);
    const [first] = await store.eventsAfter(0, 1);
    expect((await store.eventsAfter(first.place, 10)).map((each) => each.id)).toEqual(['b', 'c']);
  });

  test('has one process at a time do a work, until its lease ends', async () => {
    const soon = Date.now() + 60_000;
    expect(await store.work('retrain x')).toBeNull();
    const all = await Promise.all(['a', 'b', 'c'].map((holder) => store.takeWork('retrain x', holder, soon)));
    expect(all.filter(Boolean)).toHaveLength(1);
    const holder = (await store.work('retrain x'))?.holder as string;
    expect(await store.takeWork('retrain x', holder, soon + 1)).toBe(true);
    expect(await store.takeWork('retrain x', 'other', soon)).toBe(false);
    expect(await store.takeWork('retrain x', 'other', soon, 'nobody')).toBe(false);
    await store.endWork('retrain x', 'other', 'not the one that has it');
    expect(await store.work('retrain x')).toEqual({ holder, until: soon + 1, ended: null, outcome: null });
    expect(await store.takeWork('retrain x', 'other', soon, holder)).toBe(true);
    await store.endWork('retrain x', 'other', 'kept');
    expect(await store.work('retrain x')).toMatchObject({ until: 0, outcome: 'kept', ended: expect.any(Number) });
    expect(await store.takeWork('retrain x', 'third', Date.now() - 1)).toBe(true);
    expect(await store.takeWork('retrain x', 'fourth', soon)).toBe(true);
  });

  testOfWhatStays('is known by a number that stays', async () => {
    const number = await store.identity();
    expect(Number.isSafeInteger(number)).toBe(true);
    const again = await openStore(address);
    expect(await again.identity()).toBe(number);
    await again.close();
  });

  test('counts events in time, by type', async () => {
    const hour = 3_600_000;
    const at = (n: number, type: string, time: number) => event(`counted ${n}`, { user: 'counted', type, time });
    await store.addEvents([
      ...[at(1, 'odd', 9e12), at(2, 'odd', 9e12 + hour - 1), at(3, 'even', 9e12 + 1)],
      at(4, 'odd', 9e12 + hour),
    ]);
    expect(await store.eventCounts(9e12, hour)).toEqual([
      { time: 9e12, type: 'even', n: 1 },
      { time: 9e12, type: 'odd', n: 2 },
      { time: 9e12 + hour, type: 'odd', n: 1 },
    ]);
  });

  test('keeps the same event once when it is told many times at once', async () => {
    const same = Array.from({ length: 8 }, () => store.addEvents([event('same', { user: 'zoe' })]));
    expect((await Promise.all(same)).flat()).toHaveLength(1);
  });

  test('keeps ids of any content', async () => {
    for (const id of ["'; DROP TABLE events; --", '🎬', '$1', '?', '%', ' ', '__proto__', '{"a":1}']) {
      await store.addEvents([event(`odd ${id}`, { user: id, item: id, session: id })]);
      expect((await store.person(id, 5)).events).toMatchObject([{ user: id, item: id, session: id }]);
      await store.putUser({ id, fields: { [id]: id } });
      expect(await store.user(id)).toEqual({ id, fields: { [id]: id } });
    }
    expect((await store.users('%', 10)).map(({ id }) => id)).toEqual(['%']);
    expect((await store.users('PROTO', 10)).map(({ id }) => id)).toEqual(['__proto__']);
  });

  test('numbers the changes of items', async () => {
    const item = { fields: { title: 'A', tags: ['x', 'y'], year: 2000 }, available: true, deleted: false };
    const first = await store.putItem({ id: 'i1', ...item });
    const second = await store.putItem({ id: 'i2', ...item, available: false });
    const third = await store.putItem({ id: 'i1', ...item, fields: {} });
    expect([first.version < second.version, second.version < third.version]).toEqual([true, true]);
    expect(await store.itemsAfter(first.version - 1, 10)).toEqual([second, third]);
    expect(await store.itemsAfter(second.version, 10)).toEqual([third]);
    expect(await store.item('i2')).toEqual({ id: 'i2', ...item, available: false, version: second.version });
    const many = await Promise.all(Array.from({ length: 10 }, (_, n) => store.putItem({ id: `many${n}`, ...item })));
    expect(new Set(many.map(({ version }) => version)).size).toBe(10);
  });

  test('joins people, and chains of them', async () => {
    await store.addEvents([event('m1', { user: 'visitor' }), event('m2', { user: 'ben' })]);
    await store.putUser({ id: 'visitor', fields: { age: 30 } });
    expect(await store.mergeUsers('visitor', 'ben')).toBe(1);
    expect(await store.mergeUsers('visitor', 'ben')).toBe(0);
    expect(await store.mergeUsers('ben', 'benjamin')).toBe(2);
    await store.addEvents([event('m3', { user: 'visitor' })]);
    for (const id of ['visitor', 'ben', 'benjamin']) {
      const person = await store.person(id, 10);
      expect(person).toMatchObject({ id: 'benjamin', fields: { age: 30 } });
      expect([...person.ids].sort()).toEqual(['ben', 'benjamin', 'visitor']);
      expect(person.events.map((each) => each.id)).toEqual(['m1', 'm2', 'm3']);
    }
    expect(await store.mergeUsers('benjamin', 'visitor')).toBe(0);
  });

  test('forgets a person: nothing of them is left, and training is not to know any of their ids', async () => {
    await store.addEvents([event('d1', { user: 'guest', session: 's' }), event('d2', { user: null, session: 's' })]);
    await store.mergeUsers('guest', 'carl');
    await store.putUser({ id: 'carl', fields: { name: 'Carl' } });
    const given = { model: 'm', version: 'v', scenario: null, variant: null, request: {}, items: [], before: [] };
    await store.addRecommendation({ ...given, id: 'r1', time: 1, user: 'guest', session: null });
    await store.addRecommendation({ ...given, id: 'r2', time: 1, user: null, session: 's' });
    expect((await store.recommendation('r1'))?.user).toBe('carl');
    expect(await store.deleteUser('carl')).toBe(6);
    for (const id of ['guest', 'carl']) {
      expect(await store.person(id, 10)).toEqual({ id, ids: [], fields: {}, events: [] });
      expect(await store.users(id, 10)).toEqual([]);
    }
    expect(await store.eventsOfSession('s', 10)).toEqual([]);
    expect([await store.recommendation('r1'), await store.recommendation('r2')]).toEqual([null, null]);
    expect(await store.nForgotten()).toBe(2);
    const many = Array.from({ length: 1200 }, (_, n) => `person ${n}`);
    expect(await store.withoutForgotten(['carl', ...many, 'guest', 'ann'])).toEqual([...many, 'ann']);
  });

  it.skipIf(kind !== 'sqlite')('writes over what it deletes', async () => {
    const secret = 'a-name-that-stands-nowhere-else';
    await store.addEvents([event('w1', { user: secret, session: secret })]);
    const given = { model: 'm', version: 'v', scenario: null, variant: null, items: [], before: [] };
    await store.addRecommendation({
      ...given,
      id: 'w',
      time: 1,
      user: secret,
      session: null,
      request: { user: secret },
    });
    await store.deleteUser(secret);
    for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name)).includes(secret), name).toBe(false);
  });

  test('joins people who are merged in a circle, or a chain, at the same time', async () => {
    const names = ['x', 'y', 'z'].map((name) => `circle-${name}`);
    await store.addEvents(names.map((user, n) => event(`circle${n}`, { user, time: n })));
    await Promise.all(names.map((name, n) => store.mergeUsers(name, names[(n + 1) % names.length])));
    const people = await Promise.all(names.map((name) => store.person(name, 10)));
    expect(new Set(people.map(({ id }) => id)).size).toBe(1);
    for (const { ids, events } of people) {
      expect([...ids].sort()).toEqual(names);
      expect(events.map(({ id }) => id)).toEqual(['circle0', 'circle1', 'circle2']);
    }
    expect((await store.users('circle-', 10)).map(({ id }) => id)).toEqual([people[0].id]);
  });

  test('leaves no event behind that is told while people are merged, or deleted', async () => {
    const users = Array.from({ length: 20 }, (_, n) => `moving${n}`);
    await Promise.all(
      users.flatMap((user, n) => [
        store.addEvents([event(`moving${n}`, { user })]),
        store.mergeUsers(user, 'moved'),
        store.addEvents([event(`moving-late${n}`, { user })]),
      ]),
    );
    const { events, ids } = await store.person('moved', 100);
    expect(events).toHaveLength(40);
    expect(await store.deleteUser(users[7])).toBe(40 + 21);
    expect(await store.withoutForgotten(ids)).toEqual([]);
  });

  test('keeps events that are told at once in different orders', async () => {
    const many = Array.from({ length: 100 }, (_, n) => event(`order${n}`));
    const told = await Promise.all(
      Array.from({ length: 4 }, (_, n) => store.addEvents(n % 2 === 0 ? many : [...many].reverse())),
    );
    expect(told.flat()).toHaveLength(many.length);
  });

  test('keeps answers as long as it is told to, and keys by their ids', async () => {
    const given = {
      ...{ user: 'ann', session: null, model: 'm', version: 'v', scenario: 'home', variant: null, before: ['i9'] },
      ...{ request: { k: 2 }, items: [{ id: 'i1', route: 'model', probability: 0.5 }] },
    };
    await store.addRecommendation({ ...given, id: 'old', time: 1000 });
    await store.addRecommendation({ ...given, id: 'new', time: 3000 });
    expect(await store.recommendation('new')).toEqual({ ...given, id: 'new', time: 3000 });
    await store.addRecommendation({ ...given, id: 'newer', time: 3000 });
    const ids: string[] = [];
    for (let last: { time: number; id: string } | null = null; ; ) {
      const [next] = await store.recommendationsAfter(last, 1);
      if (!next) break;
      ids.push(next.id);
      last = next;
    }
    expect(ids.filter((id) => ['old', 'new', 'newer'].includes(id))).toEqual(['old', 'new', 'newer']);
    expect((await store.recommendationsAfter({ time: 3000, id: 'new' }, 9)).map(({ id }) => id)).toContain('newer');
    expect(await store.pruneRecommendations(2000)).toBe(1);
    expect(await store.recommendation('old')).toBeNull();
    const key = { id: 'k', hash: 'h', access: 'read' as const, name: 'shop', created: 5 };
    await store.addKey(key);
    expect(await store.keys()).toEqual([key]);
    expect([await store.removeKey('k'), await store.removeKey('k')]).toEqual([true, false]);
  });

  testOfWhatStays('is as it was when it is opened again', async () => {
    const counts = await store.counts();
    await store.close();
    const again = await Promise.all([openStore(address), openStore(address)]);
    store = again[0];
    expect(await store.counts()).toEqual(counts);
    expect(counts.events).toBeGreaterThan(10);
    await again[1].close();
  });
});

it('says why it cannot be opened', async () => {
  for (const [address, code] of [
    [join(folder, 'no', 'folder.db'), 'io'],
    ['postgres://postgres@127.0.0.1:1/none', 'io'],
    ['mysql://here/db', 'config'],
  ]) {
    const error = await openStore(address).catch((caught) => caught);
    expect(error.code, error.message).toBe(code);
  }
  const error = await openStore('postgres://me:secret@127.0.0.1:1/none').catch((caught) => caught);
  expect(error.message).not.toContain('secret');
});

it('of a newer version is refused', async () => {
  const { requireSqlite } = await import('../../src/serving/store/sqlite-database.ts');
  const path = join(folder, 'newer.db');
  await (await openStore(path)).close();
  const database_ = new (requireSqlite().DatabaseSync)(path);
  database_.exec('INSERT INTO migrations (version, time) VALUES (99, 0)');
  database_.close();
  await expect(openStore(path)).rejects.toMatchObject({ code: 'config' });
});

it.skipIf(!hasPostgres)('goes on when Postgres ends its connections while they are used', async () => {
  const store = await openStore(addressOf(database));
  const outcomes: string[] = [];
  let isTelling = true;
  const telling = Array.from({ length: 4 }, async (_, teller) => {
    for (let round = 0; isTelling; round++) {
      const events = Array.from({ length: 100 }, (_, n) => event(`cut-${teller}-${round}-${n}`));
      await store.addEvents(events).then(
        () => outcomes.push('kept'),
        (error) => outcomes.push(error instanceof StoreFailure ? 'failed' : String(error)),
      );
    }
  });
  const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`;
  while (!outcomes.includes('failed')) await onPostgres(cut);
  isTelling = false;
  await Promise.all(telling);
  expect(new Set(outcomes).size).toBeLessThanOrEqual(2);
  expect(await store.addEvents([event('after the cut')])).toHaveLength(1);
  await store.close();
});

it.skipIf(!hasPostgres)('shows no event of Postgres while one of a lower place is on its way', async () => {
  const store = await openStore(addressOf(database));
  const client = new pg.Client({ connectionString: addressOf(database) });
  await client.connect();
  await client.query('BEGIN');
  await client.query(
    "INSERT INTO events (id, person, item, type, time) VALUES ('on its way', 'late', 'i1', 'view', 1) RETURNING place",
  );
  await store.addEvents([event('overtakes', { user: 'late' })]);
  const [{ place }] = (await client.query("SELECT place FROM events WHERE id = 'on its way'")).rows;
  const shown = store.eventsAfter(Number(place) - 1, 10);
  await client.query('COMMIT');
  await client.end();
  expect((await shown).map(({ id }) => id)).toEqual(['on its way', 'overtakes']);
  await store.close();
});
