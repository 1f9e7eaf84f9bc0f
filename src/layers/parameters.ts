/** How layers and models declare what they learn. */
import type { Tensor } from '../engine/expression.ts';
import type { Initializer } from './initializer.ts';

export interface ParameterDeclaration {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** Rows of users or items, read by lookup; absent = a dense weight. */
  readonly table?: 'user' | 'item';
}

/** The tensors of a model by the names it declared. */
export type Parameters = Readonly<Record<string, Tensor>>;
