/** DSCF against its formula in plain numbers, on made worlds of friends, and at its borders. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { computeRows } from '../../src/engine/plan/row-plan.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { NeighbourhoodModel } from '../../src/examples/neighbourhoods.ts';
import { declaredAs, storeOf } from '../../src/layers/declared-parameters.ts';
import { prediction } from '../../src/layers/forward-pass.ts';
import { findModel } from '../../src/models/index.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { indexLists, pairLeaves } from '../../src/scoring/neighbourhood-scorer.ts';
import { keptSurroundings, surroundingsOf } from '../../src/scoring/surroundings.ts';
import { testRandom } from '../data/made-data.ts';
import { dscfScore, type Token } from './dscf-oracle.ts';
import { askedPairs, column, drawnWeights, inTables, knownWith, N, rated, ratings } from './neighbourhood-helpers.ts';
import { ratingSplit, trainRatings } from './rating-world.ts';
import { tasteWorld, withFriends } from './social-world.ts';
import { thrownCode } from './thrown-code.ts';
import { weightBytes } from './weight-bytes.ts';

const engines = [1, 2].map((threads) => new Engine({ threads, blas: 'off' }));
const [, engine] = engines;
const folder = mkdtempSync(join(tmpdir(), 'dscf-'));
afterAll(() => {
  for (const each of engines) each.close();
  rmSync(folder, { recursive: true });
});

const model = findModel('dscf') as NeighbourhoodModel;
const D = 3;
const small = { factors: D, hidden: [9, 8], walks: 3, steps: 4 };

describe('the score', () => {
  const sizes = { nUsers: 7, nItems: 6, nLevels: 4 };
  /** A pair a row, with walks of various lengths; the third has none. */
  const rows: readonly { readonly pair: readonly [number, number]; readonly walks: readonly (readonly Token[])[] }[] = [
    {
      pair: [0, 1],
      walks: [
        [
          [1, 2, 0],
          [2, 1, 3],
        ],
        [
          [3, 1, 1],
          [1, 1, 2],
          [0, 4, 0],
          [5, 5, 3],
        ],
        [[6, 0, 2]],
      ],
    },
    { pair: [4, 5], walks: [[[2, 5, 1]]] },
    { pair: [6, 0], walks: [] },
    {
      pair: [2, 3],
      walks: [
        [
          [0, 3, 3],
          [0, 3, 3],
          [1, 0, 0],
        ],
        [[5, 2, 2]],
      ],
    },
  ];

  it.each([{ biases: true }, { biases: false }, { biases: true, attention: false }, { biases: true, friends: false }])(
    'is that of the formula, with $biases, $attention, $friends',
    (form) => {
      const { biases } = form;
      const config = model.options.parse({ ...small, ...form });
      const { declarations, weights, tensors } = drawnWeights(model, config, sizes);
      const lists = indexLists(model.lists(config), rows.length);
      for (const list of Object.values(lists)) list.fill(-1);
      const { walks: L, steps: K } = small;
      rows.forEach(({ walks }, r) => {
        if (form.friends === false) return;
        walks.forEach((tokens, l) => {
          lists.walks[r * L + l] = 0;
          tokens.forEach((token, k) => {
            const at = (r * L + l) * K + k;
            [lists.walkUsers[at], lists.walkItems[at], lists.walkLevels[at]] = token;
          });
        });
        if (walks.length === 0) lists.alone[r] = 0;
      });
      const declared = declaredAs(declarations);
      const leaves = pairLeaves(model, config);
      const score = model.score(declared.tensors, leaves, config, prediction);
      const known = rows.flatMap(({ pair: [u, i] }) => (biases ? [weights.userBias[u], weights.itemBias[i]] : []));
      const fed = new Map<Tensor, Int32Array | Float32Array>([
        ...(leaves.biases ? [[leaves.biases, Float32Array.from(known)] as const] : []),
        [leaves.user, Int32Array.from(rows, ({ pair }) => pair[0])],
        [leaves.item, Int32Array.from(rows, ({ pair }) => pair[1])],
        ...Object.entries(leaves.lists).map(([name, leaf]) => [leaf, lists[name]] as const),
      ]);
      const expected = rows.map(({ pair, walks }) => dscfScore(weights, pair, walks, { d: D, layers: 2, ...form }));
      const given = new Map<Tensor, ArrayLike<number>>([
        ...fed,
        ...declared.list.map((t) => [t, weights[String(t.attributes.name)]] as const),
      ]);
      const exact = evaluateReference([score], given as never, rows.length).get(score)!;
      const store = storeOf(engine, declared, tensors);
      const [computed] = computeRows(engine, store, [score], fed, rows.length);
      store.free();
      expected.forEach((value, r) => {
        expect(exact[r]).toBeCloseTo(value, 10);
        expect(computed[r]).toBeCloseTo(value, 4);
      });
      expect(new Set(expected).size).toBe(rows.length);
    },
  );
});

