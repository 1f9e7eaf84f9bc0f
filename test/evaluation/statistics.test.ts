import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { bootstrapInterval, bootstrapIntervals, pairedBootstrap } from '../../src/evaluation/statistics/bootstrap.ts';
import { logGamma, normalUpperTail, studentTwoSided } from '../../src/evaluation/statistics/distributions.ts';
import { holm } from '../../src/evaluation/statistics/holm.ts';
import { pairedTTest, wilcoxonSignedRank } from '../../src/evaluation/statistics/paired-tests.ts';
import { resampledMeans } from '../../src/evaluation/statistics/resampling.ts';
import { thrownCode } from './thrown-code.ts';

const stream = (name = 'test') => new RandomStream(11, name);

/** Composite Simpson rule on 2n intervals. */
function integrate(f: (x: number) => number, from: number, to: number, n = 20_000): number {
  const h = (to - from) / (2 * n);
  let sum = f(from) + f(to);
  for (let i = 1; i < 2 * n; i++) sum += f(from + i * h) * (i % 2 === 1 ? 4 : 2);
  return (sum * h) / 3;
}

function relativeError(found: number, expected: number): number {
  return Math.abs(found - expected) / Math.abs(expected);
}

describe('tails of distributions', () => {
  it.each([0, 0.5, 1, 1.96, 2.9, 3, 3.1, 5, 8])('normal beyond %d, by integration', (z) => {
    const expected = integrate((x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI), z, z + 12);
    expect(relativeError(normalUpperTail(z), expected)).toBeLessThan(1e-11);
    expect(normalUpperTail(z) + normalUpperTail(-z)).toBeCloseTo(1, 14);
  });

  it.each([1, 2, 3, 7, 30, 943, 6039])('Student with %d degrees of freedom, by integration', (freedom) => {
    // With t = √ν·tan θ the density becomes cos^(ν−1) θ; its own integral is the normalisation.
    const density = (angle: number) => Math.cos(angle) ** (freedom - 1);
    const whole = integrate(density, 0, Math.PI / 2);
    for (const t of [0.01, 0.7, 1.5, 2.5, 4]) {
      const expected = integrate(density, Math.atan(t / Math.sqrt(freedom)), Math.PI / 2) / whole;
      expect(relativeError(studentTwoSided(t, freedom), expected)).toBeLessThan(1e-9);
      expect(studentTwoSided(-t, freedom)).toBe(studentTwoSided(t, freedom));
    }
  });

  it('agrees with printed tables of 5 % points', () => {
    for (const [freedom, t] of [
      [1, 12.706],
      [5, 2.571],
      [10, 2.228],
      [30, 2.042],
      [120, 1.98],
    ])
      expect(Math.abs(studentTwoSided(t, freedom) - 0.05)).toBeLessThan(1e-4);
    expect(studentTwoSided(0, 5)).toBe(1);
    expect(studentTwoSided(Number.POSITIVE_INFINITY, 5)).toBe(0);
  });

  it('ln Γ of whole and half numbers', () => {
    let factorial = 1;
    for (let n = 1; n <= 20; n++) {
      expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 11);
      factorial *= n;
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13);
    expect(logGamma(2.5)).toBeCloseTo(Math.log(1.5 * 0.5 * Math.sqrt(Math.PI)), 13);
  });
});

describe('paired t-test', () => {
  it('the sleep data of Student (1908): t = −4.0621, p = 0.002833', () => {
    const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
    const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    const { statistic, pValue, nPairs } = pairedTTest(Float64Array.from(first, (v, i) => v - second[i]));
    expect(statistic).toBeCloseTo(-4.0621, 4);
    expect(pValue).toBeCloseTo(0.002833, 6);
    expect(nPairs).toBe(10);
  });

  it('edges: too few pairs, no difference, one constant difference, NaN left out', () => {
    expect(pairedTTest(Float64Array.of(3)).pValue).toBe(1);
    expect(pairedTTest(Float64Array.of(0, 0, 0))).toEqual({ statistic: 0, pValue: 1, nPairs: 3 });
    expect(pairedTTest(Float64Array.of(0.1, 0.1, 0.1)).pValue).toBe(0);
    expect(pairedTTest(Float64Array.of(1, Number.NaN, 2, 4))).toEqual(pairedTTest(Float64Array.of(1, 2, 4)));
  });
});

/** All 2ⁿ sign patterns of the mid-ranks. */
function enumeratedWilcoxon(d: number[]): { w: number; p: number } {
  const sizes = d.filter((v) => v !== 0);
  const rank = sizes.map((v) => {
    const smaller = sizes.filter((u) => Math.abs(u) < Math.abs(v)).length;
    const same = sizes.filter((u) => Math.abs(u) === Math.abs(v)).length;
    return smaller + (same + 1) / 2;
  });
  const w = rank.reduce((sum, r, i) => sum + (sizes[i] > 0 ? r : 0), 0);
  let atMost = 0;
  let atLeast = 0;
  for (let pattern = 0; pattern < 2 ** rank.length; pattern++) {
    const sum = rank.reduce((s, r, i) => s + ((pattern >> i) & 1 ? r : 0), 0);
    if (sum <= w) atMost++;
    if (sum >= w) atLeast++;
  }
  return { w, p: Math.min(1, (2 * Math.min(atMost, atLeast)) / 2 ** rank.length) };
}

