import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ials } from '../../src/models/ials.ts';
import { bytesOf, checkerboard, type Fitted, firstRecommendation, fitted, randomLists, worstError } from './fitted.ts';

const engines = [1, 2].map((threads) => new Engine({ threads }));
afterAll(() => {
  for (const engine of engines) engine.close();
});

interface Settings {
  readonly unobservedWeight: number;
  readonly regularization: number;
  readonly exponent: number;
}

const counts = (taken: number[][], nItems: number) => ({
  user: taken.map((items) => items.length),
  item: Array.from({ length: nItems }, (_, i) => taken.filter((items) => items.includes(i)).length),
});

const penaltyOf = (s: Settings, count: number, other: number) =>
  s.regularization * (count + s.unobservedWeight * other) ** s.exponent;

function vectorsOf<C>({ weights, sizes }: Fitted<C>, d: number) {
  const rows = (name: string, n: number) => {
    const { data } = weights.get(name)!;
    return Array.from({ length: n }, (_, r) => Array.from(data.subarray(r * d, (r + 1) * d) as Float32Array));
  };
  return { w: rows('W', sizes.nUsers), h: rows('H', sizes.nItems) };
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * b[k], 0);

/** The objective summed over all pairs, as it is written. */
function objective(taken: number[][], w: number[][], h: number[][], s: Settings): number {
  const { user, item } = counts(taken, h.length);
  let sum = 0;
  taken.forEach((items, u) => {
    h.forEach((row, i) => {
      const score = dot(w[u], row);
      sum += s.unobservedWeight * score ** 2 + (items.includes(i) ? (score - 1) ** 2 : 0);
    });
  });
  w.forEach((row, u) => {
    sum += penaltyOf(s, user[u], h.length) * dot(row, row);
  });
  h.forEach((row, i) => {
    sum += penaltyOf(s, item[i], w.length) * dot(row, row);
  });
  return sum;
}

/** ½ of the gradient of the objective by w_u. */
function userGradient(items: number[], w: number[], h: number[][], s: Settings): number[] {
  return w.map((x, k) =>
    h.reduce(
      (sum, row, i) => {
        const score = dot(w, row);
        return sum + row[k] * (s.unobservedWeight * score + (items.includes(i) ? score - 1 : 0));
      },
      penaltyOf(s, items.length, h.length) * x,
    ),
  );
}

const settings: Settings = { unobservedWeight: 0.2, regularization: 0.05, exponent: 0.7 };