describe('predictions of a trained model', () => {
  // who names whom: a chain, so that there is one walk; 4 names nobody, 5 names 1 and rated nothing
  const friends: readonly (readonly [number, number])[] = [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 0],
    [5, 1],
  ];
  const known = knownWith(friends);

  const ratingOf = (user: number, item: number) => ratings.find(([u, i]) => u === user && i === item)?.[2] ?? 0;
  const cosine = (a: number, b: number): number => {
    const dot = (x: number, y: number) => [0, 1, 2, 3, 4].reduce((sum, u) => sum + ratingOf(u, x) * ratingOf(u, y), 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b) || 1);
  };
  const popularity = (item: number) => ratings.filter(([, i]) => i === item).length;
  /** The one walk of a user, written out. */
  function walkOf(user: number, item: number, steps: number): Token[] {
    const tokens: Token[] = [];
    let person = user;
    for (let step = 0; step < steps; step++) {
      const edge = friends.find(([from]) => from === person);
      if (!edge) break;
      [, person] = edge;
      const own = ratings.filter(([u, i]) => u === person && !(u === user && i === item)).map(([, i]) => i);
      const value = (i: number) => (i === item ? 2 : cosine(i, item));
      own.sort((a, b) => value(b) - value(a) || popularity(b) - popularity(a) || a - b);
      if (own.length > 0) tokens.push([person, own[0], ratingOf(person, own[0]) - 1]);
    }
    return tokens;
  }

  const config = model.options.parse({ ...small, bothWays: false });
  const { sizes } = surroundingsOf(known, N);
  const { weights, tensors } = drawnWeights(model, config, sizes);
  const kept = new Map([...tensors, ...keptSurroundings(known)]);
  const scorerOf = (given: NamedTensors) =>
    model.scorerOf(() => engine, { config, weights: given, about: { sizes: N, history: rated } });

  it('are those of the formula over its walks, for the unknown too', () => {
    const scorer = scorerOf(kept);
    const values = scorer.values!(column(askedPairs, 0), column(askedPairs, 1));
    askedPairs.forEach(([user, item], n) => {
      const pair = inTables([user, item]);
      const tokens = walkOf(user, item, small.steps);
      const walks = tokens.length > 0 ? Array(small.walks).fill(tokens) : [];
      expect(values[n], `${user}, ${item}`).toBeCloseTo(
        dscfScore(weights, pair, walks, { d: D, layers: 2, biases: true }),
        4,
      );
    });
    scorer.free();
  });

  it('are refused where what the artifact keeps was altered', async () => {
    const altered = (name: string, data: Int32Array | Float32Array) =>
      thrownCode(() => scorerOf(new Map([...kept, [name, { shape: [data.length], data }]])));
    expect(await altered('known.friends', Int32Array.of(1, 2, 3, 0, 9))).toBe('artifact');
    expect(await altered('known.friendStart', Int32Array.of(0, 1, 2, 3, 4, 4, 4))).toBe('artifact');
    expect(
      await altered(
        'known.level',
        known.level.map((n) => n + 1),
      ),
    ).toBe('artifact');
    expect(await altered('known.level', Int32Array.of(0))).toBe('artifact');
    expect(await altered('known.levels', Float32Array.of(5, 4, 3, 2, 1))).toBe('artifact');
    const without = new Map(kept);
    without.delete('known.friendStart');
    expect(await thrownCode(() => scorerOf(without))).toBe('artifact');
  });
});

