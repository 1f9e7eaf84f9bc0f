/** Lists of many users at once are those of one after the other, whatever the model; and who has none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProgressTask } from '../../src/core/progress.ts';
import { sequencesOf } from '../../src/data/sequences/from-interactions.ts';
import { leaveLastOut } from '../../src/data/sequences/leave-last-out.ts';
import { rowOf, type SparseRows, sparseRows } from '../../src/data/sparse-rows.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { findModel } from '../../src/models/index.ts';
import type { Answer } from '../../src/recommender/answer.ts';
import { HistoryLanes } from '../../src/recommender/history-lanes.ts';
import type { UserList } from '../../src/recommender/recommend-all.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import type { RecommendAllOptions } from '../../src/recommender/request.ts';
import { blocksOf, listsAtRows, someRows } from '../../src/recommender/users-at-once.ts';
import { trainRecommender, trainSequenceRecommender } from '../../src/runs/train-recommender.ts';
import { prefixScorer } from '../../src/scoring/prefix-scorer.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { type MadeRow, madeDataset, testRandom } from '../data/made-data.ts';
import { temporaryFolder } from '../data/temporary-files.ts';
import { madeSplit, type Pair } from '../models/made-worlds.ts';
import { thrownCode } from '../models/thrown-code.ts';
import { madeModels, madeRecommenders } from './made-recommenders.ts';

const engine = new Engine({ threads: 2, blas: 'off' });
afterAll(() => engine.close());
const { write } = temporaryFolder();

let recommenders: Map<string, Recommender>;
const of = (model: string): Recommender => recommenders.get(model)!;

beforeAll(async () => {
  recommenders = await madeRecommenders(engine, write);
});

async function listsOf(recommender: Recommender, options?: RecommendAllOptions): Promise<UserList[]> {
  const lists: UserList[] = [];
  for await (const list of recommender.recommendAll(options)) lists.push(list);
  return lists;
}

/** What a list of many says of one answer. */
function withoutReasons(user: string, { recommendations, how }: Answer): UserList {
  return { user, recommendations: recommendations.map(({ because, ...rest }) => rest), how, skipped: null };
}

const everybody = Array.from({ length: 20 }, (_, n) => `u${n}`);
const wishes: [string, Omit<RecommendAllOptions, 'users'>][] = [
  ['ten', {}],
  ['three', { k: 3 }],
  ['more than there are', { k: 100 }],
  ['what was taken too', { k: 100, includeSeen: true }],
  ['nothing that was taken', { k: 100, includeSeen: false }],
  ['all but some', { k: 100, exclude: ['i1', 'i8', 'no such'] }],
  ['some only', { k: 5, only: ['i2', 'i3', 'i9', 'i10', 'no such'], exclude: ['i9'] }],
];

