import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { makeDecisions } from '../../src/policy/log/make-decisions.ts';
import { DEFAULT_BOUNDS, supportReport } from '../../src/policy/support/support-report.ts';
import { constantPolicy, uniformPolicy } from '../../src/policy/targets/simple-policies.ts';
import { fullPolicy } from '../../src/policy/targets/target-policy.ts';
import { distributionOf, draw, logged, logOf, target } from './three-actions.ts';

const log = logOf(draw(5000, new RandomStream(1, 'support')));

describe('the support report', () => {
  it('of the policy of the log itself is full', () => {
    const report = supportReport(log, fullPolicy('own', log, distributionOf(log, logged)));
    expect(report.effective).toBeCloseTo(5000, 6);
    expect(report.meanWeight).toBeCloseTo(1, 12);
    expect(report.refusals).toEqual([]);
    expect(report.unseen).toBe(0);
  });

  it('has the effective size, weights and segments of another policy', () => {
    const report = supportReport(log, fullPolicy('other', log, distributionOf(log, target)), ['x']);
    // E w² = Σ_x P(x) Σ_a π² / p
    const squares = 0.4 * (0.01 / 0.5 + 0.04 / 0.3 + 0.49 / 0.2) + 0.6 * (0.36 / 0.2 + 0.09 / 0.3 + 0.01 / 0.5);
    expect(report.effective / 5000).toBeCloseTo(1 / squares, 1);
    expect(report.low).toBeLessThan(1);
    expect(report.high).toBeGreaterThan(1);
    expect(report.largest[0].weight).toBeCloseTo(3.5, 12);
    expect(log.action[report.largest[0].row - 1]).toBe(2);
    expect(report.segments.map(({ segment }) => segment).sort()).toEqual(['x = left', 'x = right']);
    const sizes = report.segments.map(({ decisions }) => decisions);
    expect(sizes[0] + sizes[1]).toBe(5000);
    expect(report.refusals).toEqual([]);
  });

  it('gives no verdict on a policy that the log never follows', () => {
    const never = makeDecisions({
      actions: ['a', 'b', 'c'],
      action: Int32Array.from({ length: 300 }, (_, n) => n % 2),
      reward: new Float64Array(300).fill(1),
      propensity: new Float64Array(300).fill(0.5),
    });
    const report = supportReport(never, constantPolicy(never, 'c'));
    expect(report.never).toBe(1);
    expect(report.unseen).toBe(1);
    expect(report.unseenActions).toEqual([{ action: 'c', share: 1 }]);
    expect(report.refusals.join()).toMatch(/never/);
    const partly = supportReport(never, uniformPolicy(never));
    expect(partly.unseen).toBeCloseTo(1 / 3, 12);
    expect(partly.refusals.join()).toMatch(/33\.3 %/);
  });

  it('gives no verdict where few decisions carry all the weight', () => {
    const n = 10_000;
    const rare = makeDecisions({
      actions: ['a', 'b'],
      action: Int32Array.from({ length: n }, (_, k) => (k < 20 ? 1 : 0)),
      reward: new Float64Array(n).fill(1),
      propensity: Float64Array.from({ length: n }, (_, k) => (k < 20 ? 0.002 : 0.998)),
    });
    const report = supportReport(rare, constantPolicy(rare, 'b'));
    expect(report.effective).toBeCloseTo(20, 9);
    expect(report.heaviest).toBe(1);
    expect(report.refusals).toHaveLength(1);
    expect(report.refusals[0]).toMatch(/20\.0 decisions/);
    expect(supportReport(rare, constantPolicy(rare, 'b'), [], { ...DEFAULT_BOUNDS, minEss: 10 }).refusals).toEqual([]);
  });

  it('gives no verdict from a handful of rewards, however many rows there are', () => {
    const n = 10_000;
    const clicks = makeDecisions({
      actions: ['a', 'b'],
      action: Int32Array.from({ length: n }, (_, k) => k % 2),
      reward: Float64Array.from({ length: n }, (_, k) => (k < 8 ? 1 : 0)),
      propensity: new Float64Array(n).fill(0.5),
    });
    const report = supportReport(clicks, constantPolicy(clicks, 'b'));
    expect(report.effective).toBeCloseTo(5000, 6);
    expect(report.rewarded).toBeCloseTo(4, 9);
    expect(report.refusals).toHaveLength(1);
    expect(report.refusals[0]).toMatch(/worth 4\.0/);
  });

  it('gives no verdict where the propensities are those of something else', () => {
    const wrong = { ...log, propensity: log.propensity.map((p) => p / 2) };
    const report = supportReport(wrong, fullPolicy('own', wrong, distributionOf(wrong, logged)));
    expect(report.meanWeight).toBeCloseTo(2, 9);
    expect(report.refusals.join()).toMatch(/mean weight is 2/);
  });
});
