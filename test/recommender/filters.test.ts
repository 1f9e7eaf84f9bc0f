/** Lists of items that fulfil a condition, of every kind of model; and users alike to one. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FieldTable } from '../../src/data/dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { temporaryFolder } from '../data/temporary-files.ts';
import { thrownCode } from '../models/thrown-code.ts';
import { clubOf, madeModels, madeRecommenders } from './made-recommenders.ts';

const engine = new Engine({ threads: 2, blas: 'off' });
afterAll(() => engine.close());
const { folder, write } = temporaryFolder();

const recommenders = new Map<string, Recommender>();
const of = (model: string): Recommender => recommenders.get(model)!;

/** Every item has its number, and one tag for each divisor among 2, 3 and 5. */
function described({ parts }: Recommender): Recommender {
  const { items, info } = parts;
  const numbers = items.ids.map((id) => Number(id.slice(1)));
  const itemFields: FieldTable = {
    nRows: items.size,
    title: null,
    fields: [
      { name: 'number', kind: 'numeric', values: numbers },
      { name: 'tags', kind: 'multi', values: numbers.map((n) => [2, 3, 5].filter((d) => n % d === 0).map(String)) },
    ],
  };
  return new Recommender({ ...parts, info, itemFields }, engine);
}

beforeAll(async () => {
  for (const [name, recommender] of await madeRecommenders(engine, write))
    recommenders.set(name, described(recommender));
});

const conditions: [string, (n: number) => boolean][] = [
  ['number >= 12', (n) => n >= 12],
  ['tags contains 3 or number = 1', (n) => n % 3 === 0 || n === 1],
  ['not tags = 2 and number < 7', (n) => n % 2 === 1 && n < 7],
];
const numberOf = ({ item }: { readonly item: string }) => Number(item.slice(1));

describe.each(madeModels)('%s', (model) => {
  it.each(conditions)(
    'lists the best items of which "%s" holds, and k of them where there are k',
    async (where, holds) => {
      const whole = of(model).recommend({ user: 'u3' }, { k: 100, includeSeen: true });
      const expected = whole.recommendations.filter((each) => holds(numberOf(each)));
      expect(expected.length).toBeGreaterThan(2);
      for (const k of [1, 2, 100]) {
        const { recommendations } = of(model).recommend({ user: 'u3' }, { k, includeSeen: true, where });
        expect(recommendations.map(({ item }) => item)).toEqual(expected.slice(0, k).map(({ item }) => item));
      }
      const taken = of(model).recommend({ user: 'u3' }, { k: 100, includeSeen: false, where });
      for await (const { user, recommendations } of of(model).recommendAll({ k: 100, includeSeen: false, where }))
        if (user === 'u3')
          expect(recommendations.map(({ item }) => item)).toEqual(taken.recommendations.map(({ item }) => item));
        else expect(recommendations.every((each) => holds(numberOf(each)))).toBe(true);
    },
  );

  it('joins it with what is allowed and what is not', () => {
    const wanted = { k: 9, includeSeen: true, where: 'number < 6', only: ['i1', 'i5', 'i7', 'i9'], exclude: ['i1'] };
    expect(
      of(model)
        .recommend({ user: 'u3' }, wanted)
        .recommendations.map(({ item }) => item),
    ).toEqual(['i5']);
    const none = of(model).recommend({ user: 'u3' }, { ...wanted, only: ['i7'] });
    expect(none.recommendations).toEqual([]);
  });

  it('refuses what is no condition, before the lists are made', async () => {
    for (const [where, code] of [
      ['nmber = 1', 'usage'],
      ['number = ', 'usage'],
      [3, 'usage'],
      ['number > 99', 'not-found'],
    ]) {
      expect(await thrownCode(() => of(model).recommend({ user: 'u3' }, { where: where as string }))).toBe(code);
      expect(await thrownCode(() => of(model).recommendAll({ where: where as string }))).toBe(code);
    }
  });

  it('is asked the same when it was saved and loaded', async () => {
    const asked = [{ user: 'u4' }, { k: 3, where: 'number >= 12' }] as const;
    const before = of(model).recommend(...asked);
    const path = join(folder, model);
    await of(model).save(path);
    const loaded = await Recommender.load(path, { threads: 1, blas: 'off' });
    expect(loaded.recommend(...asked)).toEqual(before);
    loaded.close();
  });
});

it.each(madeModels.filter((model) => model !== 'popularity'))('similar items fulfil a condition: %s', (model) => {
  const all = of(model).similar('i4', { k: 100 }).similar;
  const { similar } = of(model).similar('i4', { k: 3, where: 'tags = 3' });
  expect(similar).toEqual(all.filter((each) => numberOf(each) % 3 === 0).slice(0, 3));
});

it('a session keeps to a condition', () => {
  const session = of('markov').startSession();
  session.add('i4');
  const { recommendations } = session.recommend({ k: 3, where: 'number >= 12' });
  expect(recommendations).toHaveLength(3);
  expect(recommendations.every((each) => numberOf(each) >= 12)).toBe(true);
});

describe('similar users', () => {
  it.each(['mf', 'neumf', 'ials', 'fm'])('are those of the same club, by the cosine of their vectors: %s', (model) => {
    const { similar, how } = of(model).similarUsers('u4', { k: 5 });
    expect(how).toBe('by the cosine of the user vectors');
    expect(similar).toHaveLength(5);
    for (const { user } of similar.slice(0, 3)) expect(clubOf(user)).toBe(0);
    const { ids, width, values } = of(model).embeddings('user');
    const vector = (id: string) => Array.from(values.subarray(ids.indexOf(id) * width, (ids.indexOf(id) + 1) * width));
    const dot = (a: number[], b: number[]) => a.reduce((sum, x, d) => sum + x * b[d], 0);
    const cosine = (a: number[], b: number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    const others = ids.filter((id) => id !== 'u4').map((id) => cosine(vector('u4'), vector(id)));
    expect(similar.map(({ score }) => score.toFixed(5))).toEqual(
      others
        .sort((a, b) => b - a)
        .slice(0, 5)
        .map((score) => score.toFixed(5)),
    );
  });

  it.each(['popularity', 'item-knn', 'ease', 'markov', 'gru4rec'])(
    'are refused by %s, which knows no vectors of users',
    async (model) => {
      expect(await thrownCode(() => of(model).similarUsers('u4'))).toBe('usage');
      expect(() => of(model).similarUsers('u4')).toThrow(
        /similarUsers: .* has no vectors of users; ask a model such as mf/,
      );
    },
  );

  it('are refused for unknown users and wrong calls', async () => {
    expect(await thrownCode(() => of('mf').similarUsers('nobody'))).toBe('not-found');
    expect(await thrownCode(() => of('mf').similarUsers('u4', { k: 0 }))).toBe('usage');
    expect(await thrownCode(() => of('mf').similarUsers('u4', { where: 'number = 1' } as object))).toBe('usage');
    expect(await thrownCode(() => of('mf').similarUsers({} as never))).toBe('usage');
  });
});
