import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import * as o from '../../src/engine/ops/index.ts';
import { pairProgram } from '../../src/engine/plan/pair-plan.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import {
  type Lists,
  RankingTables,
  type RankOutcome,
  type RankRequest,
  rankingBlock,
  type ScoreForm,
} from '../../src/engine/runtime/ranking.ts';
import { thrownCode } from './thrown-code.ts';

const engines = [new Engine({ threads: 1, kernels: 'simd' }), new Engine({ threads: 1 }), new Engine({ threads: 3 })];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const listsOf = (rows: readonly (readonly number[])[]): Lists => {
  const rowStart = new Int32Array(rows.length + 1);
  rows.forEach((row, r) => {
    rowStart[r + 1] = rowStart[r] + row.length;
  });
  return { rowStart, columns: Int32Array.from(rows.flat()) };
};

/** Small integers, so that every form's sums are exact and ties are many. */
const integers = (random: RandomStream, n: number): Float32Array =>
  Float32Array.from({ length: n }, () => random.below(5) - 2);

interface World {
  readonly form: ScoreForm;
  /** Score of every user row and item, [nUsers][nItems]. */
  readonly scores: number[][];
}

type MakeWorld = (engine: Engine, nUsers: number, nItems: number, random: RandomStream) => World;

const table = (nUsers: number, nItems: number, score: (user: number, item: number) => number): number[][] =>
  Array.from({ length: nUsers }, (_, user) => Array.from({ length: nItems }, (_, item) => score(user, item)));

const dotWorld =
  (width: number): MakeWorld =>
  (_engine, nUsers, nItems, random) => {
    const users = integers(random, nUsers * width);
    const items = integers(random, nItems * width);
    const scores = table(nUsers, nItems, (user, item) => {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += users[user * width + j] * items[item * width + j];
      return sum;
    });
    return { form: { form: 'dot', users, items, width }, scores };
  };

/** score = relu(u + i) · w + Σ_j first_j · second_j + b, with two parts on either side. */
const pairWorld: MakeWorld = (engine, nUsers, nItems, random) => {
  const [u1, u2, i1, i2] = [o.input('u1', [3]), o.input('u2', [5]), o.input('i1', [3]), o.input('i2', [5])];
  const [w, b] = [o.parameter('w', [3, 1]), o.parameter('b', [1])];
  const store = new ParameterStore(engine, [w, b]);
  store.write(w, [1, -2, 3]);
  store.write(b, [4]);
  const hidden = o.linear(o.relu(o.add(u1, i1)), w, { bias: b });
  const program = pairProgram(engine, store, [u1, u2], [i1, i2], o.add(hidden, o.rowDot(u2, i2)));
  const users = integers(random, nUsers * 8);
  const items = integers(random, nItems * 8);
  const scores = table(nUsers, nItems, (user, item) => {
    const [u, i] = [users.subarray(user * 8), items.subarray(item * 8)];
    const relu = (k: number) => Math.max(0, u[k] + i[k]);
    let sum = relu(0) - 2 * relu(1) + 3 * relu(2) + 4;
    for (let j = 3; j < 8; j++) sum += u[j] * i[j];
    return sum;
  });
  return { form: { form: 'pair', users, items, userWidth: 8, itemWidth: 8, program }, scores };
};

const historyWorld =
  (isSparse: boolean): MakeWorld =>
  (_engine, nUsers, nItems, random) => {
    const taken = Array.from({ length: nUsers }, () =>
      Array.from({ length: random.below(6) }, () => random.below(nItems)),
    );
    const weights = integers(random, nItems * nItems).map((w) => (isSparse && random.uniform() < 0.7 ? 0 : w));
    const scores = table(nUsers, nItems, (user, item) =>
      taken[user].reduce((sum, j) => sum + weights[j * nItems + item], 0),
    );
    const columns = Array.from({ length: nItems }, (_, j) =>
      [...weights.subarray(j * nItems, (j + 1) * nItems).keys()].filter((i) => weights[j * nItems + i] !== 0),
    );
    const sparse = isSparse ? listsOf(columns) : null;
    const values = isSparse
      ? Float32Array.from(columns.flatMap((row, j) => row.map((i) => weights[j * nItems + i])))
      : weights;
    return { form: { form: 'history', history: listsOf(taken), weights: values, sparse }, scores };
  };

const worlds: Record<string, MakeWorld> = {
  'dot product of one number': dotWorld(1),
  'dot product of 7 numbers': dotWorld(7),
  'dot product of 64 numbers': dotWorld(64),
  'pair program': pairWorld,
  'history, dense weights': historyWorld(false),
  'history, sparse weights': historyWorld(true),
};

type Request = Omit<RankRequest, 'score' | 'nItems'>;

const rowOf = ({ rowStart, columns }: Lists, r: number): number[] => [
  ...columns.subarray(rowStart[r], rowStart[r + 1]),
];

