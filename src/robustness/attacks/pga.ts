/**
 * PGA (Li, Wang, Singh, Vorobeychik: Data poisoning attacks on factorization-based collaborative filtering. NIPS 2016) on ratings, with their
 * integrity utility: the mean predicted rating of the targets is to rise (or fall) for real people who have not rated them,
 *   R̂ = x_u·y_i,   min Σ_rated (r_ui − μ − x_u·y_i)² + λ (Σ ‖x_u‖² + Σ ‖y_i‖²)   by alternating least squares,
 *   M̃ ← Proj(M̃ + s ∇ utility),   Proj: the targets, and of the others those of largest |M̃|, as many as the budget has, clipped to the range of ratings.
 * The gradient by the fake ratings M̃ (less μ) is the exact one of the solution (surrogates/als.ts), where the paper holds users' vectors fixed.
 */
import { z } from 'zod';
import { silent } from '../../core/progress.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { SparseRows } from '../../data/sparse-rows.ts';
import { entryOf } from '../../data/sparse-rows.ts';
import { itemsOfPeople, type RatingStatistics, ratingStatistics } from '../real-people.ts';
import { Als, type Vectors } from '../surrogates/als.ts';
import { addRow, dotRows } from '../surrogates/vectors.ts';
import { type AttackOrder, attackKind, greyBoxOption } from './attack.ts';
import { profileOf, targetsWithin } from './fillers.ts';

const options = z.strictObject({
  greyBox: greyBoxOption,
  steps: z.int().min(1).max(1000).default(15).meta({ doc: 'outer steps' }),
  stepSize: z.number().positive().max(100).default(2).meta({
    doc: 's, how far the largest fake rating of a person moves in a step',
  }),
  factors: z.int().min(1).max(256).default(16).meta({ doc: 'd, length of the vectors of the surrogate' }),
  regularization: z.number().positive().max(1e6).default(5).meta({ doc: 'λ of the surrogate' }),
  sweeps: z.int().min(1).max(200).default(15).meta({ doc: 'alternations before the first step' }),
  more: z.int().min(1).max(200).default(3).meta({ doc: 'alternations before each later one, from the vectors so far' }),
  rounds: z.int().min(1).max(500).default(8).meta({ doc: 'half-steps that the gradient goes back through, at most' }),
});

export const pgaAttack = attackKind({
  name: 'pga',
  title: 'PGA',
  paper: 'Li et al., NIPS 2016',
  knowledge: 'white',
  victims: ['biased-mf'],
  goals: ['promote', 'demote'],
  needsRatings: true,
  options,
  craft: (order, { steps, stepSize, factors, regularization, sweeps, more, rounds }) => {
    const { data, targets, goal, budget, random, progress = silent } = order;
    const ratings = ratingStatistics(data) as RatingStatistics;
    const nItems = data.items.size;
    const real = itemsOfPeople(data);
    const values = centredRatings(data, real, ratings.mean);
    const bounds = { low: ratings.low - ratings.mean, high: ratings.high - ratings.mean };
    const wanted = goal === 'promote' ? bounds.high : bounds.low;
    const held = Array.from(budget.lengths, (length, k) =>
      targetsWithin(targets, length, random.child(`targets ${k}`)),
    );
    const state = startState(order, ratings);
    const als = { factors, regularization, unobservedWeight: 0, exponent: 0, deviation: 0.1 };
    const sign = goal === 'promote' ? 1 : -1;
    let items: Float64Array | null = null;
    let fakes = project(state, held, budget.lengths, wanted, bounds, nItems, targets);
    let best = { fakes, utility: Number.NEGATIVE_INFINITY };
    const task = progress.start(`pga: ${steps} steps`, steps, 'steps');
    for (let step = 0; step <= steps; step++) {
      const surrogate = new Als(real, nItems, values, fakes, als, items ?? random.child('surrogate'));
      surrogate.sweep(items ? more : sweeps);
      items = surrogate.vectors.items;
      const { utility, gradient } = integrity(surrogate.vectors, real, targets, factors, sign);
      task.update(step, `mean predicted rating of the targets ${(ratings.mean + sign * utility).toFixed(3)}`);
      if (utility > best.utility) best = { fakes, utility };
      const { value } = surrogate.gradient(gradient, rounds);
      for (let k = 0; k < budget.lengths.length; k++) {
        const own = value.subarray(k * nItems, (k + 1) * nItems);
        const largest = own.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
        if (largest > 0)
          own.forEach((g, item) => {
            state[k * nItems + item] += (stepSize * g) / largest;
          });
      }
      fakes = project(state, held, budget.lengths, wanted, bounds, nItems, targets);
    }
    task.end();
    return Array.from(budget.lengths, (_, k) => {
      const entries = Array.from({ length: nItems }, (_, item) => item)
        .filter((item) => best.fakes.weight[k * nItems + item] > 0)
        .map((item) => ({ item, rating: ratings.mean + best.fakes.value[k * nItems + item] }));
      return profileOf(entries, ratings, random.child(`profile ${k}`));
    });
  },
});