describe('Wilcoxon signed-rank test', () => {
  it('is exact up to 19 differences, ties and zeros included', () => {
    const random = stream('wilcoxon');
    for (let n = 1; n <= 12; n++) {
      const d = Array.from({ length: n }, () => random.below(9) - 3);
      const { w, p } = enumeratedWilcoxon(d);
      const found = wilcoxonSignedRank(Float64Array.from(d));
      expect(found.pValue).toBeCloseTo(p, 13);
      if (found.nPairs > 0) expect(found.statistic).toBe(w);
    }
  });

  it('two-sided 5 % point of tables for n = 10 is 8: p(8) = .0488, p(9) = .0645', () => {
    // W⁻ = 8 from the ranks 1, 2, 5; W⁻ = 9 from 1, 2, 6.
    const withNegative = (ranks: number[]) =>
      wilcoxonSignedRank(Float64Array.from({ length: 10 }, (_, i) => (ranks.includes(i + 1) ? -1 : 1) * (i + 1)));
    expect(withNegative([1, 2, 5]).pValue).toBeCloseTo(50 / 1024, 12);
    expect(withNegative([1, 2, 6]).pValue).toBeCloseTo(66 / 1024, 12);
  });

  it('Darwin: Zea mays heights, W⁺ = 96 of 15 pairs, p = 0.04126', () => {
    const d = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    const { statistic, pValue } = wilcoxonSignedRank(Float64Array.from(d));
    expect(statistic).toBe(96);
    expect(pValue).toBeCloseTo(0.04126, 5);
  });

  it('the normal approximation joins the exact distribution; ties are corrected for', () => {
    const random = stream('approximation');
    for (const levels of [1000, 4]) {
      const d = Array.from({ length: 20 }, () => random.below(levels) + 1).map((v, i) => (i % 3 === 0 ? -v : v));
      const { p } = enumeratedWilcoxon(d);
      expect(Math.abs(wilcoxonSignedRank(Float64Array.from(d)).pValue - p)).toBeLessThan(0.01);
    }
  });

  it('the variance with ties is Σ rank² / 4', () => {
    // 24 equal differences have mid-rank 12.5 each, 17 of them positive; 6 larger ones, all positive, have 27.5.
    const d = [...new Array(17).fill(1), ...new Array(7).fill(-1), ...new Array(6).fill(2)];
    const variance = (24 * 12.5 ** 2 + 6 * 27.5 ** 2) / 4;
    const z = (17 * 12.5 + 6 * 27.5 - (30 * 31) / 4 - 0.5) / Math.sqrt(variance);
    const tail = integrate((x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI), z, z + 12);
    expect(wilcoxonSignedRank(Float64Array.from(d)).pValue).toBeCloseTo(2 * tail, 11);
  });

  it('nothing but zeros says nothing', () => {
    expect(wilcoxonSignedRank(new Float64Array(30)).pValue).toBe(1);
  });
});

describe('Holm', () => {
  it('adjusts by hand, in the order given, never decreasing', () => {
    // ascending .005 .01 .03 .04 → 4·.005, 3·.01, 2·.03, max(.06, 1·.04)
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([3 * 0.01, 2 * 0.03, 2 * 0.03, 4 * 0.005]);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
    expect(holm([0.2])).toEqual([0.2]);
    expect(holm([])).toEqual([]);
  });
});

