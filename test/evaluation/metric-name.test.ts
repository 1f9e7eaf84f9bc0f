import { describe, expect, it } from 'vitest';
import {
  cutoffsOf,
  hasUserValues,
  isLowerBetter,
  metricsAt,
  parseMetric,
  parseMetrics,
  requiredListLength,
} from '../../src/evaluation/metric-name.ts';
import { thrownCode } from './thrown-code.ts';

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('names of metrics', () => {
  it('reads family and cutoff, in any case', () => {
    expect(parseMetric('ndcg@10')).toEqual({ name: 'ndcg@10', family: 'ndcg', k: 10 });
    expect(parseMetric(' NDCG@020 ')).toEqual({ name: 'ndcg@20', family: 'ndcg', k: 20 });
    expect(parseMetric('MRR')).toEqual({ name: 'mrr', family: 'mrr', k: null });
    expect(parseMetric('auc')).toEqual({ name: 'auc', family: 'auc', k: null });
  });

  it.each(['', 'ndgc@10', 'recall', 'hr', 'ndcg@', 'ndcg@0', 'ndcg@-1', 'ndcg@1.5', 'ndcg@ten', 'ndcg@1@2', 'auc@10'])(
    'refuses "%s"',
    (name) => {
      expect(thrownCode(() => parseMetric(name))).toBe('config');
    },
  );

  it('refuses cutoffs beyond 32 bits and an empty list', () => {
    expect(thrownCode(() => parseMetric('hr@99999999999'))).toBe('config');
    expect(thrownCode(() => parseMetrics([]))).toBe('config');
  });

  it('suggests the nearest family, and how to write a cutoff', () => {
    expect(messageOf(() => parseMetric('ndgc@10'))).toContain('"ndcg"');
    expect(messageOf(() => parseMetric('recall'))).toContain('"recall@10"');
  });

  it('keeps a list in order and without repeats; collects what ranking has to provide', () => {
    const metrics = parseMetrics(['hr@20', 'ndcg@5', 'HR@20', 'mrr', 'coverage@10']);
    expect(metrics.map((m) => m.name)).toEqual(['hr@20', 'ndcg@5', 'mrr', 'coverage@10']);
    expect(cutoffsOf(metrics)).toEqual([5, 10, 20]);
    expect(requiredListLength(metrics)).toBe(10);
    expect(requiredListLength(parseMetrics(['hr@20']))).toBe(0);
    expect(metricsAt(['ndcg', 'hr'], [5, 10])).toEqual(['ndcg@5', 'ndcg@10', 'hr@5', 'hr@10']);
  });

  it('knows which way is better and which have values of users', () => {
    expect(['rmse', 'gini@5', 'ndcg@5'].map((name) => isLowerBetter(parseMetric(name)))).toEqual([true, true, false]);
    expect(['coverage@5', 'ndcg@5'].map((name) => hasUserValues(parseMetric(name)))).toEqual([false, true]);
  });
});
