/** What a recommender of sequences is made of. */
import type { ArtifactInfo } from '../artifact/manifest.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { FieldTable } from '../data/dataset.ts';
import type { Vocabulary } from '../data/vocabulary.ts';
import type { UserHistories } from './user-histories.ts';

/** Name of the tensor with the training events of each item, kept beside the weights of every model of sequences. */
export const ITEM_COUNTS = 'itemCounts';

export interface SequenceRecommenderParts {
  readonly info: ArtifactInfo;
  /** The model's tensors and {@link ITEM_COUNTS}. */
  readonly weights: NamedTensors;
  readonly items: Vocabulary;
  readonly itemFields: FieldTable;
  /** Histories of users to go on with; null where the sequences were nobody's. */
  readonly histories: UserHistories | null;
}
