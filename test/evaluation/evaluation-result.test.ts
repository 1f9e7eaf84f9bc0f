import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import {
  fromStored,
  type SummariseOptions,
  summarise,
  toColumns,
  toJson,
} from '../../src/evaluation/evaluation-result.ts';
import type { Catalogue } from '../../src/evaluation/metric-values.ts';
import { protocolOf } from './protocol-of.ts';
import { rankCountsOf } from './rank-counts-of.ts';
import { thrownCode } from './thrown-code.ts';

const counts = rankCountsOf(
  [
    { scores: [9, 8, 7, 6], relevant: [0] },
    { scores: [9, 8, 7, 6], relevant: [1, 3] },
    { scores: [9, 8, 7, 6], relevant: [] },
  ],
  [
    [0, 1],
    [0, 1],
    [0, 2],
  ],
);
const catalogue: Catalogue = {
  nItems: 4,
  itemCounts: Int32Array.of(4, 2, 1, 1),
  categories: null,
  similarity: 'jaccard',
};
const { cutoffs: _cutoffs, nUsers: _nUsers, ...protocol } = protocolOf();

function summariseWith(changes: Partial<SummariseOptions> = {}) {
  return summarise(counts, {
    metrics: ['hr@2', 'MRR', 'gauc', 'coverage@2', 'novelty@1', 'hr@1'],
    protocol,
    userId: (index) => `user ${index}`,
    seconds: 1.5,
    stream: new RandomStream(1, 'test'),
    catalogue,
    ...changes,
  });
}

describe('summary of an evaluation', () => {
  it('means, users with a value, cutoffs and ids', () => {
    const result = summariseWith();
    const means = Object.entries(result.metrics).map(([name, { mean, nUsers }]) => [name, mean, nUsers]);
    expect(means).toEqual([
      ['hr@2', 1, 2],
      ['mrr', (1 + 1 / 2) / 2, 2],
      ['gauc', (1 * 1 + 2 * ((1 + 0) / 4)) / 3, 2],
      ['coverage@2', 3 / 4, 3],
      ['novelty@1', 1, 3],
      ['hr@1', 1 / 2, 2],
    ]);
    expect(result.protocol).toMatchObject({ cutoffs: [1, 2], nUsers: 3, tieRule: 'expected' });
    expect(result.users).toEqual(['user 0', 'user 1', 'user 2']);
    expect([...result.perUser.mrr]).toEqual([1, 1 / 2, Number.NaN]);
    expect(Object.keys(result.weights)).toEqual(['gauc']);
  });

  it('intervals enclose the mean; metrics of whole runs have none', () => {
    const { metrics } = summariseWith();
    expect(metrics.mrr).toMatchObject({ low: 1 / 2, high: 1 });
    expect(metrics['coverage@2']).toMatchObject({ low: null, high: null });
  });

  it('the tie rule of the protocol is the one applied', () => {
    const tied = rankCountsOf([{ scores: [1, 1], relevant: [0] }]);
    const hitRate = (tieRule: 'expected' | 'optimistic' | 'conservative') =>
      summarise(tied, {
        metrics: ['hr@1'],
        protocol: { ...protocol, tieRule },
        userId: String,
        seconds: 0,
        stream: new RandomStream(1, 'test'),
      }).metrics['hr@1'].mean;
    expect([hitRate('expected'), hitRate('optimistic'), hitRate('conservative')]).toEqual([1 / 2, 1, 0]);
  });

  it('the same seed gives the same result', () => {
    expect(summariseWith()).toEqual(summariseWith());
  });

  it('a metric that nobody has is null in JSON and NaN in memory', () => {
    const nobody = rankCountsOf([{ scores: [1, 2], relevant: [0, 1] }]);
    const result = summarise(nobody, {
      metrics: ['auc'],
      protocol,
      userId: String,
      seconds: 0,
      stream: new RandomStream(1, 'test'),
    });
    expect(result.metrics.auc).toEqual({ mean: Number.NaN, low: null, high: null, nUsers: 0 });
    expect(toJson(result).metrics.auc.mean).toBeNull();
    expect(fromStored(JSON.parse(JSON.stringify(toJson(result))), toColumns(result))).toEqual(result);
  });

  it('JSON and columns bring all of it back', () => {
    const result = summariseWith();
    const columns = toColumns(result);
    expect(Object.keys(columns)).toEqual(['user', 'hr@2', 'mrr', 'gauc', 'novelty@1', 'hr@1', 'gauc:weight']);
    expect(JSON.stringify(toJson(result))).not.toContain('user 0');
    expect(fromStored(JSON.parse(JSON.stringify(toJson(result))), columns)).toEqual(result);
  });

  const stored = summariseWith();
  it.each([
    [
      'no users',
      () => summarise(rankCountsOf([]), { ...({} as SummariseOptions), metrics: ['mrr'], protocol }),
      'data',
    ],
    ['unknown metric', () => summariseWith({ metrics: ['mmr'] }), 'config'],
    ['no metric', () => summariseWith({ metrics: [] }), 'config'],
    ['level 2', () => summariseWith({ level: 2 }), 'config'],
    ['stored: not a result', () => fromStored({ protocol: 1 }, toColumns(stored)), 'artifact'],
    ['stored: no ids', () => fromStored(toJson(stored), {}), 'artifact'],
    [
      'stored: too few rows',
      () => fromStored(toJson(stored), { ...toColumns(stored), mrr: new Float64Array(2) }),
      'artifact',
    ],
    ['stored: text for numbers', () => fromStored(toJson(stored), { ...toColumns(stored), mrr: ['1'] }), 'artifact'],
  ])('%s: refused', (_case, action, code) => {
    expect(thrownCode(action)).toBe(code);
  });
});
