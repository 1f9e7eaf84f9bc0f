/** Sequences whose state is kept between questions: the same answers as from the beginning, for the new events alone. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sequencesOf } from '../../src/data/sequences/from-interactions.ts';
import { leaveLastOut } from '../../src/data/sequences/leave-last-out.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { OpenSession } from '../../src/recommender/open-session.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import type { Request } from '../../src/recommender/request.ts';
import { trainSequenceRecommender } from '../../src/runs/train-recommender.ts';
import { KeptSessions } from '../../src/serving/scoring/kept-sessions.ts';
import { describedDataset } from './served-world.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());
const options = { k: 12, includeSeen: true };
const person = (id: string, session: string | null = null) => ({ ids: [id], session });

describe.each(['gru4rec', 'sasrec', 'caser', 'vsknn', 'markov'])('%s', (model) => {
  let recommender: Recommender;
  let kept: KeptSessions;
  beforeAll(async () => {
    const split = leaveLastOut(sequencesOf(describedDataset(), { by: 'user' }));
    const training = ['gru4rec', 'sasrec', 'caser'].includes(model) ? { training: { epochs: 2 } } : {};
    recommender = (await trainSequenceRecommender({ engine, split, model, ...training })).recommender;
    kept = new KeptSessions(recommender);
  });
  afterAll(() => {
    kept.close();
    recommender.close();
  });

  /** The kept answer, which must be that from the beginning; and how many events it cost. */
  function events(whom: ReturnType<typeof person>, request: Request): number {
    const { items, scores, how } = recommender.candidates(request, options);
    const added = vi.spyOn(OpenSession.prototype, 'add');
    const found = kept.candidates(whom, request, options);
    const n = added.mock.calls.length;
    added.mockRestore();
    expect([...found.items]).toEqual([...items]);
    expect(Buffer.from(found.scores.buffer)).toEqual(Buffer.from(scores.buffer));
    expect(found.how).toBe(how);
    return n;
  }

  it('a user of the training is read once', () => {
    const first = events(person('u1'), { user: 'u1' });
    expect(first).toBeGreaterThan(5);
    expect(events(person('u2'), { user: 'u2' })).toBeGreaterThan(5);
    expect(events(person('u1'), { user: 'u1' })).toBe(0);
  });

  it('of a history that grew the new events are read, of another one all', () => {
    const history = ['i1', 'i3', 'i5', 'never seen', 'i7'];
    expect(events(person('u1'), { history })).toBe(5);
    expect(events(person('u1'), { history: [...history, 'i9'] })).toBe(1);
    expect(events(person('u1'), { history: [...history, 'i9'] })).toBe(0);
    expect(events(person('u1'), { history })).toBe(5);
    expect(events(person('u1'), { history: ['i3', ...history] })).toBe(6);
    expect(events(person('u1'), { user: 'u1' })).toBe(0);
    // a session and a person of one name are two
    expect(events(person('u1', 'u1'), { history: ['i2'] })).toBe(1);
    expect(events({ ids: [], session: null }, { history: ['i2'] })).toBe(0);
  });

  it('the state of whoever was not asked about for long is given up', () => {
    expect(events(person('u5'), { history: ['i1'] })).toBe(1);
    for (let n = 0; n < 1000; n++) kept.candidates(person(`v${n}`), { history: ['i1'] }, options);
    expect(events(person('u5'), { history: ['i1'] })).toBe(1);
    expect(events(person('v999'), { history: ['i1'] })).toBe(0);
  });
});
