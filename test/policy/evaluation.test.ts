import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { evaluatePolicies } from '../../src/policy/evaluate-policies.ts';
import { crossFit } from '../../src/policy/rewards/cross-fit.ts';
import { meanRewards } from '../../src/policy/rewards/mean-rewards.ts';
import { modelRewards } from '../../src/policy/rewards/model-rewards.ts';
import { uniformPolicy } from '../../src/policy/targets/simple-policies.ts';
import { fullPolicy } from '../../src/policy/targets/target-policy.ts';
import { syntheticLog, syntheticRounds, syntheticWorld, trueValue } from '../../src/policy/worlds/synthetic-bandit.ts';
import { distributionOf, draw, expected, logged, loggedTruth, logOf, target, truth } from './three-actions.ts';

const engine = new Engine({ blas: 'off', threads: 1 });
afterAll(() => engine.close());
const random = new RandomStream(5, 'evaluation');

describe('an evaluation of policies', () => {
  const log = logOf(draw(2000, new RandomStream(2, 'log')));
  const better = fullPolicy('better', log, distributionOf(log, target));
  const own = fullPolicy('own', log, distributionOf(log, logged));

  it('finds the values, and that one policy is better than the log', async () => {
    const rewards = meanRewards(log);
    const result = await evaluatePolicies(log, [own, better], { random, rewards, segments: ['x'] });
    expect(result.log.value.low).toBeLessThan(loggedTruth);
    expect(result.log.value.high).toBeGreaterThan(loggedTruth);
    const { estimates } = result.policies[1];
    expect(estimates.map(({ estimator }) => estimator)).toEqual([
      'replay',
      'ips',
      'clipped-ips',
      'snips',
      'dm',
      'dr',
      'sndr',
      'switch-dr',
      'dros',
    ]);
    for (const { estimator, mean, low, high } of estimates)
      if (['ips', 'snips', 'dr', 'sndr'].includes(estimator)) {
        expect(Math.abs(mean - truth), estimator).toBeLessThan(high - low); // four standard errors
        expect(high - low, estimator).toBeLessThan(0.15);
      }
    const { comparison } = result;
    expect(comparison?.estimator).toBe('dr');
    expect(comparison?.policies[0].policy).toBe('better');
    expect(comparison?.policies[0].difference?.significant).toBe(true);
    const same = comparison?.policies.find(({ policy }) => policy === 'own');
    expect(Math.abs(same?.difference?.mean ?? 1)).toBeLessThan(0.01);
    const again = await evaluatePolicies(log, [own, better], { random, rewards, segments: ['x'] });
    expect(again).toEqual(result);
  });

  it('has normal intervals that agree with those of the bootstrap', async () => {
    const of = (interval: 'normal' | 'bootstrap') =>
      evaluatePolicies(log, [better], { random, rewards: meanRewards(log), interval });
    const [a, b] = [await of('normal'), await of('bootstrap')];
    for (const [e, { low, high, mean }] of a.policies[0].estimates.entries()) {
      const other = b.policies[0].estimates[e];
      expect(other.mean).toBeCloseTo(mean, 12);
      expect((other.high - other.low) / (high - low)).toBeGreaterThan(0.85);
      expect((other.high - other.low) / (high - low)).toBeLessThan(1.15);
    }
  });

  it('estimates nothing without support, and compares what is left', async () => {
    const few = logOf(draw(90, new RandomStream(2, 'few')));
    const policy = fullPolicy('better', few, distributionOf(few, target));
    const result = await evaluatePolicies(few, [policy], { random, rewards: null });
    expect(result.policies[0].estimates).toEqual([]);
    expect(result.policies[0].support.refusals[0]).toMatch(/at least 100/);
    expect(result.comparison).toBe(null);
  });

  it('refuses names that are not known or stand twice', async () => {
    const options = { random, rewards: null };
    await expect(evaluatePolicies(log, [own, own], options)).rejects.toThrow(/found "own" twice/);
    await expect(evaluatePolicies(log, [own], { ...options, baseline: 'best' })).rejects.toThrow(/baseline/);
    await expect(evaluatePolicies(log, [own], { ...options, estimator: 'ds' })).rejects.toThrow(
      /no estimator of single decisions is called "ds"/,
    );
    await expect(evaluatePolicies(log, [], options)).rejects.toThrow(/at least one policy/);
  });
});