describe('iALS', () => {
  it('by hand: one user, one item, one factor', async () => {
    const options = { factors: 1, epochs: 1, unobservedWeight: 0.5, regularization: 0.25, exponent: 1 };
    const result = await fitted(engines[0], ials, [[0]], 1, options);
    const { w, h } = vectorsOf(result, 1);
    const penalty = 0.25 * (1 + 0.5 * 1);
    // w = h / ((1 + α₀) h² + λ_u)
    expect(w[0][0]).toBeCloseTo(h[0][0] / ((1 + 0.5) * h[0][0] ** 2 + penalty), 6);
  });

  it.each<Settings>([
    settings,
    { unobservedWeight: 1, regularization: 0.003, exponent: 1 },
    { unobservedWeight: 0.01, regularization: 2, exponent: 0 },
  ])('the gradient by every user vector is zero: %j', async (s) => {
    const taken = randomLists(40, 25);
    const { w, h } = vectorsOf(await fitted(engines[1], ials, taken, 25, { ...s, factors: 6, epochs: 3 }), 6);
    taken.forEach((items, u) => {
      for (const g of userGradient(items, w[u], h, s)) expect(Math.abs(g)).toBeLessThan(1e-5);
    });
  });

  it('the objective falls from epoch to epoch, and stops at a point where both gradients vanish', async () => {
    const taken = randomLists(40, 25);
    const losses: number[] = [];
    for (const epochs of [1, 2, 3, 5, 8, 300]) {
      const result = await fitted(engines[1], ials, taken, 25, { ...settings, factors: 5, epochs });
      const { w, h } = vectorsOf(result, 5);
      losses.push(objective(taken, w, h, settings));
      if (epochs < 300) continue;
      const takers = h.map((_, i) => taken.flatMap((items, u) => (items.includes(i) ? [u] : [])));
      h.forEach((row, i) => {
        for (const g of userGradient(takers[i], row, w, settings)) expect(Math.abs(g)).toBeLessThan(1e-3);
      });
    }
    for (let n = 1; n < losses.length; n++) expect(losses[n]).toBeLessThan(losses[n - 1]);
  });

  it('recommends the withheld item of the checkerboard', async () => {
    const { taken, withheld } = checkerboard(40, 16);
    const { scores } = await fitted(engines[0], ials, taken, 16, { factors: 2, regularization: 0.01 });
    expect(scores.map((row, user) => firstRecommendation(row, taken[user]))).toEqual(withheld);
  });

  it("a fold-in of a user's items gives that user's vector", async () => {
    const taken = randomLists(30, 20);
    const result = await fitted(engines[0], ials, taken, 20, { factors: 7, epochs: 4 });
    const { w } = vectorsOf(result, 7);
    taken.forEach((items, u) => {
      // order and repetition mean nothing
      const history = Int32Array.from([...items].reverse().concat(items.slice(0, 1)));
      const { vector, how } = ials.foldIn!(result.weights, result.sizes, result.config, history);
      expect(how).not.toBe('');
      expect(worstError([[...vector]], [w[u]])).toBeLessThan(5e-6);
    });
  });

  it('users and items without interactions score 0', async () => {
    const taken = randomLists(20, 10);
    const { scores } = await fitted(engines[0], ials, taken, 10, { factors: 4 });
    expect(scores[3].every((value) => value === 0)).toBe(true);
    expect(scores.every((row) => Math.abs(row[9]) === 0)).toBe(true);
  });

  it.each([
    ['one user', [[0, 1, 2]], 3],
    ['one item', [[0], [0]], 1],
    ['one user who took nothing', [[]], 2],
  ])('%s: finite scores', async (_, taken, nItems) => {
    const { scores } = await fitted(engines[0], ials, taken, nItems);
    expect(scores.flat().every(Number.isFinite)).toBe(true);
  });

  it('same seed, same bytes, with one thread and with two; another seed, others', async () => {
    const taken = randomLists(50, 30);
    const options = { factors: 9, epochs: 3 };
    const [one, two] = await Promise.all(engines.map((engine) => fitted(engine, ials, taken, 30, options)));
    const other = await fitted(engines[0], ials, taken, 30, options, 2);
    expect(bytesOf(one.weights)).toBe(bytesOf(two.weights));
    expect(bytesOf(one.weights)).not.toBe(bytesOf(other.weights));
  });

  it.each([
    { factors: 0 },
    { factors: 1.5 },
    { epochs: 0 },
    { unobservedWeight: 0 },
    { regularization: 0 },
    { exponent: -1 },
    { deviation: 0 },
    { alpha: 1 },
  ])('refuses the options %j', (options) => {
    expect(ials.options.safeParse(options).success).toBe(false);
  });

  it('gives its memory back', async () => {
    const engine = new Engine({ threads: 1 });
    await fitted(engine, ials, randomLists(20, 10), 10);
    const peak = engine.peakBytes;
    await fitted(engine, ials, randomLists(20, 10), 10);
    engine.close();
    expect(engine.peakBytes).toBe(peak);
  });

  describe('with ratings as confidence', () => {
    const taken = randomLists(40, 25);
    const values = taken.map((items, u) => items.map((i) => 1 + ((3 * u + 7 * i) % 5)));
    const flat = Float32Array.from(values.flat());
    const options = { ...settings, factors: 6, epochs: 3 };

    it.each([
      ['linear', (r: number) => 1 + 2 * r],
      ['log', (r: number) => 1 + 2 * Math.log(1 + r)],
    ] as const)('%s: the gradient of the weighted objective by every user vector is zero', async (scale, weightOf) => {
      const set = { ...options, confidence: 2, confidenceScale: scale };
      const { w, h } = vectorsOf(await fitted(engines[1], ials, taken, 25, set, 1, flat), 6);
      taken.forEach((items, u) => {
        const weights = values[u].map(weightOf);
        const penalty = penaltyOf(
          settings,
          weights.reduce((sum, c) => sum + c, 0),
          h.length,
        );
        w[u].forEach((x, k) => {
          const gradient = h.reduce((sum, row, i) => {
            const score = dot(w[u], row);
            const c = items.includes(i) ? weights[items.indexOf(i)] : 0;
            return sum + row[k] * (settings.unobservedWeight * score + c * (score - 1));
          }, penalty * x);
          expect(Math.abs(gradient)).toBeLessThan(2e-5);
        });
      });
    });

    it('of 0 nothing changes, byte for byte', async () => {
      const without = await fitted(engines[0], ials, taken, 25, options);
      const zero = await fitted(engines[0], ials, taken, 25, { ...options, confidence: 0 }, 1, flat);
      expect(bytesOf(zero.weights)).toBe(bytesOf(without.weights));
      const one = await fitted(engines[0], ials, taken, 25, { ...options, confidence: 1 }, 1, flat);
      const threads = await fitted(engines[1], ials, taken, 25, { ...options, confidence: 1 }, 1, flat);
      expect(bytesOf(one.weights)).not.toBe(bytesOf(without.weights));
      expect(bytesOf(threads.weights)).toBe(bytesOf(one.weights));
    });

    it('without ratings, or with negative ones: refused', async () => {
      const fitWith = (given: Float32Array | null) =>
        fitted(engines[0], ials, taken, 25, { ...options, confidence: 1 }, 1, given);
      await expect(fitWith(null)).rejects.toThrow(/needs ratings or counts, the data has none/);
      await expect(fitWith(flat.map((r) => r - 3))).rejects.toThrow(/must be 0 or more, found -/);
    });
  });
});
