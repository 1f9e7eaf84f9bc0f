/** Answers on their way into the database. */
import { expect, it } from 'vitest';
import { AnswerQueue } from '../../src/serving/store/answer-queue.ts';
import type { GivenRecommendation } from '../../src/serving/store/records.ts';

const answer = (id: string): GivenRecommendation => ({
  ...{ id, time: 1, user: 'ann', session: null, model: 'm', version: 'v', scenario: null, variant: null },
  ...{ request: {}, items: [], before: [] },
});

it('writes what comes together, and what comes meanwhile, in few transactions and in order', async () => {
  const written: string[][] = [];
  const queue = new AnswerQueue(async (answers) => {
    written.push(answers.map(({ id }) => id));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }, 5);
  const first = [queue.add(answer('a')), queue.add(answer('b'))];
  expect(queue.size).toBe(2);
  await queue.settled('nobody');
  expect(written).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 10));
  const later = ['c', 'd'].map((id) => queue.add(answer(id)));
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
  const [a, b] = await Promise.allSettled([queue.add(answer('a')), queue.add(answer('b'))]);
  expect([a.status, b.status]).toEqual(['rejected', 'rejected']);
  isFull = false;
  await queue.add(answer('c'));
  expect(queue.size).toBe(0);
});
