/** Bandits with a linear model of each action's reward; a 1 is added to every context, so that each has a level of its own. */
import { z } from 'zod';
import { FastRandom } from '../../core/fast-random.ts';
import { ArmInverses } from './arm-inverses.ts';
import { type Bandit, banditKind } from './bandit.ts';
import { bestOf } from './best-of.ts';

const ridge = z.number().positive().default(1).meta({ doc: 'λ of the ridge regressions' });

/**
 * Chooses by xᵀθ_a + reach_a √(xᵀA_a⁻¹x).
 * @param reachOf how many deviations above its mean an action is valued; asked once an action
 */
function linearBandit(
  { actions, features }: { readonly actions: number; readonly features: number },
  lambda: number,
  random: FastRandom,
  reachOf: () => number,
): Bandit {
  const models = new ArmInverses(actions, features + 1, lambda);
  const x = new Float64Array(features + 1).fill(1);
  const scores = new Float64Array(actions);
  return {
    choose(context) {
      x.set(context);
      const { means, variances } = models.look(x);
      // rounding can bring a variance just below 0
      for (let a = 0; a < actions; a++) scores[a] = means[a] + reachOf() * Math.sqrt(Math.max(0, variances[a]));
      return bestOf(scores, random);
    },
    learn(context, action, reward) {
      x.set(context);
      models.update(action, x, reward);
    },
  };
}

/** LinUCB with disjoint models (Li, Chu, Langford, Schapire 2010, algorithm 1): xᵀθ_a + α √(xᵀA_a⁻¹x). */
export const linUcb = banditKind({
  name: 'linucb',
  title: 'LinUCB',
  options: z.strictObject({
    alpha: z.number().min(0).default(1).meta({ doc: 'α: how many deviations above its mean an action is valued' }),
    ridge,
  }),
  open: (sizes, { alpha, ridge: lambda }, stream) => linearBandit(sizes, lambda, new FastRandom(stream), () => alpha),
});

/**
 * Thompson sampling with linear rewards (Agrawal & Goyal 2013), a model an action: θ_a ~ N(θ̂_a, v² A_a⁻¹). Only xᵀθ_a is needed, which is
 * normal with mean xᵀθ̂_a and variance v² xᵀA_a⁻¹x; so that is drawn.
 */
export const linTs = banditKind({
  name: 'lints',
  title: 'LinTS',
  options: z.strictObject({
    v: z
      .number()
      .min(0)
      .default(0.25)
      .meta({ doc: 'v: scale of the drawn deviation, that of a reward about its mean' }),
    ridge,
  }),
  open(sizes, { v, ridge: lambda }, stream) {
    const random = new FastRandom(stream);
    return linearBandit(sizes, lambda, random, () => v * random.normal());
  },
});
