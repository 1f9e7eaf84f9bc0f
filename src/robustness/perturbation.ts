/**
 * How much of its accuracy a trained model keeps when its vectors are moved a little: at random, or to where the BPR loss of the training
 * pairs rises fastest.
 * He, He, Du, Chua: Adversarial Personalized Ranking for Recommendation. SIGIR 2018, §2.3 and figure 1.
 *
 *   every vector v of a user or an item becomes v + ε d_v / ‖d_v‖
 *   random:       d_v ~ N(0, I)
 *   adversarial:  d_v = ∂/∂v Σ over taken (u, i), with j drawn for each, of −ln σ(u·i − u·j)
 *
 * For any model whose score is a dot product. The vector of an item holds its bias; the 1 of the users by which that is multiplied stays.
 */
import { DeepTasteError } from '../core/errors.ts';
import { RandomStream } from '../core/random.ts';
import type { Split } from '../data/dataset.ts';
import { entryOf, rowOf, type SparseRows } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { ScoreForm } from '../engine/runtime/ranking.ts';
import { itemsByUser } from '../evaluation/ranking.ts';
import type { Scorer } from '../scoring/scorer.ts';
import { evaluateScorer } from '../tasks/evaluate-ranking.ts';
import type { EvaluationOptions } from '../tasks/ranking-settings.ts';

export type Perturbation = 'random' | 'adversarial';

type DotForm = Extract<ScoreForm, { form: 'dot' }>;

/** Drawn items beside each taken one, over which the adversary's gradient is added up. */
const DRAWS = 5;

/** @param taken row u = the training items of user u @throws DeepTasteError `config`: a score that is no dot product */
export function perturbedForm(
  form: ScoreForm,
  taken: SparseRows,
  { kind, epsilon, random }: { readonly kind: Perturbation; readonly epsilon: number; readonly random: RandomStream },
): DotForm {
  const dot = requireDot(form);
  const { users, items, width } = dot;
  const moves = movingNumbers(dot);
  const [ofUsers, ofItems] =
    kind === 'random'
      ? [users, items].map((values) => Float64Array.from(values, () => random.normal()))
      : slopesOfBpr(dot, taken, random);
  return {
    form: 'dot',
    users: movedRows(users, ofUsers, width, moves, epsilon),
    items: movedRows(items, ofItems, width, new Uint8Array(width).fill(1), epsilon),
    width,
  };
}

function requireDot(form: ScoreForm): DotForm {
  if (form.form === 'dot') return form;
  throw new DeepTasteError(
    'config',
    'perturbation: the score must be a dot product of vectors that can be moved, which that of this model is not; take bpr-mf, gmf, lightgcn or ials',
  );
}

/** The numbers of the users' vectors that are not the same for all of them. */
function movingNumbers({ users, width }: DotForm): Uint8Array {
  const moves = new Uint8Array(width);
  for (let k = width; k < users.length; k++) if (users[k] !== users[k % width]) moves[k % width] = 1;
  return moves;
}

function slopesOfBpr(
  { users, items, width }: DotForm,
  taken: SparseRows,
  random: RandomStream,
): [Float64Array, Float64Array] {
  const nItems = items.length / width;
  const ofUsers = new Float64Array(users.length);
  const ofItems = new Float64Array(items.length);
  for (let user = 0; user < taken.nRows; user++) {
    const own = rowOf(taken, user);
    if (own.length === 0 || own.length === nItems) continue;
    const u = user * width;
    for (const item of own)
      for (let draw = 0; draw < DRAWS; draw++) {
        let other = random.below(nItems);
        while (entryOf(taken, user, other) >= 0) other = random.below(nItems);
        const [i, j] = [item * width, other * width];
        let x = 0;
        for (let k = 0; k < width; k++) x += users[u + k] * (items[i + k] - items[j + k]);
        const slope = -1 / (1 + Math.exp(x));
        for (let k = 0; k < width; k++) {
          ofUsers[u + k] += slope * (items[i + k] - items[j + k]);
          ofItems[i + k] += slope * users[u + k];
          ofItems[j + k] -= slope * users[u + k];
        }
      }
  }
  return [ofUsers, ofItems];
}

/** Rows moved by ε along their direction; a row without any stays. */
function movedRows(
  rows: Float32Array,
  direction: Float64Array,
  width: number,
  moves: Uint8Array,
  epsilon: number,
): Float32Array {
  const moved = rows.slice();
  for (let row = 0; row < rows.length; row += width) {
    let squares = 0;
    for (let k = 0; k < width; k++) if (moves[k]) squares += direction[row + k] ** 2;
    if (squares === 0) continue;
    const scale = epsilon / Math.sqrt(squares);
    for (let k = 0; k < width; k++) if (moves[k]) moved[row + k] += scale * direction[row + k];
  }
  return moved;
}

export interface PerturbedAccuracy {
  readonly kind: Perturbation;
  readonly epsilon: number;
  /** The metric of the test part. */
  readonly value: number;
  /** Of the metric without perturbation. */
  readonly kept: number;
}

export interface PerturbationOptions {
  readonly engine: Engine;
  readonly split: Split;
  readonly scorer: Scorer;
  readonly evaluation: EvaluationOptions;
  readonly metric: string;
  readonly epsilons: readonly number[];
  readonly seed: number;
}

/** The metric at every ε, for both kinds; the first entry of each kind is that of ε = 0. */
export function perturbationCurve(options: PerturbationOptions): PerturbedAccuracy[] {
  const { engine, split, scorer, evaluation, metric, epsilons, seed } = options;
  const taken = itemsByUser(split, split.train);
  const measure = (form: ScoreForm): number =>
    evaluateScorer(engine, { ...scorer, form }, split, evaluation, seed).metrics[metric].mean;
  const clean = measure(scorer.form);
  return (['random', 'adversarial'] as const).flatMap((kind) => [
    { kind, epsilon: 0, value: clean, kept: 1 },
    ...epsilons.map((epsilon) => {
      const random = new RandomStream(seed, `perturbation/${kind}`);
      const value = measure(perturbedForm(scorer.form, taken, { kind, epsilon, random }));
      return { kind, epsilon, value, kept: value / clean };
    }),
  ]);
}
