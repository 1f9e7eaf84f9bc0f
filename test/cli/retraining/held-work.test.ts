/** The lease of a work that takes long. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HeldWork } from '../../../src/cli/retraining/held-work.ts';
import { memoryStore } from '../../../src/serving/store/open-store.ts';
import type { Store } from '../../../src/serving/store/store.ts';

const MINUTE = 60_000;
const OTHER = 'another process';
let store: Store;

beforeEach(async () => {
  store = await memoryStore();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await store.close();
});

const otherTakes = (): Promise<boolean> => store.takeWork('w', OTHER, Date.now() + MINUTE);

it('is renewed for as long as the work takes, and free at once when it has ended', async () => {
  const work = await HeldWork.take(store, 'w');
  for (let n = 0; n < 20; n++) {
    await vi.advanceTimersByTimeAsync(MINUTE / 2);
    expect(await otherTakes()).toBe(false);
  }
  expect(await HeldWork.take(store, 'w')).toBeNull();
  await work?.require();
  await work?.end('kept');
  expect(await store.work('w')).toMatchObject({ until: 0, outcome: 'kept' });
  expect(await otherTakes()).toBe(true);
  // nothing renews it any more
  await vi.advanceTimersByTimeAsync(MINUTE / 2);
  expect((await store.work('w'))?.holder).toBe(OTHER);
});

it('outlives a store that fails for some seconds', async () => {
  const work = await HeldWork.take(store, 'w');
  const failing = vi.spyOn(store, 'takeWork').mockRejectedValue(new Error('full'));
  await vi.advanceTimersByTimeAsync(MINUTE / 2);
  expect(failing.mock.calls.length).toBeGreaterThan(0);
  failing.mockRestore();
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(await otherTakes()).toBe(false);
  await work?.require();
  await work?.end('kept');
});

it('is lost to another where it could not be renewed: then nothing is replaced, and the other keeps it', async () => {
  const work = await HeldWork.take(store, 'w');
  const failing = vi.spyOn(store, 'takeWork').mockRejectedValue(new Error('full'));
  await vi.advanceTimersByTimeAsync(2 * MINUTE);
  failing.mockRestore();
  expect(await otherTakes()).toBe(true);
  await expect(work?.require()).rejects.toMatchObject({ code: 'io' });
  await work?.end('promoted');
  expect(await store.work('w')).toMatchObject({ holder: OTHER, outcome: null });
});
