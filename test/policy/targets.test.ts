/** Policies on logs of lists, of actions that no row shows, and what their options do. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { evaluatePolicies } from '../../src/policy/evaluate-policies.ts';
import { makeDecisions } from '../../src/policy/log/make-decisions.ts';
import { readDecisions } from '../../src/policy/log/read-log.ts';
import { supportReport } from '../../src/policy/support/support-report.ts';
import { scoresToPolicy } from '../../src/policy/targets/greedy-scores.ts';
import { columnsPolicy, constantPolicy, uniformPolicy } from '../../src/policy/targets/simple-policies.ts';
import { tablePolicy } from '../../src/policy/targets/table-policy.ts';
import { temporaryFolder } from '../data/temporary-files.ts';
import { thrownCode } from '../models/thrown-code.ts';

const { write } = temporaryFolder();
const random = new RandomStream(11, 'targets');

/** Lists of 3 of 5 actions, drawn uniformly without repeats; the propensities are 1/5, 1/4, 1/3. */
function drawnLists(nLists: number) {
  const [action, propensity, position, list, reward] = [[], [], [], [], []] as number[][];
  for (let l = 0; l < nLists; l++) {
    const left = [0, 1, 2, 3, 4];
    for (let p = 0; p < 3; p++) {
      propensity.push(1 / left.length);
      action.push(left.splice(random.below(left.length), 1)[0]);
      position.push(p);
      list.push(l);
      reward.push(random.uniform() < 0.1 * (1 + action[action.length - 1]) ? 1 : 0);
    }
  }
  return makeDecisions({
    actions: ['a', 'b', 'c', 'd', 'e'],
    action: Int32Array.from(action),
    reward: Float64Array.from(reward),
    propensity: Float64Array.from(propensity),
    positions: ['1', '2', '3'],
    position: Int32Array.from(position),
    list: Int32Array.from(list),
  });
}

describe('lists that show no action twice', () => {
  const log = drawnLists(400);

  it('are filled by the uniform policy as their log filled them', () => {
    const report = supportReport(log, uniformPolicy(log));
    expect(report.meanWeight).toBeCloseTo(1, 12);
    expect(report.effective).toBeCloseTo(400, 6);
    expect(report.refusals).toEqual([]);
  });

  it('are filled by a table with the proportions of what is left', async () => {
    const file = write('p.csv', 'action,probability\na,.5\nb,.25\nc,.125\nd,.0625\ne,.0625\n');
    const policy = await tablePolicy(log, file);
    const table = [0.5, 0.25, 0.125, 0.0625, 0.0625];
    for (let row = 0; row < 30; row++) {
      const above = Array.from({ length: row % 3 }, (_, n) => log.action[row - 1 - n]);
      const left = 1 - above.reduce((sum, a) => sum + table[a], 0);
      expect(policy.ofLogged[row]).toBeCloseTo(table[log.action[row]] / left, 12);
    }
  });

  it('cannot be filled by one action, nor by a table of too few', async () => {
    expect(await thrownCode(() => constantPolicy(log, 'a'))).toBe('config');
    const file = write('few.csv', 'action,probability\na,.5\nb,.5\n');
    expect(await thrownCode(() => tablePolicy(log, file))).toBe('data');
  });
});

describe('actions that no row shows', () => {
  it('are what columns of probabilities name, and count as unseen', async () => {
    const lines = ['action,reward,propensity,pi_a,pi_b,pi_c'];
    for (let n = 0; n < 400; n++) lines.push(`${n % 2 ? 'a' : 'b'},${n % 3 === 0 ? 1 : 0},.5,.5,.3,.2`);
    const decisions = await readDecisions([write('unseen.csv', lines.join('\n'))], { numbers: ['pi_*'] });
    expect(decisions.actions).toEqual(['b', 'a', 'c']);
    const report = supportReport(decisions, columnsPolicy(decisions, 'pi_'));
    expect(report.unseen).toBeCloseTo(0.2, 12);
    expect(report.unseenActions).toEqual([{ action: 'c', share: expect.closeTo(0.2, 12) }]);
    expect(report.refusals.join()).toMatch(/20\.0 % of its choices are actions that the log never shows/);
  });
});

