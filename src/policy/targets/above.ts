/** What stands above a row in its list, where lists show no action twice. */
import type { Decisions } from '../log/decisions.ts';
import { listRows } from '../support/weights.ts';

/** Actions above each row, the first position first; a policy that fills such a list chooses among the others. */
export type Above = (row: number) => readonly number[];

/** Null where rows are decisions of their own, or some list shows an action twice: then nothing is ruled out. */
export function actionsAbove(decisions: Decisions): Above | null {
  if (decisions.list === null) return null;
  const { action, length } = decisions;
  const { start, rows } = listRows(decisions);
  const listOf = decisions.list;
  const placeOf = new Int32Array(length);
  for (let l = 0; l + 1 < start.length; l++) {
    const own = rows.subarray(start[l], start[l + 1]);
    if (new Set(Array.from(own, (row) => action[row])).size < own.length) return null;
    for (let at = start[l]; at < start[l + 1]; at++) placeOf[rows[at]] = at;
  }
  return (row) => Array.from(rows.subarray(start[listOf[row]], placeOf[row]), (other) => action[other]);
}