describe.each(madeModels)('%s', (model) => {
  it.each(wishes)('gives everybody the list that it gives one: %s', async (_, options) => {
    const lists = await listsOf(of(model), options);
    expect(lists.map(({ user }) => user).sort()).toEqual([...everybody].sort());
    for (const list of lists)
      expect(list).toEqual(withoutReasons(list.user, of(model).recommend({ user: list.user }, options)));
  });

  it('keeps to the order of the users given, serves each once, and tells who is unknown', async () => {
    const lists = await listsOf(of(model), { users: ['u7', 'nobody', 'u2', 'u7', 'u19', 'neither'], k: 2 });
    expect(lists.map(({ user }) => user)).toEqual(['nobody', 'neither', 'u7', 'u2', 'u19']);
    const [nobody] = lists;
    expect(nobody).toEqual({
      user: 'nobody',
      recommendations: [],
      how: null,
      skipped: expect.stringMatching(/unknown/),
    });
    expect(lists.map(({ recommendations }) => recommendations.length)).toEqual([0, 0, 2, 2, 2]);
  });

  it('refuses what it cannot do before the first list', async () => {
    const code = (options: object) => thrownCode(async () => void of(model).recommendAll(options));
    expect(await code({ users: ['nobody'] })).toBe('not-found');
    expect(await code({ users: [] })).toBe('not-found');
    expect(await code({ only: ['no such'] })).toBe('not-found');
    expect(await code({ users: 'u1' })).toBe('usage');
    expect(await code({ k: 0 })).toBe('usage');
    expect(await code({ n: 3 })).toBe('usage');
    expect(await code({ whenEmpty: 'popularity' })).toBe('usage');
  });

  it('gives back the memory of a loop that is left early, and answers others in between', async () => {
    const before = of(model).recommend({ user: 'u5' });
    const held = engine.heldBytes;
    for await (const { user } of of(model).recommendAll({ k: 4 })) {
      expect(of(model).recommend({ user: 'u5' })).toEqual(before);
      if (user === 'u3') break;
    }
    expect(engine.heldBytes).toBe(held);
  });

  it('says so when the recommender is closed in the middle, and goes on when it is asked anew', async () => {
    const late = of(model).recommendAll({ k: 2 });
    const lists = of(model).recommendAll({ k: 2 });
    await lists.next();
    await lists.next();
    of(model).close();
    const closed = {
      code: 'usage',
      message: expect.stringMatching(/recommendAll: the recommender was closed before all/),
    };
    await expect(lists.next()).rejects.toMatchObject(closed);
    expect(await lists.next()).toEqual({ done: true, value: undefined });
    await expect(late.next()).rejects.toMatchObject(closed);
    expect(await listsOf(of(model), { k: 2 })).toHaveLength(20);
  });

  it('tells its progress', async () => {
    const told: [string, number?, string?][] = [];
    const done: number[] = [];
    const task: ProgressTask = { update: (n) => done.push(n), end: () => done.push(-1) };
    const start = (label: string, total?: number, unit?: string): ProgressTask => {
      told.push([label, total, unit]);
      return task;
    };
    for await (const _ of of(model).recommendAll({}, { start, log() {} }));
    expect(told).toEqual([['recommending', 20, 'users']]);
    expect(done).toEqual([20, -1]);
  });
});

/** Users 0 … 9 in training; 10 took item 3 in the test part only, 11 took nothing but item 11, which training does not have. */
async function withLateUsers(model: string): Promise<Recommender> {
  const train: Pair[] = Array.from({ length: 40 }, (_, n): Pair => [n % 10, (n * 7 + Math.floor(n / 10)) % 11]);
  const test: Pair[] = [
    [0, 11],
    [10, 3],
    [11, 11],
  ];
  const split = madeSplit(12, 12, { train, validation: [], test });
  const isTrained = findModel(model).learn.by === 'gradients';
  const settings = parseRunSettings({
    data: { files: ['none'] },
    model,
    final: false,
    ...(isTrained && { training: { epochs: 3, batchSize: 32 } }),
    evaluation: { users: 0 },
  });
  return (await trainRecommender({ engine, split, settings })).recommender;
}

describe('users without training rows', () => {
  it.each(['popularity', 'item-knn', 'ease', 'ials', 'mf', 'neumf'])(
    'are served by what they took else, or skipped with the reason: %s',
    async (model) => {
      const recommender = await withLateUsers(model);
      const lists = await listsOf(recommender, { k: 12 });
      expect(lists).toHaveLength(12);
      for (const list of lists.slice(0, 11))
        expect(list).toEqual(withoutReasons(list.user, recommender.recommend({ user: list.user }, { k: 12 })));
      expect(lists[10].how).not.toBe('trained');
      expect(lists[11]).toMatchObject({ user: 'user 11', recommendations: [], how: null });
      expect(lists[11].skipped).toMatch(/no training rows and took no item that training has/);
      expect(() => recommender.recommend({ user: 'user 11' })).toThrow(/no training rows and took no item/);
      recommender.close();
    },
  );
});

