/** Models with a solver of their own: fitted in closed form, by counting or by alternation, without epochs of the training loop. */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { FoldedIn, Scorer, Sizes, SolvedScore } from '../scoring/scorer.ts';
import type { SequenceScorer } from '../scoring/sequence-scorer.ts';
import type { RatedRows } from './forms.ts';
import type { MemoryEstimate } from './memory-estimate.ts';
import type { FitContext, MachineShare, Model, ModelHead } from './model.ts';

export interface PairFitContext extends FitContext {
  /** Rating or count of each training pair, in the order of the columns; absent = the data have none, or nobody asked. */
  readonly values?: Float32Array | null;
}

/** What a solver of users and items declares. */
export interface PairSolver<C> {
  /** @param train the distinct training items of every user, ascending */
  fit(train: SparseRows, sizes: Sizes, config: C, context: PairFitContext): NamedTensors | Promise<NamedTensors>;
  /** What a fit, and a ranking by what comes out, take at most. @throws 'memory' when it cannot be made at all */
  memory(train: SparseRows, sizes: Sizes, config: C, engine: MachineShare): MemoryEstimate;
  /** From weights and the training items of every user, which an artifact has. */
  score(weights: NamedTensors, sizes: Sizes, config: C, history: SparseRows): SolvedScore;
  /**
   * For models with user rows: the row of a person who was not in training, from the items the person took.
   * Models that score by history need none. `how` is one sentence for people.
   */
  foldIn?(weights: NamedTensors, sizes: Sizes, config: C, history: Int32Array): FoldedIn;
}

/** What a solver of ratings declares; what it predicts is the difference to the mean rating. */
export interface RatingSolver<C> {
  /** @param ratings one row at least */
  fit(ratings: RatedRows, sizes: Sizes, config: C, context: FitContext): NamedTensors | Promise<NamedTensors>;
  /** What a fit, and predictions by what comes out, take at most. */
  memory(sizes: Sizes, config: C, engine: MachineShare): MemoryEstimate;
  /** From weights alone. The predictions of listed pairs, −1 for what is not known, and the form in which all items are ranked. */
  scorer(weights: NamedTensors, sizes: Sizes, config: C): Scorer;
}

/** What a solver of sequences declares. Nothing but its tensors goes into an artifact, hence what it scores by must be in them. */
export interface SequenceSolver<C> {
  /** @param train all items known (no −1); sequences of one event may occur; older sequences come first */
  fit(train: Sequences, config: C, context: FitContext): NamedTensors | Promise<NamedTensors>;
  /** What a fit, and scores by what comes out, take at most. */
  memory(train: Sequences, config: C): MemoryEstimate;
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
    tasks: ['ranking'],
    streams: '',
    learn: {
      by: 'solver',
      fit: ({ rows, sizes, values }, config, context) => declared.fit(rows, sizes, config, { ...context, values }),
      memory: ({ rows, sizes }, config, engine) => declared.memory(rows, sizes, config, engine),
    },
    scorerOf: (_, { config, weights, about: { sizes, history } }) => {
      const foldIn = (taken: Int32Array) => declared.foldIn!(weights, sizes, config, taken);
      const scorer = solvedScorer(declared.score(weights, sizes, config, history), history);
      return declared.foldIn ? { ...scorer, foldIn } : scorer;
    },
  };
}

/** Declares a model of users and items that predicts ratings and is fitted by its own solver; infers the type of its options. */
export function ratingSolver<C>(declared: ModelHead<C> & RatingSolver<C>): Model<C, 'pairs'> & RatingSolver<C> {
  return {
    ...declared,
    form: 'pairs',
    tasks: ['rating'],
    streams: '',
    learn: {
      by: 'solver',
      fit: ({ ratings, sizes }, config, context) => {
        if (!ratings) throw new Error('internal: a model of ratings is fitted to ratings');
        return declared.fit(ratings, sizes, config, context);
      },
      memory: ({ sizes }, config, engine) => declared.memory(sizes, config, engine),
    },
    scorerOf: (_, { config, weights, about }) => declared.scorer(weights, about.sizes, config),
  };
}

/** Declares a model of sequences that is fitted by its own solver; infers the type of its options. */
export function sequenceSolver<C>(declared: ModelHead<C> & SequenceSolver<C>): SolvedSequences<C> {
  return {
    ...declared,
    form: 'sequences',
    tasks: ['next-item', 'ranking'],
    streams: 'models/',
    learn: {
      by: 'solver',
      fit: (sequences, config, context) => declared.fit(sequences, config, context),
      memory: (sequences, config) => declared.memory(sequences, config),
    },
    scorerOf: (engine, { config, weights, about }) => declared.scorer(weights, about.nItems, config, engine),
  };
}

function solvedScorer(score: SolvedScore, history: SparseRows): Scorer {
  const free = (): void => {};
  if (score.form === 'dot') return { form: score, itemVectors: { values: score.items, width: score.width }, free };
  if (score.form === 'history') return { form: { ...score, history }, itemVectors: null, free };
  return { form: { ...score, history }, itemVectors: null, weightsTo: score.weightsTo, free };
}