describe('reward models', () => {
  it('predict rows that they did not learn from', async () => {
    const log = logOf(draw(300, new RandomStream(6, 'folds')));
    // knows the rewards of its own rows by heart, and says 9 of all others
    const memory = {
      name: 'memory',
      async fit(rows: Int32Array) {
        const known = new Set(rows);
        return {
          predict(asked: Int32Array, out: Float64Array) {
            for (let n = 0; n < asked.length; n++)
              out.fill(known.has(asked[n]) ? log.reward[asked[n]] : 9, n * 3, n * 3 + 3);
          },
          free() {},
        };
      },
    };
    const { ofLogged, ofPolicy } = await crossFit(log, memory, [uniformPolicy(log)], { folds: 4, random });
    expect(ofLogged.every((q) => q === 9)).toBe(true);
    expect((ofPolicy[0] as Float64Array).every((q) => Math.abs(q - 9) < 1e-12)).toBe(true);
    await expect(crossFit(log, memory, [], { folds: 1, random })).rejects.toThrow(/folds must be/);
  });

  it('of fields find the rewards of a situation', async () => {
    const log = logOf(draw(6000, new RandomStream(7, 'fields')));
    const model = modelRewards(engine, log, { model: 'fm', training: { epochs: 20, optimizer: { l2: 1e-7 } } });
    const fitted = await model.fit(
      Int32Array.from({ length: log.length }, (_, row) => row),
      1,
    );
    const out = new Float64Array(3);
    for (const x of [0, 1]) {
      const row = (log.context[0] as { index: Int32Array }).index.indexOf(x);
      fitted.predict(Int32Array.of(row), out);
      for (let a = 0; a < 3; a++) expect(Math.abs(out[a] - expected[x][a])).toBeLessThan(0.08);
    }
    fitted.free();
  });

  it('of fields know nothing of the rows that are left out', async () => {
    const log = logOf(draw(400, new RandomStream(8, 'left out')));
    const half = Int32Array.from({ length: 200 }, (_, row) => row);
    const turned = { ...log, reward: log.reward.map((reward, row) => (row < 200 ? reward : 1 - reward)) };
    const predictions = [log, turned].map(async (each) => {
      const fitted = await modelRewards(engine, each, { model: 'lr', training: { epochs: 3 } }).fit(half, 1);
      const out = new Float64Array(3);
      fitted.predict(Int32Array.of(300), out);
      fitted.free();
      return out;
    });
    expect(await predictions[1]).toEqual(await predictions[0]);
  });
});

describe('the synthetic world', () => {
  it('values the uniform policy at .500, in any world', () => {
    for (const seed of [1, 2]) {
      const stream = new RandomStream(seed, 'synthetic');
      const world = syntheticWorld({ actions: 10, features: 5, beta: 1 }, stream);
      const rounds = syntheticRounds(world, 20_000, stream);
      expect(Math.abs(trueValue(rounds, new Float64Array(rounds.expected.length).fill(0.1)) - 0.5)).toBeLessThan(0.004);
    }
  });

  it('is estimated as the published run: DR, SNIPS and IPS near, DM far', async () => {
    const stream = new RandomStream(3, 'synthetic');
    const world = syntheticWorld({ actions: 10, features: 5, beta: -3 }, stream);
    const rounds = syntheticRounds(world, 10_000, stream);
    const log = syntheticLog(world, rounds, stream);
    const best = fullPolicy('greedier', log, (rows, out) => {
      for (let n = 0; n < rows.length; n++) {
        const q = rounds.expected.subarray(rows[n] * 10, rows[n] * 10 + 10);
        const weights = q.map((each) => Math.exp(3 * each));
        const sum = weights.reduce((a, b) => a + b, 0);
        for (let a = 0; a < 10; a++) out[n * 10 + a] = weights[a] / sum;
      }
    });
    const policy = new Float64Array(rounds.expected.length);
    best.distribution?.(
      Int32Array.from({ length: 10_000 }, (_, n) => n),
      policy,
    );
    const value = trueValue(rounds, policy);
    const rewards = modelRewards(engine, log, { model: 'lr' });
    const { policies } = await evaluatePolicies(log, [best], { random, rewards, interval: 'normal' });
    const error = (name: string) =>
      Math.abs(policies[0].estimates.find(({ estimator }) => estimator === name)!.mean - value) / value;
    for (const name of ['ips', 'snips', 'dr', 'sndr']) expect(error(name), name).toBeLessThan(0.06);
    expect(error('dr')).toBeLessThan(error('dm'));
  });
});
