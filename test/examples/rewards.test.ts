/**
 * The policy gradient in a world of six items: its expectation by enumeration of everything that may be drawn, against the exact
 * gradient, written here from the definition of the expected reward.
 */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type BaselineName, rewardsOf, slopesOfCandidates, weightsOfDraws } from '../../src/examples/rewards.ts';
import { exponential, SoftmaxDraws } from '../../src/examples/softmax-draws.ts';

const g = [0.3, -1.2, 2, 0.1, -0.4, 0.9];
const rewards = [1.5, 0.2, 0.7, 2.5, 0.1, 1.1];
const items = [0, 1, 2, 3, 4, 5];
const softmaxOf = (x: readonly number[]): number[] => {
  const e = x.map((v) => Math.exp(v));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
};
const pi = softmaxOf(g);
const mean = (values: readonly number[], p: readonly number[]): number => values.reduce((s, v, j) => s + p[j] * v, 0);

/** ∂ E_π[r] / ∂g_j = π_j (r_j − E r) */
const exact = pi.map((p, j) => p * (rewards[j] - mean(rewards, pi)));
const entropy = -mean(pi.map(Math.log), pi);
/** ∂ H / ∂g_j = −π_j (ln π_j + H) */
const entropyGradient = pi.map((p) => -p * (Math.log(p) + entropy));

/** All sequences of n draws with their probabilities under p. */
function sequences(p: readonly number[], n: number): { draws: number[]; probability: number }[] {
  if (n === 0) return [{ draws: [], probability: 1 }];
  return sequences(p, n - 1).flatMap(({ draws, probability }) =>
    p.map((each, j) => ({ draws: [...draws, j], probability: probability * each })),
  );
}

interface Estimator {
  readonly draws: number;
  readonly baseline: BaselineName;
  readonly entropyWeight?: number;
  /** Distribution that is drawn from. */
  readonly from?: readonly number[];
}

/** Mean and total variance of the estimated slope of −E[r] by each score. */
function moments({ draws: n, baseline, entropyWeight = 0, from = pi }: Estimator): {
  mean: number[];
  variance: number;
} {
  const sums = items.map(() => 0);
  let squares = 0;
  for (const { draws, probability } of sequences(from, n)) {
    const weights = weightsOfDraws(
      {
        rewards: Float64Array.from(draws, (a) => rewards[a]),
        logProbability: draws.map((a) => Math.log(pi[a])),
        ratio: from === pi ? undefined : draws.map((a) => pi[a] / from[a]),
      },
      { baseline, moving: 0.8, entropyWeight },
    );
    // −1/K Σ_k w_k ∂ ln π(a_k) / ∂g_j
    const slopes = items.map((j) =>
      draws.reduce((sum, a, k) => sum - (weights[k] / n) * ((a === j ? 1 : 0) - pi[j]), 0),
    );
    slopes.forEach((s, j) => {
      sums[j] += probability * s;
    });
    squares += probability * slopes.reduce((sum, s) => sum + s * s, 0);
  }
  return { mean: sums, variance: squares - sums.reduce((sum, s) => sum + s * s, 0) };
}

const mixture = pi.map((p, j) => 0.7 * p + 0.3 * (j === 1 || j === 3 ? 0.5 : 0));
const estimators: Estimator[] = [
  { draws: 1, baseline: 'none' },
  { draws: 3, baseline: 'none' },
  { draws: 1, baseline: 'moving' },
  { draws: 2, baseline: 'mean' },
  { draws: 3, baseline: 'mean' },
  { draws: 2, baseline: 'none', from: mixture },
  { draws: 3, baseline: 'mean', from: mixture },
  { draws: 3, baseline: 'moving', from: mixture },
];