it('never shows the rating that is to be predicted', () => {
  const below = testRandom(23);
  const [nUsers, nItems] = [20, 12];
  const cells = Array.from({ length: nUsers * nItems }, (_, k) => [Math.floor(k / nItems), k % nItems]).filter(
    () => below(3) > 0,
  );
  const edges = Array.from({ length: 60 }, () => [below(nUsers), below(nUsers)]).filter(([a, b]) => a !== b);
  const surroundings = surroundingsOf(
    {
      friends: sparseRows(nUsers, column(edges, 0), column(edges, 1), true),
      rated: sparseRows(nUsers, column(cells, 0), column(cells, 1)),
      level: Int32Array.from(cells, () => below(5)),
      levels: Float32Array.of(1, 2, 3, 4, 5),
    },
    { nUsers, nItems },
  );
  const config = model.options.parse({ ...small, walks: 6, steps: 8 });
  const fill = model.neighbours(surroundings, config)([3, 4]);
  const lists = indexLists(model.lists(config), 2);
  let [ofOneself, ofTheItem] = [0, 0];
  cells.forEach(([user, item], n) => {
    fill(user, item, [n, 1], lists, 1);
    for (let at = 48; at < 96; at++) {
      if (lists.walkUsers[at] === user) ofOneself++;
      if (lists.walkItems[at] === item) ofTheItem++;
      expect(lists.walkUsers[at] === user && lists.walkItems[at] === item).toBe(false);
    }
  });
  // walks do come back to the user, and others do say what they think of the item
  expect(ofOneself).toBeGreaterThan(20);
  expect(ofTheItem).toBeGreaterThan(20);
});

it('takes any item of a visited user where it is not aware of the item, never the rating itself', () => {
  const known = knownWith([
    [0, 1],
    [1, 0],
  ]);
  const surroundings = surroundingsOf(known, N);
  const config = model.options.parse({ ...small, walks: 1, steps: 4, itemAware: false });
  const fill = model.neighbours(surroundings, config)([3, 4]);
  const lists = indexLists(model.lists(config), 1);
  const counts = new Int32Array(N.nItems);
  const rounds = 600;
  for (let n = 0; n < rounds; n++) {
    fill(0, 1, [n, 0], lists, 0);
    expect([...lists.walkUsers]).toEqual([1, 0, 1, 0]);
    for (let at = 0; at < 4; at++) {
      const [user, item] = [lists.walkUsers[at], lists.walkItems[at]];
      expect(user === 0 && item === 1).toBe(false);
      expect(ratings.some(([u, i, r]) => u === user && i === item && r - 1 === lists.walkLevels[at])).toBe(true);
      if (user === 1) counts[item]++;
    }
  }
  // of user 1 items 1 and 2, half of 1,200 each: within five standard deviations
  expect(Math.abs(counts[1] - rounds)).toBeLessThan(5 * Math.sqrt(rounds / 2));
  expect(counts[1] + counts[2]).toBe(2 * rounds);
});

it('needs no edges without friends', async () => {
  const split = ratingSplit(6, 6, {
    train: Array.from({ length: 24 }, (_, k) => [k % 6, k >> 2, 1 + (k % 5)] as const),
  });
  const without = { ...split, dataset: { ...split.dataset, social: null } };
  const { recommender } = await trainRatings(engine, without, model, { config: { friends: false } });
  const path = join(folder, 'alone');
  await recommender.save(path);
  const loaded = await Recommender.load(path, { threads: 1, blas: 'off' });
  const asked = [{ user: 'user 1', item: 'item 2' }];
  expect(loaded.predict(asked)).toEqual(recommender.predict(asked));
  for (const each of [loaded, recommender]) each.close();
});

