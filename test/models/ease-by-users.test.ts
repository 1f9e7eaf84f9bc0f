import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import { type SparseRows, sparseRows } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { RankingTables } from '../../src/engine/runtime/ranking.ts';
import { ease } from '../../src/models/ease.ts';
import { fitByUsers } from '../../src/models/ease-by-users.ts';
import { easeMatrix } from '../../src/models/ease-matrix.ts';
import { knownItems, reasonFinder } from '../../src/recommender/reasons.ts';
import type { Sizes } from '../../src/scoring/scorer.ts';
import { inverseOf } from '../linalg/gauss-jordan.ts';
import { randomLists } from './fitted.ts';
import { scorerOf } from './scorer-of.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

/** By WebAssembly in float64. */
function inside(train: SparseRows, sizes: Sizes, regularization: number): Promise<NamedTensors> {
  return fitByUsers(easeMatrix(engine, sizes.nUsers, false), train, sizes, regularization, () => {});
}

function rowsOf(taken: readonly (readonly number[])[]): SparseRows {
  const pairs = taken.flatMap((items, user) => items.map((item) => [user, item]));
  return sparseRows(
    taken.length,
    Int32Array.from(pairs, ([user]) => user),
    Int32Array.from(pairs, ([, item]) => item),
  );
}

/** B of the paper by the inverse of the items × items matrix, by textbook elimination. */
function itemWeights(taken: readonly (readonly number[])[], nItems: number, lambda: number): number[][] {
  const gram = Array.from({ length: nItems }, (_, i) =>
    Array.from({ length: nItems }, (_, j) => (i === j ? lambda : 0)),
  );
  for (const items of taken) for (const i of items) for (const j of items) gram[i][j]++;
  const p = inverseOf(gram);
  return p.map((row, j) => row.map((value, i) => (i === j ? 0 : -value / p[i][i])));
}

const scoresOf = (b: readonly (readonly number[])[], history: readonly number[]): number[] =>
  b.map((_, i) => history.reduce((sum, j) => sum + b[j][i], 0));

interface World {
  readonly taken: number[][];
  readonly sizes: { readonly nUsers: number; readonly nItems: number };
  readonly weights: NamedTensors;
  readonly config: { readonly regularization: number };
  readonly b: number[][];
  readonly history: SparseRows;
}

async function world(nUsers: number, nItems: number, regularization: number): Promise<World> {
  const taken = randomLists(nUsers, nItems);
  const history = rowsOf(taken);
  const sizes = { nUsers, nItems };
  const weights = await inside(history, sizes, regularization);
  return { taken, sizes, weights, config: { regularization }, b: itemWeights(taken, nItems, regularization), history };
}

const scorer = ({ weights, sizes, config, history }: World) =>
  scorerOf(engine, { model: ease, config, sizes, weights }, history);

const worst = (found: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(found[i] - value)));

