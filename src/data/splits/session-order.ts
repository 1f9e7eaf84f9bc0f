/** Sessions in the order in which they end. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Dataset } from '../dataset.ts';
import { requireTime } from './split-parts.ts';

interface SessionOrder {
  readonly session: Int32Array; // [number of rows] dense session index of each row
  /** Sessions by the time of their last row; of equal times by its place in the file. */
  readonly sorted: Int32Array;
  readonly userOf: Int32Array; // [number of sessions]
}

/** @throws DeepTasteError `config`: the data has no sessions, or no times when `by` is `time` */
export function sessionOrder(dataset: Dataset, by: 'time' | 'order', method: string): SessionOrder {
  const { session, userIndex } = dataset.interactions;
  if (session === null)
    throw new DeepTasteError('config', `split by ${method}: needs sessions, the data has none; say --session COLUMN`);
  const time = by === 'time' ? requireTime(dataset, method) : null;
  const nSessions = session.reduce((a, b) => Math.max(a, b), -1) + 1;
  const lastRow = new Int32Array(nSessions).fill(-1);
  const userOf = new Int32Array(nSessions);
  session.forEach((s, row) => {
    userOf[s] = userIndex[row];
    if (lastRow[s] < 0 || time === null || time[row] >= time[lastRow[s]]) lastRow[s] = row;
  });
  const sorted = Int32Array.from({ length: nSessions }, (_, s) => s);
  sorted.sort((a, b) => (time ? time[lastRow[a]] - time[lastRow[b]] : 0) || lastRow[a] - lastRow[b]);
  return { session, sorted, userOf };
}
