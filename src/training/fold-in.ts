/**
 * Fold-in for gradient models: people who were not in training get a place among those who were. What a score needs of a person
 * (vectors p_u, biases, the user's half of a first layer) is one row z of numbers. It is chosen as training would have it, by the
 * model's own loss on the person's items against others, with everything else fixed, and with the people of the training as
 * prior: each number is normal with their mean, and with the standard deviation σ of all numbers together (for MF
 * and GMF one for each number was worse).
 *
 *   z = argmin  Σ_{i ∈ S} [ ℓ(+, s_i) + N · mean_j ℓ(−, s_j) ]  +  ½ λ R |z|²  +  ½ τ |z − μ|² / σ²
 *
 * N negatives, j ∉ S; λ is the L2 of the training, R the number of examples that S makes in an epoch. τ is 0.03, and
 * 0.3 for towers without L2. The mean goes over all items, or over some that stand for all (representatives.ts). It is minimised in float64 and nothing is drawn: the same items give the same answer.
 */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { FoldInWeights } from '../examples/fold-in-weights.ts';
import { type PairRows, type PairSettings, rowsPerPositive } from '../examples/pair-settings.ts';

import type { PairScoring } from '../scoring/pair-scorer.ts';
import type { FoldedIn, Scorer, Sizes } from '../scoring/scorer.ts';
import { pairwiseLoss, pointwiseLoss, softmaxLoss } from './fold-in-loss.ts';
import { minimise } from './minimise.ts';
import { type Representatives, representatives } from './representatives.ts';
import { DotScores, PlannedScores, type RowScores } from './row-scores.ts';

/** Items that stand for all others, and evaluations of the loss, at most: so many that the answer takes one to three milliseconds. */
const DOT = { others: 512, evaluations: 12 };
const PLANNED = { others: 448, evaluations: 10 };
/** Ends where a step has lowered the loss by less than this share of it. */
const TOLERANCE = 1e-4;
/** Weight of the prior, τ; more for towers without L2, which can make anything of a row unlike those of training. */
const PRIOR = { usual: 0.03, freeTowers: 0.3 };
/** People of the training that the prior is taken from at most. */
const PRIOR_PEOPLE = 1024;

const losses = {
  pointwise: pointwiseLoss,
  pairwise: pairwiseLoss,
  listwise: softmaxLoss,
  whole: softmaxLoss,
  batch: softmaxLoss,
};

export interface FoldInParts {
  readonly engine: Engine;
  readonly model: PairScoring<unknown>;
  /** Of the loss by which the model was trained; differences by a margin count as those of log losses. */
  readonly rows: PairRows;
  readonly config: unknown;
  /** `temperature`: by which scores are divided; default 1. */
  readonly training: Pick<PairSettings, 'negatives' | 'rejectTaken' | 'optimizer'> & { readonly temperature?: number };
  readonly sizes: Sizes;
  readonly weights: NamedTensors;
  /** Where pairs count for more or less in a pointwise loss; absent = each counts as one. */
  readonly weightsOf?: (count: number) => FoldInWeights;
}

/** Gives people their rows, one after the other; what all need is made once. */
export class FoldIn {
  /** One sentence for people. */
  readonly how =
    'a user vector fitted to the given items by the loss of the training, with the trained users as prior, everything else fixed';
  readonly #kind: FoldInParts['rows'];
  readonly #evaluations: number;
  /** τ */
  readonly #prior: number;
  readonly #training: FoldInParts['training'];
  readonly #weightsOf: FoldInParts['weightsOf'];
  readonly #rows: RowScores;
  readonly #mean: Float64Array;
  readonly #deviation: Float64Array;
  readonly #others: Representatives;

