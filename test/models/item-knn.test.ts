import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensor } from '../../src/core/named-tensors.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { itemKnn } from '../../src/models/item-knn.ts';
import { thrownCode } from '../evaluation/thrown-code.ts';
import { bytesOf, checkerboard, firstRecommendation, fitted, randomLists, worstError } from './fitted.ts';

const engines = [1, 2].map((threads) => new Engine({ threads }));
afterAll(() => {
  for (const engine of engines) engine.close();
});

const nobody = sparseRows(2, new Int32Array(0), new Int32Array(0));

interface Settings {
  readonly neighbours: number;
  readonly shrinkage: number;
  readonly weighting: 'none' | 'idf' | 'unit';
  readonly asymmetry?: number;
}

/** By the definition: cosine of weighted columns of X, the k most similar items of each item, sums over the history. */
function expectedScores(
  taken: number[][],
  nItems: number,
  { neighbours, shrinkage, weighting, asymmetry: a = 0.5 }: Settings,
): number[][] {
  const entry = (length: number) =>
    ({ none: 1, idf: Math.log(nItems / length), unit: 1 / Math.sqrt(length) })[weighting];
  const columns = Array.from({ length: nItems }, (_, i) =>
    taken.map((items) => (items.includes(i) ? entry(items.length) : 0)),
  );
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, v) => sum + x * b[v], 0);
  const similarity = (i: number, j: number) =>
    dot(columns[i], columns[j]) /
    (dot(columns[i], columns[i]) ** a * dot(columns[j], columns[j]) ** (1 - a) + shrinkage);
  const near = columns.map((_, i) => {
    const others = columns.map((_, j) => ({ j, s: j === i ? 0 : similarity(i, j) })).filter(({ s }) => s > 0);
    return new Map(
      others
        .sort((a, b) => b.s - a.s || a.j - b.j)
        .slice(0, neighbours)
        .map(({ j, s }) => [j, s]),
    );
  });
  return taken.map((items) => near.map((list) => items.reduce((sum, j) => sum + (list.get(j) ?? 0), 0)));
}

describe('ItemKNN', () => {
  it('by hand: cosine with shrinkage, summed over the history', async () => {
    // items: 0 by users 0, 1, 2; 1 by users 0, 1; 2 by user 2
    const taken = [[0, 1], [0, 1], [0, 2], []];
    const { scores } = await fitted(engines[0], itemKnn, taken, 3, { shrinkage: 1 });
    const [s01, s02] = [2 / (Math.sqrt(3 * 2) + 1), 1 / (Math.sqrt(3 * 1) + 1)];
    const expected = [
      [s01, s01, s02 + 0],
      [s01, s01, s02 + 0],
      [s02, s01 + 0, s02],
      [0, 0, 0],
    ];
    expect(worstError(scores, expected)).toBeLessThan(5e-7);
  });

  it('with one neighbour, an item is vouched for by its nearest item only; of equal ones by the first', async () => {
    // item 0 is as near to 1 as to 2
    const { scores } = await fitted(engines[0], itemKnn, [[0, 1], [0, 2], [1], [2]], 3, {
      shrinkage: 0,
      neighbours: 1,
    });
    expect(scores[2][0]).toBeCloseTo(1 / Math.sqrt(2 * 2), 6);
    expect(scores[3][0]).toBe(0);
  });

  it.each<Settings>([
    { neighbours: 100, shrinkage: 10, weighting: 'none' },
    { neighbours: 5, shrinkage: 0, weighting: 'none' },
    { neighbours: 3, shrinkage: 7.5, weighting: 'idf' },
    { neighbours: 1, shrinkage: 0.5, weighting: 'idf' },
    { neighbours: 6, shrinkage: 0.25, weighting: 'unit' },
    { neighbours: 4, shrinkage: 1.5, weighting: 'none', asymmetry: 0.2 },
    { neighbours: 8, shrinkage: 0.1, weighting: 'unit', asymmetry: 0.9 },
  ])('equals the definition with %j', async (settings) => {
    const taken = randomLists(60, 35);
    const { scores } = await fitted(engines[1], itemKnn, taken, 35, { ...settings });
    const expected = expectedScores(taken, 35, settings);
    expect(worstError(scores, expected)).toBeLessThan(5e-6);
  });

  it("with 'idf' a person who took everything counts nothing", async () => {
    const options = { weighting: 'idf', shrinkage: 0 };
    const without = await fitted(engines[0], itemKnn, [[0, 1], [1, 2], [0]], 3, options);
    const together = await fitted(engines[0], itemKnn, [[0, 1], [1, 2], [0], [0, 1, 2]], 3, options);
    expect(together.scores.slice(0, 3)).toEqual(without.scores);
  });

  it('recommends the withheld item of the checkerboard', async () => {
    const { taken, withheld } = checkerboard(24, 12);
    const { scores } = await fitted(engines[0], itemKnn, taken, 12);
    expect(scores.map((row, user) => firstRecommendation(row, taken[user]))).toEqual(withheld);
  });

  it.each([
    ['one user', [[0, 1, 2]], 3],
    ['one item', [[0], [0]], 1],
    ['one user who took nothing', [[]], 2],
  ])('%s: finite scores', async (_, taken, nItems) => {
    const { scores } = await fitted(engines[0], itemKnn, taken, nItems);
    expect(scores.flat().every(Number.isFinite)).toBe(true);
  });

  it('same bytes with one thread and with two', async () => {
    const taken = randomLists(50, 30);
    const [one, two] = await Promise.all(engines.map((engine) => fitted(engine, itemKnn, taken, 30)));
    expect(bytesOf(one.weights)).toBe(bytesOf(two.weights));
  });

  it.each([{ neighbours: 0 }, { neighbours: 2.5 }, { shrinkage: -1 }, { weighting: 'bm25' }, { k: 20 }])(
    'refuses the options %j',
    (options) => {
      expect(itemKnn.options.safeParse(options).success).toBe(false);
    },
  );

  it.each([
    ['columns', 0, 99],
    ['columns', 0, -1],
    ['rowStart', 1, 1000],
    ['rowStart', 1, -1],
    ['rowStart', 0, 1],
  ])('altered weights are refused: %s[%i] = %i', async (name, at, value) => {
    const { weights, sizes, config } = await fitted(
      engines[0],
      itemKnn,
      [
        [0, 1],
        [0, 1, 2],
      ],
      3,
    );
    const tensor = weights.get(name)!;
    const data = Int32Array.from(tensor.data);
    data[at] = value;
    const altered = new Map<string, NamedTensor>([...weights, [name, { shape: tensor.shape, data }]]);
    expect(thrownCode(() => itemKnn.score(altered, sizes, config, nobody))).toBe('artifact');
  });

  it('weights of another catalogue are refused', async () => {
    const { weights, config } = await fitted(
      engines[0],
      itemKnn,
      [
        [0, 1],
        [0, 1, 2],
      ],
      3,
    );
    expect(thrownCode(() => itemKnn.score(weights, { nUsers: 2, nItems: 4 }, config, nobody))).toBe('artifact');
  });
});