/** What a ranking must give, by sorting: NaN counts as −∞, ties in the list of best items go to the first. */
function bruteForce(scores: readonly number[][], request: Request): Omit<RankOutcome, 'scores'> {
  const { users, relevant, excluded, candidates, topK = 0 } = request;
  const result = { greater: [] as number[], equal: [] as number[], nCandidates: [] as number[] };
  const topItems: number[] = [];
  const topScores: number[] = [];
  users.forEach((user, n) => {
    const of = (item: number) => (Number.isNaN(scores[user][item]) ? Number.NEGATIVE_INFINITY : scores[user][item]);
    const wanted = relevant ? rowOf(relevant, n) : [];
    const out = new Set((excluded ? rowOf(excluded, user) : []).filter((item) => !wanted.includes(item)));
    const all = scores[user].map((_, item) => item).filter((item) => !out.has(item));
    const standing = candidates ? [...wanted, ...rowOf(candidates, user)] : all;
    result.nCandidates.push(relevant ? standing.length : 0);
    for (const item of wanted) {
      result.greater.push(standing.filter((other) => of(other) > of(item)).length);
      result.equal.push(standing.filter((other) => of(other) === of(item)).length - 1);
    }
    const best = standing.filter((item) => of(item) > Number.NEGATIVE_INFINITY).sort((a, b) => of(b) - of(a));
    for (let k = 0; k < topK; k++) {
      topItems.push(best[k] ?? -1);
      topScores.push(best[k] === undefined ? Number.NEGATIVE_INFINITY : of(best[k]));
    }
  });
  return {
    greater: Int32Array.from(result.greater),
    equal: Int32Array.from(result.equal),
    nCandidates: Int32Array.from(result.nCandidates),
    topItems: Int32Array.from(topItems),
    topScores: Float32Array.from(topScores),
  };
}

function expectRanked(engine: Engine, { form, scores }: World, request: Request): void {
  const tables = new RankingTables(engine, form, scores[0].length);
  const { scores: _all, ...outcome } = tables.rank(request);
  // −0 and 0 are one score
  expect({ ...outcome, topScores: outcome.topScores.map((x) => x + 0) }).toEqual(bruteForce(scores, request));
  tables.free();
}

const draws = (random: RandomStream, rows: number, longest: number, nItems: number): Lists =>
  listsOf(
    Array.from({ length: rows }, () => [
      ...new Set(Array.from({ length: random.below(longest + 1) }, () => random.below(nItems))),
    ]),
  );

const shapes = [
  { nUsers: 1, nItems: 1 },
  { nUsers: 13, nItems: 7 },
  { nUsers: 30, nItems: 129 },
  { nUsers: 5, nItems: 300 },
];

describe.each(engines)('$threads threads, $build kernels', (engine) => {
  describe.each(Object.entries(worlds))('%s', (_title, make) => {
    it.each(shapes)('$nUsers users, $nItems items', ({ nUsers, nItems }) => {
      const random = new RandomStream(nItems, 'ranking');
      const world = make(engine, nUsers, nItems, random);
      // some users twice, in another order, some not at all
      const users = Int32Array.from({ length: nUsers + 3 }, () => random.below(nUsers));
      const relevant = draws(random, users.length, 4, nItems);
      // some relevant items are among the excluded: they keep their standing
      const excluded = draws(random, nUsers, Math.ceil(nItems / 2), nItems);
      for (const topK of [0, 1, 5, nItems + 2])
        for (const request of [{}, { relevant }, { excluded }, { excluded, relevant }])
          expectRanked(engine, world, { users, topK, ...request });
    });

    it('ranks listed candidates', () => {
      const random = new RandomStream(9, 'ranking');
      const world = make(engine, 20, 150, random);
      const users = Int32Array.from({ length: 25 }, () => random.below(20));
      const relevant = listsOf(
        Array.from({ length: 25 }, (_, n) => (n === 3 ? [] : [n, n + 50].slice(0, 1 + (n % 2)))),
      );
      const candidates = listsOf(
        Array.from({ length: 20 }, (_, user) =>
          user === 5 ? [] : Array.from({ length: 130 }, (_, k) => k + 20).filter(() => random.uniform() < 0.5),
        ),
      );
      // an item may be listed twice (relevant and candidate): the caller's lists are taken as they are
      for (const topK of [0, 4]) expectRanked(engine, world, { users, relevant, candidates, topK });
    });

    it('returns all scores as computed, also of excluded items', () => {
      const random = new RandomStream(11, 'ranking');
      const world = make(engine, 9, 30, random);
      const tables = new RankingTables(engine, world.form, 30);
      const users = Int32Array.of(8, 0, 3);
      const excluded = listsOf(Array.from({ length: 9 }, () => [1, 2, 3]));
      const { scores } = tables.rank({ users, excluded, allScores: true });
      expect([...scores].map((x) => x + 0)).toEqual([...users].flatMap((user) => world.scores[user]).map((x) => x + 0));
      expect(tables.rank({ users: Int32Array.of(), topK: 3 }).topItems).toHaveLength(0);
      tables.free();
    });
  });

  it('puts NaN below all numbers, and leaves it and −∞ out of the best', () => {
    const items = Float32Array.of(1, Number.NaN, 3, Number.NEGATIVE_INFINITY, 3, Number.POSITIVE_INFINITY, -1);
    const form: ScoreForm = { form: 'dot', users: Float32Array.of(1), items, width: 1 };
    const request = { users: Int32Array.of(0), relevant: listsOf([[0, 1, 2, 3, 5, 6]]), topK: 7 };
    expectRanked(engine, { form, scores: [[...items]] }, request);
    const tables = new RankingTables(engine, form, 7);
    const { topItems, greater, equal } = tables.rank(request);
    expect([...topItems]).toEqual([5, 2, 4, 0, 6, -1, -1]);
    expect([...greater]).toEqual([3, 5, 1, 5, 0, 4]);
    expect([...equal]).toEqual([0, 1, 1, 1, 0, 0]);
    tables.free();
  });

  it('reports progress and gives the same in pieces', () => {
    const world = dotWorld(7)(engine, 500, 40, new RandomStream(12, 'ranking'));
    const tables = new RankingTables(engine, world.form, 40);
    const request = { users: Int32Array.from({ length: 500 }, (_, n) => n), topK: 3 };
    const heard: number[] = [];
    const pieces = tables.rank({ ...request, onProgress: (done) => heard.push(done) });
    expect(pieces).toEqual(tables.rank(request));
    expect(heard.length).toBeGreaterThan(1);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
    expect(heard[heard.length - 1]).toBe(500);
    tables.free();
  });
});

