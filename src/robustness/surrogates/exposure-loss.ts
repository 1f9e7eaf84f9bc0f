/**
 * How well targets stand in the lists of a surrogate, as a loss with its gradient by the vectors, over real people u who have not taken the
 * target, s_ui = x_u · y_i; to demote, −L.
 *   softmax (Tang, Wen, Wang 2020, section 3):  L = − Σ_t (1 / T n_t) Σ_u log softmax(s_u / τ)_t, over all items
 *   hits:                                      L = − Σ_t (1 / T n_t) Σ_u σ((s_ut − s_u(50)) / τ), s_u(50) the 50th highest score of items not taken
 * The second is the hit rate with a soft edge: what moves it are people whose lists a target nearly enters.
 */
import { entryOf, rowOf, type SparseRows } from '../../data/sparse-rows.ts';
import type { Vectors } from './als.ts';

export const objectives = ['hits', 'softmax'] as const;
export type Objective = (typeof objectives)[number];

/** Length of the list that targets are to enter. */
const LIST = 50;

export interface ExposureRequest {
  readonly vectors: Vectors;
  readonly factors: number;
  /** Who took what; the first people of the vectors are these. */
  readonly real: SparseRows;
  readonly targets: Int32Array;
  readonly objective: Objective;
  /** τ */
  readonly temperature: number;
  readonly sign: 1 | -1;
}

export interface Exposure {
  readonly loss: number;
  /** Mean over the targets of the share of people without it whose first 50 of the items that they have not taken hold it. */
  readonly hits50: number;
  readonly gradient: Vectors;
}

export function exposureLoss(request: ExposureRequest): Exposure {
  const { vectors, factors: d, real, targets, objective, temperature, sign } = request;
  const { users, items } = vectors;
  const nItems = items.length / d;
  const gradient = { users: new Float64Array(users.length), items: new Float64Array(items.length) };
  const weightOf = new Map(Array.from(targets, (target) => [target, 1 / (targets.length * openTo(real, target))]));
  const [scores, toScores] = [new Float64Array(nItems), new Float64Array(nItems)];
  const part = objective === 'hits' ? softHits : softmaxLoss;
  let [loss, hits] = [0, 0];
  for (let u = 0; u < real.nRows; u++) {
    const own = targets.filter((target) => entryOf(real, u, target) < 0);
    if (own.length === 0) continue;
    scoresOf(users, u, items, d, scores);
    const last = lastListed(scores, rowOf(real, u));
    for (const target of own) if (scores[target] >= scores[last]) hits += weightOf.get(target)!;
    toScores.fill(0);
    const weights = own.reduce(
      (all, target) => all.set(target, sign * weightOf.get(target)!),
      new Map<number, number>(),
    );
    loss += part({ scores, last, weights, temperature }, toScores);
    backToVectors(toScores, u, users, items, d, gradient);
  }
  return { loss, hits50: hits, gradient };
}

/** One person's part of the loss. */
interface PersonLoss {
  readonly scores: Float64Array;
  /** The item in the last place of the list. */
  readonly last: number;
  /** Of the targets that the person has not taken. */
  readonly weights: ReadonlyMap<number, number>;
  readonly temperature: number;
}

function softHits({ scores, last, weights, temperature }: PersonLoss, toScores: Float64Array): number {
  let loss = 0;
  for (const [target, weight] of weights) {
    const hit = 1 / (1 + Math.exp((scores[last] - scores[target]) / temperature));
    loss -= weight * hit;
    const slope = (weight * hit * (1 - hit)) / temperature;
    toScores[target] -= slope;
    toScores[last] += slope;
  }
  return loss;
}

function softmaxLoss({ scores, weights, temperature }: PersonLoss, toScores: Float64Array): number {
  const largest = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += toScores[i] = Math.exp((scores[i] - largest) / temperature);
  let [loss, total] = [0, 0];
  for (const [target, weight] of weights) {
    total += weight;
    loss -= weight * ((scores[target] - largest) / temperature - Math.log(sum));
  }
  for (let i = 0; i < scores.length; i++) toScores[i] *= total / (sum * temperature);
  for (const [target, weight] of weights) toScores[target] -= weight / temperature;
  return loss;
}

/** The item in place 50 of those not taken, or in the last place where there are fewer. */
function lastListed(scores: Float64Array, taken: Int32Array): number {
  const best = new Int32Array(LIST);
  let n = 0;
  let next = 0;
  for (let item = 0; item < scores.length; item++) {
    if (next < taken.length && taken[next] === item) {
      next++;
      continue;
    }
    if (n === LIST && scores[item] <= scores[best[n - 1]]) continue;
    let place = n < LIST ? n++ : n - 1;
    for (; place > 0 && scores[best[place - 1]] < scores[item]; place--) best[place] = best[place - 1];
    best[place] = item;
  }
  return best[n - 1];
}

function openTo(real: SparseRows, target: number): number {
  let n = 0;
  for (let u = 0; u < real.nRows; u++) if (entryOf(real, u, target) < 0) n++;
  return n;
}

function scoresOf(users: Float64Array, u: number, items: Float64Array, d: number, scores: Float64Array): void {
  for (let i = 0, at = 0; i < scores.length; i++) {
    let sum = 0;
    for (let k = u * d, end = k + d; k < end; k++, at++) sum += users[k] * items[at];
    scores[i] = sum;
  }
}

function backToVectors(
  toScores: Float64Array,
  u: number,
  users: Float64Array,
  items: Float64Array,
  d: number,
  gradient: Vectors,
): void {
  const own = users.subarray(u * d, (u + 1) * d);
  const toOwn = gradient.users.subarray(u * d, (u + 1) * d);
  for (let i = 0, at = 0; i < toScores.length; i++) {
    const s = toScores[i];
    if (s === 0) {
      at += d;
      continue;
    }
    for (let k = 0; k < d; k++, at++) {
      toOwn[k] += s * items[at];
      gradient.items[at] += s * own[k];
    }
  }
}
