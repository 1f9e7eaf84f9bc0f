/**
 * What surrounds the pairs of a user and an item whose ratings are predicted: who knows whom, and who rated what how, of the training
 * part alone. The lists have one row more than there are users, and one item more: they stand for everybody and everything that is not
 * known, and are empty. An artifact keeps friends and ratings beside the weights.
 */
import { float32Tensor, int32Tensor, type NamedTensors } from '../core/named-tensors.ts';
import type { RatedGraph } from '../data/social/walks.ts';
import { type SparseRows, withEmptyRow } from '../data/sparse-rows.ts';
import { checkKept, keptFriends, keptVector, loadedFriends } from './kept-friends.ts';
import { withUnknown } from './rating-scorer.ts';
import type { Sizes } from './scorer.ts';

export interface Surroundings extends RatedGraph {
  /** The ratings that `level` counts through, ascending. */
  readonly levels: Float32Array;
  /** Sizes of the tables: with the row of the unknown. */
  readonly sizes: SurroundingSizes;
}

export interface SurroundingSizes extends Sizes {
  readonly nLevels: number;
}

/** As the data have it: without the unknown. */
export type KnownSurroundings = Pick<Surroundings, 'friends' | 'rated' | 'level' | 'levels'>;

export function surroundingsOf(known: KnownSurroundings, sizes: Sizes): Surroundings {
  const { friends, rated, level, levels } = known;
  const tables = { ...withUnknown(sizes), nLevels: levels.length };
  return {
    friends: withEmptyRow(friends),
    rated: withEmptyRow(rated),
    level,
    levels,
    nItems: tables.nItems,
    sizes: tables,
  };
}

/** The tensors that an artifact keeps: all but what was rated, which it holds anyway. */
export function keptSurroundings({ friends, level, levels }: KnownSurroundings): NamedTensors {
  return new Map([...keptFriends(friends), ['known.level', keptVector(level)], ['known.levels', keptVector(levels)]]);
}

/**
 * From the weights of an artifact and the items that each user rated.
 * @throws 'artifact' for tensors that are missing, of another shape, or that name users and levels that there are not
 */
export function loadedSurroundings(weights: NamedTensors, sizes: Sizes, rated: SparseRows): Surroundings {
  const friends = loadedFriends(weights, sizes.nUsers);
  const level = int32Tensor(weights, 'known.level', [rated.columns.length]);
  const levels = float32Tensor(weights, 'known.levels', [-1]);
  checkKept(
    'known.levels',
    'must be ratings in ascending order',
    levels.length > 0 && levels.every((value, n) => Number.isFinite(value) && (n === 0 || value > levels[n - 1])),
  );
  checkKept(
    'known.level',
    `must be numbers of ${levels.length} levels`,
    level.every((n) => n >= 0 && n < levels.length),
  );
  return surroundingsOf({ friends, rated, level, levels }, sizes);
}
