/**
 * The contract of a model that looks at the last events of a sequence all at once, by self-attention, and is trained by gradients
 * at every position. A row of the batch is a position; sequences share windows of rows (see engine/ops/attention.ts).
 */
import type { z } from 'zod';
import type { Tensor } from '../engine/expression.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { Paper } from './model.ts';

/** What the rows of a batch are. −1 everywhere: a row without event. */
export interface PositionLeaves {
  /** Item of the event, an index. */
  readonly item: Tensor;
  /** Its place among the `maxLength` positions, an index. */
  readonly position: Tensor;
  /** How many rows before it its sequence begins, an index. */
  readonly back: Tensor;
  /** Rows of a window. */
  readonly window: number;
}

/** What a training step reads besides. */
export interface TargetLeaves {
  /** Index [B, 1 + negatives]: the next item, then items outside the sequence. */
  readonly candidates: Tensor;
  /** List of items that the whole step shares as negatives; null for models without. */
  readonly shared: Tensor | null;
  /** ln(weight) by which each item is drawn into `shared`, a table [nItems, 1] that is not trained. */
  readonly logWeight: Tensor;
}

export interface AttentionModel<C = unknown> {
  readonly kind: 'attention';
  readonly name: string;
  readonly title: string;
  readonly paper: Paper | null;
  readonly options: z.ZodType<C>;
  readonly trainingDefaults: Readonly<Record<string, unknown>>;
  readonly parameters: (config: C, sizes: { readonly nItems: number }) => readonly ParameterDeclaration[];
  /** Events that are looked at. */
  readonly maxLength: (config: C) => number;
  /** Whether the last event always has the last position, or the first event the first one. */
  readonly positionsFrom: (config: C) => 'end' | 'start';
  /** Length of the vector that is scored against items. */
  readonly width: (config: C) => number;
  /** Negatives of each position, drawn uniformly outside the sequence; and of the step, drawn ∝ support^exponent. */
  readonly negatives: (config: C) => {
    readonly perPosition: number;
    readonly shared: number;
    readonly exponent: number;
  };
  /** What is known after each position, [B, width]. */
  readonly represent: (parameters: Parameters, leaves: PositionLeaves, config: C, pass: ForwardPass) => Tensor;
  /** Loss of each position [B, 1], from its representation. */
  readonly loss: (
    parameters: Parameters,
    represented: Tensor,
    targets: TargetLeaves,
    config: C,
    sizes: { readonly nItems: number },
  ) => Tensor;
  /** Scores of items: representation · weights; a table [nItems, width]. */
  readonly output: { readonly weights: string };
}

/** Declares such a model; infers the type of its options. */
export function attentionModel<C>(model: Omit<AttentionModel<C>, 'kind'>): AttentionModel<C> {
  return { kind: 'attention', ...model };
}

/** Rows of a window: room for the longest sequence, and for several where they are short. */
export function windowRows(maxLength: number): number {
  return maxLength * Math.max(1, Math.ceil(64 / maxLength));
}