describe('the policy gradient', () => {
  it.each(estimators)('has the exact expectation ($draws draws, baseline $baseline)', (estimator) => {
    moments(estimator).mean.forEach((slope, j) => void expect(slope).toBeCloseTo(-exact[j], 12));
  });

  it.each(estimators)('with entropy, too ($draws draws, baseline $baseline)', (estimator) => {
    moments({ ...estimator, entropyWeight: 0.4 }).mean.forEach((slope, j) => {
      expect(slope).toBeCloseTo(-exact[j] - 0.4 * entropyGradient[j], 12);
    });
  });

  it('varies less with the mean of the other draws as baseline, and with a running mean near the expected reward', () => {
    const none = moments({ draws: 3, baseline: 'none' }).variance;
    expect(moments({ draws: 3, baseline: 'mean' }).variance).toBeLessThan(0.8 * none);
    expect(moments({ draws: 3, baseline: 'moving' }).variance).toBeLessThan(0.8 * none);
  });

  it('vanishes where all rewards are alike and the baseline is the mean', () => {
    const drawn = { rewards: new Float64Array(5).fill(Math.LN2), logProbability: [-1, -2, -3, -4, -5] };
    const weights = weightsOfDraws(drawn, { baseline: 'mean', moving: 0, entropyWeight: 0 });
    weights.forEach((w) => void expect(Math.abs(w)).toBeLessThan(1e-15));
  });

  it('leaves nothing for the sum over all items where the baseline is the mean', () => {
    const drawn = { rewards: Float64Array.of(3, 1, 2.5, 9), logProbability: [-1, -2, -3, -4] };
    const weights = weightsOfDraws(drawn, { baseline: 'mean', moving: 0, entropyWeight: 0.3 });
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 12);
  });

  it('has the exact expectation over candidates', () => {
    const candidates = [1, 3, 3, 5];
    const p = softmaxOf(candidates.map((j) => g[j]));
    const expected = mean(candidates.map((j) => rewards[j]), p); // biome-ignore format: one line
    const sums = candidates.map(() => 0);
    for (const { draws, probability } of sequences(p, 2)) {
      const weights = weightsOfDraws(
        {
          rewards: Float64Array.from(draws, (c) => rewards[candidates[c]]),
          logProbability: draws.map((c) => Math.log(p[c])),
        },
        { baseline: 'mean', moving: 0, entropyWeight: 0 },
      );
      const slopes = new Float32Array(4);
      slopesOfCandidates(p, draws, weights, slopes);
      slopes.forEach((s, c) => {
        sums[c] += probability * s;
      });
    }
    candidates.forEach((j, c) => void expect(sums[c]).toBeCloseTo(-p[c] * (rewards[j] - expected), 6));
  });
});

it('rewards are those of their formulas, for large logits too', () => {
  const logits = [-800, -3, 0, 0.5, 800];
  const sigma = (f: number) => 1 / (1 + Math.exp(-f));
  expect([...rewardsOf('score', logits)]).toEqual(logits);
  rewardsOf('log', logits).forEach((r, k) => {
    expect(r).toBeCloseTo(k === 4 ? 800 : Math.log(1 + Math.exp(logits[k])), 12);
  });
  rewardsOf('sigmoid', logits).forEach((r, k) => void expect(r).toBeCloseTo(2 * (sigma(logits[k]) - 0.5), 12));
});

it('exponentials are those of Math.exp', () => {
  for (let y = 0; y < 760; y += 0.0371) {
    const exact = Math.exp(-y);
    expect(Math.abs(exponential(y) - exact)).toBeLessThanOrEqual(1e-13 * exact + 5e-324);
  }
  expect(exponential(0)).toBe(1);
  expect(exponential(1e9)).toBe(0);
  expect(exponential(Number.POSITIVE_INFINITY)).toBe(0);
  expect(exponential(Number.NaN)).toBeNaN();
});

describe('draws from a softmax', () => {
  const logits = Float32Array.from(g);
  const count = (draws: SoftmaxDraws, n: number): number[] => {
    const random = new RandomStream(3, 'draws');
    const counts = items.map(() => 0);
    for (let k = 0; k < n; k++) counts[draws.draw(random)]++;
    return counts;
  };
  const n = 60_000;

  it.each([
    ['as it is', {}, pi],
    ['at a temperature', { temperature: 0.5 }, softmaxOf(g.map((v) => v / 0.5))],
    ['without some', { excluded: Int32Array.of(0, 2) }, softmaxOf(g.map((v, j) => (j === 0 || j === 2 ? -1e9 : v)))],
  ] as const)('have its probabilities %s', (_, options, expected) => {
    const draws = new SoftmaxDraws(6).set(logits, options);
    const counts = count(draws, n);
    expected.forEach((p, j) => {
      expect(draws.probability(j)).toBeCloseTo(p, 6);
      if (p > 0) expect(draws.logProbability(j)).toBeCloseTo(Math.log(p), 6);
      // four standard deviations
      expect(Math.abs(counts[j] - n * p)).toBeLessThanOrEqual(4 * Math.sqrt(n * p * (1 - p)));
    });
  });

  it('know their entropy', () => {
    expect(new SoftmaxDraws(6).set(logits).entropy()).toBeCloseTo(entropy, 6);
    expect(new SoftmaxDraws(9).set(new Float32Array(9)).entropy()).toBeCloseTo(Math.log(9), 12);
  });

  it('do not stop where everything is excluded, or only what is next to impossible is left', () => {
    const all = new SoftmaxDraws(6).set(logits, { excluded: Int32Array.from(items) });
    expect(all.probability(2)).toBeCloseTo(pi[2], 6);
    const far = Float32Array.of(0, -5000, -5000);
    const draws = new SoftmaxDraws(3).set(far, { excluded: Int32Array.of(0) });
    expect(Number.isFinite(draws.probability(0))).toBe(true);
    expect(draws.draw(new RandomStream(1, 'x'))).toBeLessThan(3);
  });
});
