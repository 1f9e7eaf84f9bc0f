/**
 * Fold-in for gradient models: people who were not in training get a place among those who were. What a score needs of a person
 * (vectors p_u, biases, the user's half of a first layer) is one row z of numbers. It is chosen as training would have it, by the
 * model's own loss on the person's items against others, with everything else fixed, and with the people of the training as
 * prior: each number is normal with their mean, and with the standard deviation σ of all numbers together (one for each number
 * served held-out people worse).
 *
 *   z = argmin  Σ_{i ∈ S} [ ℓ(+, s_i) + N · mean_j ℓ(−, s_j) ]  +  ½ λ R |z|²  +  ½ τ |z − μ|² / σ²
 *
 * N negatives, j ∉ S; λ is the L2 of the training, R the number of examples that S makes in an epoch. τ is 0.03, and
 * 0.3 for scores that are no dot products. The mean goes over all items, or over some that stand for all
 * (representatives). It is minimised in float64 and nothing is drawn: the same items give the same answer.
 */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { GradientModel, Sizes } from '../models/model.ts';
import type { Scorer } from '../models/scoring.ts';
import { minimise } from './minimise.ts';
import type { TrainingOptions } from './options.ts';
import { DotScores, PlannedScores, type RowScores } from './row-scores.ts';

/** Items that stand for all others, and evaluations of the loss, at most: so many that the answer takes one to three milliseconds. */
const DOT = { others: 512, evaluations: 12 };
const PLANNED = { others: 448, evaluations: 10 };
/** Ends where a step has lowered the loss by less than this share of it. */
const TOLERANCE = 1e-4;
/** Weight of the prior, τ; of towers without L2, which can make anything of a row unlike those of training, more. */
const PRIOR = { dot: 0.03, towers: 0.3 };
/** People of the training that the prior is taken from at most. */
const PRIOR_PEOPLE = 1024;

export interface FoldInParts {
  readonly engine: Engine;
  readonly model: GradientModel;
  readonly config: unknown;
  readonly training: Pick<TrainingOptions, 'negatives' | 'rejectTaken' | 'optimizer'>;
  readonly sizes: Sizes;
  readonly weights: NamedTensors;
}

/** Gives people their rows, one after the other; what all need is made once. */
export class FoldIn {
  /** One sentence for people. */
  readonly how =
    'a user vector fitted to the given items by the loss of the training, with the trained users as prior, everything else fixed';
  /** Items that stand for all others. */
  readonly nOthers: number;
  readonly #pairwise: boolean;
  readonly #evaluations: number;
  /** τ */
  readonly #prior: number;
  readonly #training: FoldInParts['training'];
  readonly #rows: RowScores;
  readonly #mean: Float64Array;
  readonly #deviation: Float64Array;
  readonly #others: Representatives;

