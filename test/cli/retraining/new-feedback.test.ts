/** Which events of a store are held back from a retraining. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { countFeedback, writeFeedbackTables } from '../../../src/cli/retraining/new-feedback.ts';
import { parseServerSettings } from '../../../src/serving/settings.ts';
import { memoryStore } from '../../../src/serving/store/open-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'deeptaste-feedback-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const settings = parseServerSettings({});
const schema = { columns: [] };

/** Items are numbered in the order in which the store is told of them. */
async function heldBack(times: readonly number[], share: number) {
  const store = await memoryStore();
  await store.addEvents(
    times.map((time, n) => ({
      ...{ id: `e${n}`, user: `u${n % 3}`, item: `i${n}`, type: 'view', value: null, time },
      ...{ session: null, recommendation: null },
    })),
  );
  const counted = await countFeedback(store, schema, settings, null, share);
  const tables = await writeFeedbackTables(store, schema, settings, counted, folder, false);
  await store.close();
  const items = (path: string) =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[1]);
  return { ...counted, older: items(tables.older), all: items(tables.all), held: [...tables.heldBack.values()].flat() };
}

const named = (...numbers: readonly number[]) => numbers.map((n) => `i${n}`);

it('the newest share is held back, whatever the order in which they were told', async () => {
  const found = await heldBack([50, 10, 40, 20, 30], 0.4);
  expect(found).toMatchObject({ nRows: 5, nHeldBack: 2, older: named(1, 3, 4), all: named(0, 1, 2, 3, 4) });
  expect(found.held.sort()).toEqual(named(0, 2));
});

it('of events of one time those are held back that the store was told last', async () => {
  const found = await heldBack(Array(10).fill(7000), 0.2);
  expect(found).toMatchObject({ nRows: 10, nHeldBack: 2, from: { time: 7000, place: 9 } });
  expect(found.older).toEqual(named(0, 1, 2, 3, 4, 5, 6, 7));
  expect(found.held.sort()).toEqual(named(8, 9));
  const some = await heldBack([9, 9, 1, 9, 2, 9], 0.5);
  expect(some.older).toEqual(named(0, 2, 4));
  expect(some.held.sort()).toEqual(named(1, 3, 5));
});

it('one event at least is left to train on', async () => {
  expect(await heldBack([5], 0.9)).toMatchObject({ nHeldBack: 0, from: null, older: named(0), held: [] });
  expect(await heldBack([5, 5], 0.9)).toMatchObject({ nHeldBack: 1, older: named(0), held: named(1) });
  expect(await heldBack([], 0.2)).toMatchObject({ nRows: 0, nHeldBack: 0, from: null });
});
