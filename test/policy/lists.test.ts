/** Estimators of lists against every outcome of lists of two positions and two actions. */
import { describe, expect, it } from 'vitest';
import { listEstimators } from '../../src/policy/estimators/list-estimators.ts';
import { makeDecisions } from '../../src/policy/log/make-decisions.ts';
import { listRows } from '../../src/policy/support/weights.ts';

/** Probabilities of the action at position 2 depend on that at position 1 where policies choose so. */
const logged = {
  first: [0.7, 0.3],
  second: [
    [0.6, 0.4],
    [0.2, 0.8],
  ],
};
const target = {
  first: [0.4, 0.6],
  second: [
    [0.5, 0.5],
    [0.9, 0.1],
  ],
};
const independent = {
  first: [0.4, 0.6],
  second: [
    [0.3, 0.7],
    [0.3, 0.7],
  ],
};
const independentLog = {
  first: [0.7, 0.3],
  second: [
    [0.6, 0.4],
    [0.6, 0.4],
  ],
};

type Policy = typeof logged;
type Rewards = (a: number, b: number) => readonly [number, number];
const both = [0, 1];

const value = (policy: Policy, rewards: Rewards) =>
  both.reduce(
    (sum, a) =>
      sum +
      both.reduce((inner, b) => {
        const [r, s] = rewards(a, b);
        return inner + policy.first[a] * policy.second[a][b] * (r + s);
      }, 0),
    0,
  );

function expectation(name: string, behaviour: Policy, policy: Policy, rewards: Rewards): number {
  const estimator = listEstimators.find((each) => each.name === name)!;
  const q = [0.3, 0.6]; // a reward model, the same at both positions
  let sum = 0;
  for (const a of both)
    for (const b of both) {
      const [r, s] = rewards(a, b);
      const log = makeDecisions({
        actions: ['a', 'b'],
        // the lower row of the list stands first in the file
        action: Int32Array.of(b, a),
        reward: Float64Array.of(s, r),
        propensity: Float64Array.of(behaviour.second[a][b], behaviour.first[a]),
        position: Int32Array.of(1, 0),
        positions: ['1', '2'],
        list: Int32Array.of(0, 0),
      });
      const expectedOf = (p: readonly number[]) => p[0] * q[0] + p[1] * q[1];
      const weighed = {
        weight: Float64Array.of(policy.second[a][b] / behaviour.second[a][b], policy.first[a] / behaviour.first[a]),
        probability: Float64Array.of(policy.second[a][b], policy.first[a]),
        reward: log.reward,
        modelled: {
          ofLogged: Float64Array.of(q[b], q[a]),
          ofPolicy: Float64Array.of(expectedOf(policy.second[a]), expectedOf(policy.first)),
        },
      };
      const [contribution] = estimator.contributions(listRows(log), weighed, 2);
      sum += behaviour.first[a] * behaviour.second[a][b] * contribution;
    }
  return sum;
}

describe('estimators of lists', () => {
  const whole: Rewards = (a, b) => [a === b ? 0.9 : 0.1, a + 0.5 * b];
  const cascade: Rewards = (a, b) => [0.2 + 0.5 * a, a === b ? 0.8 : 0.3];
  const own: Rewards = (a, b) => [0.2 + 0.5 * a, 0.6 - 0.4 * b];

  it('SIPS is unbiased whatever rewards depend on', () => {
    expect(expectation('sips', logged, target, whole)).toBeCloseTo(value(target, whole), 12);
  });

  it.each(['rips', 'cascade-dr'])(
    '%s is unbiased where rewards depend on what stands above, and not beyond',
    (name) => {
      expect(expectation(name, logged, target, cascade)).toBeCloseTo(value(target, cascade), 12);
      expect(Math.abs(expectation(name, logged, target, whole) - value(target, whole))).toBeGreaterThan(0.01);
    },
  );

  it('IIPS is unbiased where rewards depend on their own item and positions are chosen independently', () => {
    expect(expectation('iips', independentLog, independent, own)).toBeCloseTo(value(independent, own), 12);
    expect(
      Math.abs(expectation('iips', independentLog, independent, cascade) - value(independent, cascade)),
    ).toBeGreaterThan(0.01);
  });

  it('of the policy of the log itself all are the mean reward of a list', () => {
    const log = makeDecisions({
      actions: ['a', 'b'],
      action: Int32Array.of(0, 1, 1, 0, 1),
      reward: Float64Array.of(1, 0, 0.5, 0.25, 1),
      propensity: Float64Array.of(0.5, 0.4, 0.3, 0.2, 0.9),
      position: Int32Array.of(0, 1, 0, 1, 0),
      positions: ['1', '2'],
      list: Int32Array.of(0, 0, 1, 1, 2),
    });
    const one = new Float64Array(5).fill(1);
    const modelled = { ofLogged: new Float64Array(5).fill(0.3), ofPolicy: new Float64Array(5).fill(0.3) };
    const weighed = { weight: one, probability: log.propensity, reward: log.reward, modelled };
    for (const estimator of listEstimators) {
      const values = estimator.contributions(listRows(log), weighed, 2);
      const mean = values.reduce((sum, each) => sum + each, 0) / 3;
      expect(mean, estimator.name).toBeCloseTo((1 + 0.75 + 1) / 3, 12);
    }
  });

  it('SN- divides each position by the sum of its own weights', () => {
    const draws = [
      [0.5, 2, 1, 0],
      [1.5, 0.25, 0, 1],
      [3, 1, 0.5, 0.75],
      [0.2, 4, 1, 1],
    ];
    const log = makeDecisions({
      actions: ['a', 'b'],
      action: Int32Array.from({ length: 8 }, (_, n) => n % 2),
      reward: Float64Array.from(draws.flatMap(([, , r, s]) => [r, s])),
      propensity: new Float64Array(8).fill(0.5),
      position: Int32Array.from({ length: 8 }, (_, n) => n % 2),
      positions: ['1', '2'],
      list: Int32Array.from({ length: 8 }, (_, n) => n >> 1),
    });
    const weighed = {
      weight: Float64Array.from(draws.flatMap((each) => each.slice(0, 2))),
      probability: new Float64Array(8),
      reward: log.reward,
      modelled: null,
    };
    const weightsOf: Record<string, (v: number, w: number) => [number, number]> = {
      snsips: (v, w) => [v * w, v * w],
      snrips: (v, w) => [v, v * w],
      sniips: (v, w) => [v, w],
    };
    for (const [name, weights] of Object.entries(weightsOf)) {
      const expected = both.reduce((total, k) => {
        const [top, bottom] = draws.reduce(
          ([t, b], [v, w, ...rewards]) => [t + weights(v, w)[k] * rewards[k], b + weights(v, w)[k]],
          [0, 0],
        );
        return total + top / bottom;
      }, 0);
      const estimator = listEstimators.find((each) => each.name === name)!;
      const found = estimator.contributions(listRows(log), weighed, 2);
      expect(found.reduce((sum, each) => sum + each, 0) / 4, name).toBeCloseTo(expected, 12);
    }
  });
});
