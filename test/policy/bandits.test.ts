import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { ArmInverses } from '../../src/policy/bandits/arm-inverses.ts';
import { banditNamed, bandits } from '../../src/policy/bandits/index.ts';
import { stepLength } from '../../src/policy/bandits/logistic-ts.ts';
import { contender } from '../../src/policy/learners/index.ts';
import { makeDecisions } from '../../src/policy/log/make-decisions.ts';
import { replayBandit } from '../../src/policy/replay-bandit.ts';
import { logSlope, simulate } from '../../src/policy/simulate.ts';
import { simulationPlot } from '../../src/policy/simulation-plot.ts';
import { openSyntheticWorld } from '../../src/policy/worlds/synthetic-world.ts';
import type { World } from '../../src/policy/worlds/world.ts';
import { inverseOf as inverse } from '../linalg/gauss-jordan.ts';
import { multiply, outer, plus, scaled, transposed } from './small-matrices.ts';

const draws = new RandomStream(1, 'bandits');
const vector = (n: number) => Float64Array.from({ length: n }, () => draws.normal());
const open = (name: string, sizes: { actions: number; features: number }, options: object = {}) => {
  const { kind, options: parsed } = banditNamed(name, options);
  return kind.open(sizes, parsed, new RandomStream(2, name));
};

describe('ridge regressions by rank-1 updates', () => {
  it.each([1, 2, 4, 5, 8, 13])('are those of the inverted matrix (%i numbers)', (d) => {
    const ridge = 0.5;
    const arms = new ArmInverses(2, d, ridge);
    let a = scaled(identity(d), ridge);
    let b = [...new Float64Array(d)].map((value) => [value]);
    for (let n = 0; n < 30; n++) {
      const x = vector(d);
      const reward = draws.uniform();
      arms.update(1, x, reward);
      a = plus(a, outer(x, x));
      b = plus(b, scaled(transposed([[...x]]), reward));
    }
    const exact = inverse(a);
    const theta = multiply(exact, b);
    for (let i = 0; i < d; i++) expect(arms.theta[arms.thetaStride + i]).toBeCloseTo(theta[i][0], 10);
    const x = vector(d);
    const { means, variances } = arms.look(x);
    const square = x.reduce((sum, value) => sum + value ** 2, 0);
    const variance = multiply(multiply([[...x]], exact), transposed([[...x]]))[0][0];
    expect(variances[1]).toBeCloseTo(variance, 10);
    expect(variances[0]).toBeCloseTo(square / ridge, 10);
    expect(means[0]).toBe(0);
    expect(means[1]).toBeCloseTo(multiply([[...x]], theta)[0][0], 10);
  });
});

const identity = (d: number): number[][] =>
  Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => (i === j ? 1 : 0)));

/** Row of a context with a 1 at the end. */
const withOne = (x: Float64Array) => [...x, 1];

describe('LinUCB', () => {
  const sizes = { actions: 4, features: 3 };

  it('chooses as algorithm 1 does with matrices', () => {
    const bandit = open('linucb', sizes, { alpha: 0.7 });
    const a = Array.from({ length: 4 }, () => identity(4));
    const b = Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => [0]));
    for (let n = 0; n < 300; n++) {
      const context = vector(3);
      const x = [withOne(context)];
      const scores = a.map((matrix, arm) => {
        const exact = inverse(matrix);
        const mean = multiply(x, multiply(exact, b[arm]))[0][0];
        return mean + 0.7 * Math.sqrt(multiply(multiply(x, exact), transposed(x))[0][0]);
      });
      const action = bandit.choose(context);
      expect(scores[action]).toBeGreaterThan(Math.max(...scores) - 1e-9);
      const reward = draws.uniform() + 0.2 * action * context[0];
      bandit.learn(context, action, reward);
      a[action] = plus(a[action], outer(x[0], x[0]));
      b[action] = plus(b[action], scaled(transposed(x), reward));
    }
  });

  it('hybrid: chooses as algorithm 2 does with matrices', () => {
    const bandit = open('linucb-hybrid', sizes, { alpha: 0.7 });
    let a0 = identity(3);
    let b0 = Array.from({ length: 3 }, () => [0]);
    const a = Array.from({ length: 4 }, () => identity(4));
    const bb = Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => [0, 0, 0]));
    const b = Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => [0]));
    const choosesAs = (context: Float64Array): number => {
      const x = transposed([withOne(context)]);
      const z = transposed([[...context]]);
      const exact0 = inverse(a0);
      const beta = multiply(exact0, b0);
      const scores = a.map((matrix, arm) => {
        const exact = inverse(matrix);
        const theta = multiply(exact, plus(b[arm], scaled(multiply(bb[arm], beta), -1)));
        const ax = multiply(exact, x);
        const bax = multiply(transposed(bb[arm]), ax);
        const value = (left: number[][], right: number[][]) => multiply(transposed(left), right)[0][0];
        const s =
          value(z, multiply(exact0, z)) -
          2 * value(z, multiply(exact0, bax)) +
          value(x, ax) +
          value(bax, multiply(exact0, bax));
        return value(z, beta) + value(x, theta) + 0.7 * Math.sqrt(s);
      });
      const action = bandit.choose(context);
      expect(scores[action]).toBeGreaterThan(Math.max(...scores) - 1e-9);
      return action;
    };
    for (let n = 0; n < 150; n++) {
      const context = vector(3);
      const x = transposed([withOne(context)]);
      const z = transposed([[...context]]);
      const action = choosesAs(context);
      const reward = draws.uniform() + 0.2 * action * context[0];
      bandit.learn(context, action, reward);
      const before = inverse(a[action]);
      const projected = multiply(transposed(bb[action]), before);
      a0 = plus(a0, multiply(projected, bb[action]));
      b0 = plus(b0, multiply(projected, b[action]));
      a[action] = plus(a[action], multiply(x, transposed(x)));
      bb[action] = plus(bb[action], multiply(x, transposed(z)));
      b[action] = plus(b[action], scaled(x, reward));
      const after = multiply(transposed(bb[action]), inverse(a[action]));
      a0 = plus(a0, plus(multiply(z, transposed(z)), scaled(multiply(after, bb[action]), -1)));
      b0 = plus(b0, plus(scaled(z, reward), scaled(multiply(after, b[action]), -1)));
    }
    // many decisions before the next reward are made in another way
    for (let n = 0; n < 250; n++) choosesAs(vector(3));
  });
});

