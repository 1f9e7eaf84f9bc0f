/** Fits a model to written-out lists of items and scores every pair by plain loops. */
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import type { Engine } from '../../src/engine/runtime/engine.ts';
import type { SolvedPairs } from '../../src/examples/solvers.ts';
import type { SolvedScore } from '../../src/scoring/scorer.ts';

export interface Fitted<C> {
  readonly weights: NamedTensors;
  readonly config: C;
  readonly sizes: { readonly nUsers: number; readonly nItems: number };
  /** [user][item] */
  readonly scores: number[][];
}

export async function fitted<C>(
  engine: Engine,
  model: SolvedPairs<C>,
  taken: readonly (readonly number[])[],
  nItems: number,
  options: Record<string, unknown> = {},
  seed = 1,
  /** Rating or count of each pair, list after list, in ascending order of the items. */
  values: Float32Array | null = null,
): Promise<Fitted<C>> {
  const config = model.options.parse(options);
  const sizes = { nUsers: taken.length, nItems };
  const pairs = taken.flatMap((items, user) => items.map((item) => [user, item]));
  const train = sparseRows(
    taken.length,
    Int32Array.from(pairs, (p) => p[0]),
    Int32Array.from(pairs, (p) => p[1]),
  );
  const context = { engine, random: new RandomStream(seed, model.name), progress: silent, values };
  const weights = await model.fit(train, sizes, config, context);
  return { weights, config, sizes, scores: scoresOf(model.score(weights, sizes, config, train), taken, nItems) };
}

export function scoresOf(form: SolvedScore, taken: readonly (readonly number[])[], nItems: number): number[][] {
  return taken.map((history, user) =>
    Array.from({ length: nItems }, (_, item) => {
      if (form.form === 'history') return history.reduce((sum, j) => sum + itemWeight(form, j, item, nItems), 0);
      let sum = 0;
      if (form.form === 'two-steps') {
        for (const j of history) sum += twoSteps(form, j, item);
        for (let d = 0; d < form.width; d++)
          sum += form.users[user * form.width + d] * form.items[item * form.width + d];
        return sum;
      }
      if (form.form === 'takers') {
        const own = history.includes(item) ? 1 : 0;
        for (let k = form.takers.rowStart[item]; k < form.takers.rowStart[item + 1]; k++)
          sum += form.users[user * form.width + form.takers.columns[k]];
        return own + form.scale[item] * (sum - own);
      }
      for (let d = 0; d < form.width; d++) sum += form.users[user * form.width + d] * form.items[item * form.width + d];
      return sum;
    }),
  );
}

/** b_i b_j Σ over the users who took both of a_v */
function twoSteps(
  { takers, userScale, itemScale }: Extract<SolvedScore, { form: 'two-steps' }>,
  j: number,
  i: number,
): number {
  const of = (item: number) => takers.columns.slice(takers.rowStart[item], takers.rowStart[item + 1]);
  const both = new Set(of(j));
  return of(i).reduce((sum, v) => sum + (both.has(v) ? userScale[v] * itemScale[i] * itemScale[j] : 0), 0);
}

type HistoryScore = Extract<SolvedScore, { form: 'history' }>;

/** What item j in a history adds to the score of `item`. */
export function itemWeight({ weights, sparse }: HistoryScore, j: number, item: number, nItems: number): number {
  if (sparse === null) return weights[j * nItems + item];
  let sum = 0;
  for (let k = sparse.rowStart[j]; k < sparse.rowStart[j + 1]; k++) if (sparse.columns[k] === item) sum += weights[k];
  return sum;
}

/** The largest difference between two tables of scores. */
export function worstError(found: readonly (readonly number[])[], expected: readonly (readonly number[])[]): number {
  if (found.length !== expected.length || found.some((row, u) => row.length !== expected[u].length)) return Number.NaN;
  return Math.max(0, ...found.flatMap((row, u) => row.map((value, i) => Math.abs(value - expected[u][i]))));
}

/** All values of all tensors as one list of bytes, in the order of the names. */
export function bytesOf(weights: NamedTensors): string {
  return [...weights]
    .map(([name, { data }]) => `${name} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')}`)
    .join('\n');
}

/**
 * Users of even number took the items of even number, odd ones the odd ones, each but one, spread evenly: the item withheld
 * from a user is the one that a model must recommend first.
 */
export function checkerboard(nUsers: number, nItems: number) {
  const own = (user: number) => Array.from({ length: nItems }, (_, i) => i).filter((i) => i % 2 === user % 2);
  const withheld = Array.from({ length: nUsers }, (_, user) => own(user)[(user >> 1) % own(user).length]);
  const taken = withheld.map((item, user) => own(user).filter((i) => i !== item));
  return { taken, withheld };
}

/** Lists with unequal lengths and popularities; users 3 and 10 took nothing, the last item was taken by nobody. */
export function randomLists(nUsers: number, nItems: number, seed = 1): number[][] {
  const random = new RandomStream(seed, 'lists');
  return Array.from({ length: nUsers }, (_, user) => {
    const chance = user % 7 === 3 ? 0 : 0.1 + 0.5 * random.uniform();
    const items = Array.from({ length: nItems - 1 }, (_, i) => i);
    return items.filter((i) => random.uniform() < chance * (1 - i / nItems));
  });
}

/** The first of the best-scored items that the user has not taken. */
export function firstRecommendation(scores: readonly number[], taken: readonly number[]): number {
  const open = [...scores.keys()].filter((item) => !taken.includes(item));
  return open.reduce((best, item) => (scores[item] > scores[best] ? item : best), open[0]);
}