it('a model of sessions that are nobody’s knows no users', async () => {
  const rows = Array.from({ length: 60 }, (_, n): MadeRow => [`s${n % 12}`, `i${(n * 5) % 7}`, n]);
  const sequences = leaveLastOut(sequencesOf(madeDataset(rows), { by: 'user' }));
  const nobody = { ...sequences, users: null, by: 'session' as const };
  const { recommender } = await trainSequenceRecommender({ engine, split: nobody, model: 'markov' });
  expect(() => recommender.recommendAll()).toThrow(/nobody's and knows no users/);
  expect(() => recommender.recommendAll({ users: ['s1'] })).toThrow(/nobody's and knows no users/);
  recommender.close();
});

describe('many users', () => {
  it('of many more than a block are all there, in their order', async () => {
    const draw = testRandom(3);
    const rows = Array.from({ length: 30_000 }, (_, n): MadeRow => [`u${n % 5000}`, `i${draw(40)}`, n]);
    const split = splitDataset(madeDataset(rows), { method: 'leave-one-out' });
    const settings = parseRunSettings({ data: { files: ['none'] }, model: 'item-knn', evaluation: { users: 0 } });
    const { recommender } = await trainRecommender({ engine, split, settings });
    const lists = await listsOf(recommender, { k: 3 });
    expect(lists.map(({ user }) => user)).toEqual([...recommender.parts.users.ids]);
    for (const n of [0, 4095, 4096, 4999])
      expect(lists[n]).toEqual(withoutReasons(lists[n].user, recommender.recommend({ user: lists[n].user }, { k: 3 })));
    recommender.close();
  });

  it('come in blocks that are smaller where there are more items', () => {
    const sizes = (nItems: number) => [...blocksOf(new Int32Array(10_000), nItems)].map(({ length }) => length);
    expect(sizes(10)).toEqual([4096, 4096, 1808]);
    expect(sizes(4000)[0]).toBe(1048);
    expect(sizes(10_000_000)[0]).toBe(48);
    expect(sizes(4000).reduce((sum, n) => sum + n)).toBe(10_000);
  });

  it('write what some users took, in training or elsewhere, in one ascending list each', () => {
    const taken = sparseRows(4, Int32Array.of(0, 0, 1, 3, 3), Int32Array.of(2, 7, 5, 1, 4));
    const elsewhere = sparseRows(4, Int32Array.of(0, 0, 3), Int32Array.of(0, 5, 9));
    const users = Int32Array.of(3, 0, 2);
    const listsOf = (rows: SparseRows) => [0, 1, 2, 3].map((row) => [...rowOf(rows, row)]);
    expect(listsOf(someRows(users, taken, undefined))).toEqual([[2, 7], [], [], [1, 4]]);
    expect(listsOf(someRows(users, taken, elsewhere))).toEqual([[0, 2, 5, 7], [], [], [1, 4, 9]]);
    const same = someRows(users, taken, taken);
    expect(listsOf(same).map((list) => [...new Set(list)])).toEqual([[2, 7], [], [], [1, 4]]);
  });

  it('have lists at their rows, in any order', () => {
    const lists = [Int32Array.of(7), Int32Array.of(1, 2), new Int32Array(0)];
    expect(listsAtRows(5, Int32Array.of(3, 0, 4), (n) => lists[n])).toEqual({
      nRows: 5,
      rowStart: Int32Array.of(0, 2, 2, 2, 3, 3),
      columns: Int32Array.of(1, 2, 7),
    });
  });
});

describe('histories in lanes', () => {
  it('are each run through from the beginning, whatever lies beside them', () => {
    const draw = testRandom(11);
    const nItems = 6;
    // a score that depends on every event and its place
    const scorer = prefixScorer(nItems, (prefix, scores) => {
      scores.fill(prefix.reduce((sum, item, n) => sum * 3 + item + n, 0));
    });
    const histories = Array.from({ length: 200 }, () => Int32Array.from({ length: draw(9) }, () => draw(nItems)));
    const expected = histories.map((history) => history.reduce((sum, item, n) => sum * 3 + item + n, 0));
    const seen = new Map<number, number>();
    const lanes = new HistoryLanes(scorer, histories.length);
    for (const [from, to] of [
      [0, 150],
      [150, 200],
    ])
      lanes.run(histories.slice(from, to), (place, scores) => {
        expect(seen.has(from + place)).toBe(false);
        seen.set(from + place, scores[0]);
      });
    lanes.free();
    histories.forEach((history, n) => {
      expect(seen.get(n), `history ${n}`).toBe(history.length === 0 ? undefined : Math.fround(expected[n]));
    });
  });
});