describe('single steps', () => {
  it('logistic TS moves to the minimum of prior and log loss', () => {
    for (const [mean, spread, reward] of [
      [0.3, 2, 1],
      [-4, 50, 1],
      [8, 0.1, 0],
      [0, 1, 0.25],
    ]) {
      const c = stepLength(mean, spread, reward);
      // along the direction x / q the loss is ½ c² s + log(1 + e^z) − r z, z = mean + c s
      const loss = (at: number) => {
        const z = mean + at * spread;
        return (at * at * spread) / 2 + Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0) - reward * z;
      };
      expect(loss(c)).toBeLessThanOrEqual(loss(c + 1e-4));
      expect(loss(c)).toBeLessThanOrEqual(loss(c - 1e-4));
    }
  });

  it('UCB1 takes every action once, then the one with the highest bound', () => {
    const bandit = open('ucb1', { actions: 3, features: 0 });
    const none = new Float64Array(0);
    const first = new Set<number>();
    for (let n = 0; n < 3; n++) {
      const action = bandit.choose(none);
      first.add(action);
      bandit.learn(none, action, action === 1 ? 1 : 0);
    }
    expect(first.size).toBe(3);
    expect(bandit.choose(none)).toBe(1);
    // mean 1 + √(2 ln 9 / 7) = 1.79 against 0 + √(2 ln 9 / 1) = 2.10
    for (let n = 0; n < 6; n++) bandit.learn(none, 1, 1);
    expect(bandit.choose(none)).not.toBe(1);
  });

  it.each(['thompson-beta', 'logistic-ts'])('%s refuses rewards that are no shares', (name) => {
    const bandit = open(name, { actions: 2, features: 1 });
    expect(() => bandit.learn(Float64Array.of(1), 0, 1.5)).toThrow(/from 0 to 1, found 1.5/);
  });

  it.each(bandits.map(({ name }) => name))('%s finds the better of two actions', (name) => {
    const bandit = open(name, { actions: 2, features: 1 });
    const x = Float64Array.of(0.5);
    let late = 0;
    for (let n = 0; n < 2000; n++) {
      const action = bandit.choose(x);
      bandit.learn(x, action, draws.uniform() < (action === 1 ? 0.8 : 0.2) ? 1 : 0);
      if (n >= 1500) late += action;
    }
    if (name === 'uniform') expect(Math.abs(late - 250)).toBeLessThan(60);
    else expect(late).toBeGreaterThan(420);
  });
});

