/** GF-CF against dense float64 matrices that are written here from the paper's formula; singular vectors by Jacobi's rotations. */
import { afterAll, describe, expect, it } from 'vitest';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { RankingTables } from '../../src/engine/runtime/ranking.ts';
import { gfCf } from '../../src/models/gf-cf.ts';
import { jacobiEigen } from '../linalg/jacobi.ts';
import { bytesOf, fitted, randomLists, worstError } from './fitted.ts';
import { scorerOf } from './scorer-of.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
const two = new Engine({ threads: 2, blas: 'off' });
afterAll(() => {
  engine.close();
  two.close();
});

/** r_u (R̃ᵀR̃ + α D^−½ V Vᵀ D^½) */
function oracle(taken: readonly (readonly number[])[], nItems: number, factors: number, alpha: number): number[][] {
  const r = taken.map((items) => Array.from({ length: nItems }, (_, i) => (items.includes(i) ? 1 : 0) as number));
  const di = Array.from({ length: nItems }, (_, i) => r.reduce((sum, row) => sum + row[i], 0));
  const normal = r.map((row, u) => row.map((x, i) => (x === 0 ? 0 : x / Math.sqrt(taken[u].length * di[i]))));
  const gram = di.map((_, i) => di.map((_, j) => normal.reduce((sum, row) => sum + row[i] * row[j], 0)));
  const { values, vectors } = jacobiEigen(gram);
  const used = vectors.slice(0, factors).filter((_, k) => values[k] > 1e-12);
  const filter = di.map((_, i) =>
    di.map((_, j) => {
      const low = used.reduce((sum, v) => sum + v[i] * v[j], 0);
      return gram[i][j] + (di[i] === 0 ? 0 : (alpha * low * Math.sqrt(di[j])) / Math.sqrt(di[i]));
    }),
  );
  return r.map((row) => di.map((_, j) => row.reduce((sum, x, i) => sum + x * filter[i][j], 0)));
}

const rowsOf = (taken: readonly (readonly number[])[]) =>
  sparseRows(
    taken.length,
    Int32Array.from(taken.flatMap((items, u) => items.map(() => u))),
    Int32Array.from(taken.flat()),
  );

describe.each([
  [30, 20, 6, 0.3],
  [20, 45, 12, 1],
  [25, 25, 100, 0.5],
  [25, 18, 4, 0],
])('%i users, %i items, %i vectors, α = %f', (nUsers, nItems, factors, lowPass) => {
  const taken = randomLists(nUsers, nItems);

  it('scores as the dense formula, in all rankings', async () => {
    const made = await fitted(engine, gfCf, taken, nItems, { factors, lowPass });
    const expected = oracle(taken, nItems, factors, lowPass);
    expect(worstError(made.scores, expected)).toBeLessThan(1e-4);
    for (const on of [engine, two]) {
      const scorer = scorerOf(on, { model: gfCf, ...made }, rowsOf(taken));
      const tables = new RankingTables(on, scorer.form, nItems);
      const users = Int32Array.from(taken.keys());
      const { scores } = tables.rank({ users, allScores: true });
      const found = taken.map((_, u) => Array.from(scores.subarray(u * nItems, (u + 1) * nItems)));
      expect(worstError(found, expected)).toBeLessThan(1e-4);
      tables.free();
    }
  });

  it('somebody new with the items of a user gets the scores of that user, byte for byte', async () => {
    const made = await fitted(engine, gfCf, taken, nItems, { factors, lowPass });
    const scorer = scorerOf(engine, { model: gfCf, ...made }, rowsOf(taken));
    const tables = new RankingTables(engine, scorer.form, nItems);
    taken.forEach((items, user) => {
      const history = Int32Array.from(items);
      const { vector } = gfCf.foldIn!(made.weights, made.sizes, made.config, history);
      const fresh = tables.rank({ users: Int32Array.of(0), person: { vector, history }, allScores: true });
      expect(fresh.scores).toEqual(tables.rank({ users: Int32Array.of(user), allScores: true }).scores);
    });
    tables.free();
  });

  it('says how much an item of a history adds to another', async () => {
    const made = await fitted(engine, gfCf, taken, nItems, { factors, lowPass });
    const { weightsTo } = scorerOf(engine, { model: gfCf, ...made }, rowsOf(taken));
    const expected = oracle(taken, nItems, factors, lowPass);
    const user = 1;
    for (let item = 0; item < nItems; item++) {
      const sum = taken[user].reduce((total, j) => total + weightsTo!(item)(j), 0);
      expect(sum).toBeCloseTo(expected[user][item], 4);
    }
  });
});

it('has the same bytes on one thread and on two', async () => {
  const taken = randomLists(60, 40);
  const bytes = await Promise.all([engine, two].map((on) => fitted(on, gfCf, taken, 40, { factors: 7 })));
  expect(bytesOf(bytes[0].weights)).toBe(bytesOf(bytes[1].weights));
});
