/** What a recommender is made of, whatever its model learns from. */

import type { NamedTensors } from '../core/named-tensors.ts';
import type { FieldTable } from '../data/dataset.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Vocabulary } from '../data/vocabulary.ts';
import type { FieldFile } from './field-file.ts';
import type { ArtifactInfo } from './manifest.ts';

/** Name of the tensor with the training events of each item, kept beside the weights of models of sequences. */
export const ITEM_COUNTS = 'itemCounts';

export interface RecommenderParts {
  readonly info: ArtifactInfo;
  /** Which artifact it was read from, its folder, and when it was made (ISO 8601); absent = it was trained here. */
  readonly saved?: { readonly version: string; readonly path: string; readonly created: string };
  /** The model's tensors; of models of sequences {@link ITEM_COUNTS} too. */
  readonly weights: NamedTensors;
  /** Empty where the sequences of the training were nobody's. */
  readonly users: Vocabulary;
  readonly items: Vocabulary;
  readonly userFields: FieldTable;
  readonly itemFields: FieldTable;
  /** What each user took in training: distinct and ascending; of models of sequences the history, the oldest first. */
  readonly seen: SparseRows;
  /** What each user took in rows that training did not have; absent = nothing. */
  readonly heldOut?: SparseRows;
  /** How rows become fields; models over fields have it, others not. */
  readonly fields?: FieldFile;
}

/** Those of a model over fields. */
export type FieldParts = RecommenderParts & { readonly fields: FieldFile };
