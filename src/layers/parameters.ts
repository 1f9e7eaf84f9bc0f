/** How layers and models declare their trained parameters. */
import type { Tensor } from '../engine/expression.ts';
import type { Initializer } from './initializer.ts';

export interface ParameterDeclaration {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** Rows of users, items, feature fields or crosses of fields, read by lookup; absent = a dense weight. */
  readonly table?: 'user' | 'item' | 'field' | 'cross';
  /** Rows of all users, then of all items, of a dense weight: the nodes of a graph. */
  readonly nodes?: true;
  /** Statistics that steps keep and no gradient trains, such as the running mean of a batch normalisation. */
  readonly kept?: true;
}

/** The tensors of a model by the names it declared. */
export type Parameters = Readonly<Record<string, Tensor>>;