describe('pair programs', () => {
  const [engine] = engines;
  const store = new ParameterStore(engine, []);
  const [u, i] = [o.input('u', [1]), o.input('i', [1])];

  it.each([
    ['the item part itself', i],
    ['a column of the item part', o.slice(o.concat(u, i), 1, 2)],
  ])('score may be %s', (_what, score) => {
    const program = pairProgram(engine, store, [u], [i], score);
    const [users, items] = [Float32Array.of(7), Float32Array.of(3, -1, 4)];
    const form: ScoreForm = { form: 'pair', users, items, userWidth: 1, itemWidth: 1, program };
    expectRanked(engine, { form, scores: [[3, -1, 4]] }, { users: Int32Array.of(0), topK: 3 });
    program.free();
  });

  it('refuses a score that depends on the batch', () => {
    const score = o.subtract(i, o.broadcastRow(o.sumRows(i)));
    expect(thrownCode(() => pairProgram(engine, store, [u], [i], score))).toBe('shape');
  });
});

describe('refusals', () => {
  const form: ScoreForm = { form: 'dot', users: Float32Array.of(1), items: Float32Array.of(1, 2), width: 1 };
  const users = Int32Array.of(0);
  const lists = listsOf([[1]]);
  const tables = new RankingTables(engines[0], form, 2);
  it.each([
    ['listed candidates without relevant items', { candidates: lists }],
    ['listed candidates and exclusions', { candidates: lists, relevant: lists, excluded: lists }],
    ['all scores of listed candidates', { candidates: lists, relevant: lists, allScores: true }],
  ])('%s', (_what, request) => {
    expect(thrownCode(() => tables.rank({ users, ...request }))).toBe('config');
  });
});

describe('many items', () => {
  it('leave room for the scores of fewer users at once', () => {
    expect([1000, 1_398_101, 2_000_000, 10_000_000, 100_000_000].map((n) => rankingBlock('dot', n))).toEqual([
      12, 12, 8, 1, 1,
    ]);
    expect([rankingBlock('pair', 1000), rankingBlock('history', 5_000_000)]).toEqual([2, 3]);
  });

  it('are ranked as one by one: more than a piece of panels, and more than twelve users fit', () => {
    const [nUsers, nItems] = [5, 2_500_003];
    const random = new RandomStream(31, 'many items');
    // one number an item: the score is a product of two integers, exact and with many ties
    const items = integers(random, nItems);
    const users = Float32Array.of(1, -1, 2, 0, 3);
    const relevant = listsOf([[0], [8191, 8192], [nItems - 1], [7], [1_000_000, 2_000_000]]);
    const tables = new RankingTables(engines[2], { form: 'dot', users, items, width: 1 }, nItems);
    const outcome = tables.rank({ users: Int32Array.of(0, 1, 2, 3, 4), relevant, topK: 3 });
    tables.free();
    for (let user = 0; user < nUsers; user++)
      for (let r = relevant.rowStart[user]; r < relevant.rowStart[user + 1]; r++) {
        const score = users[user] * items[relevant.columns[r]];
        let [greater, equal] = [0, -1];
        for (let item = 0; item < nItems; item++) {
          if (users[user] * items[item] > score) greater++;
          if (users[user] * items[item] === score) equal++;
        }
        expect([outcome.greater[r], outcome.equal[r]]).toEqual([greater, equal]);
      }
    const best = items.indexOf(2);
    expect(outcome.topItems[0]).toBe(best);
  });
});
