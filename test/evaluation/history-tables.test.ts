import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { RankingTables } from '../../src/engine/runtime/ranking.ts';
import { HistoryTables } from '../../src/evaluation/history-tables.ts';
import { prefixScorer } from '../../src/scoring/prefix-scorer.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());

const [nUsers, nItems] = [40, 23];
const random = new RandomStream(3, 'histories');
/** Whole numbers, so that scores tie. */
const weights = Float32Array.from({ length: nItems * nItems }, () => random.below(4));
const taken = Array.from({ length: nUsers }, (_, user) =>
  user === 7 ? [] : [0, 1, 2].map(() => random.below(nItems)),
);
const histories = sparseRows(
  nUsers,
  Int32Array.from(taken.flatMap((items, user) => items.map(() => user))),
  Int32Array.from(taken.flat()),
);

/** A sequence scores by the sum of the weights of its items: what item-to-item weights do, for which the engine has tables. */
const scorer = prefixScorer(nItems, (prefix, scores) => {
  scores.fill(0);
  for (const from of prefix) for (let item = 0; item < nItems; item++) scores[item] += weights[from * nItems + item];
});

const some = (n: number) => sparseRows(nUsers, ...pairs(n), true);
function pairs(n: number): [Int32Array, Int32Array] {
  const users = Array.from({ length: nUsers * n }, (_, k) => Math.floor(k / n));
  return [Int32Array.from(users), Int32Array.from(users, () => random.below(nItems))];
}

describe('a ranking by running sequences', () => {
  const users = Int32Array.from({ length: nUsers }, (_, user) => user).filter((user) => user % 3 !== 1);
  const relevantOf = some(2);
  const chosen = Array.from(users, (user) =>
    relevantOf.columns.slice(relevantOf.rowStart[user], relevantOf.rowStart[user + 1]),
  );
  const rowStart = Int32Array.from([
    0,
    ...chosen.map((_, n) => chosen.slice(0, n + 1).flatMap((row) => [...row]).length),
  ]);
  const relevant = { rowStart, columns: Int32Array.from(chosen.flatMap((row) => [...row])) };
  const all = new Uint8Array(nItems).fill(1);

  it.each([
    ['among all items', {}],
    ['less what was taken', { excluded: some(4) }],
    ['among candidates', { candidates: some(6) }],
  ])('%s counts and lists what the tables of item-to-item weights do', (_, lists) => {
    // what is relevant is neither excluded nor listed again, as in an evaluation
    const request = {
      users,
      relevant,
      topK: 5,
      ...Object.fromEntries(Object.entries(lists).map(([key, list]) => [key, withoutRelevant(list)])),
    };
    const form = { form: 'history', weights, sparse: null, history: histories } as const;
    const tables = new RankingTables(engine, form, nItems);
    const expected = tables.rank(request);
    tables.free();
    const outcome = new HistoryTables(scorer, histories, all).rank(request);
    // of equal scores among candidates the engine takes the order of their lists
    const keys = ['greater', 'equal', 'nCandidates', 'topScores', ...('candidates' in lists ? [] : ['topItems'])];
    for (const key of keys as (keyof typeof outcome)[]) expect([...outcome[key]], key).toEqual([...expected[key]]);
  });

  it('puts items without training rows last', () => {
    const trained = all.slice();
    trained[4] = 0;
    const outcome = new HistoryTables(scorer, histories, trained).rank({ users, topK: nItems });
    users.forEach((_, n) => {
      expect(outcome.topItems[(n + 1) * nItems - 1]).toBe(4);
    });
  });

  function withoutRelevant(lists: typeof relevantOf): typeof relevantOf {
    const kept: [number, number][] = [];
    for (let user = 0; user < nUsers; user++) {
      const own = relevantOf.columns.subarray(relevantOf.rowStart[user], relevantOf.rowStart[user + 1]);
      for (let k = lists.rowStart[user]; k < lists.rowStart[user + 1]; k++)
        if (!own.includes(lists.columns[k])) kept.push([user, lists.columns[k]]);
    }
    return sparseRows(
      nUsers,
      Int32Array.from(kept, ([user]) => user),
      Int32Array.from(kept, ([, item]) => item),
    );
  }
});