describe('a simulation', () => {
  const openWorld = (random: RandomStream) => openSyntheticWorld({}, random);

  it('has sublinear regret for LinUCB, LinTS and logistic TS, and none for chance', async () => {
    const names = ['uniform', 'linucb', 'lints', 'logistic-ts'];
    const { policies, best } = await simulate(
      openWorld,
      names.map((name) => contender(name)),
      { users: 10, steps: 2000, runs: 3 },
    );
    const [uniform, ...learning] = policies;
    expect(Math.abs(uniform.reward.mean - 0.5)).toBeLessThan(0.01);
    expect(uniform.slope).toBeGreaterThan(0.97);
    for (const { slope, lastReward, regret, policy } of learning) {
      expect(slope, policy).toBeLessThan(0.7);
      expect(lastReward.mean, policy).toBeGreaterThan(
        uniform.reward.mean + 0.6 * ((best?.mean as number) - uniform.reward.mean),
      );
      expect(regret?.mean, policy).toBeLessThan(0.4 * (uniform.regret?.mean as number));
    }
  });

  it('is the same for the same seed, and another for another', async () => {
    const run = (seed: number) => simulate(openWorld, [contender('lints')], { users: 3, steps: 50, runs: 2, seed });
    expect(await run(7)).toEqual(await run(7));
    expect((await run(7)).policies[0].rewardByStep).not.toEqual((await run(8)).policies[0].rewardByStep);
  });

  it('lets every policy meet the same people', async () => {
    const both = await simulate(openWorld, [contender('uniform'), contender('linucb')], {
      users: 3,
      steps: 40,
      runs: 2,
    });
    const alone = await simulate(openWorld, [contender('linucb')], { users: 3, steps: 40, runs: 2 });
    expect({ ...both.policies[1], difference: null }).toEqual(alone.policies[0]);
    expect(both.best).toEqual(alone.best);
  });

  it('takes a world of one’s own', async () => {
    // the good action is the one that the context names
    const signs: World = {
      name: 'signs',
      actions: 2,
      features: 1,
      reset(random) {
        const visit = { context: Float64Array.of(1), expected: Float64Array.of(0, 1), step };
        function step([action]: Int32Array) {
          const reward = visit.expected[action];
          const sign = random.uniform() < 0.5 ? -1 : 1;
          visit.context[0] = sign;
          visit.expected.set(sign === 1 ? [0, 1] : [1, 0]);
          return { reward };
        }
        return visit;
      },
    };
    const { policies, best } = await simulate(() => signs, [contender('linucb')], { users: 1, steps: 400, runs: 2 });
    expect(best?.mean).toBe(1);
    expect(policies[0].lastReward.mean).toBe(1);
    expect(policies[0].regret?.mean).toBeLessThan(10);
  });

  it('is drawn', async () => {
    const simulation = await simulate(openWorld, [contender('linucb')], { users: 2, steps: 30, runs: 1 });
    const picture = simulationPlot(simulation);
    expect(picture.match(/<polyline/g)).toHaveLength(2);
    expect(picture).not.toMatch(/NaN|Infinity/);
    expect(() => simulationPlot({ ...simulation, steps: 1 })).toThrow(/two at least/);
  });

  it('refuses bandits and options that are not known', async () => {
    expect(() => contender('linuct')).toThrow(/did you mean "linucb"/);
    expect(() => contender('linucb', { alfa: 1 })).toThrow(/"alfa" is not a known option; did you mean "alpha"/);
    expect(() => contender('epsilon-greedy', { epsilon: 2 })).toThrow(/epsilon/);
    await expect(simulate(openWorld, [])).rejects.toThrow(/at least one policy/);
  });

  it('the slope of √ is a half, of a line one', () => {
    expect(logSlope(Float64Array.from({ length: 1000 }, (_, n) => 3 * Math.sqrt(n + 1)))).toBeCloseTo(0.5, 10);
    expect(logSlope(Float64Array.from({ length: 1000 }, (_, n) => 0.2 * (n + 1)))).toBeCloseTo(1, 10);
  });
});

