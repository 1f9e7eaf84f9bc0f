import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import * as o from '../../src/engine/ops/index.ts';
import { optimizerOptions } from '../../src/engine/optimizers/optimizer.ts';
import { StepPlan } from '../../src/engine/plan/step-plan.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { aliasTable, type EdgeSampler, SamplerRecord } from '../../src/engine/runtime/sampler.ts';
import { chiSquare, chiSquareLimit } from './chi-square.ts';
import { drawExamples, type Examples, samplerOf } from './drawn-examples.ts';
import { thrownCode } from './thrown-code.ts';

const engine = new Engine({ threads: 1 });
const plain = new Engine({ threads: 1, kernels: 'simd' });
const pools = [1, 2, 3].map((threads) => new Engine({ threads }));
afterAll(() => {
  for (const each of [engine, plain, ...pools]) each.close();
});

const sizes = { nUsers: 40, nItems: 25 };
/** Every user has a third of the items, the first ones more often than the last; user 39 has all of them. */
const random = new RandomStream(1, 'pairs');
const pairs = Array.from({ length: sizes.nUsers * sizes.nItems }, (_, k): [number, number] => [
  Math.floor(k / sizes.nItems),
  k % sizes.nItems,
]).filter(([user, item]) => user === 39 || random.uniform() < 0.6 - item / 50);
const taken = new Set(pairs.map(([user, item]) => `${user} ${item}`));

function withRecord<T>(sampler: EdgeSampler, use: (record: SamplerRecord) => T, on = engine): T {
  const record = new SamplerRecord(on, sampler);
  const result = use(record);
  record.free();
  return result;
}

function epochOf(sampler: EdgeSampler, kind: 'pointwise' | 'pairwise', epoch: number, on = engine): Examples {
  return withRecord(
    sampler,
    (record) => {
      const rows = kind === 'pointwise' ? record.rowsPointwise : record.rowsPairwise;
      return drawExamples(on, record, kind, epoch, 0, rows);
    },
    on,
  );
}

const keysWhere = ({ users, items }: Examples, keep: (row: number) => boolean): string[] =>
  Array.from(users, (user, row) => `${user} ${items[row]}`).filter((_, row) => keep(row));

describe('pointwise', () => {
  it.each([0, 1, 4])('has every positive exactly once an epoch, with %i negatives each', (negatives) => {
    const drawn = epochOf(samplerOf(pairs, sizes, { negatives }), 'pointwise', 3);
    expect(drawn.users).toHaveLength(pairs.length * (1 + negatives));
    const positives = keysWhere(drawn, (row) => drawn.labels[row] === 1);
    expect(positives.sort()).toEqual(pairs.map(([user, item]) => `${user} ${item}`).sort());
    const perUser = new Int32Array(sizes.nUsers);
    drawn.users.forEach((user, row) => {
      perUser[user] += drawn.labels[row] === 0 ? 1 : -negatives;
    });
    expect([...perUser]).toEqual(Array(sizes.nUsers).fill(0));
  });

  it('never draws an item of the user with rejection, and does without', () => {
    for (const popularityExponent of [0, 0.75]) {
      const count = (reject: boolean) => {
        const drawn = epochOf(samplerOf(pairs, sizes, { reject, popularityExponent, negatives: 4 }), 'pointwise', 1);
        return keysWhere(drawn, (row) => drawn.labels[row] === 0 && drawn.users[row] !== 39).filter((key) =>
          taken.has(key),
        ).length;
      };
      expect(count(true)).toBe(0);
      expect(count(false)).toBeGreaterThan(100);
    }
  });

  it('gives a user who has all items some item', () => {
    const drawn = epochOf(samplerOf(pairs, sizes, { negatives: 4 }), 'pointwise', 1);
    const items = [...drawn.items].filter((_, row) => drawn.users[row] === 39 && drawn.labels[row] === 0);
    expect(items).toHaveLength(4 * sizes.nItems);
    expect(items.every((item) => item >= 0 && item < sizes.nItems)).toBe(true);
    expect(new Set(items).size).toBeGreaterThan(15);
  });
});

describe('pairwise', () => {
  it('has every positive n times an epoch, each time with its own negative', () => {
    const drawn = epochOf(samplerOf(pairs, sizes, { negatives: 3 }), 'pairwise', 2);
    const thrice = pairs.flatMap(([user, item]) => Array(3).fill(`${user} ${item}`));
    expect(keysWhere(drawn, () => true).sort()).toEqual(thrice.sort());
    const others = keysWhere({ ...drawn, items: drawn.others }, (row) => drawn.users[row] !== 39);
    expect(others.some((key) => taken.has(key))).toBe(false);
  });
});

/** How often each item is drawn as a negative over some epochs. */
function negativeCounts(sampler: EdgeSampler, epochs: number, user = -1): Float64Array {
  const counts = new Float64Array(sampler.nItems);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const { users, items, labels } = epochOf(sampler, 'pointwise', epoch);
    items.forEach((item, row) => {
      if (labels[row] === 0 && (user < 0 || users[row] === user)) counts[item]++;
    });
  }
  return counts;
}

