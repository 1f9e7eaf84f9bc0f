import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type CompareOptions, compareResults } from '../../src/evaluation/comparison.ts';
import type { EvaluationResult } from '../../src/evaluation/evaluation-result.ts';
import type { Protocol } from '../../src/evaluation/protocol.ts';
import type { PairedTestName } from '../../src/evaluation/statistics/paired-differences.ts';
import type { Run } from '../../src/evaluation/unit-values.ts';
import { protocolOf } from './protocol-of.ts';
import { thrownCode } from './thrown-code.ts';

const nUsers = 400;
const ids = Array.from({ length: nUsers }, (_, u) => `u${u}`);

function runOf(
  name: string,
  values: Float64Array,
  changes: Partial<EvaluationResult> = {},
  metric = 'ndcg@10',
): Run & { readonly result: EvaluationResult } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const result: EvaluationResult = {
    protocol: protocolOf({ nUsers: values.length }),
    level: 0.95,
    metrics: { [metric]: { mean, low: mean - 0.01, high: mean + 0.01, nUsers: values.length } },
    seconds: 2,
    users: ids.slice(0, values.length),
    perUser: { [metric]: values },
    weights: {},
    ...changes,
  };
  return { name, result };
}

const random = new RandomStream(9, 'test/runs');
const base = Float64Array.from({ length: nUsers }, () => random.uniform());
const noisy = (effect: number) => base.map((v) => v + effect + 0.2 * random.normal());
const better = runOf('better', noisy(0.1));
const middle = runOf('middle', base);
const alike = runOf('alike', noisy(-0.002));
const worse = runOf('worse', noisy(-0.1));

function compare(runs: Run[], changes: Partial<CompareOptions> = {}, metric = 'ndcg@10') {
  return compareResults(runs, metric, { stream: new RandomStream(2, 'test'), ...changes });
}

describe('comparison of runs', () => {
  it.each<PairedTestName>(['bootstrap', 't', 'wilcoxon'])('finds real differences and no others: %s', (test) => {
    const { rows, baseline } = compare([alike, worse, better, middle], { baseline: 'middle', test });
    expect(baseline).toBe('middle');
    expect(rows[0].name).toBe('better');
    expect(rows[3].name).toBe('worse');
    const significant = Object.fromEntries(rows.map((row) => [row.name, row.difference?.significant ?? null]));
    expect(significant).toEqual({ better: true, worse: true, alike: false, middle: null });
  });

  it('the best is the baseline unless one is named; differences are run − baseline', () => {
    const { rows, baseline } = compare([middle, better]);
    expect(baseline).toBe('better');
    expect(rows.map((row) => [row.name, row.isBaseline])).toEqual([
      ['better', true],
      ['middle', false],
    ]);
    const { mean, low, high, nPairs } = rows[1].difference!;
    expect(mean).toBeCloseTo(rows[1].mean - rows[0].mean, 12);
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
    expect(high).toBeLessThan(0);
    expect(nPairs).toBe(nUsers);
  });

  it('p-values are adjusted for the number of runs', () => {
    const alone = compare([alike, middle], { baseline: 'middle', test: 't' }).rows.find((r) => r.name === 'alike')!;
    const copies = ['c1', 'c2', 'c3'].map((name) => ({ name, result: alike.result }));
    const many = compare([...copies, middle], { baseline: 'middle', test: 't' }).rows.find((r) => r.name === 'c1')!;
    expect(many.difference!.pValue).toBe(alone.difference!.pValue);
    expect(alone.difference!.adjustedP).toBe(alone.difference!.pValue);
    expect(many.difference!.adjustedP).toBeCloseTo(Math.min(1, 3 * alone.difference!.pValue), 12);
  });

  it('users are matched by id, not by row', () => {
    const order = ids.map((_, u) => (u * 7) % nUsers);
    const values = better.result.perUser['ndcg@10'];
    const shuffled = runOf(
      'better',
      Float64Array.from(order, (u) => values[u]),
      { users: order.map((u) => ids[u]) },
    );
    const { rows } = compare([shuffled, middle], { baseline: 'middle' });
    const straight = compare([better, middle], { baseline: 'middle' }).rows;
    expect(rows[0].difference).toEqual(straight[0].difference);
  });

  it('users without a value in either run are left out', () => {
    const gaps = runOf(
      'gaps',
      base.map((v, u) => (u < 100 ? Number.NaN : v + 0.1)),
      {
        metrics: { 'ndcg@10': { mean: 0.6, low: null, high: null, nUsers: 300 } },
      },
    );
    const difference = compare([gaps, middle], { baseline: 'middle' }).rows[0].difference!;
    expect(difference.nPairs).toBe(300);
    expect(difference.mean).toBeCloseTo(0.1, 12);
  });

  it('weighted metrics weigh the differences', () => {
    const weights = { gauc: Float64Array.of(1, 3) };
    const a = runOf('a', Float64Array.of(1, 0.5), { weights }, 'gauc');
    const b = runOf('b', Float64Array.of(0, 0.4), { weights }, 'gauc');
    const { rows } = compare([a, b], { baseline: 'b' }, 'gauc');
    expect(rows[0].difference!.mean).toBeCloseTo((1 * 1 + 3 * 0.1) / 4, 12);
    expect(thrownCode(() => compare([a, b], { test: 't' }, 'gauc'))).toBe('config');
  });

  it('metrics of whole runs have no test; smaller may be better', () => {
    const gini = (name: string, mean: number) =>
      runOf(name, base, { perUser: {}, metrics: { 'gini@10': { mean, low: null, high: null, nUsers } } });
    const { rows, baseline } = compare([gini('uneven', 0.9), gini('even', 0.2)], {}, 'gini@10');
    expect(baseline).toBe('even');
    expect(rows.map((row) => row.difference)).toEqual([null, null]);
  });

  it('one run alone is its own baseline; notes tell of other seeds', () => {
    expect(compare([middle]).rows).toMatchObject([{ name: 'middle', isBaseline: true, difference: null }]);
    const other = runOf('other', base, { protocol: protocolOf({ nUsers, seed: 5 }) });
    expect(compare([middle, other], { baseline: 'middle' }).notes).toEqual(['middle, other: seed: 1 ≠ 5']);
  });

  it('the same stream gives the same table', () => {
    expect(compare([better, middle, worse])).toEqual(compare([better, middle, worse]));
  });

  const unlike = (changes: Partial<Protocol>) =>
    runOf('unlike', base, { protocol: protocolOf({ nUsers, ...changes }) });
  it.each([
    ['no runs', () => compare([]), 'config'],
    ['one name twice', () => compare([middle, middle]), 'config'],
    ['unlike protocols', () => compare([middle, unlike({ part: 'validation' })]), 'protocol'],
    ['other users', () => compare([middle, runOf('x', base, { users: ids.map((id) => `x${id}`) })]), 'protocol'],
    ['a metric that is not there', () => compare([middle], {}, 'hr@10'), 'not-found'],
    ['no such metric', () => compare([middle], {}, 'hits@10'), 'config'],
    ['no such baseline', () => compare([middle, better], { baseline: 'midle' }), 'not-found'],
    ['values of users lost', () => compare([middle, runOf('x', base, { perUser: {} })]), 'artifact'],
    ['alpha 0', () => compare([middle, better], { alpha: 0 }), 'config'],
  ])('%s: refused', (_case, action, code) => {
    expect(thrownCode(action)).toBe(code);
  });
});
