/** Feedback that is held back, released and dropped, and alarms for items whose exposure jumps. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import { noLog } from '../../src/serving/log.ts';
import { ExposureWatch } from '../../src/serving/service/exposure-watch.ts';
import { Guard } from '../../src/serving/service/guard.ts';
import { parseServerSettings } from '../../src/serving/settings.ts';
import { memoryStore } from '../../src/serving/store/open-store.ts';
import { thrownCode } from '../evaluation/thrown-code.ts';
import { servedApp, servedRecommender } from './served-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('the guard', () => {
  let now = 1e12;
  const guard = (protection: object) => new Guard(parseServerSettings({ protection }), () => now);
  const event = (user: string | null, item: string, type = 'view', session: string | null = null) => ({
    user,
    session,
    item,
    type,
    value: null,
  });

  it('holds nothing unless it is told what is too much', () => {
    const open = guard({});
    expect(open.asksForNew).toBe(false);
    for (let n = 0; n < 500; n++) expect(open.reasonToHold(event('a', `i${n}`), true)).toBeNull();
  });

  it('counts the events of one person within a minute, of whatever kind', () => {
    const by = guard({ eventsPerMinute: 3 });
    const told = () => by.reasonToHold(event('a', 'i', 'impression'), false);
    expect([told(), told(), told()]).toEqual([null, null, null]);
    expect(told()).toMatch(/more than 3 events of one person within a minute/);
    expect(by.reasonToHold(event('b', 'i'), false)).toBeNull();
    expect(by.reasonToHold(event(null, 'i', 'view', 'a'), false)).toBeNull();
    now += MINUTE;
    expect(told()).toBeNull();
  });

  it('lets somebody new say so much a day, and others what they like', () => {
    const by = guard({ newPersonEvents: 2 });
    const told = (isNew: boolean, type = 'view') => by.reasonToHold(event('a', 'i', type), isNew);
    expect([told(true), told(true, 'impression'), told(true)]).toEqual([null, null, null]);
    expect(told(true)).toMatch(/more than 2 events of somebody new within a day/);
    expect(told(true, 'impression')).toBeNull();
    expect(told(false)).toBeNull();
    now += 24 * HOUR;
    expect(told(true)).toBeNull();
  });

  it('lets so many new people take an item within an hour', () => {
    const by = guard({ newPeoplePerItem: 2 });
    const told = (user: string, item = 'i') => by.reasonToHold(event(user, item), true);
    expect([told('a'), told('a'), told('b'), told('a')]).toEqual([null, null, null, null]);
    expect(told('c')).toMatch(/an item that more than 2 new people took within an hour/);
    expect(told('c', 'j')).toBeNull();
    expect(by.reasonToHold(event('d', 'i'), false)).toBeNull();
    now += HOUR;
    expect(told('c')).toBeNull();
  });

  it('refuses limits that are none', () => {
    for (const protection of [
      { eventsPerMinute: 0 },
      { newPersonEvents: 1.5 },
      { burst: 3 },
      { exposure: { factor: 0.5 } },
    ])
      expect(thrownCode(() => parseServerSettings({ protection }))).toBe('config');
  });
});

describe('the exposure of items', () => {
  const list = (...ids: string[]) => ids.map((id) => ({ id }));

  it('raises one alarm an hour for an item whose share jumps, and none for others', () => {
    let now = 1e12 - (1e12 % HOUR);
    const lines: unknown[] = [];
    const log = {
      write: (level: string, event: string, details = {}) => void lines.push({ level, event, ...details }),
    };
    const watch = new ExposureWatch(
      parseServerSettings({ protection: { exposure: { places: 20, factor: 4 } } }),
      log,
      () => now,
    );
    // two in five places are a's; b has one in fifty
    for (let n = 0; n < 50; n++) watch.listed(list('a', n === 0 ? 'b' : 'c', 'd', 'e', 'f').slice(0, 5));
    expect(watch.alarms).toEqual([]);
    now += HOUR;
    for (let n = 0; n < 60; n++) watch.listed(list('a', 'b', 'd', 'e', 'f'));
    expect(watch.alarms.length).toBe(1);
    expect(watch.alarms[0]).toMatchObject({ item: 'b', time: now, shown: 20, share: 0.2, before: 1 / 250 });
    expect(lines).toEqual([
      { level: 'warn', event: 'exposure jumps', item: 'b', shown: 20, share: 0.2, before: 1 / 250 },
    ]);
    now += 26 * HOUR;
    expect(watch.alarms).toEqual([]);
  });

  it('says nothing in the first hour, nor where it is not wanted', () => {
    let now = 1e12;
    const quiet = new ExposureWatch(parseServerSettings({ protection: { exposure: null } }), noLog, () => now);
    const first = new ExposureWatch(parseServerSettings({}), noLog, () => now);
    for (let n = 0; n < 1000; n++) for (const watch of [quiet, first]) watch.listed(list('a'));
    now += HOUR;
    for (let n = 0; n < 1000; n++) quiet.listed(list('b'));
    expect([quiet.alarms, first.alarms]).toEqual([[], []]);
  });
});

describe('a server', () => {
  const engine = new Engine({ threads: 1, blas: 'off' });
  let recommender: Recommender;
  beforeAll(async () => {
    recommender = await servedRecommender(engine, 'ials');
  });
  afterAll(() => engine.close());

  const settings = { protection: { newPersonEvents: 2 } };
  const told = (user: string, ...items: string[]) =>
    items.map((item) => ({ id: `${user}-${item}`, user, item, type: 'view' }));

  it('holds what is too much of somebody new, and counts it when it is released', async () => {
    const store = await memoryStore();
    const app = await servedApp(recommender, { settings, store });
    const { body } = await app.post('/feedback', told('stranger', 'i0', 'i2', 'i4', 'i6'));
    expect(body).toMatchObject({ added: 2, known: 0 });
    expect(body.notes).toEqual([
      '2 events are held back and count for nothing until they are released: more than 2 events of somebody new within a day',
    ]);
    // people of the training may say more
    expect((await app.post('/feedback', told('u1', 'i0', 'i2', 'i4', 'i6'))).body).toMatchObject({
      added: 4,
      notes: [],
    });
    expect((await store.person('stranger', 10)).events.map(({ item }) => item)).toEqual(['i0', 'i2']);
    const { body: held } = await app.ask('GET', '/operate/held');
    expect(held.total).toBe(2);
    expect((held.events as unknown as { id: string }[]).map(({ id }) => id).sort()).toEqual([
      'stranger-i4',
      'stranger-i6',
    ]);
    expect((await app.post('/operate/held/release', { ids: ['stranger-i4', 'none'] })).body).toEqual({ released: 1 });
    expect((await app.post('/operate/held/drop', { ids: ['stranger-i6'] })).body).toEqual({ dropped: 1 });
    expect((await store.person('stranger', 10)).events.map(({ item }) => item)).toEqual(['i0', 'i2', 'i4']);
    expect((await app.ask('GET', '/operate/held')).body).toMatchObject({ total: 0, events: [] });
    expect((await app.ask('GET', '/operate/alarms')).body).toEqual({ alarms: [] });
    await app.close();
  });

  it('forgets what is held of a person who is deleted', async () => {
    const store = await memoryStore();
    const app = await servedApp(recommender, { settings, store });
    await app.post('/feedback', told('gone', 'i0', 'i2', 'i4'));
    expect(await store.nHeld()).toBe(1);
    await app.ask('DELETE', '/users/gone');
    expect(await store.nHeld()).toBe(0);
    await app.close();
  });

  it('forgets what is held of all ids and sessions of a person who is deleted, and of nobody else', async () => {
    const store = await memoryStore();
    const app = await servedApp(recommender, { settings, store });
    await app.post('/feedback', told('former', 'i0', 'i2', 'i4'));
    await app.post('/users/merge', { from: 'former', into: 'now' });
    // a visit before it was known whose it is; somebody else calls a session by the same name
    const visit = ['i0', 'i2', 'i4'].map((item) => ({ id: `visit-${item}`, session: 's', item, type: 'view' }));
    await app.post('/feedback', visit);
    await app.post('/feedback', [{ id: 'signed', user: 'now', session: 's', item: 'i6', type: 'impression' }]);
    await app.post(
      '/feedback',
      told('other', 'i0', 'i2').map((event) => ({ ...event, session: 's' })),
    );
    await app.post(
      '/feedback',
      told('other', 'i4').map((event) => ({ ...event, session: 's' })),
    );
    expect((await store.heldEvents(10)).map(({ event }) => event.id).sort()).toEqual([
      'former-i4',
      'other-i4',
      'visit-i4',
    ]);
    await app.ask('DELETE', '/users/now');
    expect((await store.heldEvents(10)).map(({ event }) => event.id)).toEqual(['other-i4']);
    expect((await store.eventsOfSession('s', 10)).map(({ id }) => id)).toEqual(['other-i0', 'other-i2']);
    expect(await store.pruneHeld(Date.now() + 1)).toBe(1);
    await app.close();
  });

  it('holds nothing that counts already when it is told again', async () => {
    const store = await memoryStore();
    const app = await servedApp(recommender, { settings, store });
    await app.post('/feedback', told('again', 'i0', 'i2'));
    expect((await app.post('/feedback', told('again', 'i0', 'i2'))).body).toMatchObject({
      added: 0,
      known: 2,
      notes: [],
    });
    expect(await store.nHeld()).toBe(0);
    await app.close();
  });

  it('goes on from what is held in the answer to it, and says so', async () => {
    const store = await memoryStore();
    const app = await servedApp(recommender, { settings, store });
    const next = (...items: string[]) => app.post('/next', { session: 'visit', items, k: 3, includeSeen: false });
    await next('i0', 'i2');
    const { body } = await next('i4');
    expect(body.notes).toEqual([expect.stringContaining('1 event is held back')]);
    expect(body.items.map(({ id }) => id)).not.toContain('i4');
    expect(await store.nHeld()).toBe(1);
    await app.close();
  });
});
