/** A policy to be judged by a log that another one made. */
import { DeepTasteError } from '../../core/errors.ts';
import { quotedName } from '../../core/shown.ts';
import type { Decisions } from '../log/decisions.ts';

export interface TargetPolicy {
  readonly name: string;
  /** π(a | x) of the action that was taken [n]; at a position given what stood above. */
  readonly ofLogged: Float64Array;
  /** Writes π(· | x) of some rows [rows × actions]; null = only that of the actions taken is known. */
  readonly distribution: ((rows: Int32Array, out: Float64Array) => void) | null;
}

/** Rows whose distributions are in memory at a time, in cells. */
const CELLS = 1 << 20;
/** How far a distribution may be from 1. */
const TOLERANCE = 1e-4;

/**
 * A policy that is known in full; its distributions are checked.
 * @throws DeepTasteError `data`: probabilities below 0, above 1, or that do not sum to 1
 */
export function fullPolicy(
  name: string,
  decisions: Decisions,
  distribution: (rows: Int32Array, out: Float64Array) => void,
): TargetPolicy {
  const { length, actions, action, source } = decisions;
  const k = actions.length;
  const ofLogged = new Float64Array(length);
  eachBlock(length, k, (rows) => {
    const out = new Float64Array(rows.length * k);
    distribution(rows, out);
    for (let n = 0; n < rows.length; n++) {
      let sum = 0;
      for (let a = 0; a < k; a++) {
        const p = out[n * k + a];
        if (!(p >= 0 && p <= 1 + 1e-9))
          throw new DeepTasteError(
            'data',
            `policy ${quotedName(name)}, row ${rows[n] + 1} of ${source}: the probability of ${quotedName(actions[a])} must be from 0 to 1, found ${p}`,
            { policy: name, row: rows[n] },
          );
        sum += p;
      }
      if (Math.abs(sum - 1) > TOLERANCE)
        throw new DeepTasteError(
          'data',
          `policy ${quotedName(name)}, row ${rows[n] + 1} of ${source}: the probabilities of all actions must sum to 1, found ` +
            `${sum.toPrecision(6)}; give one for every action`,
          { policy: name, row: rows[n], sum },
        );
      ofLogged[rows[n]] = out[n * k + action[rows[n]]];
    }
  });
  return { name, ofLogged, distribution };
}

/** Calls `work` with the places of a block of rows, one block after the other. */
export function eachBlock(length: number, width: number, work: (rows: Int32Array) => void): void {
  const block = Math.max(1, Math.floor(CELLS / Math.max(1, width)));
  for (let from = 0; from < length; from += block)
    work(Int32Array.from({ length: Math.min(block, length - from) }, (_, n) => from + n));
}
