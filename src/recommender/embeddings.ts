/** The vectors by which a model knows users or items, with the ids that they belong to. */

import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Answering, Vectors } from './answer.ts';

export type EmbeddingOwner = 'item' | 'user';

export interface Embeddings {
  readonly ids: readonly string[];
  /** Numbers of a vector. */
  readonly width: number;
  /** [ids × width], row by row. */
  readonly values: Float32Array;
}

/**
 * Those of users and items that training had.
 * @throws 'usage' for a model without such vectors, and for another owner
 */
export function embeddingsOf(
  { users, items }: RecommenderParts,
  title: string,
  answering: Answering,
  owner: EmbeddingOwner,
): Embeddings {
  if (owner !== 'item' && owner !== 'user')
    throw new DeepTasteError('usage', `embeddings: must be of "item" or "user", found ${JSON.stringify(owner)}`);
  const vectors = answering.vectors(owner);
  if (vectors === null || vectors.width < 2)
    throw new DeepTasteError(
      'usage',
      `embeddings: ${title} has no vectors of ${owner}s; ` +
        `ask a model such as ${owner === 'item' ? 'mf, neumf, fm or gru4rec' : 'mf, ials, neumf or fm'}`,
    );
  const vocabulary = owner === 'item' ? items : users;
  return selected(vectors, (index) => vocabulary.idOf(index));
}

function selected({ rows, width, values }: Vectors, idOf: (index: number) => string): Embeddings {
  const picked = new Float32Array(rows.length * width);
  rows.forEach((row, n) => {
    picked.set(values.subarray(row * width, (row + 1) * width), n * width);
  });
  return { ids: Array.from(rows, idOf), width, values: picked };
}
