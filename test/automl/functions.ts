/** Functions to be made small whose least value is known; scripts/tune-accuracy.ts and bench/peers/tpe_optuna.py measure on the same. */
import { choice, range } from '../../src/automl/domain.ts';
import type { Observation, Point, Sampler, Space } from '../../src/automl/sampler.ts';
import { RandomStream } from '../../src/core/random.ts';

export interface Problem {
  readonly space: Space;
  /** The value above the least one. */
  regret(point: Point): number;
}

const A = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const P = [
  [1312, 1696, 5569, 124, 8283, 5886],
  [2329, 4135, 8307, 3736, 1004, 9991],
  [2348, 1451, 3522, 2883, 3047, 6650],
  [4047, 8828, 8732, 5743, 1091, 381],
];
const ALPHA = [1, 1.2, 3, 3.2];

const numbers = (point: Point) => point as Readonly<Record<string, number>>;

export const problems: Readonly<Record<string, Problem>> = {
  branin: {
    space: [
      { name: 'x', domain: range(-5, 10) },
      { name: 'y', domain: range(0, 15) },
    ],
    regret: (point) => {
      const { x, y } = numbers(point);
      const bowl = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
      return bowl ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10 - 0.397887357729739;
    },
  },
  hartmann6: {
    space: Array.from({ length: 6 }, (_, j) => ({ name: `x${j}`, domain: range(0, 1) })),
    regret: (point) => {
      const wells = ALPHA.map((alpha, i) => {
        const distance = A[i].reduce((sum, a, j) => sum + a * (numbers(point)[`x${j}`] - P[i][j] * 1e-4) ** 2, 0);
        return alpha * Math.exp(-distance);
      });
      return 3.32236801141551 - wells.reduce((a, b) => a + b);
    },
  },
  conditional: {
    space: [
      { name: 'kind', domain: choice(['a', 'b', 'c']) },
      { name: 'rate', domain: range(1e-5, 1, { log: true }) },
      { name: 'depth', domain: range(1, 10, { integer: true }), when: [{ name: 'kind', values: ['b'] }] },
      { name: 'drop', domain: range(0, 1), when: [{ name: 'kind', values: ['b', 'c'] }] },
      { name: 'mix', domain: range(0, 1), when: [{ name: 'kind', values: ['c'] }] },
    ],
    regret: (point) => {
      const { rate, depth, drop, mix } = numbers(point);
      const loss = (Math.log10(rate) + 2) ** 2 / 4;
      if (point.kind === 'a') return 0.5 + loss;
      if (point.kind === 'b') return 0.1 + loss + ((depth - 4) / 6) ** 2 + (drop - 0.3) ** 2;
      return loss + (drop - 0.7) ** 2 + 4 * (mix - 0.2) ** 2;
    },
  },
};

/** The least regret after so many trials. */
export function bestRegret({ space, regret }: Problem, sampler: Sampler, seed: number, trials = 100): number {
  const observed: Observation[] = [];
  for (let n = 0; n < trials; n++) {
    const point = sampler.propose(space, observed, new RandomStream(seed, `trial ${n}`));
    observed.push({ point, value: -regret(point) });
  }
  return -Math.max(...observed.map(({ value }) => value));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
