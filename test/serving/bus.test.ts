/** Redis between servers, asked at 127.0.0.1:6379 under a prefix of this test's own. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import type { FeedbackInput } from '../../src/serving/api/telling.ts';
import { type Bus, openBus } from '../../src/serving/bus.ts';
import { jsonLog, noLog } from '../../src/serving/log.ts';
import { StoreFailure } from '../../src/serving/store/store-failure.ts';
import { until } from '../cli/command-line.ts';
import { doorTo } from './cut-connection.ts';

const server = process.env.DEEPTASTE_REDIS ?? 'redis://127.0.0.1:6379';
const prefix = `deeptaste-test-${randomUUID().slice(0, 8)}`;
const redis = new Redis(server, { lazyConnect: true, retryStrategy: () => null });
redis.on('error', () => {});
const isThere = await redis.connect().then(
  () => true,
  () => false,
);
afterAll(async () => {
  if (isThere) await redis.del(`${prefix}:feedback`, `${prefix}:feedback:refused`);
  redis.disconnect();
});

async function open(
  record: (events: readonly FeedbackInput[]) => Promise<unknown> = async () => {},
  abandonedAfter?: number,
) {
  const signals: string[] = [];
  const bus: Bus = await openBus({
    url: `${server}?prefix=${prefix}`,
    log: noLog,
    onSignal: (each) => signals.push(each),
    record,
    abandonedAfter,
  });
  return { bus, signals };
}
const add = (event: unknown) =>
  redis.xadd(`${prefix}:feedback`, '*', 'event', typeof event === 'string' ? event : JSON.stringify(event));

describe.skipIf(!isThere)(
  isThere ? 'the bus' : `the bus (skipped: no Redis answers at ${server}, DEEPTASTE_REDIS)`,
  () => {
    it('tells the other servers, not the one that speaks', async () => {
      const [a, b] = [await open(), await open()];
      await a.bus.announce('items');
      await b.bus.announce('reload');
      await until(() => a.signals.length > 0 && b.signals.length > 0);
      expect([a.signals, b.signals]).toEqual([['reload'], ['items']]);
      await Promise.all([a.bus.close(), b.bus.close()]);
    });

    it('hands every event of the stream to one of them, and leaves nothing behind', async () => {
      const told: FeedbackInput[] = [];
      const record = async (events: readonly FeedbackInput[]) => told.push(...events);
      const servers = [await open(record), await open(record)];
      for (let n = 0; n < 100; n++) await add({ id: `e${n}`, type: 'view', user: 'ann', item: `i${n}`, time: n });
      const unnamed = await add({ type: 'view', user: 'ann', item: 'i1' });
      await until(() => told.length === 101);
      const ids = told.map(({ id }) => id);
      expect(new Set(ids).size).toBe(101);
      expect(ids).toContain(`stream ${unnamed}`);
      await Promise.all(servers.map(({ bus }) => bus.close()));
      expect(await redis.xlen(`${prefix}:feedback`)).toBe(0);
    });

    it('puts aside what is no event, with the reason', async () => {
      const told: FeedbackInput[] = [];
      const { bus } = await open(async (events) => told.push(...events));
      await add('{');
      await add({ type: 'view', item: 'i1' });
      await redis.xadd(`${prefix}:feedback`, '*', 'other', 'x');
      await add({ id: 'good', type: 'view', user: 'ann', item: 'i1' });
      await until(() => told.length === 1);
      await bus.close();
      const refused = await redis.xrange(`${prefix}:feedback:refused`, '-', '+');
      expect(refused.map(([, fields]) => fields[1])).toEqual([
        expect.stringMatching(/JSON/),
        expect.stringMatching(/a user or a session/),
        expect.stringMatching(/"event"/),
      ]);
      expect(await redis.xlen(`${prefix}:feedback`)).toBe(0);
    });

    it('puts aside the one event that the store refuses, and keeps those beside it', async () => {
      const told: string[] = [];
      const { bus } = await open(async (events) => {
        if (events.some(({ item }) => item === 'bad'))
          throw new StoreFailure('postgres', Object.assign(new Error('invalid byte sequence'), { code: '22021' }));
        told.push(...events.map(({ id }) => id as string));
      });
      const before = await redis.xlen(`${prefix}:feedback:refused`);
      for (const n of [0, 1, 2, 3, 4, 5, 6])
        await add({ id: `n${n}`, type: 'view', user: 'ann', item: n === 4 ? 'bad' : 'i1' });
      await until(() => told.length === 6);
      await bus.close();
      expect(told.sort()).toEqual(['n0', 'n1', 'n2', 'n3', 'n5', 'n6']);
      expect(await redis.xlen(`${prefix}:feedback`)).toBe(0);
      const [[, fields]] = await redis.xrevrange(`${prefix}:feedback:refused`, '+', '-', 'COUNT', 1);
      expect(await redis.xlen(`${prefix}:feedback:refused`)).toBe(before + 1);
      expect(fields[1]).toContain('invalid byte sequence');
      expect(fields[3]).toContain('"n4"');
    });

    it('keeps events in the stream while the store does not take them', async () => {
      let isDown = true;
      const { bus } = await open(async () => {
        if (isDown) throw new Error('the store is down');
      });
      await add({ id: 'late', type: 'view', user: 'ann', item: 'i1' });
      await new Promise((resolve) => setTimeout(resolve, 700));
      await bus.close();
      isDown = false;
      expect(await redis.xlen(`${prefix}:feedback`)).toBe(1);
    });

    it('that is lost is told once, keeps nobody waiting, and is found again', async () => {
      const { hostname, port } = new URL(server);
      const door = await doorTo(hostname, Number(port || 6379));
      const lines: string[] = [];
      const signals: string[] = [];
      const told: FeedbackInput[] = [];
      const bus = await openBus({
        url: `redis://127.0.0.1:${door.port}?prefix=${prefix}`,
        log: jsonLog((line) => lines.push(line)),
        onSignal: (each) => signals.push(each),
        record: async (events) => told.push(...events),
      });
      const events = () => lines.map((line) => JSON.parse(line).event as string);
      await door.shut();
      await until(() => events().includes('bus lost'));
      expect(lines[0]).toContain('other servers are not told of changes');
      await expect(bus.announce('reload')).rejects.toThrow('Redis does not answer');
      await door.open();
      await until(() => events().includes('bus found again'));
      expect(signals).toEqual(['items']);
      expect(events().filter((each) => each === 'bus lost')).toHaveLength(1);
      await add({ id: 'after', type: 'view', user: 'ann', item: 'i1' });
      await until(() => told.some(({ id }) => id === 'after'));
      const other = await open();
      await bus.announce('reload');
      await until(() => other.signals.includes('reload'));
      await other.bus.close();
      await door.shut();
      const start = performance.now();
      await bus.close();
      expect(performance.now() - start).toBeLessThan(6000);
    });

    it('goes on with a Redis that has lost its data', async () => {
      const told: FeedbackInput[] = [];
      const { bus } = await open(async (events) => told.push(...events));
      await redis.del(`${prefix}:feedback`);
      await add({ id: 'anew', type: 'view', user: 'ann', item: 'i1' });
      await until(() => told.some(({ id }) => id === 'anew'));
      await bus.close();
    });
  },
);

it('says when no Redis answers', async () => {
  const error = await openBus({
    ...{ url: 'redis://:secret@127.0.0.1:1', log: noLog, onSignal: () => {}, record: async () => {} },
  }).catch((caught) => caught);
  expect(error.code).toBe('io');
  expect(error.message).not.toContain('secret');
});