describe('in a world of circles of taste', () => {
  const config = { factors: 8, hidden: [16], walks: 4, steps: 5, dropout: 0.1 };
  const training = { epochs: 25, batchSize: 64, optimizer: { learningRate: 0.005 } };
  const circle = tasteWorld('circle');
  const bias = findModel('bias') as never;
  const trained = trainRatings(engine, circle, model, { config, training });

  it('predicts better than biases where friends share their taste', async () => {
    const [{ result }, floor] = [await trained, await trainRatings(engine, circle, bias)];
    // biases know nothing here; nobody can do better than 1.6
    expect(floor.result!.metrics.rmse).toBeGreaterThan(2);
    expect(result!.metrics.rmse).toBeLessThan(1.9);
  });

  it('and no better where friends are anybody', async () => {
    const random = tasteWorld('random');
    const [{ result }, floor] = [
      await trainRatings(engine, random, model, { config, training }),
      await trainRatings(engine, random, bias),
    ];
    expect(result!.metrics.rmse).toBeGreaterThan(0.97 * floor.result!.metrics.rmse!);
  });

  it('with the same bytes on one thread and on two, and others where walks are drawn once', async () => {
    const brief = { config, training: { ...training, epochs: 2 } };
    const bytes = async (each: Engine, changes: object = {}) => {
      const { recommender } = await trainRatings(each, circle, model, {
        ...brief,
        training: { ...brief.training, ...changes },
      });
      recommender.close();
      return weightBytes(recommender.parts.weights);
    };
    const [one, two] = [await bytes(engines[0]), await bytes(engines[1])];
    expect(two).toBe(one);
    expect(await bytes(engine, { redraw: false })).not.toBe(one);
  });

  it('predicts and ranks from its folder as before, without the data', async () => {
    const { recommender } = await trained;
    const path = join(folder, 'circles');
    await recommender.save(path);
    const loaded = await Recommender.load(path, { threads: 1, blas: 'off' });
    const rows = Array.from({ length: 60 }, (_, n) => ({ user: `user ${n * 5}`, item: `item ${n % 20}` }));
    expect(loaded.predict(rows)).toEqual(recommender.predict(rows));
    expect(loaded.recommend({ user: 'user 7' })).toEqual(recommender.recommend({ user: 'user 7' }));
    const lists = [];
    for await (const list of loaded.recommendAll({ users: ['user 7', 'user 8'], k: 5 })) lists.push(list);
    const items = loaded.recommend({ user: 'user 7' }, { k: 5 }).recommendations.map(({ item }) => item);
    expect(lists[0].recommendations!.map(({ item }) => item)).toEqual(items);
    loaded.close();
  });
});

it('says who has no friends, and predicts for them', async () => {
  const train = Array.from({ length: 24 }, (_, k) => [k % 6, Math.floor(k / 4), 1 + ((k * 7) % 5)] as const);
  const split = withFriends(ratingSplit(6, 6, { train }), [
    [0, 1],
    [1, 2],
    [2, 0],
  ]);
  const lines: string[] = [];
  const progress = { start: () => ({ update: () => {}, end: () => {} }), log: (line: string) => void lines.push(line) };
  const { recommender } = await trainRatings(engine, split, model, { progress: progress as never });
  expect(lines.filter((line) => line.includes('no friends'))).toEqual([
    '3 of 6 users with training rows have no friends: predicted without what friends would say',
  ]);
  const [alone] = recommender.predict([{ user: 'user 5', item: 'item 2' }]);
  expect(Number.isFinite(alone.value)).toBe(true);
  recommender.close();
});

it('needs edges, and says how to give them', async () => {
  const split = ratingSplit(2, 2, {
    train: [
      [0, 0, 4],
      [1, 1, 3],
    ],
  });
  const without = { ...split, dataset: { ...split.dataset, social: null } };
  const train = () => trainRatings(engine, without, model);
  expect(await thrownCode(train)).toBe('config');
  await expect(train()).rejects.toThrow('--social FILE');
});

it('counts ratings of many values by levels that are equally far apart', async () => {
  const train = Array.from({ length: 150 }, (_, k) => [k % 10, Math.floor(k / 10), k / 7 - 3] as const);
  const split = ratingSplit(10, 15, { train });
  const { recommender } = await trainRatings(engine, split, model, { training: { epochs: 1 } });
  const levels = recommender.parts.weights.get('known.levels')!.data;
  expect(levels.length).toBe(20);
  expect(levels[0]).toBeCloseTo(-3, 5);
  expect(levels[19]).toBeCloseTo(149 / 7 - 3, 5);
  const level = recommender.parts.weights.get('known.level')!.data;
  recommender.parts.seen.columns.forEach((item, entry) => {
    const user = recommender.parts.seen.rowStart.findIndex((start) => start > entry) - 1;
    const value = train.find(([u, i]) => u === user && i === item)![2];
    expect(Math.abs(levels[level[entry]] - value)).toBeLessThan(0.5 * (levels[1] - levels[0]) + 1e-4);
  });
  recommender.close();
});
