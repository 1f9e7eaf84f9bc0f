/** What predicted ratings are made of besides the model: the mean rating of training, and the range that they are clipped to. */
import type { Interactions } from '../data/dataset.ts';
import type { RatingRange } from '../evaluation/metrics/rating-error.ts';

export interface TrainingRatings {
  /** Added to every predicted value: the mean training rating. */
  readonly offset: number;
  /** Null = predictions are not clipped. */
  readonly ratingRange: RatingRange | null;
}

/** @param train rows with ratings, one at least */
export function trainingRatings({ rating }: Interactions, clip: boolean): TrainingRatings {
  return { offset: meanOf(rating!), ratingRange: clip ? rangeOf(rating!) : null };
}

function meanOf(values: Float32Array): number {
  return Math.fround(values.reduce((sum, value) => sum + value, 0) / values.length);
}

export function rangeOf(values: Float32Array): RatingRange | null {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return low < high ? { low, high } : null;
}
