/**
 * The contract of a model. A model file declares its options, its parameters and pure functions; it holds no training loop, no
 * input or output, and no state. Two kinds exist: models trained by gradients of an expression, and models fitted in closed form
 * or by their own solver.
 */
import type { z } from 'zod';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import type { RandomStream } from '../core/random.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Lists, ScoreForm } from '../engine/runtime/ranking.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { SequenceScorer } from './sequence-scorer.ts';

/** Where a method comes from. */
export interface Paper {
  readonly authors: string;
  readonly title: string;
  readonly venue: string;
  readonly year: number;
}

export interface Sizes {
  readonly nUsers: number;
  readonly nItems: number;
}

/** What defaults of a training may follow: the training part. */
export interface TrainingSizes extends Sizes {
  /** Distinct pairs of a user and an item. */
  readonly nInteractions: number;
}

export interface ModelHead<C> {
  /** Key in the registry, on the command line and in artifacts. */
  readonly name: string;
  /** What tables call it. */
  readonly title: string;
  /** Null for common knowledge. */
  readonly paper: Paper | null;
  /** Options; every field has a default, a range and a `doc`. */
  readonly options: z.ZodType<C>;
}

/** Defaults of a model's training that differ from the general ones (see training/options.ts). */
export interface TrainingDefaults {
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly negatives?: number;
  readonly patience?: number;
  readonly rejectTaken?: boolean;
  readonly optimizer?: Readonly<Record<string, unknown>>;
}

/** A stage that is trained before the model itself; its weights go into `fuse`. */
export interface PretrainingStage {
  readonly model: string;
  readonly config: unknown;
  readonly training: TrainingDefaults;
}

export interface GradientModel<C = unknown> extends ModelHead<C> {
  readonly kind: 'gradient';
  /** What a training row is: (user, item, label) or (user, taken item, other item). */
  readonly loss: 'pointwise' | 'pairwise';
  readonly trainingDefaults: TrainingDefaults;
  /** Defaults that follow the size of the data, over the fixed ones; settings that are given win. */
  readonly defaultsForData?: (sizes: TrainingSizes) => TrainingDefaults;
  readonly parameters: (config: C, sizes: Sizes) => readonly ParameterDeclaration[];
  /** What a score needs of the user alone, batch tensors [B, …]; `user` is an index leaf. */
  readonly userParts: (parameters: Parameters, user: Tensor, config: C) => readonly Tensor[];
  /** What a score needs of the item alone. */
  readonly itemParts: (parameters: Parameters, item: Tensor, config: C) => readonly Tensor[];
  /** The score (a logit) from the parts, [B, 1]: ranking all items repeats this function only, never the parts. */
  readonly score: (
    parameters: Parameters,
    user: readonly Tensor[],
    item: readonly Tensor[],
    config: C,
    /** In training: where noise comes from. */
    pass: ForwardPass,
  ) => Tensor;
  /** Where the score is a dot product: the two vectors, [B, width] each. Ranking is then one matrix product. */
  readonly represent?: (
    parameters: Parameters,
    user: readonly Tensor[],
    item: readonly Tensor[],
    config: C,
  ) => { readonly user: Tensor; readonly item: Tensor };
  /** Models to be trained first, in order, when the options ask for it. */
  readonly pretraining?: (config: C) => readonly PretrainingStage[];
  /** Start weights from the weights of the pretraining stages, and how training goes on from there. */
  readonly fuse?: (
    config: C,
    stages: readonly NamedTensors[],
  ) => { readonly weights: NamedTensors; readonly training: TrainingDefaults };
}

export interface FitContext {
  readonly engine: Engine;
  readonly random: RandomStream;
  readonly progress: Progress;
  /** Rating or count of each training pair, in the order of the columns; absent = the data have none, or nobody asked. */
  readonly values?: Float32Array | null;
}

/**
 * How a fitted model scores: user and item vectors, item-to-item weights applied to the user's history, or a number for each user
 * of the training summed over those who took an item.
 */
export type FittedScore =
  | { readonly form: 'dot'; readonly users: Float32Array; readonly items: Float32Array; readonly width: number }
  | { readonly form: 'history'; readonly weights: Float32Array; readonly sparse: Lists | null }
  | (Omit<Extract<ScoreForm, { form: 'takers' }>, 'history' | 'last'> & {
      /** What an item of a history adds to the score of another, as a function of the item scored, then of the other. */
      readonly weightsTo: WeightsTo;
    });

export type WeightsTo = (item: number) => (from: number) => number;

export interface FittedModel<C = unknown> extends ModelHead<C> {
  readonly kind: 'fitted';
  /** @param train the distinct training items of every user, ascending */
  readonly fit: (
    train: SparseRows,
    sizes: Sizes,
    config: C,
    context: FitContext,
  ) => NamedTensors | Promise<NamedTensors>;
  /** From weights alone, without the training data. */
  readonly score: (weights: NamedTensors, sizes: Sizes, config: C) => FittedScore;
  /**
   * For models with user rows: the row of a person who was not in training, from the items the person took.
   * Models that score by history need none. `how` is one sentence for people.
   */
  readonly foldIn?: (
    weights: NamedTensors,
    sizes: Sizes,
    config: C,
    history: Int32Array,
  ) => { readonly vector: Float32Array; readonly how: string };
}

/**
 * A model of sequences that is fitted in closed form or by counting. Nothing but its tensors goes into an artifact, hence what it
 * scores by must be in them.
 */
export interface SequenceModel<C = unknown> extends ModelHead<C> {
  readonly kind: 'sequence';
  /** @param train all items known (no −1); sequences of one event may occur; older sequences come first */
  readonly fit: (train: Sequences, config: C, context: FitContext) => NamedTensors | Promise<NamedTensors>;
  /**
   * From weights alone, without the training data.
   * @param engine the engine, for models that compute with it; others leave it unmade
   * @throws DeepTasteError `artifact` when the tensors are not those of this model
   */
  readonly scorer: (weights: NamedTensors, nItems: number, config: C, engine: () => Engine) => SequenceScorer;
}

export type Model<C = unknown> = GradientModel<C> | FittedModel<C>;

/** Declares a gradient model; infers the type of its options. */
export function gradientModel<C>(model: Omit<GradientModel<C>, 'kind'>): GradientModel<C> {
  return { kind: 'gradient', ...model };
}

/** Declares a fitted model; infers the type of its options. */
export function fittedModel<C>(model: Omit<FittedModel<C>, 'kind'>): FittedModel<C> {
  return { kind: 'fitted', ...model };
}

/** Declares a fitted model of sequences; infers the type of its options. */
export function sequenceModel<C>(model: Omit<SequenceModel<C>, 'kind'>): SequenceModel<C> {
  return { kind: 'sequence', ...model };
}
