/** Bandits that look at no context: each keeps how often an action was taken and what it earned. */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { FastRandom } from '../../core/fast-random.ts';
import { type Bandit, banditKind } from './bandit.ts';
import { bestOf } from './best-of.ts';

/** Decisions n_a and sum of the rewards of each action. */
class Counts {
  readonly taken: Float64Array;
  readonly earned: Float64Array;
  total = 0;

  constructor(actions: number) {
    this.taken = new Float64Array(actions);
    this.earned = new Float64Array(actions);
  }

  add(action: number, reward: number): void {
    this.taken[action]++;
    this.earned[action] += reward;
    this.total++;
  }
}

/** Writes the scores of all actions. */
type Scoring = (scores: Float64Array, counts: Counts, random: FastRandom) => void;

/** Takes the action of the best score, made anew of the counts for every decision. @param learn default: the reward as it is */
function byScores(
  actions: number,
  random: FastRandom,
  score: Scoring,
  learn = (counts: Counts, action: number, reward: number): void => counts.add(action, reward),
): Bandit {
  const counts = new Counts(actions);
  const scores = new Float64Array(actions);
  return {
    choose() {
      score(scores, counts, random);
      return bestOf(scores, random);
    },
    learn: (_context, action, reward) => learn(counts, action, reward),
  };
}

export const uniform = banditKind({
  name: 'uniform',
  title: 'Uniform',
  options: z.strictObject({}),
  open({ actions }, _options, stream) {
    const random = new FastRandom(stream);
    return { choose: () => random.below(actions), learn() {} };
  },
});

/** With probability ε any action, else that of the best mean; what was never taken comes first. */
export const epsilonGreedy = banditKind({
  name: 'epsilon-greedy',
  title: 'ε-greedy',
  options: z.strictObject({
    epsilon: z.number().min(0).max(1).default(0.1).meta({ doc: 'share of decisions that are drawn uniformly' }),
  }),
  open({ actions }, { epsilon }, stream) {
    const random = new FastRandom(stream);
    const greedy = byScores(actions, random, (scores, { taken, earned }) => {
      for (let a = 0; a < actions; a++) scores[a] = taken[a] === 0 ? Number.POSITIVE_INFINITY : earned[a] / taken[a];
    });
    return {
      ...greedy,
      choose: (context) => (random.uniform() < epsilon ? random.below(actions) : greedy.choose(context)),
    };
  },
});

/** mean + √(c · ln n / n_a) (Auer, Cesa-Bianchi, Fischer 2002; c = 2 there, for rewards in [0, 1]). */
export const ucb1 = banditKind({
  name: 'ucb1',
  title: 'UCB1',
  options: z.strictObject({
    c: z.number().positive().default(2).meta({ doc: 'c of √(c · ln n / n_a): how wide the bound is' }),
  }),
  open: ({ actions }, { c }, stream) =>
    byScores(actions, new FastRandom(stream), (scores, { taken, earned, total }) => {
      const reach = c * Math.log(Math.max(1, total));
      for (let a = 0; a < actions; a++)
        scores[a] = taken[a] === 0 ? Number.POSITIVE_INFINITY : earned[a] / taken[a] + Math.sqrt(reach / taken[a]);
    }),
});

/** θ_a ~ Beta(α + Σr, β + n − Σr) (Thompson 1933); a reward between 0 and 1 counts as 1 with that probability (Agrawal & Goyal 2012). */
export const thompsonBeta = banditKind({
  name: 'thompson-beta',
  title: 'Thompson (Beta)',
  options: z.strictObject({
    alpha: z.number().min(1).default(1).meta({ doc: 'successes that are taken as seen before' }),
    beta: z.number().min(1).default(1).meta({ doc: 'failures that are taken as seen before' }),
  }),
  open({ actions }, { alpha, beta }, stream) {
    const random = new FastRandom(stream);
    return byScores(
      actions,
      random,
      (scores, { taken, earned }) => {
        for (let a = 0; a < actions; a++) scores[a] = random.beta(alpha + earned[a], beta + taken[a] - earned[a]);
      },
      (counts, action, reward) => {
        if (!(reward >= 0 && reward <= 1))
          throw new DeepTasteError(
            'data',
            `thompson-beta: rewards must be from 0 to 1, found ${reward}; take thompson-gaussian for others`,
          );
        const success = reward === 0 || reward === 1 ? reward : random.uniform() < reward ? 1 : 0;
        counts.add(action, success);
      },
    );
  },
});

/** θ_a ~ N(Σr / (n_a + 1), σ² / (n_a + 1)) (Agrawal & Goyal 2013). */
export const thompsonGaussian = banditKind({
  name: 'thompson-gaussian',
  title: 'Thompson (Gaussian)',
  options: z.strictObject({
    deviation: z.number().positive().default(0.5).meta({ doc: 'σ, standard deviation of a reward' }),
  }),
  open: ({ actions }, { deviation }, stream) =>
    byScores(actions, new FastRandom(stream), (scores, { taken, earned }, random) => {
      for (let a = 0; a < actions; a++)
        scores[a] = earned[a] / (taken[a] + 1) + (deviation * random.normal()) / Math.sqrt(taken[a] + 1);
    }),
});
