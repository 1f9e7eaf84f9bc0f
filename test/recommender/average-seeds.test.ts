import { describe, expect, it } from 'vitest';
import type { EvaluationResult } from '../../src/evaluation/evaluation-result.ts';
import { averageOverSeeds, spreadOverSeeds } from '../../src/runs/average-seeds.ts';

const result = (seed: number, values: number[], coverage: number, users = ['a', 'b', 'c']): EvaluationResult => ({
  protocol: {
    data: { name: 'd', hash: 'h' },
    split: { method: 'ratio' },
    part: 'test',
    candidates: 'all',
    filter: 'train',
    tieRule: 'expected',
    cutoffs: [10],
    nUsers: 3,
    seed,
    versions: { deeptaste: '0', node: '24', kernels: 'simd' },
  },
  level: 0.95,
  metrics: {
    'hr@10': { mean: values.reduce((a, b) => a + b) / values.length, low: 0, high: 1, nUsers: 3 },
    'coverage@10': { mean: coverage, low: null, high: null, nUsers: 3 },
  },
  seconds: seed,
  users,
  perUser: { 'hr@10': Float64Array.from(values) },
  weights: {},
});
const runs = [result(1, [1, 0, 0], 0.2), result(2, [1, 1, 0], 0.4), result(3, [1, 0, 1], 0.3)];

describe('seeds', () => {
  it('spread: mean and sample standard deviation', () => {
    const { 'hr@10': hr, 'coverage@10': coverage } = spreadOverSeeds(runs);
    const mean = (1 / 3 + 2 / 3 + 2 / 3) / 3;
    expect(hr.mean).toBeCloseTo(mean, 12);
    expect(hr.deviation).toBeCloseTo(Math.sqrt(((1 / 3 - mean) ** 2 + 2 * (2 / 3 - mean) ** 2) / 2), 12);
    expect(coverage.values).toEqual([0.2, 0.4, 0.3]);
    expect(spreadOverSeeds([runs[0]])['hr@10'].deviation).toBe(0);
  });

  it('average: the value of each user is the mean over the seeds', () => {
    const { perUser, metrics, seconds } = averageOverSeeds(runs);
    expect([...perUser['hr@10']]).toEqual([(1 + 1 + 1) / 3, (0 + 1 + 0) / 3, (0 + 0 + 1) / 3]);
    expect(metrics['hr@10'].mean).toBeCloseTo((1 + 1 / 3 + 1 / 3) / 3, 12);
    expect(metrics['hr@10'].low).toBeGreaterThanOrEqual(1 / 3);
    expect(metrics['hr@10'].high).toBeLessThanOrEqual(1);
    expect(metrics['coverage@10']).toEqual({ mean: (0.2 + 0.4 + 0.3) / 3, low: null, high: null, nUsers: 3 });
    expect(seconds).toBe((1 + 2 + 3) / 3);
    expect(averageOverSeeds(runs)).toEqual(averageOverSeeds(runs));
  });

  it('refuses other users', () => {
    expect(() => averageOverSeeds([runs[0], result(2, [1, 1, 0], 0.1, ['a', 'c', 'b'])])).toThrow(/same users/);
  });
});
