/** Negatives chosen by the scores of now: kernels against float64 and against counting, by every build. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import * as code from '../../src/engine/kernels/opcodes.ts';
import { hardNegativeOps } from '../../src/engine/ops/hard-negatives.ts';
import * as o from '../../src/engine/ops/index.ts';
import { computeRows } from '../../src/engine/plan/row-plan.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { FactorRanks } from '../../src/engine/runtime/factor-ranks.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../../src/engine/runtime/sampler.ts';
import { chiSquare, chiSquareLimit } from './chi-square.ts';
import { coversFamily } from './covers-family.ts';
import { samplerOf } from './drawn-examples.ts';
import { opsRun } from './run-expression.ts';
import { thrownCode } from './thrown-code.ts';
import { wideEngines } from './wide-engines.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed', blas: 'off' }),
  new Engine({ threads: 1, kernels: 'simd', blas: 'off' }),
  new Engine({ threads: 2, blas: 'off' }),
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

type Given = Map<Tensor, Float64Array>;

/** The whole numbers that an expression of indices gives. */
function indicesOf(engine: Engine, y: Tensor, given: Given, rows: number): number[] {
  for (const op of Object.values(hardNegativeOps)) if (usesOp(y, op.name)) opsRun.add(op);
  const store = new ParameterStore(engine, []);
  const fed = new Map(
    [...given].map(([leaf, values]) => [leaf, leaf.op.integers ? Int32Array.from(values) : Float32Array.from(values)]),
  );
  const [bits] = computeRows(engine, store, [y], fed, rows);
  store.free();
  return [...new Int32Array(bits.buffer, bits.byteOffset, bits.length)];
}

const usesOp = (y: Tensor, name: string): boolean => y.op.name === name || y.inputs.some((x) => usesOp(x, name));

/** Rows with `n` candidates, and the expression of the one that is taken. */
function candidates(n: number, best: number, rows: number, seed: number, ties = false) {
  const random = new RandomStream(seed, 'candidates');
  const leaves = Array.from({ length: n }, (_, k) => [o.indexInput(`c${k}`), o.input(`s${k}`, [1])] as const);
  const [choice, first] = [o.indexInput('choice'), o.indexInput('first')];
  const given: Given = new Map();
  for (const [item, score] of leaves) {
    given.set(
      item,
      Float64Array.from({ length: rows }, () => random.below(1000)),
    );
    given.set(
      score,
      Float64Array.from({ length: rows }, () => (ties ? random.below(3) : Math.fround(random.normal()))),
    );
  }
  given.set(
    choice,
    Float64Array.from({ length: rows }, () => random.below(best + 1) - 1),
  );
  given.set(
    first,
    Float64Array.from({ length: rows }, () => random.below(1000)),
  );
  let kept: Tensor | null = null;
  for (const [item, score] of leaves) kept = o.bestCandidates(item, score, best, kept);
  return { leaves, choice, first, given, y: o.takenCandidate(kept!, choice, first) };
}

describe.each(engines)('$build, $threads threads: the best of several candidates', (engine) => {
  it.each([
    [1, 1],
    [8, 1],
    [8, 3],
    [5, 5],
    [33, 7],
  ])('of %i, one of the best %i, as sorting gives it', (n, best) => {
    for (const [rows, ties] of [
      [1, false],
      [37, false],
      [300, true],
    ] as const) {
      // biome-ignore format: a list
      const { leaves, choice, first, given, y } = candidates(n, best, rows, n + best, ties);
      const found = indicesOf(engine, y, given, rows);
      expect(found).toEqual([...evaluateReference([y], given, rows).get(y)!]);
      for (let r = 0; r < rows; r++) {
        const sorted = leaves
          .map(([item, score], k) => ({ item: given.get(item)![r], score: given.get(score)![r], k }))
          .sort((a, b) => b.score - a.score || a.k - b.k);
        const pick = given.get(choice)![r];
        expect(found[r]).toBe(pick < 0 ? given.get(first)![r] : sorted[pick].item);
      }
    }
  });

  it('a score that is no number comes last', () => {
    const { leaves, given, choice, y } = candidates(3, 2, 2, 5);
    given.set(leaves[0][1], Float64Array.of(Number.NaN, 1));
    given.set(leaves[1][1], Float64Array.of(2, Number.NaN));
    given.set(leaves[2][1], Float64Array.of(-1e30, 3));
    given.set(choice, Float64Array.of(1, 0));
    expect(indicesOf(engine, y, given, 2)).toEqual([given.get(leaves[2][0])![0], given.get(leaves[2][0])![1]]);
  });
});

const [nItems, width, scale] = [23, 4, 5];
const pairs = Array.from({ length: 40 }, (_, k) => [k % 5, (k * 7) % nItems] as const);

