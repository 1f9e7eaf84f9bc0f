/** The contract of a model that runs through sequences event by event and is trained by gradients, a step an event. */
import type { z } from 'zod';
import type { RandomStream } from '../core/random.ts';
import type { Tensor } from '../engine/expression.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { Paper, TrainingDefaults } from './model.ts';

/** What a training step reads besides parameters. */
export interface StepLeaves {
  /** Item of the input event of each row, an index. */
  readonly item: Tensor;
  /** Items that are scored, a list: the rows' targets (row r's is candidate r), then extra negatives. */
  readonly candidates: Tensor;
  /** ln(number of training events) of each item, a table [nItems, 1] that is not trained. */
  readonly logSupport: Tensor;
  /** Entries of the list that are targets: rows of a full batch. */
  readonly nTargets: number;
}

export interface SequenceModel<C = unknown> {
  readonly kind: 'recurrent';
  readonly name: string;
  readonly title: string;
  readonly paper: Paper | null;
  readonly options: z.ZodType<C>;
  readonly trainingDefaults: TrainingDefaults;
  readonly parameters: (config: C, sizes: { readonly nItems: number }) => readonly ParameterDeclaration[];
  /** Length of each state that a sequence carries from event to event. */
  readonly stateSizes: (config: C) => readonly number[];
  /** Length of the vector that is scored against items: the last state. */
  readonly width: (config: C) => number;
  /** Extra negatives of a step, drawn ∝ support^exponent. */
  readonly candidates: (config: C) => { readonly samples: number; readonly exponent: number };
  /** Loss of each row [B, 1] and the states that the rows carry on; `before` are the states they came with. */
  readonly step: (
    parameters: Parameters,
    leaves: StepLeaves,
    before: readonly Tensor[],
    config: C,
    random: RandomStream,
  ) => { readonly loss: Tensor; readonly states: readonly Tensor[] };
  /** The states after an event, without anything that belongs to training only. */
  readonly states: (parameters: Parameters, item: Tensor, before: readonly Tensor[], config: C) => readonly Tensor[];
  /** Scores of items: last state · weights + bias; tables [nItems, width] and [nItems, 1]. */
  readonly output: { readonly weights: string; readonly bias: string };
}

/** Declares such a model; infers the type of its options. */
export function sequenceModel<C>(model: Omit<SequenceModel<C>, 'kind'>): SequenceModel<C> {
  return { kind: 'recurrent', ...model };
}
