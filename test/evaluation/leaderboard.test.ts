import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/evaluation/comparison.ts';
import { type LeaderboardRow, renderComparison, renderLeaderboard } from '../../src/evaluation/leaderboard.ts';
import { displayWidth, fitText } from '../../src/evaluation/text-table.ts';
import { thrownCode } from './thrown-code.ts';

const rows: LeaderboardRow[] = [
  {
    model: 'best possible',
    isReference: true,
    metrics: { 'ndcg@10': { mean: 0.8 }, 'hr@10': { mean: 0.95 } },
  },
  {
    model: 'popularity',
    seconds: 0.0312,
    metrics: {
      'ndcg@10': { mean: 0.25401, low: 0.244, high: 0.264 },
      'hr@10': { mean: 0.454, low: 0.44, high: 0.468 },
    },
  },
  {
    model: 'neumf',
    seconds: 123.44,
    metrics: {
      'ndcg@10': { mean: 0.4312, low: 0.421, high: 0.4414 },
      'hr@10': { mean: 0.7155, low: 0.7, high: 0.731 },
    },
  },
];

describe('leaderboard', () => {
  it('is aligned, sorted, with the reference last under a rule', () => {
    expect(renderLeaderboard(rows).split('\n')).toEqual([
      'model                ndcg@10 ±          hr@10 ±  seconds',
      '────────────────────────────────────────────────────────',
      'neumf          0.4312 ± 0.0102  0.7155 ± 0.0155    123.4',
      'popularity     0.2540 ± 0.0100  0.4540 ± 0.0140     0.03',
      '────────────────────────────────────────────────────────',
      'best possible  0.8000           0.9500                 –',
      '± half of the 95 % interval over users',
    ]);
  });

  it('sorts by the first metric asked for, smaller first where that is better', () => {
    const gini = [0.5, Number.NaN, 0.2].map((mean, i) => ({ model: `m${i}`, metrics: { 'gini@10': { mean } } }));
    const lines = renderLeaderboard(gini, { metrics: ['Gini@10'] }).split('\n');
    expect(lines.slice(2).map((line) => line.slice(0, 2))).toEqual(['m2', 'm0', 'm1']);
    expect(lines[4]).toMatch(/–$/);
    expect(lines).toHaveLength(5); // no intervals: no caption; no seconds: no column
  });

  it('keeps to the width: shortens names, then leaves out the last metrics and says so', () => {
    const long = rows.map((row) => ({ ...row, model: `${row.model} with a very long name indeed` }));
    for (const width of [70, 56, 50, 44]) {
      const lines = renderLeaderboard(long, { width }).split('\n');
      const table = lines.filter((line) => !line.startsWith('±') && !line.startsWith('not shown'));
      expect(Math.max(...table.map(displayWidth)), `width ${width}`).toBeLessThanOrEqual(width);
    }
    expect(renderLeaderboard(long, { width: 44 })).toContain('not shown in this width: hr@10');
    expect(renderLeaderboard(long, { width: 70 })).not.toContain('not shown');
    expect(renderLeaderboard(rows, { width: 5 })).toContain('ndcg@10');
  });

  it('wide characters and emoji take two columns, control characters cannot break lines', () => {
    expect(['abc', '映画', '👩‍👩‍👧', 'é', 'e\u0301', '⭐x', '❤️', ''].map(displayWidth)).toEqual([
      3, 4, 2, 1, 1, 3, 2, 0,
    ]);
    expect(fitText('映画クラブ', 6)).toBe('映画…');
    expect(fitText('映画', 4)).toBe('映画');
    const lines = renderLeaderboard([
      { model: '映画', metrics: { mrr: { mean: 0.5 } } },
      { model: 'a\nb\u001b[31m', metrics: { mrr: { mean: 0.4 } } },
    ]).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toContain('\u001b');
    expect(displayWidth(lines[2])).toBe(displayWidth(lines[3]));
  });

  it('colours only when asked', () => {
    expect(renderLeaderboard(rows)).not.toContain('\u001b');
    const lines = renderLeaderboard(rows, { color: true, level: 0.9 }).split('\n');
    expect(lines[2].startsWith('\u001b[1mneumf')).toBe(true);
    expect(lines[5].startsWith('\u001b[2mbest possible')).toBe(true);
    expect(lines[6]).toBe('± half of the 90 % interval over users');
  });

  it.each([
    ['no rows', () => renderLeaderboard([]), 'config'],
    ['a metric that no row has', () => renderLeaderboard(rows, { metrics: ['mrr'] }), 'not-found'],
    ['no such metric', () => renderLeaderboard(rows, { metrics: ['ndgc@10'] }), 'config'],
    ['no metrics', () => renderLeaderboard([{ model: 'm', metrics: {} }]), 'config'],
  ])('%s: refused', (_case, action, code) => {
    expect(thrownCode(action)).toBe(code);
  });
});

describe('comparison as text', () => {
  it('shows differences, intervals, p-values and marks', () => {
    const none = { nPairs: 9, pValue: 0 };
    const comparison: Comparison = {
      metric: 'ndcg@10',
      baseline: 'neumf',
      test: 'bootstrap',
      alpha: 0.05,
      unit: 'users',
      rows: [
        { name: 'neumf', mean: 0.43, low: 0.42, high: 0.44, seconds: 1, isBaseline: true, difference: null },
        {
          name: 'gmf',
          mean: 0.42,
          low: 0.41,
          high: 0.43,
          seconds: 1,
          isBaseline: false,
          difference: { ...none, mean: -0.01, low: -0.02, high: 0.001, adjustedP: 0.0712, significant: false },
        },
        {
          name: 'popularity',
          mean: 0.25,
          low: 0.24,
          high: 0.26,
          seconds: 1,
          isBaseline: false,
          difference: { ...none, mean: -0.18, low: -0.2, high: -0.16, adjustedP: 0.0003, significant: true },
        },
      ],
      notes: ['neumf, gmf: seed: 1 ≠ 2'],
    };
    expect(renderComparison(comparison).split('\n')).toEqual([
      'run               ndcg@10 ±  difference            interval  p (Holm)',
      '─────────────────────────────────────────────────────────────────────',
      'neumf       0.4300 ± 0.0100',
      'gmf         0.4200 ± 0.0100     −0.0100  [−0.0200, +0.0010]   0.071',
      'popularity  0.2500 ± 0.0100     −0.1800  [−0.2000, −0.1600]  <0.001 *',
      'difference to neumf, 95 % interval; * p < 0.05, paired bootstrap test over users',
      'note: neumf, gmf: seed: 1 ≠ 2',
    ]);
  });
});