describe('EASE from a users × users matrix', () => {
  it.each([
    [13, 40, 1],
    [30, 90, 50],
    [45, 60, 0.1],
    [60, 30, 5],
  ])('%i users, %i items, λ = %d: the scores of the items × items inverse', async (nUsers, nItems, lambda) => {
    const made = await world(nUsers, nItems, lambda);
    const tables = new RankingTables(engine, scorer(made).form, nItems);
    const users = Int32Array.from({ length: nUsers }, (_, u) => u);
    const { scores } = tables.rank({ users, allScores: true });
    made.taken.forEach((items, user) => {
      expect(worst(scores.subarray(user * nItems, (user + 1) * nItems), scoresOf(made.b, items))).toBeLessThan(1e-5);
    });
    tables.free();
  });

  it('somebody new is scored as the weights say, with items of one and of many users', async () => {
    const made = await world(20, 50, 3);
    const tables = new RankingTables(engine, scorer(made).form, 50);
    for (const items of [[0], [1, 7, 20], [40], Array.from({ length: 49 }, (_, i) => i)]) {
      const history = Int32Array.from(items);
      const { vector } = ease.foldIn!(made.weights, made.sizes, made.config, history);
      const request = { users: Int32Array.of(0), person: { vector, history }, allScores: true };
      expect(worst(tables.rank(request).scores, scoresOf(made.b, items))).toBeLessThan(1e-5);
    }
    tables.free();
  });

  it('listed candidates get the ranks of their scores', async () => {
    const made = await world(21, 40, 2);
    const tables = new RankingTables(engine, scorer(made).form, 40);
    const random = new RandomStream(3, 'lists');
    const lists = made.taken.map(() => {
      const items = new Set<number>();
      while (items.size < 9) items.add(random.below(40));
      return [...items];
    });
    const relevant = lists.map(([first]) => [first]);
    const others = lists.map(([, ...rest]) => rest.sort((a, b) => a - b));
    const users = Int32Array.from(made.taken.keys());
    const outcome = tables.rank({ users, relevant: rowsOf(relevant), candidates: rowsOf(others) });
    made.taken.forEach((items, user) => {
      const scores = scoresOf(made.b, items);
      const above = others[user].filter((i) => scores[i] > scores[relevant[user][0]] + 1e-6).length;
      const near = others[user].filter((i) => Math.abs(scores[i] - scores[relevant[user][0]]) <= 1e-6).length;
      expect(outcome.greater[user]).toBeGreaterThanOrEqual(above);
      expect(outcome.greater[user]).toBeLessThanOrEqual(above + near);
    });
    tables.free();
  });

  it('reasons are the items of the history with the largest weights', async () => {
    const made = await world(25, 40, 4);
    const reasons = reasonFinder(scorer(made), 40);
    const history = [2, 5, 9, 11, 30];
    for (const item of [0, 5, 17, 35]) {
      const weights = history.filter((j) => j !== item && made.b[j][item] > 0);
      const expected = weights.sort((a, b) => made.b[b][item] - made.b[a][item]).slice(0, 3);
      expect(reasons(item, Int32Array.from(history), 3)).toEqual(expected);
      const weightOf = scorer(made).weightsTo!(item);
      for (const j of history) if (j !== item) expect(weightOf(j)).toBeCloseTo(made.b[j][item], 5);
    }
  });

  it('knows the items that are connected with the history, and scores the others 0', async () => {
    // two groups that share no item
    const taken = [[0, 1], [1, 2], [3, 4], [4], []];
    const history = rowsOf(taken);
    const sizes = { nUsers: 5, nItems: 6 };
    const weights = await inside(history, sizes, 1);
    const { form } = scorerOf(engine, { model: ease, config: { regularization: 1 }, sizes, weights }, history);
    expect([...knownItems(form, Int32Array.of(0), 6)!]).toEqual([1, 1, 1, 0, 0, 0]);
    expect([...knownItems(form, Int32Array.of(3), 6)!]).toEqual([0, 0, 0, 1, 1, 0]);
    const tables = new RankingTables(engine, form, 6);
    const { scores } = tables.rank({ users: Int32Array.of(0, 4), allScores: true });
    expect([...scores.subarray(3, 6), ...scores.subarray(6)].every((value) => Math.abs(value) === 0)).toBe(true);
    tables.free();
  });

  it('refuses lists that point outside', async () => {
    const made = await world(10, 12, 1);
    const columns = (made.weights.get('columns')!.data as Int32Array).slice();
    columns[0] = 10;
    const altered = new Map(made.weights).set('columns', { shape: [columns.length], data: columns });
    expect(() => ease.score(altered, made.sizes, made.config, made.history)).toThrow(/ease: the lists/);
  });

  it('a catalogue that items × items cannot hold is fitted by its users', async () => {
    const nItems = 22_001;
    const taken = [[0, 1, 22_000], [0, 22_000], [5], [5, 1]];
    const context = { engine, random: new RandomStream(1, 'ease'), progress: silent };
    const weights = await ease.fit(rowsOf(taken), { nUsers: 4, nItems }, { regularization: 1 }, context);
    expect(weights.get('hat')!.shape).toEqual([4, 4]);
  });
});
