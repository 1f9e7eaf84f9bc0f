/** Each user's rows in the order in which a split walks them: the last come first into the held-out parts. */
import { RandomStream } from '../../core/random.ts';
import { groupRows } from '../cleaning.ts';
import type { Interactions } from '../dataset.ts';
import type { Vocabulary } from '../vocabulary.ts';

/** By time (of equal times the later row of the file is the later one), shuffled, or as the file has them. */
export type OrderBy = 'time' | 'random' | 'order';

interface UserRows {
  readonly rowStart: Int32Array; // [number of users + 1]
  readonly order: Int32Array; // rows, grouped by user
}

/**
 * @param stream draws shuffles; every user has a stream of its own, named by the user's id, so that one user's rows are
 *   split alike whatever other users are in the data
 * @param leftOut 1 for each row that is not to be ordered; null = all are
 */
export function orderedUserRows(
  interactions: Interactions,
  users: Vocabulary,
  by: OrderBy,
  stream: RandomStream,
  leftOut: Uint8Array | null = null,
): UserRows {
  const { length, userIndex, time } = interactions;
  const all = groupRows(length, users.size, (row) => userIndex[row]);
  const rows = leftOut === null ? all : without(all, leftOut);
  if (by === 'order') return rows;
  for (let user = 0; user < users.size; user++) {
    const own = rows.order.subarray(rows.rowStart[user], rows.rowStart[user + 1]);
    if (by === 'random') stream.child(users.idOf(user)).shuffle(own);
    else own.sort((a, b) => time![a] - time![b] || a - b);
  }
  return rows;
}

function without({ rowStart, order }: UserRows, leftOut: Uint8Array): UserRows {
  const start = rowStart.slice();
  let n = 0;
  for (let user = 0; user + 1 < rowStart.length; user++) {
    for (let k = rowStart[user]; k < rowStart[user + 1]; k++) if (leftOut[order[k]] === 0) order[n++] = order[k];
    start[user + 1] = n;
  }
  return { rowStart: start, order: order.subarray(0, n) };
}

/** The stream of a split method. */
export function splitStream(seed: number, method: string): RandomStream {
  return new RandomStream(seed, `split/${method}`);
}
