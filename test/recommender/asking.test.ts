/** What every recommender can be asked, whatever its model learns from; and what it says where it cannot. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { temporaryFolder } from '../data/temporary-files.ts';
import { thrownCode } from '../models/thrown-code.ts';
import { clubOf, madeModels, madeRecommenders } from './made-recommenders.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());
const { folder, write } = temporaryFolder();

let recommenders: Map<string, Recommender>;

beforeAll(async () => {
  recommenders = await madeRecommenders(engine, write);
});

const of = (model: string): Recommender => recommenders.get(model)!;
const items = (answer: ReturnType<Recommender['recommend']>) => answer.recommendations.map(({ item }) => item);
const all = madeModels;

describe.each(all)('%s', (model) => {
  it('leaves out what is excluded, and keeps to what is allowed', () => {
    const whole = { k: 100, includeSeen: true };
    const list = items(of(model).recommend({ user: 'u3' }, whole));
    const without = items(of(model).recommend({ user: 'u3' }, { ...whole, exclude: [list[0], list[2], 'no such'] }));
    expect(without).toEqual(list.filter((item) => item !== list[0] && item !== list[2]));
    const only = items(of(model).recommend({ user: 'u3' }, { ...whole, only: [list[4], 'no such', list[1]] }));
    expect(only).toEqual([list[1], list[4]]);
    expect(items(of(model).recommend({ user: 'u3' }, { k: 1, includeSeen: true, only: [list[3]] }))).toEqual([list[3]]);
    const both = { ...whole, only: list.slice(0, 3), exclude: [list[1]] };
    expect(items(of(model).recommend({ user: 'u3' }, both))).toEqual([list[0], list[2]]);
  });

  it('refuses a list of nothing that is known, and lists that are none', async () => {
    const ask = (options: object) => thrownCode(async () => of(model).recommend({ user: 'u3' }, options));
    expect(await ask({ only: ['no such'] })).toBe('not-found');
    expect(await ask({ only: [] })).toBe('usage');
    expect(await ask({ only: 'i1' })).toBe('usage');
    expect(await ask({ exclude: [{}] })).toBe('usage');
  });

  it('says what it can be asked by, and refuses the rest', async () => {
    const requests = { user: 'u3', history: ['i1', 'i3'], row: { hour: 3 } };
    for (const [by, given] of Object.entries(requests)) {
      const code = await thrownCode(async () => of(model).recommend({ [by]: given }));
      expect(code, by).toBe(of(model).asks.by.includes(by as 'user') ? 'nothing' : 'usage');
    }
  });
});

describe('what most people took', () => {
  it.each(['item-knn', 'mf', 'markov'])(
    'is shown by %s to somebody of whom nothing is known, when asked for',
    (model) => {
      for (const history of [[], ['no such', 'neither']]) {
        const answer = of(model).recommend({ history }, { k: 4, whenEmpty: 'popularity' });
        expect(answer.how).toMatch(/what most people took/);
        expect(answer.unknownItems).toEqual(history);
        const scores = answer.recommendations.map(({ score }) => score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
        expect(scores).toHaveLength(4);
      }
    },
  );
});

it.each(all)('what most people took is shown by %s to an unknown user, when asked for', async (model) => {
  const ask = (options: object) => of(model).recommend({ user: 'nobody' }, { k: 4, ...options });
  expect(await thrownCode(() => ask({}))).toBe('not-found');
  const answer = ask({ whenEmpty: 'popularity', exclude: ['i3'] });
  expect(answer.how).toBe('nothing is known of the user: what most people took');
  const scores = answer.recommendations.map(({ score }) => score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(scores).toHaveLength(4);
  expect(items(answer)).not.toContain('i3');
  expect(of(model).recommend({ user: 'u3' }, { whenEmpty: 'popularity' })).toEqual(of(model).recommend({ user: 'u3' }));
});

describe('similar items', () => {
  it.each(all.filter((model) => model !== 'popularity'))('are those of the same club: %s', (model) => {
    const { similar, how } = of(model).similar('i4', { k: 3 });
    expect(similar).toHaveLength(3);
    expect(how).toMatch(/^(by|what)/);
    // one network cell sees little after a single item: its first guess must be right
    for (const { item } of similar.slice(0, model === 'gru4rec' ? 1 : 3)) expect(clubOf(item)).toBe(0);
    expect(similar.map(({ item }) => item)).not.toContain('i4');
    const scores = similar.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it('are refused for unknown items, and by a model that knows no likeness', async () => {
    expect(await thrownCode(async () => of('mf').similar('no such'))).toBe('not-found');
    expect(await thrownCode(async () => of('mf').similar('i4', { k: 0 }))).toBe('usage');
    expect(() => of('popularity').similar('i4')).toThrow(/Popularity has neither vectors.*item-knn/);
  });
});

describe('what a model cannot do', () => {
  it('is an error that says which can', () => {
    expect(() => of('mf').predict([{ user: 'u1' }])).toThrow(/predict: needs a model over feature fields \(lr, fm/);
    expect(() => of('markov').explain({ user: 'u1' })).toThrow(/explain: needs a model over feature fields/);
    expect(() => of('fm').explain({ user: 'u1' }, -1)).toThrow(/explain: the number of pairs must be .* found -1/);
    expect(() => of('mf').recommend('u1' as never)).toThrow(/recommend: the request: .*expected object/);
    expect(() => of('fm').startSession()).toThrow(/session: needs a model of sequences \(.*gru4rec/);
    expect(() => of('fm').scorer('pairs')).toThrow(/FM: must be one of the models of users and items/);
  });
});

it.each(all)('%s answers alike after it was closed, and when it is loaded', async (model) => {
  const before = of(model).recommend({ user: 'u5' });
  of(model).close();
  expect(of(model).recommend({ user: 'u5' })).toEqual(before);
  const path = join(folder, model);
  await of(model).save(path);
  const loaded = await Recommender.load(path, { threads: 1, blas: 'off' });
  expect(loaded.recommend({ user: 'u5' })).toEqual(before);
  loaded.close();
});

describe.each(['markov', 'gru4rec'])('a session of %s', (model) => {
  it('is over when it is closed, which may be done twice', async () => {
    const session = of(model).startSession();
    session.add('i1');
    session.close();
    session.close();
    expect(() => session.add('i3')).toThrow(/session: add: the session is closed/);
    expect(() => session.recommend()).toThrow(/session: recommend: the session is closed/);
    expect(await thrownCode(async () => session.recommend())).toBe('usage');
  });

  it('of a user begins with their history', async () => {
    const recommender = of(model);
    const session = recommender.startSession({ user: 'u3' });
    expect(session.recommend({ k: 5 })).toEqual(recommender.recommend({ user: 'u3' }, { k: 5 }));
    session.close();
    expect(await thrownCode(async () => recommender.startSession({ user: 'nobody' }))).toBe('not-found');
  });

  it('ends with its recommender', async () => {
    const path = join(folder, `closing-${model}`);
    await of(model).save(path);
    const recommender = await Recommender.load(path, { threads: 1, blas: 'off' });
    const session = recommender.startSession();
    session.add('i1');
    recommender.close();
    expect(() => session.add('i3')).toThrow(/the session is closed/);
  });
});

describe('what is wrong with a call is not put down to the files', () => {
  it.each([{ thread: 2 }, { threads: 0 }, null])('options of the engine: %j', async (options) => {
    const path = join(folder, 'mf');
    await of('mf').save(path);
    expect(await thrownCode(() => Recommender.load(path, options as object))).toBe('config');
  });
});

describe('cells that describe somebody to a model over fields', () => {
  const notes = (row: Record<string, unknown>, user?: string) =>
    of('fm').recommend(user === undefined ? { row } : { user, row }, { k: 2 }).notes;

  it('are told where they are no field, or were never seen', () => {
    expect(notes({ hours: 3 }, 'u3')).toEqual([expect.stringMatching(/^"hours" is not a field/)]);
    expect(notes({ user: 'never' })).toEqual([expect.stringMatching(/"never" was not, or rarely, seen in training$/)]);
  });

  it('are no news where nothing is said of them', () => {
    expect(notes({}, 'u3')).toEqual([]);
  });
});