const scaledTo = (total: number, weights: readonly number[]): number[] => {
  const sum = weights.reduce((s, w) => s + w);
  return weights.map((w) => (total * w) / sum);
};
const totalOf = (counts: Float64Array): number => counts.reduce((s, n) => s + n);

describe('distribution of negatives (χ²)', () => {
  it('is uniform over all items without rejection', () => {
    const counts = negativeCounts(samplerOf(pairs, sizes, { reject: false, negatives: 10 }), 10);
    const expected = scaledTo(totalOf(counts), Array(sizes.nItems).fill(1));
    expect(chiSquare(counts, expected)).toBeLessThan(chiSquareLimit(sizes.nItems - 1));
  });

  it('is uniform over the items a user has not, with rejection', () => {
    const counts = negativeCounts(samplerOf(pairs, sizes, { negatives: 50 }), 10, 4);
    const free = [...counts.keys()].filter((item) => !taken.has(`4 ${item}`));
    const observed = free.map((item) => counts[item]);
    expect(totalOf(Float64Array.from(observed))).toBe(totalOf(counts));
    const expected = scaledTo(totalOf(counts), Array(free.length).fill(1));
    expect(chiSquare(observed, expected)).toBeLessThan(chiSquareLimit(free.length - 1));
  });

  it.each([0.5, 1, -0.5])('follows popularity to the power %f', (popularityExponent) => {
    const counts = negativeCounts(samplerOf(pairs, sizes, { reject: false, negatives: 10, popularityExponent }), 10);
    const popularity = Array.from(counts, (_, item) => pairs.filter((pair) => pair[1] === item).length);
    const expected = scaledTo(
      totalOf(counts),
      popularity.map((n) => n ** popularityExponent),
    );
    expect(chiSquare(counts, expected)).toBeLessThan(chiSquareLimit(sizes.nItems - 1));
  });

  it('never draws an item that nobody took by popularity', () => {
    const without = pairs.filter(([, item]) => item !== 13);
    const counts = negativeCounts(
      samplerOf(without, sizes, { reject: false, negatives: 10, popularityExponent: 0.75 }),
      5,
    );
    expect(counts[13]).toBe(0);
    expect(counts[12]).toBeGreaterThan(0);
  });

  it('has an alias table whose cells add up to the weights', () => {
    const weights = Float64Array.of(5, 0, 1, 1e-3, 7, 2, 2);
    const { threshold, alias } = aliasTable(weights);
    const probability = new Float64Array(weights.length);
    threshold.forEach((limit, cell) => {
      const kept = (limit + 1) / 2 ** 32;
      probability[cell] += kept / weights.length;
      probability[alias[cell]] += (1 - kept) / weights.length;
    });
    const total = 5 + 0 + 1 + 1e-3 + 7 + 2 + 2;
    probability.forEach((p, k) => {
      expect(p).toBeCloseTo(weights[k] / total, 8);
    });
  });
});

describe('order of examples', () => {
  const sampler = samplerOf(pairs, sizes, { negatives: 2 });
  const draw = (epoch: number, options: Partial<EdgeSampler> = {}) =>
    epochOf({ ...sampler, ...options }, 'pointwise', epoch);

  it('is new in every epoch and for every key, and so are the negatives', () => {
    const orders = [draw(0), draw(1), draw(0, { key: [2, 2] }), draw(0, { key: [1, 3] })];
    expect(new Set(orders.map(({ users }) => users.join())).size).toBe(4);
    const negatives = [draw(0), draw(1)].map(
      (drawn) => new Set(keysWhere(drawn, (row) => drawn.labels[row] === 0 && drawn.users[row] !== 39)),
    );
    expect([...negatives[0]].some((key) => !negatives[1].has(key))).toBe(true);
  });

  it('mixes positives and negatives evenly', () => {
    const { labels } = draw(0);
    const half = labels.subarray(0, labels.length / 2).reduce((sum, y) => sum + y, 0);
    const expected = pairs.length / 2;
    // hypergeometric: the deviation of the first half's share is below √(n / 4 · 2 / 3) for n positives
    expect(Math.abs(half - expected)).toBeLessThan(4 * Math.sqrt(pairs.length / 6));
  });

  it('is the same in pieces of any size and in both builds', () => {
    const whole = draw(5);
    for (const piece of [1, 7, 100]) {
      const joined = withRecord(sampler, (record) =>
        Array.from({ length: Math.ceil(record.rowsPointwise / piece) }, (_, n) =>
          drawExamples(engine, record, 'pointwise', 5, n * piece, Math.min(piece, record.rowsPointwise - n * piece)),
        ),
      );
      expect(joined.flatMap(({ users }) => [...users])).toEqual([...whole.users]);
      expect(joined.flatMap(({ items }) => [...items])).toEqual([...whole.items]);
    }
    expect(epochOf(sampler, 'pointwise', 5, plain)).toEqual(whole);
  });
});