describe('what is asked of an evaluation', () => {
  const log = makeDecisions({
    actions: ['a', 'b'],
    action: Int32Array.from({ length: 600 }, (_, n) => n % 2),
    reward: Float64Array.from({ length: 600 }, (_, n) => (n % 3 === 0 ? 0 : 1)),
    propensity: new Float64Array(600).fill(0.5),
    context: [{ name: 'age', kind: 'numeric', value: new Float64Array(600).fill(3) }],
  });
  const policies = [uniformPolicy(log)];
  const asked = (options: object) =>
    thrownCode(() => evaluatePolicies(log, policies, { random, rewards: null, ...options }));

  it.each([
    ['segments that are no column', { segments: ['nosuch'] }, 'not-found'],
    ['segments of numbers', { segments: ['age'] }, 'not-found'],
    ['an estimator of lists', { estimator: 'sips' }, 'not-found'],
    ['an estimator with predicted rewards, without them', { estimator: 'dr' }, 'config'],
  ])('refuses %s', async (_, options, code) => {
    expect(await asked(options)).toBe(code);
  });

  it('tells why nothing is compared', async () => {
    const never = { ...constantPolicy(log, 'a'), ofLogged: new Float64Array(600) };
    const result = await evaluatePolicies(log, [...policies, never], { random, rewards: null, baseline: 'always:a' });
    expect(result.comparison).toBeNull();
    expect(result.notes.join()).toMatch(/not compared: "always:a" has no verdict/);
  });

  it('bootstraps a ratio within the span of the rewards', async () => {
    const rare = makeDecisions({
      actions: ['a', 'b'],
      action: Int32Array.from({ length: 400 }, (_, n) => (n % 8 === 0 ? 0 : 1)),
      reward: Float64Array.from({ length: 400 }, (_, n) => (n === 8 ? 0 : 1)),
      propensity: Float64Array.from({ length: 400 }, (_, n) => (n % 8 === 0 ? 0.125 : 0.875)),
    });
    const bounds = { minEss: 5, minRewarded: 5, maxUnseen: 0.05 };
    const result = await evaluatePolicies(rare, [constantPolicy(rare, 'a')], { random, rewards: null, bounds });
    const found = result.policies[0].estimates.filter(({ estimator }) => ['snips', 'replay'].includes(estimator));
    expect(found).toHaveLength(2);
    for (const { mean, low, high } of found) {
      expect(mean).toBeCloseTo(49 / 50, 12);
      expect(high).toBeLessThanOrEqual(1);
      expect(low).toBeLessThan(mean);
    }
    const plain = result.policies[0].estimates.find(({ estimator }) => estimator === 'ips')!;
    expect(plain.high).toBeGreaterThan(1);
  });

  it('has the p-value of a z test beside normal intervals', async () => {
    const result = await evaluatePolicies(log, [constantPolicy(log, 'a')], {
      random,
      rewards: null,
      interval: 'normal',
      estimator: 'ips',
    });
    const { policies: compared } = result.comparison!;
    const { mean, low, high, pValue } = compared.find(({ policy }) => policy === 'always:a')!.difference!;
    const z = Math.abs(mean) / ((high - low) / 2 / 1.959964);
    // 2 (1 − Φ(z)) by its series: Abramowitz & Stegun 26.2.17
    const t = 1 / (1 + 0.2316419 * z);
    const tail =
      (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
      t *
      (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    expect(pValue).toBeCloseTo(2 * tail, 5);
  });
});

it('a temperature divides the scores', () => {
  const out = new Float64Array(2);
  scoresToPolicy(Float64Array.of(1, 0), 2, 0.5, out);
  expect(out[0]).toBeCloseTo(Math.exp(2) / (Math.exp(2) + 1), 12);
});

it('a row in which nothing has a score is refused, not taken for chance', () => {
  const scores = Float64Array.of(1, 0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY);
  for (const temperature of [0, 1])
    expect(() => scoresToPolicy(scores, 2, temperature, new Float64Array(4))).toThrow(/row 2: some action must have/);
});