describe('replay of a bandit', () => {
  /** Uniform decisions in a synthetic world. */
  function uniformLog(world: World, n: number) {
    const random = new RandomStream(9, 'replayed');
    const visit = world.reset(random.child('visit'));
    const columns = Array.from({ length: world.features }, () => new Float64Array(n));
    const action = new Int32Array(n);
    const reward = new Float64Array(n);
    for (let row = 0; row < n; row++) {
      columns.forEach((column, f) => {
        column[row] = visit.context[f];
      });
      action[row] = random.below(world.actions);
      reward[row] = visit.step(action.subarray(row, row + 1)).reward;
    }
    return makeDecisions({
      actions: Array.from({ length: world.actions }, (_, a) => `a${a}`),
      action,
      reward,
      propensity: new Float64Array(n).fill(1 / world.actions),
      context: columns.map((value, f) => ({ name: `x${f}`, kind: 'numeric' as const, value })),
    });
  }

  it('finds what the bandit would have earned', async () => {
    const world = openSyntheticWorld({ actions: 5 }, new RandomStream(4, 'replay'));
    const log = uniformLog(world, 20_000);
    for (const name of ['linucb', 'logistic-ts']) {
      const replayed = replayBandit(log, banditNamed(name), new RandomStream(5, name));
      expect(Math.abs(replayed.kept / log.length - 0.2)).toBeLessThan(0.02);
      // the truth: as many decisions of its own, many times
      const { policies } = await simulate(() => world, [contender(name)], { users: 1, steps: replayed.kept, runs: 3 });
      // four standard errors
      expect(Math.abs(replayed.mean - policies[0].reward.mean)).toBeLessThan(replayed.high - replayed.low);
    }
  });

  it('refuses other logs', () => {
    const given = { actions: ['a', 'b'], action: Int32Array.of(0, 1), reward: Float64Array.of(0, 1) };
    const skewed = makeDecisions({ ...given, propensity: Float64Array.of(0.5, 0.4) });
    expect(() => replayBandit(skewed, banditNamed('ucb1'), draws)).toThrow(
      /row 2: replay needs a log that chose uniformly/,
    );
    const words = makeDecisions({
      ...given,
      propensity: Float64Array.of(0.5, 0.5),
      context: [{ name: 'device', kind: 'categorical', values: ['tv'], index: Int32Array.of(0, 0) }],
    });
    expect(() => replayBandit(words, banditNamed('linucb'), draws)).toThrow(/a bandit reads numbers, "device"/);
  });
});

it('a log is replayed in the order of its times, and all of them must be known', () => {
  const given = (time: readonly number[]) =>
    makeDecisions({
      actions: ['a', 'b'],
      action: Int32Array.of(0, 1, 1, 0),
      reward: Float64Array.of(0, 1, 1, 1),
      propensity: new Float64Array(4).fill(0.5),
      time: Float64Array.from(time),
    });
  // takes a until it has earned something, then b
  const kind = {
    ...banditNamed('ucb1').kind,
    open: () => {
      let earned = 0;
      return {
        choose: () => (earned > 0 ? 1 : 0),
        learn: (_: Float64Array, __: number, reward: number) => {
          earned += reward;
        },
      };
    },
  };
  const replayed = (time: readonly number[]) => replayBandit(given(time), { ...banditNamed('ucb1'), kind }, draws).kept;
  expect(replayed([1, 2, 3, 4])).toBe(2); // a 0, …, a 1
  expect(replayed([4, 3, 2, 1])).toBe(3); // a 1, b 1, b 1
  expect(() => replayed([1, Number.NaN, 3, 4])).toThrow(/row 2: .*must know them all/);
});

describe('what a bandit draws', () => {
  /** Share of decisions for action 0 of two, of which both have learned the same number of times. */
  const shareOfFirst = (name: string, reward: readonly [number, number], times: number): number => {
    const { kind, options } = banditNamed(name);
    const bandit = kind.open({ actions: 2, features: 1 }, options, new RandomStream(8, name));
    const x = Float64Array.of(0);
    for (let n = 0; n < times; n++) for (const a of [0, 1]) bandit.learn(x, a, reward[a]);
    let first = 0;
    for (let n = 0; n < 20_000; n++) first += bandit.choose(x) === 0 ? 1 : 0;
    return first / 20_000;
  };

  it('spreads as √(2) σ / √(n + 1) between two Gaussian means', () => {
    // means .5 · 24/25 and 0, σ = .5: z = .48 / (.5 √(2/25))
    expect(shareOfFirst('thompson-gaussian', [0.5, 0], 24)).toBeCloseTo(0.99966, 3);
    // and with 3 learned: z = .375 / (.5 √(2/4)) = 1.0607
    const few = shareOfFirst('thompson-gaussian', [0.5, 0], 3);
    expect(Math.abs(few - 0.8556)).toBeLessThan(0.01);
  });

  it('is surer of logistic arms the more it has learned of them', () => {
    const shares = [2, 20, 200].map((times) => shareOfFirst('logistic-ts', [1, 0], times));
    expect(shares[1]).toBeGreaterThan(shares[0]);
    expect(shares[2]).toBeGreaterThan(0.9999);
    // as often 1 as 0: what is learned more often spreads less around the same mean
    const { kind, options } = banditNamed('logistic-ts');
    const bandit = kind.open({ actions: 2, features: 1 }, options, new RandomStream(9, 'spread'));
    const x = Float64Array.of(0);
    for (let n = 0; n < 400; n++) bandit.learn(x, 0, n % 2);
    for (let n = 0; n < 6; n++) bandit.learn(x, 1, 0);
    let second = 0;
    for (let n = 0; n < 5000; n++) second += bandit.choose(x);
    // the first arm lies near 0 with little spread; the second lies below it
    expect(second / 5000).toBeLessThan(0.1);
  });
});
