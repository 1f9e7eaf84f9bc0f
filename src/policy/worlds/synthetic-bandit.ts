/**
 * The synthetic bandit world that estimators are compared on in the literature (Open Bandit Pipeline, Saito et al., NeurIPS 2021):
 *
 *   x ~ N(0, I_d);  logit(x, a) = xᵀ M e_a + θᵀx + η_a, coefficients uniform on [−1, 1);
 *   q(x, a) = σ((logit − mean) / deviation), mean and deviation over all rounds and actions;
 *   behaviour π₀(a | x) ∝ exp(β q(x, a));  reward ~ Bernoulli(q(x, a)).
 *
 * The value of every policy is known: the mean of Σ_a π(a | x) q(x, a). That of the uniform policy is .5 in any such world.
 */
import { z } from 'zod';
import { parseOptions } from '../../core/options.ts';
import type { RandomStream } from '../../core/random.ts';
import { drawIndex } from '../draw-index.ts';
import type { Decisions } from '../log/decisions.ts';
import { makeDecisions } from '../log/make-decisions.ts';
import { softmaxInto } from '../softmax.ts';

export const syntheticOptions = z.strictObject({
  actions: z.int().min(2).max(10_000).default(10).meta({ doc: 'number of actions' }),
  features: z.int().min(1).max(1000).default(5).meta({ doc: 'number of features of a context' }),
  beta: z.number().default(1).meta({ doc: 'β of the behaviour: below 0 it prefers bad actions, 0 is uniform' }),
});
export type SyntheticOptions = z.input<typeof syntheticOptions>;

/** The coefficients of one world. */
export interface SyntheticWorld {
  readonly actions: number;
  readonly features: number;
  readonly beta: number;
  readonly pairs: Float64Array; // [features × actions] M
  readonly ofContext: Float64Array; // [features] θ
  readonly ofAction: Float64Array; // [actions] η
}

/** Rounds with everything that is known of them. */
export interface SyntheticRounds {
  readonly n: number;
  readonly contexts: Float64Array; // [n × features]
  readonly expected: Float64Array; // [n × actions] q
  readonly behaviour: Float64Array; // [n × actions] π₀
}

export function syntheticWorld(options: SyntheticOptions, random: RandomStream): SyntheticWorld {
  const { actions, features, beta } = parseOptions(syntheticOptions, options, 'synthetic world');
  const uniform = (n: number) => Float64Array.from({ length: n }, () => 2 * random.uniform() - 1);
  return {
    actions,
    features,
    beta,
    pairs: uniform(features * actions),
    ofContext: uniform(features),
    ofAction: uniform(actions),
  };
}

/** Contexts with the expected reward of every action; rewards are z-scored over these rounds, as the world is defined. */
export function syntheticRounds(world: SyntheticWorld, n: number, random: RandomStream): SyntheticRounds {
  const { actions, features, beta } = world;
  const contexts = Float64Array.from({ length: n * features }, () => random.normal());
  const expected = new Float64Array(n * actions);
  for (let row = 0; row < n; row++) logitsInto(world, contexts, row * features, expected, row * actions);
  zScore(expected);
  for (let i = 0; i < expected.length; i++) expected[i] = 1 / (1 + Math.exp(-expected[i]));
  const behaviour = new Float64Array(n * actions);
  for (let row = 0; row < n; row++) softmaxInto(expected, behaviour, row * actions, actions, beta);
  return { n, contexts, expected, behaviour };
}

/** Logits of all actions in one context, before they are z-scored. */
export function logitsInto(
  world: SyntheticWorld,
  contexts: Float64Array,
  at: number,
  out: Float64Array,
  to: number,
): void {
  const { actions, features, pairs, ofContext, ofAction } = world;
  let shared = 0;
  for (let f = 0; f < features; f++) shared += ofContext[f] * contexts[at + f];
  for (let a = 0; a < actions; a++) out[to + a] = shared + ofAction[a];
  for (let f = 0; f < features; f++) {
    const x = contexts[at + f];
    for (let a = 0; a < actions; a++) out[to + a] += x * pairs[f * actions + a];
  }
}

function zScore(values: Float64Array): void {
  let [sum, squares] = [0, 0];
  for (const value of values) sum += value;
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / values.length);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - mean) / deviation;
}

/** What the behaviour took in these rounds, and what came of it. */
export function syntheticLog(
  { actions, features }: SyntheticWorld,
  rounds: SyntheticRounds,
  random: RandomStream,
): Decisions {
  const { n, contexts, expected, behaviour } = rounds;
  const action = new Int32Array(n);
  const reward = new Float64Array(n);
  const propensity = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    const taken = drawIndex(behaviour, row * actions, actions, random.uniform());
    action[row] = taken;
    propensity[row] = behaviour[row * actions + taken];
    reward[row] = random.uniform() < expected[row * actions + taken] ? 1 : 0;
  }
  return makeDecisions({
    source: 'synthetic world',
    actions: Array.from({ length: actions }, (_, a) => `a${a}`),
    action,
    reward,
    propensity,
    behaviour,
    context: Array.from({ length: features }, (_, f) => ({
      name: `x${f}`,
      kind: 'numeric' as const,
      value: Float64Array.from({ length: n }, (_, row) => contexts[row * features + f]),
    })),
  });
}

/** The true value of a policy on these rounds. @param policy π(a | x) [n × actions] */
export function trueValue({ n, expected }: SyntheticRounds, policy: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < expected.length; i++) sum += policy[i] * expected[i];
  return sum / n;
}