/** Items ranked along the columns of a table, and draws for rows with these user vectors. */
function rankedDraws(engine: Engine, vectors: Float64Array, users: Int32Array, reject: boolean, epoch = 0) {
  const random = new RandomStream(8, 'items');
  const q = o.table('Q', nItems, width);
  const store = new ParameterStore(engine, [q]);
  const values = Float32Array.from({ length: nItems * width }, () => random.normal());
  // equal values, and one column that does not vary
  for (let i = 0; i < nItems; i++) {
    values[i * width + 2] = i % 3;
    values[i * width + 3] = 0.5;
  }
  store.write(q, values);
  const sampler = new SamplerRecord(engine, samplerOf(pairs, { nUsers: 5, nItems }, { reject, key: [11, 12] }));
  const item = o.indexInput('item');
  const ranks = new FactorRanks(engine, { store, sampler, vector: o.lookup(q, item), item, nItems, scale });
  ranks.refresh();
  const [x, user, choice, first] = [o.input('x', [width]), ...['u', 'c', 'f'].map((name) => o.indexInput(name))];
  const y = o.drawnByFactor(x, user, choice, first, ranks.ranking);
  const rows = users.length;
  const given: Given = new Map([
    [x, vectors],
    [user, Float64Array.from(users)],
    [choice, new Float64Array(rows)],
    [first, new Float64Array(rows).fill(nItems - 1)],
  ]);
  engine.kernels.setExamples(0, epoch);
  const now = ranks.ranking.now!();
  const found = indicesOf(engine, y, given, rows);
  const reference = reject ? null : [...evaluateReference([y], given, rows).get(y)!];
  ranks.free();
  sampler.free();
  store.free();
  return { found, reference, now, values };
}

describe.each(engines)('$build, $threads threads: items by their rank along a factor', (engine) => {
  const rows = 8192;
  const vector = [0.5, -1.5, 0.8, 3];
  const vectors = Float64Array.from({ length: rows * width }, (_, k) => Math.fround(vector[k % width]));

  it('orders every factor, ties by item, and knows how far it spreads', () => {
    const { now, values } = rankedDraws(engine, vectors.subarray(0, width), new Int32Array(1), false);
    for (let f = 0; f < width; f++) {
      const column = Array.from({ length: nItems }, (_, i) => values[i * width + f]);
      const order = column.map((_, i) => i).sort((a, b) => column[b] - column[a] || a - b);
      expect([...now.order.subarray(f * nItems, (f + 1) * nItems)]).toEqual(order);
      const mean = column.reduce((sum, v) => sum + v, 0) / nItems;
      const variance = column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / nItems;
      expect(now.spread[f]).toBeCloseTo(Math.sqrt(variance), 5);
    }
  });

  it('draws what the formula says of each draw', () => {
    const { found, reference } = rankedDraws(engine, vectors, new Int32Array(rows), false);
    const different = found.filter((item, r) => item !== reference![r]);
    // a draw at the very edge of a factor's share may fall on either side of it in single precision
    expect(different.length).toBeLessThan(rows / 500);
  });

  it('draws items as often as an enumeration of all factors and ranks says', () => {
    const { found, now } = rankedDraws(engine, vectors, new Int32Array(rows), false);
    const weights = vector.map((v, f) => Math.abs(v) * now.spread[f]);
    const total = weights.reduce((sum, w) => sum + w, 0);
    const geometric = Array.from({ length: nItems }, (_, r) => Math.exp(-r / scale));
    const mass = geometric.reduce((sum, p) => sum + p, 0);
    const expected = new Float64Array(nItems);
    weights.forEach((weight, f) => {
      geometric.forEach((p, r) => {
        const place = vector[f] >= 0 ? r : nItems - 1 - r;
        expected[now.order[f * nItems + place]] += (rows * (weight / total) * p) / mass;
      });
    });
    const counts = new Float64Array(nItems);
    for (const item of found) counts[item]++;
    expect(chiSquare(counts, expected)).toBeLessThan(chiSquareLimit(nItems - 1));
  });

  it('does not draw what the user took, and draws something where all was taken', () => {
    const users = Int32Array.from({ length: rows }, (_, r) => r % 5);
    const { found } = rankedDraws(engine, vectors, users, true);
    const taken = new Set(pairs.map(([user, item]) => `${user} ${item}`));
    found.forEach((item, r) => {
      expect(taken.has(`${users[r]} ${item}`)).toBe(false);
    });
  });

  it('takes the first draw where the choice says so, and any factor where a vector is zero', () => {
    const { found } = rankedDraws(engine, new Float64Array(64 * width), new Int32Array(64), false);
    expect(found.every((item) => item >= 0 && item < nItems)).toBe(true);
    expect(new Set(found).size).toBeGreaterThan(5);
  });
});

describe('what does not fit', () => {
  it('is refused', () => {
    const [index, score] = [o.indexInput('i'), o.input('s', [1])];
    const kept = o.bestCandidates(index, score, 2, null);
    expect(thrownCode(() => o.bestCandidates(index, score, 0, null))).toBe('shape');
    expect(thrownCode(() => o.bestCandidates(index, score, 3, kept))).toBe('shape');
    expect(thrownCode(() => o.bestCandidates(score, score, 1, null))).toBe('shape');
    expect(thrownCode(() => o.takenCandidate(score, index, index))).toBe('shape');
    const ranking = { record: 0, key: [0, 0] as const, scale: 1, nItems: 3 };
    expect(thrownCode(() => o.drawnByFactor(score, index, score, index, ranking))).toBe('shape');
  });

  it('a chosen index can be looked up, and no gradient goes through the choice', () => {
    expect(code.MORE_AT_ONCE).toBeGreaterThan(0);
    const { y } = candidates(3, 1, 1, 1);
    expect(o.lookup(o.table('E', 9, 2), y).shape).toEqual([2]);
  });
});

coversFamily(hardNegativeOps);
