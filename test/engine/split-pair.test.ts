import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type Tensor, topologicalOrder } from '../../src/engine/expression.ts';
import * as o from '../../src/engine/ops/index.ts';
import { computeRows } from '../../src/engine/plan/row-plan.ts';
import { type PairSplit, splitPair } from '../../src/engine/plan/split-pair.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { thrownCode } from './thrown-code.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

const user = o.input('user', [6]);
const context = o.input('context', [4]);
const item = o.input('item', [8]);
const both = o.input('both', [2]);
const W = o.parameter('W', [18, 5]);
const b = o.parameter('b', [5]);
const h = o.parameter('h', [5]);
const parameters = [W, b, h];
/** Sides alternate, so that the parts of the user are not next to each other. */
const joined = o.concat(user, item, context);

const split = (score: Tensor): PairSplit =>
  splitPair(score, (leaf) => (leaf === item ? 'item' : leaf === both ? null : 'user'));

const scores: Record<string, { readonly score: () => Tensor; readonly user: number; readonly item: number }> = {
  'a layer over both sides': {
    score: () => o.rowDot(o.linearRelu(joined, W, b), o.broadcastRow(h)),
    user: 5,
    item: 5,
  },
  'two layers over the same row': {
    score: () => o.rowSum(o.multiply(o.linear(joined, W), o.linear(joined, W, { bias: b }))),
    user: 10,
    item: 10,
  },
  'pairs of fields': { score: () => o.rowSum(o.bilinearPooling(joined, 2)), user: 4, item: 4 },
  'sums of fields and of rows': {
    score: () => o.add(o.rowSum(o.square(o.sumFields(joined, 2))), o.rowSum(joined)),
    user: 3,
    item: 3,
  },
  'a user who gates the item': {
    score: () => o.rowDot(o.sigmoid(o.concat(user, o.slice(context, 0, 2))), o.exp(item)),
    user: 8,
    item: 8,
  },
  'the item alone': { score: () => o.rowSum(o.square(item)), user: 0, item: 1 },
  'no side at all': { score: () => o.rowSum(o.broadcastRow(h)), user: 0, item: 0 },
  'fields that the joint cuts in two': {
    score: () => o.rowSum(o.bilinearPooling(o.concat(user, item, context), 9)),
    user: 10,
    item: 8,
  },
};

const random = new RandomStream(2, 'values');
const nRows = 11;
const valuesOf = (n: number) => Float32Array.from({ length: n }, () => 2 * random.uniform() - 1);
const store = new ParameterStore(engine, parameters);
for (const p of parameters) store.write(p, valuesOf(p.size));
const leaves = new Map([user, context, item].map((leaf) => [leaf, valuesOf(nRows * leaf.size)]));
const compute = (outputs: readonly Tensor[], fed: ReadonlyMap<Tensor, Float32Array>) =>
  outputs.length === 0 ? [] : computeRows(engine, store, outputs, fed, nRows);
const width = (parts: readonly Tensor[]) => parts.reduce((sum, part) => sum + part.size, 0);

describe.each(Object.entries(scores))('%s', (_title, made) => {
  const score = made.score();
  const parts = split(score);

  it('gives the same score from its parts', () => {
    const [want] = compute([score], leaves);
    const users = compute(parts.userParts, leaves);
    const items = compute(parts.itemParts, leaves);
    const fed = new Map<Tensor, Float32Array>();
    parts.userLeaves.forEach((leaf, n) => {
      fed.set(leaf, users[n]);
    });
    parts.itemLeaves.forEach((leaf, n) => {
      fed.set(leaf, items[n]);
    });
    const [got] = compute([parts.score], fed);
    got.forEach((x, k) => {
      expect(Math.abs(x - want[k])).toBeLessThan(1e-5 * (1 + Math.abs(want[k])));
    });
  });

  it('keeps as little for each user and item as this', () => {
    expect([width(parts.userParts), width(parts.itemParts)]).toEqual([made.user, made.item]);
    const below = (outputs: readonly Tensor[]) => topologicalOrder(outputs);
    expect(below(parts.userParts)).not.toContain(item);
    for (const leaf of [user, context]) expect(below(parts.itemParts)).not.toContain(leaf);
    for (const leaf of [user, context, item]) expect(below([parts.score])).not.toContain(leaf);
  });
});

it('repeats no layer that reads a side', () => {
  const { score } = split(scores['a layer over both sides'].score());
  expect(topologicalOrder([score]).map(({ op }) => op)).not.toContain('linear');
});

it('refuses leaves of both sides, and sums over the batch of both', () => {
  expect(thrownCode(() => split(o.rowSum(o.concat(user, both))))).toBe('config');
  const x = o.linear(joined, W);
  expect(thrownCode(() => split(o.rowSum(o.subtract(x, o.broadcastRow(o.sumRows(x))))))).toBe('shape');
});