  /** @param scorer how the model scores the people of the training */
  constructor({ engine, model, config, training, sizes, weights }: FoldInParts, { form }: Scorer) {
    if (form.form !== 'dot' && form.form !== 'pair') throw new Error('internal: a gradient model scores by vectors');
    this.#training = training;
    this.#pairwise = model.loss === 'pairwise';
    this.#rows =
      form.form === 'dot' ? new DotScores(form) : new PlannedScores(engine, model, config, sizes, weights, form);
    [this.#mean, this.#deviation] = momentsOf(form.users, this.#rows.width);
    const { others, evaluations } = form.form === 'dot' ? DOT : PLANNED;
    this.#evaluations = evaluations;
    this.#others = representatives(this.#rows, this.#mean, sizes.nItems, others);
    this.nOthers = this.#others.items.length;
    this.#prior = form.form === 'dot' || training.optimizer.l2 > 0 ? PRIOR.dot : PRIOR.towers;
  }

  /** The row of the scorer's user table for a person. @param history items of the person, distinct; at least one */
  vectorOf(history: Int32Array): Float32Array {
    const objective = this.#objectiveOf(history);
    const { l2 } = this.#training.optimizer;
    const examples = history.length * (this.#training.negatives + (this.#pairwise ? 0 : 1));
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
    const { negatives, rejectTaken } = this.#training;
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
    const loss = this.#pairwise ? pairwiseLoss : pointwiseLoss;
    return (z, gradient) => {
      this.#rows.at(z, scores);
      const value = loss(scores, n, share, negatives, slopes);
      this.#rows.addSlopes(slopes, gradient);
      return value;
    };
  }

  free(): void {
    this.#rows.free();
  }
}

/** −Σ_i ln σ(s_i) − N n Σ_j share_j ln σ(−s_j) of n taken items and others behind them; slopes by score. */
function pointwiseLoss(
  scores: Float64Array,
  n: number,
  share: Float64Array,
  negatives: number,
  slopes: Float64Array,
): number {
  let value = 0;
  for (let r = 0; r < scores.length; r++) {
    const s = r < n ? -scores[r] : scores[r];
    const e = Math.exp(-Math.abs(s));
    const w = r < n ? 1 : negatives * n * share[r - n];
    value += w * (Math.max(0, s) + Math.log1p(e));
    const slope = w * (s > 0 ? 1 / (1 + e) : e / (1 + e));
    slopes[r] = r < n ? -slope : slope;
  }
  return value;
}

/** Scores further than this from their mean count as so far: exponentials of pairs, and products of CHUNK of them, stay finite. */
const FURTHEST = 80;
const CHUNK = 4;

/** −N Σ_i Σ_j share_j ln σ(s_i − s_j), with one exponential a score and one logarithm for CHUNK pairs. */
function pairwiseLoss(
  scores: Float64Array,
  n: number,
  share: Float64Array,
  negatives: number,
  slopes: Float64Array,
): number {
  slopes.fill(0);
  const mean = scores.reduce((sum, s) => sum + s, 0) / scores.length;
  const above = scores.map((s, r) => {
    const d = Math.max(-FURTHEST, Math.min(FURTHEST, s - mean));
    return Math.exp(r < n ? -d : d);
  });
  let value = 0;
  for (let j = n; j < scores.length; j++) {
    const w = negatives * share[j - n];
    const e = above[j];
    let logs = 0;
    let slopesOfJ = 0;
    for (let first = 0; first < n; first += CHUNK) {
      const end = Math.min(n, first + CHUNK);
      let product = 1;
      for (let i = first; i < end; i++) {
        const one = 1 + e * above[i];
        product *= one;
        const slope = w * (1 - 1 / one);
        slopes[i] -= slope;
        slopesOfJ += slope;
      }
      logs += Math.log(product);
    }
    slopes[j] = slopesOfJ;
    value += w * logs;
  }
  return value;
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

/** Items that stand for all, ascending, and for how many each of them stands. */
interface Representatives {
  readonly items: Int32Array;
  readonly counts: Float64Array;
}

/**
 * All n items, or `size` of them: those that the mean person scores best, which weigh most in the loss, stand for themselves;
 * of the rest, in the order of these scores, each stands for as many as lie around it.
 */
function representatives(rows: RowScores, mean: Float64Array, n: number, size: number): Representatives {
  const all = Int32Array.from({ length: n }, (_, item) => item);
  if (n <= size) return { items: all, counts: new Float64Array(n).fill(1) };
  const scores = new Float64Array(n);
  rows.choose(all);
  rows.at(mean, scores);
  const falling = all.slice().sort((a, b) => scores[b] - scores[a] || a - b);
  const nBest = size >> 1;
  const around = (n - nBest) / (size - nBest);
  const countOf = new Map<number, number>();
  for (let k = 0; k < size; k++) {
    const place = k < nBest ? k : nBest + Math.floor((k - nBest + 0.5) * around);
    countOf.set(falling[place], k < nBest ? 1 : around);
  }
  const items = Int32Array.from(countOf.keys()).sort();
  return { items, counts: Float64Array.from(items, (item) => countOf.get(item)!) };
}