  /** @param scorer how the model scores the people of the training */
  constructor({ engine, model, rows, config, training, sizes, weights, weightsOf }: FoldInParts, { form }: Scorer) {
    if (form.form !== 'dot' && form.form !== 'pair') throw new Error('internal: a gradient model scores by vectors');
    this.#training = training;
    this.#weightsOf = weightsOf;
    this.#kind = rows;
    this.#rows =
      form.form === 'dot' ? new DotScores(form) : new PlannedScores(engine, model, config, sizes, weights, form);
    [this.#mean, this.#deviation] = momentsOf(form.users, this.#rows.width);
    const { others, evaluations } = form.form === 'dot' ? DOT : PLANNED;
    this.#evaluations = evaluations;
    this.#others = representatives(this.#rows, this.#mean, sizes.nItems, others);
    this.#prior = form.form === 'dot' || training.optimizer.l2 > 0 ? PRIOR.usual : PRIOR.freeTowers;
  }

  /** The row of a person, and how it came about. */
  foldIn(history: Int32Array): FoldedIn {
    return { vector: this.vectorOf(history), how: this.how };
  }

  /** The row of the scorer's user table for a person. @param history items of the person, distinct; at least one */
  vectorOf(history: Int32Array): Float32Array {
    const objective = this.#objectiveOf(history);
    const { l2 } = this.#training.optimizer;
    const { negatives } = this.#training;
    const examples = history.length * rowsPerPositive(this.#kind, negatives);
    const [tau, lambda] = [this.#prior, l2 * examples];
    const [mean, deviation] = [this.#mean, this.#deviation];
    const z = new Float64Array(this.#rows.width);
    const gradientOfZ = new Float64Array(z.length);
    // in units of the prior; what is alike for all people stays as it is
    const standard = new Float64Array(z.length);
    const value = (x: Float64Array, gradient: Float64Array): number => {
      for (let k = 0; k < z.length; k++) z[k] = mean[k] + deviation[k] * x[k];
      let sum = objective(z, gradientOfZ.fill(0));
      for (let k = 0; k < z.length; k++) {
        if (deviation[k] > 0) sum += (tau * x[k] * x[k] + lambda * z[k] * z[k]) / 2;
        gradient[k] = tau * x[k] + deviation[k] * (gradientOfZ[k] + lambda * z[k]);
      }
      return sum;
    };
    minimise(value, standard, { evaluations: this.#evaluations, tolerance: TOLERANCE });
    return Float32Array.from(standard, (x, k) => mean[k] + deviation[k] * x);
  }

  /** The loss of a person's items and its gradient. */
  #objectiveOf(history: Int32Array): (z: Float64Array, gradient: Float64Array) => number {
    const { negatives, rejectTaken, temperature = 1 } = this.#training;
    const taken = new Set(history);
    const kept = Array.from(this.#others.items.keys()).filter((k) => !rejectTaken || !taken.has(this.#others.items[k]));
    const [n, m] = [history.length, kept.length];
    const items = new Int32Array(n + m);
    items.set(history);
    // weights of the mean
    const share = Float64Array.from(kept, (k) => this.#others.counts[k]);
    const all = share.reduce((sum, count) => sum + count, 0);
    for (let j = 0; j < m; j++) {
      items[n + j] = this.#others.items[kept[j]];
      share[j] /= all;
    }
    this.#rows.choose(items);
    const scores = new Float64Array(items.length);
    const slopes = new Float64Array(items.length);
    const counted = this.#weightsOf?.(n);
    const weight =
      counted && Float64Array.from(items, (item, r) => (r < n ? counted.taken(item) : counted.other(item)));
    const loss = losses[this.#kind];
    return (z, gradient) => {
      this.#rows.at(z, scores);
      for (let r = 0; r < scores.length; r++) scores[r] /= temperature;
      const value = loss(scores, n, share, negatives, slopes, weight);
      for (let r = 0; r < slopes.length; r++) slopes[r] /= temperature;
      this.#rows.addSlopes(slopes, gradient);
      return value;
    };
  }

  free(): void {
    this.#rows.free();
  }
}

/** Means of the columns of [n × width], and for each that varies the standard deviation of all that do, over PRIOR_PEOPLE rows evenly spread. */
function momentsOf(values: Float32Array, width: number): [Float64Array, Float64Array] {
  const n = values.length / width;
  const used = Math.min(n, PRIOR_PEOPLE);
  const mean = new Float64Array(width);
  const square = new Float64Array(width);
  for (let u = 0; u < used; u++) {
    const at = Math.floor((u * n) / used) * width;
    for (let k = 0; k < width; k++) mean[k] += values[at + k];
  }
  for (let k = 0; k < width; k++) mean[k] /= used;
  for (let u = 0; u < used; u++) {
    const at = Math.floor((u * n) / used) * width;
    for (let k = 0; k < width; k++) square[k] += (values[at + k] - mean[k]) ** 2;
  }
  const varying = square.filter((sum) => sum > 0);
  const deviation = Math.sqrt(varying.reduce((all, sum) => all + sum, 0) / (used * Math.max(1, varying.length)));
  return [mean, square.map((sum) => (sum > 0 ? deviation : 0))];
}