describe('bootstrap', () => {
  const random = stream('values');
  const values = Float64Array.from({ length: 2000 }, () => random.normal() * 2 + 1);
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);

  it('the interval is that of the normal limit, mean ± 1.96 s/√n', () => {
    const { mean: found, low, high } = bootstrapInterval(values, stream(), { resamples: 4000 });
    const half = (1.96 * deviation) / Math.sqrt(values.length);
    expect(found).toBeCloseTo(mean, 12);
    expect(Math.abs(low - (mean - half))).toBeLessThan(0.1 * half);
    expect(Math.abs(high - (mean + half))).toBeLessThan(0.1 * half);
    const narrow = bootstrapInterval(values, stream(), { resamples: 4000, level: 0.5 });
    expect((narrow.high - narrow.low) / (high - low)).toBeCloseTo(0.6745 / 1.96, 1);
  });

  it('draws are sfc32 started by four values of the stream', () => {
    const seeds = stream();
    let [a, b, c, counter] = [0, 1, 2, 3].map(() => BigInt(seeds.uint32()));
    const word = (x: bigint) => x & 0xffffffffn;
    const draw = () => {
      const output = word(a + b + counter);
      counter = word(counter + 1n);
      a = b ^ (b >> 9n);
      b = word(c * 9n);
      c = word((word(c << 21n) | (c >> 11n)) + output);
      return Number((output * 7n) >> 32n);
    };
    const squares = Float64Array.from({ length: 7 }, (_, u) => u * u);
    const expected = Array.from({ length: 50 }, () => {
      let sum = 0;
      for (let u = 0; u < 7; u++) sum += squares[draw()];
      return sum / 7;
    });
    expect([...resampledMeans([{ values: squares, weights: null }], stream(), 50)[0]]).toEqual(expected);
  });

  it('two users: 0 and 1 give means 0, ½, 1 with chances ¼, ½, ¼', () => {
    const interval = (level: number) => bootstrapInterval(Float64Array.of(0, 1), stream(), { resamples: 4000, level });
    expect(interval(0.95)).toEqual({ mean: 0.5, low: 0, high: 1 });
    expect(interval(0.4)).toEqual({ mean: 0.5, low: 0.5, high: 0.5 });
  });

  it('the same stream gives the same interval, another stream another; columns do not disturb each other', () => {
    expect(bootstrapInterval(values, stream())).toEqual(bootstrapInterval(values, stream()));
    expect(bootstrapInterval(values, stream())).not.toEqual(bootstrapInterval(values, stream('other')));
    const both = bootstrapIntervals(
      [
        { values: values.map((v) => v * v), weights: null },
        { values, weights: null },
      ],
      stream(),
    );
    expect(both[1]).toEqual(bootstrapInterval(values, stream()));
  });

  it('undefined users are left out, weights weigh', () => {
    const sparse = Float64Array.of(1, Number.NaN, 3, Number.NaN);
    expect(bootstrapInterval(sparse, stream()).mean).toBe(2);
    expect(bootstrapInterval(sparse, stream())).toMatchObject({ low: 1, high: 3 });
    const [weighted] = bootstrapIntervals(
      [{ values: Float64Array.of(0, 1), weights: Float64Array.of(1, 3) }],
      stream(),
    );
    expect(weighted.mean).toBe(3 / 4);
    expect(
      bootstrapIntervals([{ values: Float64Array.of(7, 7, 7), weights: Float64Array.of(1, 2, 3) }], stream())[0],
    ).toEqual({ mean: 7, low: 7, high: 7 });
    expect(bootstrapInterval(Float64Array.of(Number.NaN), stream())).toEqual({
      mean: Number.NaN,
      low: Number.NaN,
      high: Number.NaN,
    });
  });

  it('the paired test agrees with the t-test on many users', () => {
    const noise = stream('noise');
    for (const effect of [0, 0.02, 0.05, 0.08]) {
      const d = Float64Array.from({ length: 1500 }, () => noise.normal() + effect);
      const [{ pValue, nPairs }] = pairedBootstrap([{ values: d, weights: null }], stream());
      expect(Math.abs(pValue - pairedTTest(d).pValue)).toBeLessThan(0.02);
      expect(nPairs).toBe(1500);
    }
  });

  it('rejects a true null hypothesis about as often as it says', () => {
    const noise = stream('null');
    const columns = Array.from({ length: 400 }, () => ({
      values: Float64Array.from({ length: 60 }, () => noise.normal()),
      weights: null,
    }));
    const rejected = pairedBootstrap(columns, stream(), { resamples: 999 }).filter(({ pValue }) => pValue < 0.1).length;
    // 40 expected (a few more: 60 users are few); 6 standard deviations of 6 either way.
    expect(rejected).toBeGreaterThan(4);
    expect(rejected).toBeLessThan(76);
  });

  it('a handful of pairs proves nothing, equal runs differ with p = 1', () => {
    const p = (...d: number[]) =>
      pairedBootstrap([{ values: Float64Array.from(d), weights: null }], stream())[0].pValue;
    expect(p(0.3)).toBe(1);
    expect(p(0.3, 0.3, 0.3)).toBe(1 / 4);
    expect(p(0, 0, 0, 0)).toBe(1);
    expect(p(...new Array(50).fill(0.1))).toBeCloseTo(1 / 10_001, 12);
  });

  it.each([
    ['no users', () => bootstrapInterval(new Float64Array(0), stream()), 'data'],
    ['no resamples', () => bootstrapInterval(values, stream(), { resamples: 0 }), 'config'],
    ['half a resample', () => bootstrapInterval(values, stream(), { resamples: 1.5 }), 'config'],
    ['level 1', () => bootstrapInterval(values, stream(), { level: 1 }), 'config'],
    ['level NaN', () => pairedBootstrap([{ values, weights: null }], stream(), { level: Number.NaN }), 'config'],
  ])('%s: refused', (_case, action, code) => {
    expect(thrownCode(action)).toBe(code);
  });
});
