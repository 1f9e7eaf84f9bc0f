/** How alike two items are to a model: the cosine of their vectors. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Embeddings } from '../../recommender/embeddings.ts';
import type { Recommender } from '../../recommender/recommender.ts';

/** Null = the model has no vectors of one of them. */
export type VectorLikeness = (a: number, b: number) => number | null;

/** @returns of dense indices; null for a model without vectors of items */
export function itemLikeness(recommender: Recommender): VectorLikeness | null {
  const vectors = vectorsOf(recommender);
  if (vectors === null) return null;
  const { ids, width, values } = vectors;
  const placeOf = new Int32Array(recommender.parts.items.size).fill(-1);
  ids.forEach((id, place) => {
    placeOf[recommender.parts.items.indexOf(id) as number] = place;
  });
  const lengths = Float64Array.from(ids, (_, place) =>
    Math.hypot(...values.subarray(place * width, (place + 1) * width)),
  );
  return (a, b) => {
    const [from, to] = [placeOf[a], placeOf[b]];
    if (from < 0 || to < 0) return null;
    let sum = 0;
    for (let d = 0; d < width; d++) sum += values[from * width + d] * values[to * width + d];
    return sum / (lengths[from] * lengths[to] || 1);
  };
}

/** Null for a model without vectors of items. */
function vectorsOf(recommender: Recommender): Embeddings | null {
  try {
    return recommender.embeddings('item');
  } catch (error) {
    if (error instanceof DeepTasteError && error.code === 'usage') return null;
    throw error;
  }
}
