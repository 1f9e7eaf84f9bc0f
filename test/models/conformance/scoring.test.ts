import { afterAll, describe, expect, it } from 'vitest';
import { sparseRows } from '../../../src/data/sparse-rows.ts';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { RankingTables } from '../../../src/engine/runtime/ranking.ts';
import { HeldOutRanking } from '../../../src/evaluation/ranking.ts';
import type { PairModel } from '../../../src/examples/pairs.ts';
import type { SolvedPairs } from '../../../src/examples/solvers.ts';
import { modelsOf } from '../../../src/models/index.ts';
import { testRandom } from '../../data/made-data.ts';
import { directScores } from '../direct-scores.ts';
import { madeSplit, type Pair, trainSmall } from '../made-worlds.ts';

const models = modelsOf('pairs').filter(({ tasks }) => tasks[0] === 'ranking');

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());

const nUsers = 19;
const nItems = 150; // more than one tile of the pair program, and no multiple of anything

/** A random world: everybody took a tenth of the items; one more item each is held out. */
function randomSplit() {
  const random = testRandom(5);
  const train: Pair[] = [];
  const test: Pair[] = [];
  for (let user = 0; user < nUsers; user++) {
    const items = new Set<number>();
    while (items.size < 16) items.add(random(nItems));
    [...items].forEach((item, n) => {
      (n === 0 ? test : train).push([user, item]);
    });
  }
  // what nobody took would rank last, whatever its score
  const taken = new Set(train.map(([, item]) => item));
  for (let item = 0; item < nItems; item++) {
    const owner = test.findIndex(([, held]) => held !== item);
    if (!taken.has(item)) train.push([owner, item]);
  }
  return madeSplit(nUsers, nItems, { train, test });
}

const users = Int32Array.from({ length: nUsers }, (_, u) => u);

describe.each(models)('scores of $name', (model) => {
  const split = randomSplit();
  const ready = (async () => {
    const { recommender } = await trainSmall(engine, split, model, {
      training: model.learn.by === 'gradients' ? { epochs: 4 } : {},
    });
    const { weights, seen, info } = recommender.parts;
    const config = model.options.parse(info.model.config);
    const direct = directScores(
      { model: model as PairModel | SolvedPairs, config, sizes: { nUsers, nItems }, weights },
      seen,
    );
    const tables = new RankingTables(engine, recommender.scorer('pairs').form, nItems);
    const { scores } = tables.rank({ users, allScores: true });
    return { recommender, direct, tables, scores };
  })();

  it('are those of the direct expression in float64', async () => {
    const { direct, scores } = await ready;
    const scale = direct.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(scale).toBeGreaterThan(0);
    const worst = direct.reduce((most, x, k) => Math.max(most, Math.abs(x - scores[k])), 0);
    expect(worst / scale).toBeLessThan(1e-5);
  });

  it('rank all items as a sort of the scores does, with and without excluded items', async () => {
    const { recommender, tables, scores } = await ready;
    const { seen } = recommender.parts;
    for (const excluded of [undefined, seen]) {
      const { topItems, topScores } = tables.rank({ users, excluded, topK: nItems });
      for (const user of users) {
        const gone = new Set(excluded ? seen.columns.slice(seen.rowStart[user], seen.rowStart[user + 1]) : []);
        const own = scores.subarray(user * nItems, (user + 1) * nItems);
        const order = Array.from(own.keys())
          .filter((item) => !gone.has(item))
          .sort((a, b) => own[b] - own[a] || a - b);
        const ranked = [...topItems.subarray(user * nItems, (user + 1) * nItems)];
        expect(ranked.slice(0, order.length)).toEqual(order);
        expect(ranked.slice(order.length)).toEqual(Array.from(gone, () => -1));
        expect([...topScores.subarray(user * nItems, user * nItems + order.length)]).toEqual(
          order.map((item) => own[item]),
        );
      }
    }
  });

  it('place held-out items as counting does, in full ranking and among listed candidates', async () => {
    const { recommender, scores } = await ready;
    const { seen } = recommender.parts;
    const random = testRandom(9);
    const listed = { users: [] as number[], items: [] as number[] };
    const test = new Map([...split.test!.userIndex].map((user, n) => [user, split.test!.itemIndex[n]]));
    for (const user of users)
      for (let item = 0; item < nItems; item++)
        if (item !== test.get(user) && random(4) === 0) {
          listed.users.push(user);
          listed.items.push(item);
        }
    const testCandidates = sparseRows(nUsers, Int32Array.from(listed.users), Int32Array.from(listed.items));
    for (const allItems of [true, false]) {
      const ranking = new HeldOutRanking({
        engine,
        split: { ...split, testCandidates },
        part: 'test',
        filter: 'train',
        allItems,
      });
      const counts = ranking.rank(recommender.scorer('pairs').form);
      for (const user of users) {
        const rows = allItems ? seen : testCandidates;
        const own = new Set(rows.columns.slice(rows.rowStart[user], rows.rowStart[user + 1]));
        const held = test.get(user)!;
        const others = Array.from({ length: nItems }, (_, i) => i).filter((i) => i !== held && own.has(i) !== allItems);
        const score = (item: number) => scores[user * nItems + item];
        expect(counts.greater[user]).toBe(others.filter((i) => score(i) > score(held)).length);
        expect(counts.equal[user]).toBe(others.filter((i) => score(i) === score(held)).length);
        expect(counts.nCandidates[user]).toBe(others.length + 1);
      }
    }
  });
});
