/**
 * Fold-in for gradient models: people who were not in training get a place among those who were. What a score needs of a person
 * (vectors p_u, biases, the user's half of a first layer) is one row z of numbers. It is chosen as training would have it, by the
 * model's own loss on the person's items against others, with everything else fixed, and with the people of the training as
 * prior: each number is normal with their mean and standard deviation.
 *
 *   z = argmin  Σ_{i ∈ S} [ ℓ(+, s_i) + N · mean_j ℓ(−, s_j) ]  +  ½ λ R |z|²  +  ½ τ Σ_k (z_k − μ_k)² / σ_k²
 *
 * N negatives, j ∉ S; λ is the L2 of the training, R the number of examples that S makes in an epoch. τ is 0.03 beside
 * an L2, else 1 for dot products and 0.1 for other scores. The mean goes over all items, or over a fixed sample of them. It is minimised in float64 and nothing is drawn a second time:
 * the same items give the same answer.
 */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { GradientModel, Sizes } from '../models/model.ts';
import type { Scorer } from '../models/scoring.ts';
import { minimise } from './minimise.ts';
import type { TrainingOptions } from './options.ts';
import { DotScores, PlannedScores, type RowScores } from './row-scores.ts';

/** Items that stand for all others, at most: so many that the answer takes about a millisecond. */
const OTHERS = { dot: 512, pairwise: 128, planned: 384 };
/** How the loss is minimised; the vectors of more evaluations recommend no better. */
const EFFORT = { evaluations: 12, tolerance: 1e-4 };
/** Weight of the prior in addition to the L2 of the training, where that has some. */
const PRIOR_BESIDE_L2 = 0.03;
/** Weight of the prior where a score is no dot product: deviations of single numbers say little of what a tower makes of them. */
const PRIOR_OF_TOWERS = 0.1;
/** People of the training that the prior is taken from at most. */
const PRIOR_PEOPLE = 1024;

export interface FoldInParts {
  readonly engine: Engine;
  readonly model: GradientModel;
  readonly config: unknown;
  readonly training: Pick<TrainingOptions, 'negatives' | 'rejectTaken' | 'optimizer'>;
  readonly sizes: Sizes;
  readonly weights: NamedTensors;
  readonly random: RandomStream;
}

/** Gives people their rows, one after the other; what all need is made once. */
export class FoldIn {
  /** One sentence for people. */
  readonly how =
    'a user vector fitted to the given items by the loss of the training, with the trained users as prior, everything else fixed';
  /** Items that stand for all others. */
  readonly nOthers: number;
  readonly #pairwise: boolean;
  /** τ without L2. */
  readonly #prior: number;
  readonly #training: FoldInParts['training'];
  readonly #rows: RowScores;
  readonly #mean: Float64Array;
  readonly #deviation: Float64Array;
  /** Items that stand for all others, ascending. */
  readonly #others: Int32Array;

  /** @param scorer how the model scores the people of the training */
  constructor({ engine, model, config, training, sizes, weights, random }: FoldInParts, { form }: Scorer) {
    if (form.form !== 'dot' && form.form !== 'pair') throw new Error('internal: a gradient model scores by vectors');
    this.#training = training;
    this.#pairwise = model.loss === 'pairwise';
    this.#rows =
      form.form === 'dot' ? new DotScores(form) : new PlannedScores(engine, model, config, sizes, weights, form);
    [this.#mean, this.#deviation] = momentsOf(form.users, this.#rows.width);
    const sample = form.form === 'pair' ? OTHERS.planned : this.#pairwise ? OTHERS.pairwise : OTHERS.dot;
    this.#others = sampleOf(sizes.nItems, sample, random);
    this.nOthers = this.#others.length;
    this.#prior = form.form === 'dot' ? 1 : PRIOR_OF_TOWERS;
  }

  /** The row of the scorer's user table for a person. @param history items of the person, distinct; at least one */
  vectorOf(history: Int32Array): Float32Array {
    const objective = this.#objectiveOf(history);
    const { l2 } = this.#training.optimizer;
    const examples = history.length * (this.#training.negatives + (this.#pairwise ? 0 : 1));
    const [tau, lambda] = [l2 === 0 ? this.#prior : PRIOR_BESIDE_L2, l2 * examples];
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
    minimise(value, standard, EFFORT);
    return Float32Array.from(standard, (x, k) => mean[k] + deviation[k] * x);
  }

  /** The loss of a person's items and its gradient. */
  #objectiveOf(history: Int32Array): (z: Float64Array, gradient: Float64Array) => number {
    const { negatives, rejectTaken } = this.#training;
    const taken = new Set(history);
    const others = rejectTaken ? this.#others.filter((item) => !taken.has(item)) : this.#others;
    const items = new Int32Array(history.length + others.length);
    items.set(history);
    items.set(others, history.length);
    this.#rows.choose(items);
    const [n, m] = [history.length, others.length];
    const scores = new Float64Array(items.length);
    const slopes = new Float64Array(items.length);
    const loss = this.#pairwise ? pairwiseLoss : pointwiseLoss;
    return (z, gradient) => {
      this.#rows.at(z, scores);
      const value = loss(scores, n, m, negatives, slopes);
      this.#rows.addSlopes(slopes, gradient);
      return value;
    };
  }

  free(): void {
    this.#rows.free();
  }
}

/** −Σ_i ln σ(s_i) − (N n / m) Σ_j ln σ(−s_j) of n taken items and m others behind them; slopes by score. */
function pointwiseLoss(scores: Float64Array, n: number, m: number, negatives: number, slopes: Float64Array): number {
  const weight = m === 0 ? 0 : (negatives * n) / m;
  let value = 0;
  for (let r = 0; r < n + m; r++) {
    const s = r < n ? -scores[r] : scores[r];
    const e = Math.exp(-Math.abs(s));
    const w = r < n ? 1 : weight;
    value += w * (Math.max(0, s) + Math.log1p(e));
    const slope = w * (s > 0 ? 1 / (1 + e) : e / (1 + e));
    slopes[r] = r < n ? -slope : slope;
  }
  return value;
}

/** −(N / m) Σ_i Σ_j ln σ(s_i − s_j) */
function pairwiseLoss(scores: Float64Array, n: number, m: number, negatives: number, slopes: Float64Array): number {
  const weight = m === 0 ? 0 : negatives / m;
  slopes.fill(0);
  let value = 0;
  for (let i = 0; i < n; i++)
    for (let j = n; j < n + m; j++) {
      const s = scores[j] - scores[i];
      const e = Math.exp(-Math.abs(s));
      value += weight * (Math.max(0, s) + Math.log1p(e));
      const slope = weight * (s > 0 ? 1 / (1 + e) : e / (1 + e));
      slopes[i] -= slope;
      slopes[j] += slope;
    }
  return value;
}

/** Mean and standard deviation of the columns of [n × width], over PRIOR_PEOPLE rows evenly spread. */
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
  return [mean, square.map((sum) => Math.sqrt(sum / used))];
}

/** `size` of n items, all of them where there are no more; ascending. */
function sampleOf(n: number, size: number, random: RandomStream): Int32Array {
  if (n <= size) return Int32Array.from({ length: n }, (_, k) => k);
  const chosen = new Set<number>();
  while (chosen.size < size) chosen.add(random.below(n));
  return Int32Array.from(chosen).sort();
}
