/** The rows that an evaluation of predictions went over, kept so that models can be compared row by row and user by user. */
import { DeepTasteError } from '../core/errors.ts';
import type { Traits } from './traits.ts';

export interface MeasuredRows {
  /** Dense user of each row [n]; null where rows name no users. */
  readonly userIndex: Int32Array | null;
  /** What happened: 0 or 1, or the rating [n]. */
  readonly labels: Float32Array;
  /** What was predicted, clipped as it was measured [n]; a column for each seed. */
  readonly predictions: readonly Float64Array[];
  /** Of the user and the item of each row. */
  readonly traits: Traits;
}

interface NamedRows {
  readonly name: string;
  readonly rows: MeasuredRows;
}

/** @throws 'protocol' unless both are the same rows in the same order */
export function assertSameRows(a: NamedRows, b: NamedRows): void {
  const differs = (x: ArrayLike<number> | null, y: ArrayLike<number> | null) =>
    x?.length !== y?.length || (x !== null && y !== null && Array.prototype.some.call(x, (value, n) => value !== y[n]));
  const what = differs(a.rows.labels, b.rows.labels)
    ? 'labels'
    : differs(a.rows.userIndex, b.rows.userIndex)
      ? 'users'
      : null;
  if (what === null) return;
  throw new DeepTasteError(
    'protocol',
    `compare: runs must predict the same rows in the same order, found other ${what} in "${a.name}" than in "${b.name}"; evaluate both on the same split`,
  );
}
