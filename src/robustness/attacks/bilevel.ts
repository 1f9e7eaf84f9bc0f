/**
 * The outer loop of attacks by gradients (Tang, Wen, Wang: Revisiting adversarially learned injection attacks. RecSys 2020, algorithm 1): a
 * surrogate is trained with the fake people, the gradient of its loss by what they take is made, each fake person's row of it is brought
 * to length 1, and
 *   M ← β M + G,   Z ← Z − η M,   profile k = the targets (to promote) and the items with the largest Z_k, as many as the budget has.
 * Fake people begin as copies of real ones. The profiles with the highest hit rate of the targets in the first 50 on the surrogate are kept.
 */
import { z } from 'zod';
import { silent } from '../../core/progress.ts';
import type { RandomStream } from '../../core/random.ts';
import { rowOf, type SparseRows } from '../../data/sparse-rows.ts';
import type { FakeProfile } from '../fake-profiles.ts';
import { itemsOfPeople, type RatingStatistics, ratingStatistics } from '../real-people.ts';
import type { Vectors } from '../surrogates/als.ts';
import { type Exposure, exposureLoss, objectives } from '../surrogates/exposure-loss.ts';
import type { AttackOrder } from './attack.ts';
import { drawnRating, type Entry, profileOf, targetsWithin } from './fillers.ts';

export const bilevelOptions = z.strictObject({
  steps: z.int().min(1).max(1000).default(15).meta({ doc: 'outer steps: how often the surrogate is trained' }),
  stepSize: z.number().positive().max(100).default(1).meta({ doc: 'η' }),
  momentum: z.number().min(0).max(0.999).default(0.95).meta({ doc: 'β' }),
  objective: z.enum(objectives).default('hits').meta({
    doc: "what is to rise: the targets' hit rate within 50 with a soft edge, or their log softmax over all items, as in the paper",
  }),
  temperature: z.number().positive().max(10).default(0.05).meta({ doc: 'τ of the objective' }),
  factors: z.int().min(1).max(256).default(32).meta({ doc: 'd, length of the vectors of the surrogate' }),
  unobservedWeight: z.number().positive().max(1e6).default(0.1).meta({ doc: 'α₀ of the surrogate, as in iALS' }),
  regularization: z.number().positive().max(1e6).default(0.003).meta({ doc: 'λ of the surrogate, as in iALS' }),
});

export type BilevelOptions = z.output<typeof bilevelOptions>;

/** A surrogate that is trained. */
export interface TrainedSurrogate {
  readonly vectors: Vectors;
  /** From ∂ loss / ∂ vectors to ∂ loss / ∂ weight of every entry [A × items]. */
  backwards(gradient: Vectors): Float64Array;
}

/** Trains with fake people of weights 0 or 1 [A × items]. @param step 0, 1, … */
export type Surrogate = (weights: Float64Array, step: number) => TrainedSurrogate;

