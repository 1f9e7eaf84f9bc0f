/** Made ratings, and runs on them. */
import type { Split } from '../../src/data/dataset.ts';
import type { Engine } from '../../src/engine/runtime/engine.ts';
import type { Model } from '../../src/examples/model.ts';
import { type RatingRun, type TrainRatingsOptions, trainRatingRecommender } from '../../src/runs/train-recommender.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { madeSplit, smallSettings } from './made-worlds.ts';

/** User row, item row, rating. */
export type Rating = readonly [number, number, number];

export interface RatingParts {
  readonly train: readonly Rating[];
  readonly validation?: readonly Rating[];
  readonly test?: readonly Rating[];
}

/** A split with the given ratings; ids are `user 3`, `item 5`. */
export function ratingSplit(nUsers: number, nItems: number, parts: RatingParts): Split {
  const pairsOf = (rows: readonly Rating[] = []) => rows.map(([user, item]) => [user, item] as const);
  const { train, validation = [], test = [] } = parts;
  const split = madeSplit(nUsers, nItems, {
    train: pairsOf(train),
    validation: pairsOf(validation),
    test: pairsOf(test),
  });
  const valued = <T extends object>(part: T, rows: readonly Rating[]) => ({
    ...part,
    rating: Float32Array.from(rows, ([, , rating]) => rating),
  });
  const { dataset } = split;
  return {
    ...split,
    dataset: { ...dataset, interactions: valued(dataset.interactions, [...train, ...validation, ...test]) },
    train: valued(split.train, train),
    validation: split.validation && valued(split.validation, validation),
    test: split.test && valued(split.test, test),
  };
}

export interface RatingChanges extends Partial<Omit<TrainRatingsOptions, 'engine' | 'split' | 'settings'>> {
  readonly config?: object;
  readonly training?: object;
  readonly evaluation?: object;
  readonly seed?: number;
  readonly final?: boolean;
  readonly refit?: boolean;
}

/** Trains a model of ratings small; `changes` go over the small settings. */
export function trainRatings(
  engine: Engine,
  split: Split,
  model: Model,
  changes: RatingChanges = {},
): Promise<RatingRun> {
  const small = smallSettings(model);
  const { config, training, evaluation, seed = 1, final = false, refit = false, ...options } = changes;
  const settings = parseRunSettings({
    data: { simulated: {} },
    model: model.name,
    task: 'rating',
    config: { ...small.config, ...config },
    training: { ...small.training, ...training },
    ...(evaluation && { evaluation }),
    final,
    refit,
    seed,
  });
  return trainRatingRecommender({ engine, split, settings, ...options });
}
