/** From feedback to training: what a server was told, as rows that a run goes on with. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openStore } from '../../src/serving/store/open-store.ts';
import type { FeedbackEvent } from '../../src/serving/store/records.ts';
import { filmsCsv, workplace } from '../cli/command-line.ts';

const place = workplace();

it('is what people took, in the columns of the run, and a run goes on with it', async () => {
  place.write('films.csv', filmsCsv().replace('user,item,time,title', 'member,film,seen_at,title'));
  const columns = ['--user', 'member', '--item', 'film', '--time', 'seen_at'];
  const trained = await place.run([
    'train',
    '--data',
    'films.csv',
    ...columns,
    '--model',
    'item-knn',
    '--out',
    'run',
    '--quiet',
  ]);
  expect(trained.code, trained.stderr).toBe(0);
  const event = (n: number, more: Partial<FeedbackEvent>): FeedbackEvent => ({
    ...{ id: `e${n}`, user: 'new', item: 'f7', type: 'view', value: null, session: null, recommendation: null },
    time: Date.UTC(2026, 0, 1) + n * 1000,
    ...more,
  });
  const store = await openStore(place.path('told.db'));
  const items = ['f6', 'f7', 'f8', 'f9', 'a,b'];
  await store.addEvents([
    ...items.map((item, n) => event(n, { item })),
    event(10, { type: 'impression', item: 'f10' }),
    event(11, { type: 'hide', item: 'f11' }),
    event(12, { user: null, session: 's' }),
    event(13, { time: Date.UTC(2020, 0, 1) }),
    event(14, { user: 'visitor', item: 'f10' }),
    event(15, { user: 'gone' }),
  ]);
  await store.mergeUsers('visitor', 'new');
  await store.deleteUser('gone');
  await store.close();
  const written = await place.run([
    'feedback',
    'run',
    '--store',
    'told.db',
    '--since',
    '2026-01-01',
    '--out',
    'told.csv',
    '--json',
  ]);
  expect(written.code, written.stderr).toBe(0);
  expect(JSON.parse(written.stdout)).toEqual({
    ...{ out: 'told.csv', rows: 6, columns: ['member', 'film', 'seen_at'] },
    leftOut: { earlier: 1, nobodys: 1, notTaken: 2, unrated: 0 },
  });
  const [header, ...rows] = readFileSync(place.path('told.csv'), 'utf8').trim().split('\n');
  expect(header).toBe('member,film,seen_at');
  expect(rows).toHaveLength(6);
  expect(rows).toContain('new,f8,1767225602');
  expect(rows).toContain('new,"a,b",1767225604');
  const again = await place.run([
    'train',
    '--from',
    'run',
    '--data',
    'told.csv',
    '--split',
    'leave-one-out',
    '--out',
    'next',
    '--quiet',
  ]);
  expect(again.code, again.stderr).toBe(0);
  const known = await place.run(['recommend', 'next', '--user', 'new', '-k', '3', '--json']);
  expect(JSON.parse(known.stdout).recommendations.length).toBeGreaterThan(0);
  const wrong = await place.run(['feedback', 'run', '--store', 'told.db', '--since', 'yesterday', '--out', 'x.csv']);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/^error: --since: must be a date/)]);
}, 240_000);
