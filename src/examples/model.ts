/**
 * What a model is: a value that declares its options, how it learns and how it scores. A model file holds no training loop, no
 * input or output, and no state. How it learns is either a solver of its own, or gradients of a loss over examples of some kind
 * (pairs.ts, rows.ts, sessions.ts, windows.ts), which the model names by calling that kind's function.
 */
import type { z } from 'zod';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import type { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Form, Forms } from './forms.ts';
import type { MemoryEstimate } from './memory-estimate.ts';
import type { OpenExamples } from './open-examples.ts';
import type { EpochSettings } from './stopping.ts';

/** Where a method comes from. */
export interface Paper {
  readonly authors: string;
  readonly title: string;
  readonly venue: string;
  readonly year: number;
}

/** What is asked of a model, and how it is measured. */
export type TaskName = 'ranking' | 'next-item' | 'click' | 'rating';

export interface ModelHead<C> {
  /** Key in the list of models, on the command line and in artifacts. */
  readonly name: string;
  /** What tables call it. */
  readonly title: string;
  /** Null for common knowledge. */
  readonly paper: Paper | null;
  /** Options; every field has a default, a range and a `doc`. */
  readonly options: z.ZodType<C>;
  /** Options of former versions: what a value of one is in options of today. */
  readonly former?: Readonly<Record<string, (value: unknown) => object>>;
}

/** @typeParam C parsed options @typeParam F form of the data that it learns from */
export interface Model<C = unknown, F extends Form = Form> extends ModelHead<C> {
  readonly form: F;
  /** What it can be asked for; the first is what it does when nobody says it. */
  readonly tasks: readonly [TaskName, ...TaskName[]];
  /** How the model learns to predict ratings, where that is not the first of its tasks but one of them. */
  readonly rating?: Model<C, F>;
  /** Begins the names of its random streams. */
  readonly streams: string;
  readonly learn: Solver<C, F> | Gradients<C, F>;
  /**
   * How it scores by given weights, without the training data.
   * @param engine the engine, for models that compute with it; others leave it unmade
   * @throws 'artifact' when the weights are not those of the model and its options
   */
  scorerOf(engine: () => Engine, trained: Trained<C, F>): Forms[F]['scorer'];
}

/** Any model of the list. */
export type AnyModel = { [F in Form]: Model<unknown, F> }[Form];

/** What a model has learned, and what else it needs in order to score. */
export interface Trained<C, F extends Form> {
  readonly config: C;
  readonly weights: NamedTensors;
  readonly about: Forms[F]['about'];
}

/** Fits its weights in closed form, by counting, or by a loop of its own. */
export interface Solver<C, F extends Form> {
  readonly by: 'solver';
  fit(data: Forms[F]['data'], config: C, context: FitContext): NamedTensors | Promise<NamedTensors>;
  /** What a fit takes at most. @throws 'memory' when it cannot be made at all */
  memory(data: Forms[F]['data'], config: C, engine: MachineShare): MemoryEstimate;
}

/** What of an engine memory depends on. */
export type MachineShare = Pick<Engine, 'threads' | 'blas'>;

export interface FitContext {
  readonly engine: Engine;
  readonly random: RandomStream;
  readonly progress: Progress;
}

/** Trained by gradients of a loss over examples. */
export interface Gradients<C, F extends Form> {
  readonly by: 'gradients';
  /** The kind of the examples. */
  readonly examples: Examples;
  /** Settings of the training that differ from those of the kind. */
  readonly defaults: TrainingDefaults;
  /** Defaults that follow the size of the data, over the fixed ones; settings that are given win. */
  defaultsForData?(sizes: TrainingSizes): TrainingDefaults;
  open(request: OpenRequest<C, F>): OpenExamples<F>;
  /** What a training takes at most. */
  memory(request: MemoryRequest<C, F>): MemoryEstimate;
  /** What no training changes and a scorer needs beside the weights: tensors that an artifact keeps among them. */
  kept?(data: Forms[F]['data'], config: C): NamedTensors;
  /** Models of the same form to be trained first, in order, when the options or the settings of the training ask for it. */
  pretraining?(config: C, training: object): readonly PretrainingStage[];
  /** Start weights from the weights of those, where they have some, how training goes on from there, and what there is to say, a line each. */
  fuse?(
    config: C,
    stages: readonly NamedTensors[],
    data: Forms[F]['data'],
  ): { readonly weights: NamedTensors; readonly training?: TrainingDefaults; readonly notes?: readonly string[] };
}

/** A kind of examples: how the rows of training come about. */
export interface Examples {
  readonly name: string;
  /** One line for people: what an example is. */
  readonly title: string;
  /** What is counted: `examples`, `events`. */
  readonly unit: string;
  /** Settings of a training on such examples. */
  readonly settings: z.ZodObject & z.ZodType<EpochSettings>;
  /** Settings of former versions, and what they are called now. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** @param given the settings that were set by hand @throws 'config' for settings that contradict each other */
  checkSettings?(settings: object, given: object): void;
}

export interface OpenRequest<C, F extends Form> {
  readonly engine: Engine;
  readonly config: C;
  /** Parsed settings of the kind of examples. */
  readonly training: object;
  readonly data: Forms[F]['data'];
  readonly random: RandomStream;
}

/** What memory is estimated from: a training that is not open yet. */
export interface MemoryRequest<C, F extends Form> extends Pick<OpenRequest<C, F>, 'config' | 'training' | 'data'> {
  readonly engine: MachineShare;
}

/** Settings of a training, some of them; see the schema of the kind of examples. */
export interface TrainingDefaults {
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly positives?: 'once' | 'by-user';
  readonly loss?: string;
  readonly negatives?: number;
  readonly patience?: number;
  readonly keepBest?: boolean;
  readonly rejectTaken?: boolean;
  readonly embeddingL2?: number;
  readonly adversarialEpsilon?: number;
  readonly optimizer?: Readonly<Record<string, unknown>>;
}

/** A stage that is trained before the model itself; its weights go into `fuse`. */
export interface PretrainingStage {
  readonly model: string;
  readonly config: unknown;
  readonly training: TrainingDefaults;
}

/** What defaults of a training may follow: the training part. */
export interface TrainingSizes {
  readonly nUsers: number;
  readonly nItems: number;
  /** Distinct pairs of a user and an item. */
  readonly nInteractions: number;
}
