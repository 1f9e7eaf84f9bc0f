import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { SessionBatches, trainingOrder } from '../../src/data/sequences/session-batches.ts';
import { thrownCode } from '../engine/thrown-code.ts';
import { oracleSteps } from './gru4rec-oracle.ts';
import { sequencesOf, sessions } from './made-sessions.ts';

interface Step {
  readonly items: number[];
  readonly targets: number[];
  readonly sources: number[];
}

function steps(batches: SessionBatches, batchSize: number, windowSteps: number): Step[] {
  const array = () => new Int32Array(windowSteps * batchSize).fill(-9);
  const window = { items: array(), targets: array(), sources: array(), stepRows: new Int32Array(windowSteps) };
  const all: Step[] = [];
  for (;;) {
    const count = batches.fill(window, windowSteps);
    for (let s = 0; s < count; s++) {
      const rows = (values: Int32Array) => [...values.subarray(s * batchSize, s * batchSize + window.stepRows[s])];
      all.push({ items: rows(window.items), targets: rows(window.targets), sources: rows(window.sources) });
    }
    if (count < windowSteps) return all;
  }
}

/** What the oracle does, for the sessions as they are. */
const oracle = (list: readonly (readonly number[])[], batchSize: number, samples: number): Step[] =>
  oracleSteps({ sessions: list, batchSize, samples, nItems: 9, keys: { samples: [1, 1] } } as never).map(
    ({ items, targets, sources }) => ({ items: [...items], targets: [...targets], sources: [...sources] }),
  );

describe('session-parallel batches', () => {
  it('are these, by hand: lanes are reset exactly where a session begins, and go when none is left', () => {
    const batches = new SessionBatches(
      sequencesOf(
        [
          [0, 1, 2],
          [3, 4],
          [5, 6, 7, 8],
          [2, 3],
        ],
        9,
      ),
      2,
      1,
    );
    expect(steps(batches, 2, 100)).toEqual([
      { items: [0, 3], targets: [1, 4], sources: [-1, -1] },
      { items: [1, 5], targets: [2, 6], sources: [0, -1] },
      // lane 0 takes the last session, lane 1 goes on
      { items: [2, 6], targets: [3, 7], sources: [-1, 1] },
      // lane 0 is gone; what was row 1 is now row 0
      { items: [7], targets: [8], sources: [1] },
    ]);
  });

  it('end when fewer than two lanes are left and there are no extra negatives', () => {
    const batches = new SessionBatches(
      sequencesOf(
        [
          [0, 1, 2],
          [3, 4],
          [5, 6, 7, 8],
          [2, 3],
        ],
        9,
      ),
      2,
      2,
    );
    expect(steps(batches, 2, 100)).toHaveLength(3);
    expect(batches).toMatchObject({ stepsPerEpoch: 3, nRows: 6 });
  });

  it.each([1, 2, 3, 7, 20])('are the oracle’s for %i lanes, whatever the window', (batchSize) => {
    for (const samples of [0, 5])
      for (const windowSteps of [1, 3, 1000]) {
        const batches = new SessionBatches(sequencesOf(sessions, 9), batchSize, samples === 0 ? 2 : 1);
        const want = oracle(sessions, batchSize, samples);
        for (let epoch = 0; epoch < 2; epoch++) {
          expect(steps(batches, batchSize, windowSteps)).toEqual(want);
          batches.restart();
        }
        expect(batches.stepsPerEpoch).toBe(want.length);
        expect(batches.nRows).toBe(want.reduce((n, { items }) => n + items.length, 0));
      }
  });

  it('train on every pair of neighbours once, the tail included', () => {
    const random = new RandomStream(5, 'sessions');
    const list = Array.from({ length: 200 }, () => Array.from({ length: 1 + random.below(9) }, () => random.below(50)));
    const pairs = list.flatMap((session) => session.slice(1).map((item, n) => `${session[n]}>${item}`));
    const batches = new SessionBatches(sequencesOf(list, 50), 32, 1);
    const seen = steps(batches, 32, 64).flatMap(({ items, targets }) =>
      items.map((item, r) => `${item}>${targets[r]}`),
    );
    expect(seen.sort()).toEqual(pairs.sort());
    expect(batches.nSkipped).toBe(list.filter(({ length }) => length < 2).length);
  });

  it('take sessions oldest first, those of one time in their order', () => {
    const order = trainingOrder(sequencesOf([[0, 1], [2, 3], [4, 5], [6], [7, 8]], 9, [50, 20, 50, 1, 20]));
    expect([...order]).toEqual([1, 4, 0, 2]);
    expect([...trainingOrder(sequencesOf([[0, 1], [2], [4, 5]], 9))]).toEqual([0, 2]);
  });

  it('run through sessions of more than ten thousand events beside short ones', () => {
    const long = Array.from({ length: 12_345 }, (_, n) => n % 9);
    const batches = new SessionBatches(sequencesOf([long, [1, 2], [3, 4]], 9), 2, 1);
    expect(batches).toMatchObject({ stepsPerEpoch: 12_344, nRows: 12_346 });
    expect(steps(batches, 2, 500).at(-1)).toEqual({ items: [long[12_343]], targets: [long[12_344]], sources: [0] });
  });

  it.each<[string, readonly (readonly number[])[]]>([
    ['no sequence', []],
    ['only sequences of one event', [[1], [2]]],
    ['an item unknown to training', [[1, -1, 2]]],
    ['an item beyond the last', [[1, 9]]],
  ])('refuse %s', (_, list) => {
    expect(thrownCode(() => new SessionBatches(sequencesOf(list, 9), 2, 1))).toBe('data');
  });
});
