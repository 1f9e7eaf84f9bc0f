/** Last-session split: each user's last session is for testing, the one before it for validation. */
import { parseOptions } from '../../core/options.ts';
import { groupRows } from '../cleaning.ts';
import type { Dataset, Split } from '../dataset.ts';
import { dropRepeats, type RowUse, rowUseOf } from './repeated-pairs.ts';
import { sessionOrder } from './session-order.ts';
import { type LastSessionOptions, lastSessionOptions } from './split-options.ts';
import { allInTrain, makeSplit, testPart, trainPart, validationPart } from './split-parts.ts';

/**
 * A training session is always left: users with one session are not tested, users with two have no validation session. Held-out rows of
 * (user, item) pairs that an earlier part has are dropped and counted, unless rows are examples.
 * @throws DeepTasteError `config`: no sessions, no times
 */
export function splitByLastSession(
  dataset: Dataset,
  options: LastSessionOptions = {},
  use: RowUse = rowUseOf(dataset),
): Split {
  const parsed = parseOptions(lastSessionOptions, { method: 'last-session', ...options }, 'last-session split');
  const { by, validation } = parsed;
  const { session, sorted, userOf } = sessionOrder(dataset, by, 'last-session');
  const nUsers = dataset.users.size;
  const { rowStart, order } = groupRows(sorted.length, nUsers, (k) => userOf[sorted[k]]);
  const partOf = new Uint8Array(sorted.length).fill(trainPart);
  let nUsersNotTested = 0;
  for (let user = 0; user < nUsers; user++) {
    const own = order.subarray(rowStart[user], rowStart[user + 1]);
    if (own.length < 2) nUsersNotTested++;
    else partOf[sorted[own[own.length - 1]]] = testPart;
    if (validation && own.length > 2) partOf[sorted[own[own.length - 2]]] = validationPart;
  }
  const part = allInTrain(dataset);
  for (let row = 0; row < part.length; row++) part[row] = partOf[session[row]];
  const repeated = dropRepeats(dataset, part, use);
  const description = { method: 'last-session', data: dataset.hash, by, validation, nSessions: sorted.length };
  return makeSplit(dataset, part, { ...description, nUsersNotTested, ...repeated });
}
