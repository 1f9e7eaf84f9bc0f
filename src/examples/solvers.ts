/** Models with a solver of their own: fitted in closed form, by counting or by alternation, without epochs of the training loop. */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { FoldedIn, Scorer, Sizes, SolvedScore } from '../scoring/scorer.ts';
import type { SequenceScorer } from '../scoring/sequence-scorer.ts';
import type { FitContext, Model, ModelHead } from './model.ts';

export interface PairFitContext extends FitContext {
  /** Rating or count of each training pair, in the order of the columns; absent = the data have none, or nobody asked. */
  readonly values?: Float32Array | null;
}

/** What a solver of users and items declares. */
export interface PairSolver<C> {
  /** @param train the distinct training items of every user, ascending */
  fit(train: SparseRows, sizes: Sizes, config: C, context: PairFitContext): NamedTensors | Promise<NamedTensors>;
  /** From weights and the training items of every user, which an artifact has. */
  score(weights: NamedTensors, sizes: Sizes, config: C, history: SparseRows): SolvedScore;
  /**
   * For models with user rows: the row of a person who was not in training, from the items the person took.
   * Models that score by history need none. `how` is one sentence for people.
   */
  foldIn?(weights: NamedTensors, sizes: Sizes, config: C, history: Int32Array): FoldedIn;
}

/** What a solver of sequences declares. Nothing but its tensors goes into an artifact, hence what it scores by must be in them. */
export interface SequenceSolver<C> {
  /** @param train all items known (no −1); sequences of one event may occur; older sequences come first */
  fit(train: Sequences, config: C, context: FitContext): NamedTensors | Promise<NamedTensors>;
  /**
   * From weights alone, without the training data.
   * @param engine the engine, for models that compute with it; others leave it unmade
   * @throws 'artifact' when the tensors are not those of this model
   */
  scorer(weights: NamedTensors, nItems: number, config: C, engine: () => Engine): SequenceScorer;
}

export type SolvedPairs<C = unknown> = Model<C, 'pairs'> & PairSolver<C>;
export type SolvedSequences<C = unknown> = Model<C, 'sequences'> & SequenceSolver<C>;

/** Declares a model of users and items that is fitted by its own solver; infers the type of its options. */
export function pairSolver<C>(declared: ModelHead<C> & PairSolver<C>): SolvedPairs<C> {
  return {
    ...declared,
    form: 'pairs',
    streams: '',
    learn: {
      by: 'solver',
      fit: ({ rows, sizes, values }, config, context) => declared.fit(rows, sizes, config, { ...context, values }),
    },
    scorerOf: (_, { config, weights, about: { sizes, history } }) => {
      const foldIn = (taken: Int32Array) => declared.foldIn!(weights, sizes, config, taken);
      const scorer = solvedScorer(declared.score(weights, sizes, config, history), history);
      return declared.foldIn ? { ...scorer, foldIn } : scorer;
    },
  };
}

/** Declares a model of sequences that is fitted by its own solver; infers the type of its options. */
export function sequenceSolver<C>(declared: ModelHead<C> & SequenceSolver<C>): SolvedSequences<C> {
  return {
    ...declared,
    form: 'sequences',
    streams: 'models/',
    learn: { by: 'solver', fit: (sequences, config, context) => declared.fit(sequences, config, context) },
    scorerOf: (engine, { config, weights, about }) => declared.scorer(weights, about.nItems, config, engine),
  };
}

function solvedScorer(score: SolvedScore, history: SparseRows): Scorer {
  const free = (): void => {};
  if (score.form === 'dot') return { form: score, itemVectors: { values: score.items, width: score.width }, free };
  if (score.form === 'history') return { form: { ...score, history }, itemVectors: null, free };
  return { form: { ...score, history }, itemVectors: null, weightsTo: score.weightsTo, free };
}
