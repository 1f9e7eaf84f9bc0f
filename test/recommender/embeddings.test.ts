/** Vectors of items and users: whose they are, that scores are made of them, and which models have none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { EmbeddingOwner, Embeddings } from '../../src/recommender/embeddings.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import { temporaryFolder } from '../data/temporary-files.ts';
import { thrownCode } from '../models/thrown-code.ts';
import { clubOf, madeRecommenders } from './made-recommenders.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());
const { write } = temporaryFolder();

let recommenders: Map<string, Recommender>;
const of = (model: string): Recommender => recommenders.get(model)!;

beforeAll(async () => {
  recommenders = await madeRecommenders(engine, write);
});

const vectorOf = ({ ids, width, values }: Embeddings, id: string): Float32Array => {
  const row = ids.indexOf(id);
  return values.subarray(row * width, (row + 1) * width);
};
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, d) => sum + x * b[d], 0);
const cosine = (a: Float32Array, b: Float32Array): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

describe.each(['ials', 'mf', 'neumf', 'gru4rec', 'fm'])('%s', (model) => {
  it('has a vector for every item, and those of a club are alike', () => {
    const items = of(model).embeddings('item');
    expect([...items.ids].sort()).toEqual([...of(model).parts.items.ids].sort());
    expect(items.values).toHaveLength(items.ids.length * items.width);
    expect(items.values.every(Number.isFinite)).toBe(true);
    if (model === 'gru4rec') return;
    const { similar } = of(model).similar('i4', { k: 3 });
    for (const { item, score } of similar) {
      expect(clubOf(item)).toBe(0);
      expect(cosine(vectorOf(items, 'i4'), vectorOf(items, item))).toBeCloseTo(score, 5);
    }
  });
});

describe.each(['ials', 'mf'])('%s', (model) => {
  it('scores by the product of the vectors', () => {
    const [users, items] = [of(model).embeddings('user'), of(model).embeddings('item')];
    expect(users.width).toBe(items.width);
    for (const user of ['u0', 'u7'])
      for (const { item, score } of of(model).recommend({ user }, { k: 20, includeSeen: true }).recommendations)
        expect(dot(vectorOf(users, user), vectorOf(items, item))).toBeCloseTo(score, 4);
  });
});

it.each(['neumf', 'fm'])('%s has a vector for every user', (model) => {
  const users = of(model).embeddings('user');
  expect(users.ids).toHaveLength(20);
  expect(users.values).toHaveLength(20 * users.width);
});

it('says which models have vectors where one has none', async () => {
  const cases: [string, EmbeddingOwner][] = [
    ['popularity', 'item'],
    ['popularity', 'user'],
    ['item-knn', 'item'],
    ['ease', 'user'],
    ['markov', 'item'],
    ['gru4rec', 'user'],
  ];
  for (const [model, owner] of cases)
    expect(() => of(model).embeddings(owner), `${model} ${owner}`).toThrow(/has no vectors of .*; ask a model such as/);
  const wrong = 'word' as EmbeddingOwner;
  expect(await thrownCode(async () => of('mf').embeddings(wrong))).toBe('usage');
});
