/** The forms of training data: what a task gives to a model, what a model needs of them to score, and what it scores. */

import type { FieldTable } from '../data/dataset.ts';
import type { FieldExamples } from '../data/features/field-examples.ts';
import type { FieldLayout } from '../data/features/field-rows.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { RowPredictor } from '../scoring/row-scorer.ts';
import type { Scorer, Sizes } from '../scoring/scorer.ts';
import type { SequenceScorer } from '../scoring/sequence-scorer.ts';

export interface Forms {
  /** Who took what. */
  readonly pairs: {
    readonly data: TakenPairs;
    readonly about: { readonly sizes: Sizes /** Training items of every user. */; readonly history: SparseRows };
    readonly scorer: Scorer;
  };
  /** Rows of fields with a label each. */
  readonly rows: {
    readonly data: LabelledRows;
    readonly about: { readonly layout: FieldLayout };
    readonly scorer: RowPredictor;
  };
  /** What came after what. */
  readonly sequences: {
    readonly data: Sequences;
    readonly about: { readonly nItems: number };
    readonly scorer: SequenceScorer;
  };
}

export type Form = keyof Forms;

/** How messages call the models of each form of data. */
export const formTitles: Readonly<Record<Form, string>> = {
  pairs: 'models of users and items',
  sequences: 'models of sequences',
  rows: 'models over feature fields',
};

/** The positives: distinct training items of every user, ascending. */
export interface TakenPairs {
  readonly sizes: Sizes;
  readonly rows: SparseRows;
  /** Rating or count of each of them, in the order of the columns; absent = there are none, or nobody asked. */
  readonly values?: Float32Array | null;
  /** The rows with their ratings, for models that predict these; absent = nobody asked. */
  readonly ratings?: RatedRows;
  /** Row u: the users to whom edges of u go, ascending; null = the data have none; absent = nobody asked. */
  readonly friends?: SparseRows | null;
  /** What the users took in a training before, which is not to be drawn as not taken; absent = there was none. */
  readonly former?: SparseRows;
  /** What is known of the users; absent = nobody asked. */
  readonly userFields?: FieldTable;
}

/** One rating a row; a pair of a user and an item may have several. */
export interface RatedRows {
  readonly user: Int32Array;
  readonly item: Int32Array;
  readonly value: Float32Array;
  /** μ, the mean of the values: what models predict is the difference to it. */
  readonly mean: number;
}

export interface LabelledRows {
  readonly layout: FieldLayout;
  readonly examples: FieldExamples;
  /** As that of {@link TakenPairs}, by user index. */
  readonly former?: SparseRows;
}
