/** Session split: whole sessions are held out, the last ones of all. */
import { parseOptions } from '../../core/options.ts';
import type { Dataset, Split } from '../dataset.ts';
import { requireShares } from './ratio.ts';
import { dropRepeats, type RowUse, rowUseOf } from './repeated-pairs.ts';
import { sessionOrder } from './session-order.ts';
import { type SessionOptions, sessionOptions } from './split-options.ts';
import { allInTrain, dropUnseen, makeSplit, testPart, trainPart, validationPart } from './split-parts.ts';

/**
 * The last round(n · test) of n sessions are for testing, round(n · validation) before them for validation. Held-out rows
 * with items that no training row has are dropped and counted; those of unseen users too, unless they are to be kept
 * (where a session is a user, every held-out user is unseen). So are held-out rows of (user, item) pairs that an earlier part has,
 * unless rows are examples.
 * @throws DeepTasteError `config`: no sessions, no times
 */
export function splitBySession(dataset: Dataset, options: SessionOptions = {}, use: RowUse = rowUseOf(dataset)): Split {
  const parsed = parseOptions(sessionOptions, { method: 'session', ...options }, 'session split');
  const { by, validation, test, unseenUsers } = parsed;
  requireShares('session split', validation, test);
  const { session, sorted } = sessionOrder(dataset, by, 'session');
  const nTest = Math.round(sorted.length * test);
  const nValidation = Math.round(sorted.length * validation);
  const partOf = new Uint8Array(sorted.length).fill(trainPart);
  sorted.forEach((s, k) => {
    if (k >= sorted.length - nTest) partOf[s] = testPart;
    else if (k >= sorted.length - nTest - nValidation) partOf[s] = validationPart;
  });
  const part = allInTrain(dataset);
  for (let row = 0; row < part.length; row++) part[row] = partOf[session[row]];
  const unseen = dropUnseen(dataset, part, unseenUsers === 'keep');
  const repeated = dropRepeats(dataset, part, use);
  return makeSplit(dataset, part, {
    method: 'session',
    data: dataset.hash,
    by,
    validation,
    test,
    unseenUsers,
    nSessions: sorted.length,
    nTestSessions: nTest,
    nValidationSessions: nValidation,
    ...unseen,
    ...repeated,
  });
}
