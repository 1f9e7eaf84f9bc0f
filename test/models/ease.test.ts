import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ease } from '../../src/models/ease.ts';
import { inverseOf } from '../linalg/gauss-jordan.ts';
import { bytesOf, checkerboard, firstRecommendation, fitted, randomLists, worstError } from './fitted.ts';

const engines = [1, 2].map((threads) => new Engine({ threads }));
afterAll(() => {
  for (const engine of engines) engine.close();
});

/** X as nested lists of 0 and 1, times B from the textbook inverse. */
function expectedScores(taken: number[][], nItems: number, lambda: number): number[][] {
  const x = taken.map((items) => Array.from({ length: nItems }, (_, i): number => (items.includes(i) ? 1 : 0)));
  const gram = Array.from({ length: nItems }, (_, i) =>
    Array.from({ length: nItems }, (_, j) => x.reduce((sum, row) => sum + row[i] * row[j], 0) + (i === j ? lambda : 0)),
  );
  const p = inverseOf(gram);
  const b = p.map((row, j) => row.map((value, i) => (i === j ? 0 : -value / p[i][i])));
  return x.map((row) => b.map((_, i) => row.reduce((sum, value, j) => sum + value * b[j][i], 0)));
}

const order = (scores: readonly number[]) => [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b);

describe('EASE', () => {
  it('by hand for two items: P = [[d, −c], [−c, a]] / det of [[a, c], [c, d]]', async () => {
    const { scores } = await fitted(engines[0], ease, [[0, 1], [0], [0, 1], [1], [0]], 2, { regularization: 0.5 });
    // four users took item 0, three took item 1, two took both
    const [a, d, c] = [4 + 0.5, 3 + 0.5, 2];
    // B_10 = −P_10 / P_00 = c / d, B_01 = −P_01 / P_11 = c / a
    const [b10, b01] = [c / d, c / a];
    const expected = [
      [b10, b01],
      [0, b01],
      [b10, b01],
      [b10, 0],
      [0, b01],
    ];
    expect(worstError(scores, expected)).toBeLessThan(5e-7);
  });

  it.each([
    [40, 20, 1],
    [300, 150, 50],
    [200, 150, 0.01],
  ])('%i users, %i items, λ = %d: equals elimination in value and in ranking', async (nUsers, nItems, lambda) => {
    const taken = randomLists(nUsers, nItems);
    const { scores } = await fitted(engines[1], ease, taken, nItems, { regularization: lambda });
    const expected = expectedScores(taken, nItems, lambda);
    let wrong = 0;
    expected.forEach((row, user) => {
      const [found, wanted] = [order(scores[user]), order(row)];
      // two items may change places only if they score the same to float32's rounding
      found.forEach((item, rank) => {
        if (item !== wanted[rank] && Math.abs(row[item] - row[wanted[rank]]) > 1e-5) wrong++;
      });
    });
    expect(worstError(scores, expected)).toBeLessThan(1e-5);
    expect(wrong).toBe(0);
  });

  it('minimises ‖X − XB‖² + λ‖B‖² among matrices with a zero diagonal', async () => {
    const taken = randomLists(50, 12);
    const { weights } = await fitted(engines[0], ease, taken, 12, { regularization: 3 });
    const b = weights.get('B')!.data;
    for (let i = 0; i < 12; i++)
      for (let j = 0; j < 12; j++) {
        if (i === j) {
          expect(b[i * 12 + j]).toBe(0);
          continue;
        }
        // ½ ∂/∂B_ij = Σ_u x_ui ((XB)_uj − x_uj) + λ B_ij
        let gradient = 3 * b[i * 12 + j];
        for (const items of taken)
          if (items.includes(i))
            gradient += items.reduce((sum, k) => sum + b[k * 12 + j], 0) - (items.includes(j) ? 1 : 0);
        expect(Math.abs(gradient)).toBeLessThan(1e-4);
      }
  });

  it('recommends the withheld item of the checkerboard', async () => {
    const { taken, withheld } = checkerboard(24, 12);
    const { scores } = await fitted(engines[0], ease, taken, 12, { regularization: 5 });
    expect(scores.map((row, user) => firstRecommendation(row, taken[user]))).toEqual(withheld);
  });

  it('an item that nobody took scores 0, a user without items scores 0 everywhere', async () => {
    const taken = randomLists(20, 10);
    const { scores } = await fitted(engines[0], ease, taken, 10);
    expect(scores.every((row) => Math.abs(row[9]) === 0)).toBe(true);
    expect(scores[3].every((value) => value === 0)).toBe(true);
  });

  it.each([
    ['one user', [[0, 1, 2]], 3],
    ['one item', [[0], [0]], 1],
    ['one user who took nothing', [[]], 2],
  ])('%s: finite scores', async (_, taken, nItems) => {
    const { scores } = await fitted(engines[0], ease, taken, nItems);
    expect(scores.flat().every(Number.isFinite)).toBe(true);
  });

  it('same bytes with one thread and with two', async () => {
    const taken = randomLists(90, 140);
    const [one, two] = await Promise.all(engines.map((engine) => fitted(engine, ease, taken, 140)));
    expect(bytesOf(one.weights)).toBe(bytesOf(two.weights));
  });

  it.each([{ regularization: 0 }, { regularization: -1 }, { regularization: '5' }, { lambda: 3 }])(
    'refuses the options %j',
    (options) => {
      expect(ease.options.safeParse(options).success).toBe(false);
    },
  );
});
