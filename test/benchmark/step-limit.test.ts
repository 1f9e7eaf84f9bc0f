import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deepfmTraining } from '../../src/benchmark/deepfm-training.ts';
import { gru4recTraining } from '../../src/benchmark/gru4rec-training.ts';
import { costOf, NeumfTraining } from '../../src/benchmark/neumf-training.ts';
import { expectedDistinct, limitsOf, stepLimit, updateBytes } from '../../src/benchmark/step-limit.ts';
import { RandomStream } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';

const machine = {
  threads: 1,
  flopPerSecond: 1e6,
  blasFlopPerSecond: 4e6,
  copyBytesPerSecond: 1e6,
  gatherBytesPerSecond: 5e5,
  largeGatherBytesPerSecond: 1e5,
};

describe('stepLimit', () => {
  it('is the larger of arithmetic at the peak of its products and bytes at the bandwidth', () => {
    expect(stepLimit({ flops: 3000, bytes: 1000 }, machine, false)).toEqual({
      flops: 3000,
      bytes: 1000,
      arithmeticMs: 3,
      memoryMs: 1,
      limitMs: 3,
    });
    expect(stepLimit({ flops: 3000, bytes: 1000 }, machine, true)).toMatchObject({ arithmeticMs: 0.75, limitMs: 1 });
  });

  it('takes the limits of as many threads', () => {
    const two = { ...machine, threads: 2 };
    expect(limitsOf([machine, two], 2)).toBe(two);
    expect(() => limitsOf([machine], 2)).toThrow('internal');
  });
});

describe('expectedDistinct', () => {
  it('counts rows that are sure once, and others by their chance', () => {
    expect(expectedDistinct([1, 0], 5)).toBe(1);
    expect(expectedDistinct([0.5, 0.5], 1)).toBeCloseTo(1, 12);
    // both of two rows in two draws with probability ½
    expect(expectedDistinct([0.5, 0.5], 2)).toBeCloseTo(1.5, 12);
  });

  it('agrees with drawing', () => {
    const random = new RandomStream(1, 'distinct');
    const chances = [0.4, 0.3, 0.2, 0.05, 0.05];
    const draw = () => {
      let left = random.uniform();
      return chances.findIndex((p) => (left -= p) < 0);
    };
    let sum = 0;
    for (let n = 0; n < 4000; n++) sum += new Set(Array.from({ length: 4 }, draw)).size;
    expect(sum / 4000).toBeCloseTo(expectedDistinct(chances, 4), 1);
  });
});

describe('costs of workloads', () => {
  let engine: Engine;
  beforeAll(() => {
    engine = new Engine({ threads: 1, blas: 'off' });
  });
  afterAll(() => engine.close());
  const random = () => new RandomStream(1, 'cost');

  it('NeuMF: layers three times, touched rows', () => {
    // one user, two items, both taken by the user: with one example the user is touched surely, an item with chance ½ each
    const rows = { nRows: 1, rowStart: Int32Array.of(0, 2), columns: Int32Array.of(0, 1) };
    const size = { nUsers: 1, nItems: 2, nInteractions: 2, factors: 8, layers: [16, 8, 4] };
    const cost = costOf(size, rows, 1, 7, 100);
    expect(cost.flops).toBe(7);
    expect(cost.bytes).toBeCloseTo(4 * 16 * 2 + 24 * (16 * (1 + 0.5 + 0.5) + 100), 6);
    const training = new NeumfTraining(engine, size, rows, 10, 1);
    // a layer's forward product, its input gradient and its weight gradient; the last layer is a dot product
    expect(training.cost.flops).toBe(10 * 3 * (2 * 16 * 8 + 2 * 8 * 4));
    expect(training.heldBytes).toBeGreaterThan(4 * 3 * 3 * 16);
    const held = engine.heldBytes;
    training.free();
    expect(engine.heldBytes).toBe(held - training.heldBytes);
  });

  it('DeepFM: the tower three times, rows of both tables', () => {
    const size = { fields: 2, rows: 2, factors: 4, hidden: [16, 8], batchSize: 32, examples: 64 };
    const training = deepfmTraining(engine, size, random());
    const { flops, bytes } = training.cost;
    training.free();
    expect(flops).toBe(32 * 3 * (2 * 8 * 16 + 2 * 16 * 8));
    // one row a field: every step touches both. Dense parameters in whole lines of 16
    const dense = 16 + 8 * 16 + 16 + 16 * 8 + 16 + 16 + 16;
    expect(bytes).toBeCloseTo(4 * 5 * 2 * 32 + updateBytes(2 * 5 + dense, 2), 6);
  });

  it('GRU4Rec: cell and scores three times, touched items', () => {
    const sequences = {
      nItems: 2,
      start: Int32Array.from({ length: 41 }, (_, s) => 3 * s),
      time: null,
      owner: null,
      items: Int32Array.from({ length: 120 }, (_, n) => n % 2),
    };
    const training = gru4recTraining(engine, { units: 8, batchSize: 4, loss: 'cross-entropy' }, sequences, random());
    const { flops, bytes } = training.cost;
    training.free();
    // h: products of input and state with three gates each; no gradient flows into the state
    const scores = 3 * (2 * 8 * 5);
    const cell = 2 * 8 * 24 * 3 + 2 * 8 * 24 * 2;
    expect(flops).toBe(4 * (scores + cell));
    // 8 inputs and targets and one draw, all of which are fair coins
    const touched = 2 * (1 - 0.5 ** 9);
    const dense = 8 * 24 * 2 + 32 + 32;
    expect(bytes).toBeCloseTo(4 * (9 * 9 - 4) + updateBytes(touched * 9 + dense, 1), 3);
  });
});
