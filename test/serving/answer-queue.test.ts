/** Answers on their way into the database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { AnswerQueue } from '../../src/serving/store/answer-queue.ts';
import type { GivenRecommendation } from '../../src/serving/store/records.ts';
import type { Statement } from '../../src/serving/store/sql.ts';
import { openSqlStore } from '../../src/serving/store/sql-store.ts';
import { sqliteFile, sqliteInMemory } from '../../src/serving/store/sqlite.ts';
import { StoreFailure } from '../../src/serving/store/store-failure.ts';

const insert = (id: string): Statement => ({ sql: 'INSERT', values: [id] });
const idsIn = (statements: readonly Statement[]): string[] => statements.map(({ values: [id] }) => String(id));

it('writes what comes together, and what comes meanwhile, in few transactions and in order', async () => {
  const written: string[][] = [];
  const queue = new AnswerQueue(async (statements) => {
    written.push(idsIn(statements));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }, 5);
  const first = [queue.add('a', insert('a')), queue.add('b', insert('b'))];
  expect(queue.size).toBe(2);
  await queue.settled('nobody');
  expect(written).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 10));
  const later = ['c', 'd'].map((id) => queue.add(id, insert(id)));
  await queue.settled('a');
  expect(written[0]).toEqual(['a', 'b']);
  await queue.allSettled();
  expect(written.flat()).toEqual(['a', 'b', 'c', 'd']);
  expect(written.length).toBeLessThan(4);
  expect(queue.size).toBe(0);
  await Promise.all([...first, ...later]);
});

it('tells everybody of a transaction that failed, and goes on', async () => {
  let isFull = true;
  const queue = new AnswerQueue(async () => {
    if (isFull) throw new Error('full');
  }, 0);
  const [a, b] = await Promise.allSettled([queue.add('a', insert('a')), queue.add('b', insert('b'))]);
  expect([a.status, b.status]).toEqual(['rejected', 'rejected']);
  isFull = false;
  await queue.add('c', insert('c'));
  expect(queue.size).toBe(0);
});

it('of those that are written together one that the database refuses is lost alone', async () => {
  const written: string[] = [];
  let calls = 0;
  const queue = new AnswerQueue(async (statements) => {
    calls++;
    const bad = idsIn(statements).find((id) => id.startsWith('bad'));
    if (bad !== undefined) throw new StoreFailure('sqlite', Object.assign(new Error(bad), { errcode: 19 }));
    written.push(...idsIn(statements));
  }, 5);
  const ids = Array.from({ length: 300 }, (_, n) => (n === 7 || n === 204 ? `bad${n}` : `a${n}`));
  const settled = await Promise.allSettled(ids.map((id) => queue.add(id, insert(id))));
  expect(settled.flatMap(({ status }, n) => (status === 'rejected' ? [ids[n]] : []))).toEqual(['bad7', 'bad204']);
  expect(written).toEqual(ids.filter((id) => !id.startsWith('bad')));
  expect(calls).toBeLessThan(50);
  expect(queue.size).toBe(0);
});

it('a store that fails as a whole is not asked again and again', async () => {
  let calls = 0;
  const queue = new AnswerQueue(async () => {
    calls++;
    throw new StoreFailure('postgres', Object.assign(new Error('too many connections'), { code: '53300' }));
  }, 5);
  const settled = await Promise.allSettled(['a', 'b', 'c'].map((id) => queue.add(id, insert(id))));
  expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
  expect(calls).toBe(1);
});

const place = mkdtempSync(join(tmpdir(), 'deeptaste-answers-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

for (const [kind, open] of [
  ['memory', async () => sqliteInMemory()],
  ['a file', () => sqliteFile(join(place, 'answers.db'))],
] as const)
  it(`SQLite in ${kind}: a second answer of one id is refused, the others are kept, and the store stays ready`, async () => {
    const store = await openSqlStore(await open());
    const answer = (id: string): GivenRecommendation => ({
      ...{ id, time: 1, user: 'ann', session: null, model: 'm', version: 'v', scenario: null, variant: null },
      ...{ request: {}, items: [], before: [] },
    });
    const ids = ['a', 'b', 'a', 'c'];
    const settled = await Promise.allSettled(ids.map((id) => store.addRecommendation(answer(id))));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    for (const id of ['a', 'b', 'c']) expect(await store.recommendation(id)).toMatchObject({ id });
    expect(store.mayAnswerBefore).toBe(true);
    // what cannot be written as JSON is that answer's alone, too
    const odd = { ...answer('d'), request: { n: 1n } } as unknown as GivenRecommendation;
    await expect(store.addRecommendation(odd)).rejects.toThrow(TypeError);
    await store.close();
  });
