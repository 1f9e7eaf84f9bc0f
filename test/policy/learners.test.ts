/** Learners of values: slates and targets against formulas written down again, worlds whose best policy is known. */
import { describe, expect, it } from 'vitest';
import { FastRandom } from '../../src/core/fast-random.ts';
import { RandomStream } from '../../src/core/random.ts';
import { contender, learners } from '../../src/policy/learners/index.ts';
import { outcomesOf, ReplayMemory } from '../../src/policy/learners/replay-memory.ts';
import { everySlate, greedySlate, topSlate } from '../../src/policy/learners/slates.ts';
import { drawDifferent } from '../../src/policy/learners/uniform.ts';
import { simulate } from '../../src/policy/simulate.ts';
import { openFilmClub } from '../../src/policy/worlds/film-club.ts';
import { openInterestEvolution } from '../../src/policy/worlds/interest-evolution.ts';
import { openSyntheticWorld } from '../../src/policy/worlds/synthetic-world.ts';
import type { World } from '../../src/policy/worlds/world.ts';

const draws = new RandomStream(1, 'learners');

describe('slates', () => {
  const values = (n: number) => ({
    appeal: Float64Array.from({ length: n + 1 }, () => 0.1 + draws.uniform()),
    value: Float64Array.from({ length: n + 1 }, () => 4 * draws.normal()),
  });
  /** Q of a slate, the formula once more. */
  const q = ({ appeal, value }: ReturnType<typeof values>, slate: readonly number[], n: number) => {
    const all = [...slate, n];
    const mass = all.reduce((sum, i) => sum + appeal[i], 0);
    return all.reduce((sum, i) => sum + (appeal[i] / mass) * value[i], 0);
  };

  it('greedy takes the item that helps most at each place, and says what the slate is worth', () => {
    for (let round = 0; round < 200; round++) {
      const [n, k] = [6, 3];
      const own = values(n);
      const slate = new Int32Array(k);
      const worth = greedySlate(own, 0, n, slate);
      const begun: number[] = [];
      for (const item of slate) {
        const left = [0, 1, 2, 3, 4, 5].filter((i) => !begun.includes(i));
        const best = Math.max(...left.map((i) => q(own, [...begun, i], n)));
        expect(q(own, [...begun, item], n)).toBeCloseTo(best, 12);
        begun.push(item);
      }
      expect(worth).toBeCloseTo(q(own, begun, n), 12);
    }
  });

  it('of one item greedy and top are the best, and mostly of two', () => {
    let [same, rounds] = [0, 300];
    for (let round = 0; round < rounds; round++) {
      const n = 5;
      const own = values(n);
      const every = everySlate(n, 2);
      let best = Number.NEGATIVE_INFINITY;
      for (let s = 0; s < every.length; s += 2) best = Math.max(best, q(own, [every[s], every[s + 1]], n));
      const pair = new Int32Array(2);
      if (Math.abs(greedySlate(own, 0, n, pair) - best) < 1e-9) same++;
      const one = new Int32Array(1);
      const singles = [0, 1, 2, 3, 4].map((i) => q(own, [i], n));
      expect(greedySlate(own, 0, n, one)).toBeCloseTo(Math.max(...singles), 12);
    }
    expect(same / rounds).toBeGreaterThan(0.85);
  });

  it('top ranks by v (Q − Q of nothing)', () => {
    const own = { appeal: Float64Array.of(1, 2, 0.5, 1), value: Float64Array.of(5, 3.5, 6, 2) };
    const slate = new Int32Array(2);
    // gains 3, 3, 2 → items 0 and 1; (2 + 5 + 7) / 4
    expect(topSlate(own, 0, 3, slate)).toBeCloseTo(14 / 4, 12);
    expect([...slate]).toEqual([0, 1]);
    own.value[3] = 0;
    // the paper’s v Q̄: 5, 7, 3
    topSlate(own, 0, 3, slate);
    expect([...slate]).toEqual([1, 0]);
  });

  it('reads values from where they stand', () => {
    const own = { appeal: Float64Array.of(9, 1, 1, 1), value: Float64Array.of(9, 0, 4, 1) };
    const slate = new Int32Array(1);
    expect(greedySlate(own, 1, 2, slate)).toBeCloseTo(2.5, 12);
    expect(slate[0]).toBe(1);
  });

  it('lists all ordered slates once', () => {
    const every = everySlate(4, 2);
    const texts = new Set(Array.from({ length: every.length / 2 }, (_, s) => every.subarray(2 * s, 2 * s + 2).join()));
    expect(texts.size).toBe(12);
    expect([...texts].every((text) => text[0] !== text[2])).toBe(true);
  });

  it('draws different items, each list alike', () => {
    const random = new FastRandom(new RandomStream(2, 'pool'));
    const pool = new Int32Array(4);
    const times = new Map<string, number>();
    for (let n = 0; n < 12_000; n++) {
      const text = drawDifferent(pool, 2, random).join();
      times.set(text, (times.get(text) ?? 0) + 1);
    }
    expect(times.size).toBe(12);
    for (const count of times.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('a replay memory', () => {
  const place = { world: 'w', actions: 2, features: 1, slate: 2, itemFeatures: 1, isFixed: false };

  it('forgets the oldest, and gives back what belongs together', () => {
    const memory = new ReplayMemory(place, 3);
    const one = outcomesOf(place, 1);
    for (let n = 0; n < 5; n++) {
      one.before.contexts[0] = n;
      one.before.items.set([n + 0.25, n + 0.5]);
      one.shown.set([n % 2, 1 - (n % 2)]);
      one.taken[0] = n === 3 ? -1 : 0;
      one.reward[0] = 10 * n;
      one.isOver[0] = n === 4 ? 1 : 0;
      one.after.contexts[0] = n + 1;
      one.after.items.set([n + 1.25, n + 1.5]);
      memory.add(one);
    }
    expect(memory.length).toBe(3);
    const batch = outcomesOf(place, 200);
    memory.draw(batch, new FastRandom(new RandomStream(3, 'memory')));
    const seen = new Set<number>();
    for (let k = 0; k < 200; k++) {
      const n = batch.before.contexts[k];
      seen.add(n);
      expect([...batch.before.items.subarray(2 * k, 2 * k + 2)]).toEqual([n + 0.25, n + 0.5]);
      expect(batch.shown[2 * k]).toBe(n % 2);
      expect(batch.taken[k]).toBe(n === 3 ? -1 : 0);
      expect(batch.reward[k]).toBe(10 * n);
      expect(batch.isOver[k]).toBe(n === 4 ? 1 : 0);
      expect(batch.after.contexts[k]).toBe(n + 1);
      expect([...batch.after.items.subarray(2 * k, 2 * k + 2)]).toEqual([n + 1.25, n + 1.5]);
    }
    expect([...seen].sort()).toEqual([2, 3, 4]);
  });

  it('refuses what does not fit', () => {
    expect(() => new ReplayMemory({ ...place, actions: 1000, itemFeatures: 1000 }, 1000)).toThrow(
      /1,000 decisions of w must fit into 4 GiB, found 7.5/,
    );
  });
});

/**
 * Item 0 pays 1 and ends the visit, item 1 pays 0 but lets it go on to a second room, in which item 0 pays 5. With γ = .9: Q(first, 0) = 1,
 * Q(first, 1) = .9 · 5 = 4.5; without a future, 1 and 0.
 */
const rooms: World = {
  name: 'rooms',
  actions: 2,
  features: 1,
  reset() {
    const context = Float64Array.of(0);
    return {
      context,
      step: ([item]) => {
        const isSecond = context[0] === 1;
        if (isSecond || item === 0) return { reward: item === 0 ? (isSecond ? 5 : 1) : 0, isOver: true };
        context[0] = 1;
        return { reward: 0 };
      },
    };
  },
};
const small = { hidden: [16], warmup: 100, exploration: 500, batchSize: 32, targetEvery: 50, learningRate: 0.005 };

describe('learners of values', () => {
  it.each([
    ['slateq', { ...small, discount: 0.9 }, 5],
    ['dqn', { ...small, discount: 0.9 }, 5],
    ['slateq', { ...small, discount: 0.1 }, 1],
    ['dqn', { ...small, discount: 0.1 }, 1],
  ])('%s waits for the second room when the future counts: %j', async (name, options, worth) => {
    const { policies } = await simulate(() => rooms, [contender(name, { ...options, epsilon: 0 })], {
      users: 5,
      steps: 800,
      runs: 1,
    });
    expect(policies[0].visits!.lastReward.mean).toBe(worth);
  });

  it('myopic does not wait', async () => {
    const { targetEvery: _, ...options } = small;
    const { policies } = await simulate(() => rooms, [contender('myopic', { ...options, epsilon: 0 })], {
      users: 5,
      steps: 400,
      runs: 1,
    });
    expect(policies[0].visits!.lastReward.mean).toBe(1);
  });

  /** Two of three items are shown. What is taken follows v = 1, 3, 0 with v_∅ = 1; the third can be had only if it is alone: never. */
  const appeal = [1, 3, 0];
  const worth = [10, 1, 0];
  const shop: World = {
    name: 'shop',
    actions: 3,
    features: 1,
    slate: 2,
    reset(random) {
      return {
        context: Float64Array.of(1),
        step: ([a, b]) => {
          const u = random.uniform() * (appeal[a] + appeal[b] + 1);
          const taken = u < appeal[a] ? 0 : u < appeal[a] + appeal[b] ? 1 : -1;
          return { reward: taken < 0 ? 0 : worth[[a, b][taken]], taken };
        },
      };
    },
  };

  it.each(['slateq', 'dqn'])(
    '%s finds the slate that earns most, though its items are not the most taken',
    async (name) => {
      // {0, 1} earns (10 + 3) / 5 = 2.6, {0, 2} 10 / 2 = 5, {1, 2} 3 / 4
      const { policies } = await simulate(() => shop, [contender(name, { ...small, discount: 0.5, epsilon: 0 })], {
        users: 10,
        steps: 600,
        runs: 1,
      });
      expect(Math.abs(policies[0].lastReward.mean - 5)).toBeLessThan(0.5);
      expect(policies[0].visits).toBeNull();
    },
  );

  it.each(learners.map(({ name }) => name))('%s: the same seed gives the same, another does not', async (name) => {
    const own: Readonly<Record<string, object>> = {
      ...Object.fromEntries(['myopic', 'slateq', 'dqn'].map((n) => [n, { warmup: 20, exploration: 50, hidden: [8] }])),
      ...Object.fromEntries(['next-click', 'reinforce'].map((n) => [n, { log: 100, epochs: 2, units: 8 }])),
    };
    const options = own[name] ?? {};
    const open = (random: RandomStream) => {
      if (name in own || name === 'uniform') return openFilmClub({ films: 8, slate: 2 }, random);
      return openSyntheticWorld({}, random);
    };
    const run = (seed: number) => simulate(open, [contender(name, options)], { users: 3, steps: 60, runs: 1, seed });
    expect(await run(7)).toEqual(await run(7));
    expect((await run(7)).policies[0].rewardByStep).not.toEqual((await run(8)).policies[0].rewardByStep);
  });

  it('refuse what they cannot do', async () => {
    const many = () => openInterestEvolution({ candidates: 50 });
    await expect(simulate(many, [contender('dqn')], { steps: 1 })).rejects.toThrow(
      /at most 1000, found 2,450 in interest-evol/,
    );
    await expect(simulate(many, [contender('slateq', { memory: 10 })], { steps: 1 })).rejects.toThrow(
      /2000 decisions .* room for 10/,
    );
    expect(() => contender('slateq', { discount: 1 })).toThrow(/discount/);
    expect(() => contender('myopic', { discount: 0.5 })).toThrow(/"discount" is not a known option/);
  });

  it('models of sequences need items that they know again', async () => {
    const open = () => openInterestEvolution({});
    await expect(simulate(open, [contender('reinforce')], { steps: 1 })).rejects.toThrow(/take slateq there/);
  });

  it('in the film club the next click is worth more at once, and top-K REINFORCE more in the end', async () => {
    const { policies } = await simulate(
      (random) => openFilmClub({}, random),
      [contender('next-click', { log: 6000 }), contender('reinforce', { log: 6000 })],
      { users: 40, steps: 500, runs: 1 },
    );
    const [click, long] = policies;
    expect(click.lastReward.mean).toBeGreaterThan(long.lastReward.mean + 0.05);
    expect(long.visits!.lastReward.mean).toBeGreaterThan(1.2 * click.visits!.lastReward.mean);
    expect(long.visits!.lastSteps.mean).toBeGreaterThan(1.2 * click.visits!.lastSteps.mean);
  }, 300_000);

  it('SlateQ makes visits to interest evolution longer than chance does', async () => {
    const { policies } = await simulate(
      () => openInterestEvolution({ candidates: 6 }),
      [contender('slateq', { exploration: 4000, learnEvery: 6, batchSize: 32, hidden: [32] })],
      { users: 30, steps: 400, runs: 1 },
    );
    // chance: 155
    expect(policies[0].visits!.lastReward.mean).toBeGreaterThan(165);
  }, 300_000);
});
