/** Worlds in which decisions have consequences: single transitions against formulas written down again, and what is published of them. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { contender } from '../../src/policy/learners/index.ts';
import { simulate } from '../../src/policy/simulate.ts';
import { simulationPlot } from '../../src/policy/simulation-plot.ts';
import { renderSimulation } from '../../src/policy/simulation-table.ts';
import { type ClubFilms, evening, leaves } from '../../src/policy/worlds/film-club.ts';
import { worlds } from '../../src/policy/worlds/index.ts';
import { openInterestEvolution, qualityOfTopic, watch } from '../../src/policy/worlds/interest-evolution.ts';
import { engage, openLongTermSatisfaction } from '../../src/policy/worlds/long-term-satisfaction.ts';
import { placeOf, type World } from '../../src/policy/worlds/world.ts';

const draws = new RandomStream(1, 'worlds');

describe('interest evolution', () => {
  const interests = () => Float64Array.from({ length: 20 }, () => 2 * draws.uniform() - 1);

  it('has qualities from −3 to 0 and from 0 to 3', () => {
    expect([...qualityOfTopic.subarray(0, 14)]).toEqual(
      Array.from({ length: 14 }, (_, k) => expect.closeTo(-3 + (3 / 13) * k, 12)),
    );
    expect([...qualityOfTopic.subarray(14)]).toEqual([0, 0.6, 1.2, 1.8, 2.4, 3].map((q) => expect.closeTo(q, 12)));
  });

  it('moves as the formulas say', () => {
    const seen = { first: 0, second: 0, nothing: 0, towards: 0, away: 0, short: 0 };
    for (let n = 0; n < 2000; n++) {
      const before = interests();
      const [a, b] = [draws.below(20), draws.below(20)];
      const budget = n % 5 === 0 ? 3.9 * draws.uniform() + 0.01 : 10 + 100 * draws.uniform();
      const drawn = { choice: draws.uniform(), direction: draws.uniform(), quality: draws.normal() };
      const viewer = { interests: before.slice(), budget };
      const { reward, taken, isOver } = watch(viewer, [a, b], drawn);

      // P(nothing) = 2 / (2 + v_a + v_b), v = u + 1
      const bounds = [before[a] + 1, before[a] + before[b] + 2].map((v) => v / (before[a] + before[b] + 4));
      const place = drawn.choice < bounds[0] ? 0 : drawn.choice < bounds[1] ? 1 : -1;
      expect(taken).toBe(place);
      const expected = before.slice();
      let left = budget - 0.5;
      if (place < 0) {
        seen.nothing++;
        expect(reward).toBe(0);
      } else {
        if (place === 0) seen.first++;
        else seen.second++;
        const topic = [a, b][place];
        const u = before[topic];
        const alpha = -0.3 * Math.abs(u) + 0.3;
        const target = 1 - u;
        const isTowards = drawn.direction < (u + 1) / 2;
        expected[topic] = Math.min(1, Math.max(-1, u + (isTowards ? 1 : -1) * alpha * target));
        if (isTowards) seen.towards++;
        else seen.away++;
        const watched = budget < 4 ? budget : 4;
        if (watched < 4) seen.short++;
        expect(reward).toBeCloseTo(watched, 12);
        const mean = topic < 14 ? -3 + (3 * topic) / 13 : (3 * (topic - 14)) / 5;
        left = budget - watched + 0.9 * (1 / 3.4) * watched * (mean + 0.1 * drawn.quality);
      }
      expect(viewer.budget).toBeCloseTo(left, 10);
      expect(isOver).toBe(left <= 0);
      for (let t = 0; t < 20; t++) expect(viewer.interests[t]).toBeCloseTo(expected[t], 12);
    }
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(30);
  });

  it('gives chance 155 a visit', async () => {
    const { policies } = await simulate(() => openInterestEvolution({}), [contender('uniform')], {
      users: 100,
      steps: 1000,
      runs: 3,
    });
    const { reward, lastSteps } = policies[0].visits!;
    expect(Math.abs(reward.mean - 155)).toBeLessThan(3);
    // 200 / (½ · 4.635 + ½ · ½) decisions at four a watched item
    expect(Math.abs(lastSteps.mean - 83)).toBeLessThan(4);
    expect(policies[0].regret).toBeNull();
    expect(policies[0].coverage).toBeNull();
  });
});

describe('long-term satisfaction', () => {
  it('moves as the formulas say', () => {
    for (let n = 0; n < 500; n++) {
      const [exposure, c] = [4 * draws.normal(), draws.uniform()];
      const [sensitivity, memory] = [draws.uniform(), draws.uniform()];
      const drawn = { engagement: draws.normal(), innovation: draws.normal() };
      const after = engage(exposure, c, { sensitivity, memory }, drawn);
      const satisfaction = 1 / (1 + Math.exp(-sensitivity * exposure));
      expect(Math.log(after.engagement)).toBeCloseTo((5 * c + 4 * (1 - c)) * satisfaction + drawn.engagement, 10);
      expect(after.exposure).toBeCloseTo(memory * exposure - 2 * (c - 0.5) + 0.05 * drawn.innovation, 12);
    }
  });

  it('gives chance 951 a visit of 60 steps, and shows no more than the engagement before', async () => {
    const { policies } = await simulate(() => openLongTermSatisfaction({}), [contender('uniform')], {
      users: 200,
      steps: 300,
      runs: 3,
    });
    expect(Math.abs(policies[0].visits!.reward.mean - 951)).toBeLessThan(15);
    expect(policies[0].visits!.lastSteps.mean).toBe(60);
    const visit = openLongTermSatisfaction({ candidates: 3 }).reset(new RandomStream(2, 'visit'));
    expect([...visit.context]).toEqual([0]);
    const { reward } = visit.step(Int32Array.of(1, 0));
    expect(visit.context[0]).toBeCloseTo(Math.log1p(Math.min(100, reward)), 12);
    expect(visit.items).toHaveLength(3);
  });

  it('is better without clickbait where satisfaction matters', () => {
    const always = (most: boolean) => {
      const world = openLongTermSatisfaction({ sensitivity: 1, slate: 1, candidates: 10 });
      let sum = 0;
      for (let person = 0; person < 200; person++) {
        const visit = world.reset(new RandomStream(3, `person ${person}`));
        for (let step = 0; step < 60; step++) {
          const c = Array.from(visit.items!);
          sum += visit.step(Int32Array.of(c.indexOf((most ? Math.max : Math.min)(...c)))).reward;
        }
      }
      return sum;
    };
    expect(always(false)).toBeGreaterThan(2 * always(true));
  });
});

describe('the film club in motion', () => {
  it('moves as the formulas say', () => {
    const seen = { taken: 0, nothing: 0, stays: 0, leaves: 0 };
    for (let n = 0; n < 500; n++) {
      const films: ClubFilms = {
        genre: Int32Array.of(0, 1, 1),
        clickbait: Float64Array.from({ length: 3 }, () => draws.uniform()),
        appeal: Float64Array.from({ length: 3 }, () => draws.normal()),
      };
      const taste = Float64Array.of(draws.normal(), draws.normal());
      const boredom = Float64Array.of(draws.uniform(), draws.uniform());
      const satisfaction = 2 * draws.uniform() - 1;
      const guest = { taste: taste.slice(), boredom: boredom.slice(), satisfaction };
      const drawn = { choice: draws.uniform(), leaving: draws.uniform(), drift: [draws.normal(), draws.normal()] };
      const { reward, taken, isOver } = evening(guest, films, [2, 0], drawn);

      const v = [2, 0].map((i) => {
        const g = i === 0 ? 0 : 1;
        return Math.exp(taste[g] - boredom[g] + 1.5 * films.clickbait[i] + films.appeal[i]);
      });
      const total = v[0] + v[1] + Math.exp(1);
      const place = drawn.choice < v[0] / total ? 0 : drawn.choice < (v[0] + v[1]) / total ? 1 : -1;
      expect(taken).toBe(place);
      expect(reward).toBe(place < 0 ? 0 : 1);
      const c = place < 0 ? 0 : films.clickbait[[2, 0][place]];
      const pleased = 0.8 * satisfaction + (place < 0 ? -0.06 : 0.2 * (1 - 2 * c));
      expect(guest.satisfaction).toBeCloseTo(pleased, 12);
      for (const g of [0, 1]) {
        const isTaken = place >= 0 && g === (place === 0 ? 1 : 0);
        expect(guest.boredom[g]).toBeCloseTo(0.7 * boredom[g] + (isTaken ? 0.6 : 0), 12);
        expect(guest.taste[g]).toBeCloseTo(taste[g] + 0.05 * drawn.drift[g] + (isTaken ? 0.1 * (1 - c) : 0), 12);
      }
      expect(isOver).toBe(drawn.leaving < 0.015 * Math.exp(1.5 * (1 - pleased)));
      seen[place < 0 ? 'nothing' : 'taken']++;
      seen[isOver ? 'leaves' : 'stays']++;
    }
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(20);
    expect(leaves(1)).toBeCloseTo(0.015, 12);
    expect(leaves(-1)).toBeCloseTo(0.015 * Math.exp(3), 12);
  });
});

describe('every world', () => {
  it.each(worlds.map((kind) => [kind.name, kind] as const))('%s: the same stream is the same visitor', (_, kind) => {
    const open = () => kind.open(kind.options.parse({}), new RandomStream(4, 'world'));
    const told = (name: string) => {
      const world = open();
      const place = placeOf(world);
      const visit = world.reset(new RandomStream(5, name));
      const shown = Int32Array.from({ length: place.slate }, (_, k) => k);
      return Array.from({ length: 30 }, () => {
        const outcome = visit.step(shown);
        return { outcome, context: [...visit.context], items: [...(visit.items ?? [])] };
      });
    };
    expect(told('a')).toEqual(told('a'));
    expect(told('a')).not.toEqual(told('b'));
  });

  it('says which options it takes', () => {
    expect(() => openInterestEvolution({ candidates: 2, slate: 3 })).toThrow(/must not show more items/);
    expect(() => openLongTermSatisfaction({ memory: 1 })).toThrow(/memory/);
  });
});

describe('a simulation of visits', () => {
  /** Two steps, then somebody else comes; the second item is worth 1. */
  const short: World = {
    name: 'short',
    actions: 2,
    features: 1,
    reset(random) {
      const context = Float64Array.of(random.uniform());
      let left = 2;
      return {
        context,
        step: ([item]) => {
          left--;
          return { reward: item, isOver: left === 0 };
        },
      };
    },
  };

  it('counts what a visit is worth, and shows it', async () => {
    const simulation = await simulate(() => short, [contender('epsilon-greedy'), contender('uniform')], {
      users: 4,
      steps: 60,
      runs: 2,
    });
    const [greedy, chance] = simulation.policies;
    expect(greedy.visits!.lastSteps.mean).toBe(2);
    expect(greedy.visits!.lastReward.mean).toBeGreaterThan(chance.visits!.lastReward.mean);
    expect(Math.abs(chance.visits!.reward.mean - 1)).toBeLessThan(0.3);
    expect(chance.visits!.rewardByPart).toHaveLength(20);
    expect(simulation.notes).toEqual([]);
    // both met the same people: what is paired is the mean of the differences
    expect(greedy.difference).toBeNull();
    expect(chance.difference?.mean).toBeCloseTo(chance.visits!.lastReward.mean - greedy.visits!.lastReward.mean, 10);
    expect(renderSimulation(simulation)).toMatch(/policy +reward a visit +last tenth +steps a visit/);
    expect(renderSimulation(simulation)).not.toMatch(/regret|always the best/);
    expect(simulationPlot(simulation)).toMatch(/reward of a visit/);
    expect(simulationPlot(simulation)).not.toMatch(/NaN|regret/);
  });

  it('says where a visit is too long to be told of', async () => {
    const simulation = await simulate(() => openLongTermSatisfaction({}), [contender('uniform')], {
      users: 2,
      steps: 100,
      runs: 1,
    });
    expect(simulation.policies[0].visits).toBeNull();
    expect(renderSimulation(simulation)).toMatch(/note: Uniform: in some world nobody has left in the last tenth/);
  });

  it('refuses bandits where items come and go, and visits that are not as the world says', async () => {
    await expect(simulate(() => openInterestEvolution({}), [contender('linucb')])).rejects.toThrow(
      /linucb: .*interest-evolution shows 2 of items that come and go/,
    );
    const wrong = { ...short, features: 2 };
    await expect(simulate(() => wrong, [contender('uniform')])).rejects.toThrow(
      /a context of 2 numbers .* found 1 and 0/,
    );
  });
});