/** Without ratings all entries count alike; where data have some, what a fake person takes is rated as the attack wishes it. */
export function bilevelAttack(
  order: AttackOrder,
  { steps, stepSize, momentum, objective, temperature, factors }: BilevelOptions,
  surrogate: Surrogate,
): FakeProfile[] {
  const { data, targets, goal, budget, random, progress = silent } = order;
  const nItems = data.items.size;
  const held = Array.from(budget.lengths, (length, k) =>
    goal === 'promote' ? targetsWithin(targets, length, random.child(`targets ${k}`)) : new Int32Array(0),
  );
  const real = itemsOfPeople(data);
  const sign = goal === 'promote' ? 1 : -1;
  const state = startState(real, budget.lengths, nItems, random.child('start'));
  const moved = new Float64Array(state.length);
  const isTarget = new Set(targets);
  let weights = project(state, budget.lengths, held, isTarget, nItems);
  let best = { weights, hits50: Number.NaN, loss: Number.NaN };
  const task = progress.start(`attack: ${steps} steps`, steps, 'steps');
  try {
    for (let step = 0; step <= steps; step++) {
      const { vectors, backwards } = surrogate(weights, step);
      const exposure = exposureLoss({ vectors, factors, real, targets, objective, temperature, sign });
      const { loss, hits50 } = exposure;
      const gradient = backwards(exposure.gradient);
      if (step === 0 || isBetter({ hits50, loss }, best, goal)) best = { weights, hits50, loss };
      task.update(step, `loss ${loss.toFixed(4)}, hits within 50 ${hits50.toFixed(4)}`);
      for (let k = 0; k < budget.lengths.length; k++) {
        const row = gradient.subarray(k * nItems, (k + 1) * nItems);
        const length = Math.sqrt(row.reduce((sum, g) => sum + g * g, 0));
        if (length === 0) continue;
        for (let item = 0; item < nItems; item++) {
          const at = k * nItems + item;
          moved[at] = momentum * moved[at] + row[item] / length;
          state[at] -= stepSize * moved[at];
        }
      }
      weights = project(state, budget.lengths, held, isTarget, nItems);
    }
  } finally {
    task.end();
  }
  return profilesOf(best.weights, order, ratingStatistics(data));
}

/** By hits, of equal ones (none at all, say) by the loss. */
function isBetter(
  a: Pick<Exposure, 'loss' | 'hits50'>,
  b: Pick<Exposure, 'loss' | 'hits50'>,
  goal: AttackOrder['goal'],
): boolean {
  const sign = goal === 'promote' ? 1 : -1;
  return a.hits50 !== b.hits50 ? sign * a.hits50 > sign * b.hits50 : a.loss < b.loss;
}

/** 1 for the items of real people, drawn for each fake one. */
function startState(taken: SparseRows, lengths: Int32Array, nItems: number, random: RandomStream): Float64Array {
  const state = new Float64Array(lengths.length * nItems);
  const people = Int32Array.from({ length: taken.nRows }, (_, user) => user).filter(
    (user) => rowOf(taken, user).length > 0,
  );
  for (let k = 0; k < lengths.length; k++) {
    const items = rowOf(taken, people[random.below(people.length)]).slice();
    for (const item of random.shuffle(items).subarray(0, lengths[k])) state[k * nItems + item] = 1;
    // what is left of a longer profile begins anywhere
    for (let item = 0; item < nItems; item++) state[k * nItems + item] += 1e-3 * random.uniform();
  }
  return state;
}

/** The nearest profiles within the budget: the targets, and the items with the largest state. */
function project(
  state: Float64Array,
  lengths: Int32Array,
  held: readonly Int32Array[],
  isTarget: ReadonlySet<number>,
  nItems: number,
): Float64Array {
  const weights = new Float64Array(state.length);
  const others = Int32Array.from({ length: nItems }, (_, item) => item).filter((item) => !isTarget.has(item));
  lengths.forEach((length, k) => {
    const row = state.subarray(k * nItems, (k + 1) * nItems);
    const ranked = others.slice().sort((a, b) => row[b] - row[a] || a - b);
    for (const item of held[k]) weights[k * nItems + item] = 1;
    for (const item of ranked.subarray(0, length - held[k].length)) weights[k * nItems + item] = 1;
  });
  return weights;
}

function profilesOf(
  weights: Float64Array,
  { data, targets, goal, budget, random }: AttackOrder,
  ratings: RatingStatistics | null,
): FakeProfile[] {
  const nItems = data.items.size;
  return Array.from(budget.lengths, (_, k) => {
    const entries: Entry[] = [];
    const drawn = random.child(`ratings ${k}`);
    for (let item = 0; item < nItems; item++)
      if (weights[k * nItems + item] > 0) {
        const isTarget = targets.includes(item);
        // fillers are rated as others rate them, chance included: the mean alone would give fake people away
        const rating = isTarget && goal === 'promote' ? (ratings?.high ?? 1) : drawnRating(ratings, item, drawn);
        entries.push({ item, rating });
      }
    return profileOf(entries, ratings, random.child(`profile ${k}`));
  });
}
