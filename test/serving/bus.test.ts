/** Redis between servers, asked at 127.0.0.1:6379 under a prefix of this test's own. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import type { FeedbackInput } from '../../src/serving/api/telling.ts';
import { type Bus, openBus } from '../../src/serving/bus.ts';
import { noLog } from '../../src/serving/log.ts';
import { until } from '../cli/command-line.ts';

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
  },
);

it('says when no Redis answers', async () => {
  const error = await openBus({
    ...{ url: 'redis://:secret@127.0.0.1:1', log: noLog, onSignal: () => {}, record: async () => {} },
  }).catch((caught) => caught);
  expect(error.code).toBe('io');
  expect(error.message).not.toContain('secret');
});