interface RatedFakes {
  readonly weight: Float64Array;
  readonly value: Float64Array;
}

/** Ratings less their mean, of several of a pair the last one, in the order of the columns. */
function centredRatings({ interactions, items }: Dataset, real: SparseRows, mean: number): Float64Array {
  const { length, userIndex, itemIndex, rating } = interactions;
  const values = new Float64Array(real.columns.length);
  for (let row = 0; row < length; row++) {
    const at = itemIndex[row] < items.size ? entryOf(real, userIndex[row], itemIndex[row]) : -1;
    if (at >= 0) values[at] = (rating as Float32Array)[row] - mean;
  }
  return values;
}

/** Items drawn alike, rated as others rate them. */
function startState({ data, budget, random }: AttackOrder, { mean, itemMean }: RatingStatistics): Float64Array {
  const nItems = data.items.size;
  const state = new Float64Array(budget.lengths.length * nItems);
  budget.lengths.forEach((length, k) => {
    const order = random.child(`start ${k}`).shuffle(Int32Array.from({ length: nItems }, (_, item) => item));
    for (const item of order.subarray(0, length)) state[k * nItems + item] = itemMean[item] - mean;
  });
  return state;
}

function project(
  state: Float64Array,
  held: readonly Int32Array[],
  lengths: Int32Array,
  wanted: number,
  { low, high }: { readonly low: number; readonly high: number },
  nItems: number,
  targets: Int32Array,
): RatedFakes {
  const fakes = { weight: new Float64Array(state.length), value: new Float64Array(state.length) };
  const isTarget = new Set(targets);
  const others = Int32Array.from({ length: nItems }, (_, item) => item).filter((item) => !isTarget.has(item));
  lengths.forEach((length, k) => {
    const from = k * nItems;
    const ranked = others.slice().sort((a, b) => Math.abs(state[from + b]) - Math.abs(state[from + a]) || a - b);
    for (const item of held[k]) {
      fakes.weight[from + item] = 1;
      fakes.value[from + item] = wanted;
    }
    for (const item of ranked.subarray(0, length - held[k].length)) {
      fakes.weight[from + item] = 1;
      fakes.value[from + item] = Math.min(high, Math.max(low, state[from + item]));
    }
  });
  return fakes;
}

/** Mean of ± the predicted rating over targets and people without them with its gradient by the vectors. */
function integrity(
  { users, items }: Vectors,
  real: SparseRows,
  targets: Int32Array,
  d: number,
  sign: 1 | -1,
): { readonly utility: number; readonly gradient: Vectors } {
  const gradient = { users: new Float64Array(users.length), items: new Float64Array(items.length) };
  let utility = 0;
  for (const target of targets) {
    const people = Array.from({ length: real.nRows }, (_, u) => u).filter((u) => entryOf(real, u, target) < 0);
    const weight = sign / (targets.length * Math.max(1, people.length));
    for (const u of people) {
      utility += weight * dotRows(users, u, items, target, d);
      addRow(gradient.users, u, weight, items, target, d);
      addRow(gradient.items, target, weight, users, u, d);
    }
  }
  return { utility, gradient };
}