describe('in a training plan', () => {
  /** Counts, by item, the positives and the negatives that a plan sees: SGD on Σ counter[item] subtracts one a use. */
  function countedByTraining(on: Engine, batchSize: number): number[][] {
    const [user, item, label] = [o.indexInput('user'), o.indexInput('item'), o.input('label', [1])];
    const counters = ['positive', 'negative'].map((name) => o.table(name, sizes.nItems, 1));
    const isNegative = o.affine(label, -1, 1);
    const loss = o.add(
      o.multiply(o.lookup(counters[0], item), label),
      o.multiply(o.lookup(counters[1], item), isNegative),
    );
    const store = new ParameterStore(on, counters);
    return withRecord(
      samplerOf(pairs, sizes, { negatives: 2 }),
      (record) => {
        const totalRows = record.rowsPointwise;
        const optimizer = optimizerOptions.parse({ name: 'sgd', learningRate: batchSize });
        const feed = record.pointwise(user, item, label);
        const plan = new StepPlan({ engine: on, store, loss, feed, batchSize, totalRows, optimizer, totalSteps: 10 });
        plan.run(1, 0, Math.floor(totalRows / batchSize));
        plan.free();
        return counters.map((counter) => [...store.read(counter)].map((count) => Math.round(-count)));
      },
      on,
    );
  }

  it('arrives as drawn, whatever the number of threads', () => {
    const drawn = epochOf(samplerOf(pairs, sizes, { negatives: 2 }), 'pointwise', 1);
    for (const batchSize of [100, 157]) {
      const rows = Math.floor(drawn.users.length / batchSize) * batchSize;
      const expected = [1, 0].map((label) => {
        const counts = new Array(sizes.nItems).fill(0);
        drawn.items.subarray(0, rows).forEach((item, row) => {
          if (drawn.labels[row] === label) counts[item]++;
        });
        return counts;
      });
      for (const pool of pools) expect(countedByTraining(pool, batchSize)).toEqual(expected);
    }
  });
});

describe('refusals', () => {
  it.each([
    ['no interaction', samplerOf([], sizes), 'data'],
    ['more examples than 2³² − 1', samplerOf(pairs, sizes, { negatives: 2 ** 30 }), 'memory'],
  ])('%s', (_what, sampler, expected) => {
    expect(thrownCode(() => new SamplerRecord(engine, sampler))).toBe(expected);
  });
});

describe.each(['pointwise', 'pairwise'] as const)('%s rejection', (kind) => {
  it('draws the same examples from the table of bits and by searching the lists', () => {
    const bits = epochOf(samplerOf(pairs, sizes, { negatives: 3 }), kind, 2);
    const searched = epochOf(samplerOf(pairs, sizes, { negatives: 3, maxTakenBytes: 0 }), kind, 2);
    expect(searched).toEqual(bits);
    const rejected = kind === 'pointwise' ? keysWhere(searched, (row) => searched.labels[row] === 0) : [];
    const others = Array.from(searched.users, (user, row) => `${user} ${searched.others[row]}`);
    const drawn = kind === 'pointwise' ? rejected : others;
    expect(drawn.filter((key) => taken.has(key) && !key.startsWith('39 '))).toEqual([]);
  });
});

describe.each(['pointwise', 'pairwise'] as const)('positives by user, %s', (kind) => {
  const uneven: [number, number][] = [
    ...Array.from({ length: 24 }, (_, item): [number, number] => [7, item]),
    [2, 0],
    [30, 3],
    [30, 4],
  ];
  const many = Array.from({ length: 40 }, (_, epoch) =>
    epochOf(samplerOf(uneven, sizes, { positives: 'by-user', negatives: 2 }), kind, epoch),
  );
  const positives = many.flatMap((drawn) => keysWhere(drawn, (row) => kind === 'pairwise' || drawn.labels[row] === 1));
  const known = new Set(uneven.map(([user, item]) => `${user} ${item}`));

  it('are pairs that were taken, as many as there are', () => {
    expect(positives.every((key) => known.has(key))).toBe(true);
    expect(positives).toHaveLength(40 * uneven.length * (kind === 'pairwise' ? 2 : 1));
  });

  it('draws users alike, and the items of each alike', () => {
    const users = [7, 2, 30].map((user) => positives.filter((key) => key.startsWith(`${user} `)).length);
    expect(chiSquare(users, Array(3).fill(positives.length / 3))).toBeLessThan(
      (kind === 'pairwise' ? 2 : 1) * chiSquareLimit(2),
    );
    const items = [3, 4].map((item) => positives.filter((key) => key === `30 ${item}`).length);
    expect(Math.min(...items) / Math.max(...items)).toBeGreaterThan(0.75);
  });

  it('draws others in every epoch, the same on every machine', () => {
    expect(many[0].items).not.toEqual(many[1].items);
    expect(epochOf(samplerOf(uneven, sizes, { positives: 'by-user', negatives: 2 }), kind, 0, plain)).toEqual(many[0]);
  });
});
