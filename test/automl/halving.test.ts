/** Successive halving and early stopping on trials whose right fate is counted by hand. */
import { describe, expect, it } from 'vitest';
import { promotion, rungsOf } from '../../src/automl/asha.ts';
import { isOnPlateau, medianAt } from '../../src/automl/early-stopping.ts';
import { type Look, type Trial, untrained } from '../../src/automl/trial.ts';

const halving = { eta: 4, rungs: 3 };

function trial(number: number, value: number, more: Partial<Trial> = {}): Trial {
  const at = more.ownEpochs ?? 1;
  return {
    ...untrained,
    number,
    model: 'm',
    kind: 'sampled',
    point: {},
    settings: { config: {}, training: {} },
    epochs: 16,
    status: 'paused',
    ownEpochs: at,
    epochsDone: at,
    looks: [[at, value]],
    value,
    ...more,
  };
}

describe('rungs', () => {
  it('are R / ηᵏ, at looks, and never below an epoch', () => {
    expect(rungsOf(64, 1, halving)).toEqual([1, 4, 16, 64]);
    expect(rungsOf(1000, 1, halving)).toEqual([16, 63, 250, 1000]);
    expect(rungsOf(10, 1, halving)).toEqual([3, 10]);
    expect(rungsOf(40, 5, halving)).toEqual([5, 10, 40]);
    expect(rungsOf(3, 1, halving)).toEqual([3]);
  });
});

describe('promotion', () => {
  const rungs = new Map([['m', [1, 4, 16]]]);
  const next = (trials: readonly Trial[]) => promotion(trials, trials, rungs, halving)?.number ?? null;

  it('takes nobody before there are η of them', () => {
    expect(next([trial(1, 0.3), trial(2, 0.1), trial(3, 0.2)])).toBeNull();
    expect(next([trial(1, 0.1), trial(2, 0.3), trial(3, 0.2), trial(4, 0.1)])).toBe(2);
  });

  it('takes nobody twice, and the higher rung first', () => {
    const low = [1, 2, 3, 4].map((n) => trial(n, n / 10));
    const high = [5, 6, 7, 8].map((n) =>
      trial(n, n / 10, {
        ownEpochs: 4,
        looks: [
          [1, n / 10],
          [4, n / 10],
        ],
      }),
    );
    expect(next([...low, ...high])).toBe(8);
    const gone = trial(8, 0.9, {
      ownEpochs: 16,
      status: 'finished',
      looks: [
        [1, 0.9],
        [16, 0.9],
      ],
    });
    // 8 of the first rung, of which the two best are past it
    expect(next([...low, ...high.slice(0, 3), gone])).toBeNull();
  });

  it('counts what was stopped before the rung, and lets nobody go on from there', () => {
    const stopped = trial(4, 0.9, { status: 'stopped' });
    expect(next([trial(1, 0.1), trial(2, 0.3), trial(3, 0.2), stopped])).toBeNull();
  });

  it('ranks the trials of a model among themselves', () => {
    const others = [5, 6, 7, 8].map((n) => trial(n, 9, { model: 'other', status: 'finished' }));
    expect(next([trial(1, 0.1), trial(2, 0.3), trial(3, 0.2), ...others])).toBeNull();
  });

  it('is of those that wait alone', () => {
    const trials = [1, 2, 3, 4].map((n) => trial(n, n / 10));
    expect(promotion(trials.slice(0, 3), trials, rungs, halving)).toBeNull();
  });
});

describe('stopping', () => {
  it('knows the median of five others at an epoch', () => {
    const others = [0.1, 0.5, 0.2, 0.4, 0.3].map((value): Look[] => [
      [1, value],
      [2, 2 * value],
    ]);
    expect(medianAt(others, 1)).toBeCloseTo(0.3, 12);
    expect(medianAt(others, 2)).toBeCloseTo(0.6, 12);
    expect(medianAt(others, 3)).toBeNull();
    expect(medianAt(others.slice(1), 1)).toBeNull();
    expect(
      medianAt(
        [
          ...others,
          [
            [1, 0.4],
            [2, 0.1],
          ],
        ],
        2,
      ),
    ).toBeCloseTo((0.4 + 0.6) / 2, 12);
  });

  it('sees a plateau by what was gained before', () => {
    const looks = (...values: number[]) => values.map((value, n): Look => [n + 1, value]);
    expect(isOnPlateau(looks(0.1, 0.2, 0.3, 0.4, 0.5, 0.6))).toBe(false);
    expect(isOnPlateau(looks(0.1, 0.2, 0.3, 0.301, 0.301, 0.301))).toBe(true);
    expect(isOnPlateau(looks(0.1, 0.2, 0.3, 0.31, 0.31, 0.31))).toBe(false);
    // of errors, which are turned
    expect(isOnPlateau(looks(-1, -0.9, -0.8, -0.8, -0.81, -0.8))).toBe(true);
    expect(isOnPlateau(looks(0.3, 0.2, 0.1))).toBe(false);
    expect(isOnPlateau(looks(0.3, 0.2, 0.1, 0.1, 0.1, 0.1))).toBe(true);
  });
});
