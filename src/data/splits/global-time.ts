/** Global time split: everybody's latest rows are held out, as in production, where the model has not seen the future. */
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { Dataset, Split } from '../dataset.ts';
import { nthSmallest } from '../nth-smallest.ts';
import { requireShares } from './ratio.ts';
import { dropRepeats, type RowUse, rowUseOf } from './repeated-pairs.ts';
import { splitAdvice } from './split-advice.ts';
import { type TimeOptions, timeOptions } from './split-options.ts';
import {
  allInTrain,
  dropUnseen,
  type MakeSplit,
  makeSplit,
  requireTime,
  testPart,
  validationPart,
} from './split-parts.ts';

/**
 * Cuts the sorted times at the shares asked for. Rows of one time stay together, in the later part. Held-out rows whose
 * user or item no training row has are dropped and counted, unless rows carry labels: those are scored from their fields. So are
 * held-out rows of (user, item) pairs that training has, unless rows are examples.
 * @throws DeepTasteError `config`: no times; `data`: the times do not vary enough
 */
export function splitByTime(
  dataset: Dataset,
  options: TimeOptions = {},
  make: MakeSplit = makeSplit,
  use: RowUse = rowUseOf(dataset),
): Split {
  const { validation, test } = parseOptions(timeOptions, { method: 'time', ...options }, 'time split');
  requireShares('time split', validation, test);
  const time = requireTime(dataset, 'time');
  const atShare = (share: number): number =>
    nthSmallest(time, Math.min(time.length - 1, Math.round(time.length * share)));
  const testStart = atShare(1 - test);
  const validationStart = validation > 0 ? atShare(1 - test - validation) : testStart;
  const earliest = time.reduce((a, b) => Math.min(a, b));
  if (validationStart === earliest)
    throw new DeepTasteError(
      'data',
      `time split: the times must vary enough to cut them, but the first cut falls on the ` +
        `earliest time (${earliest}); ${splitAdvice(dataset, { method: 'time' })}`,
    );
  const part = allInTrain(dataset);
  time.forEach((t, row) => {
    if (t >= testStart) part[row] = testPart;
    else if (t >= validationStart) part[row] = validationPart;
  });
  const unseen = use === 'examples' && dataset.label ? {} : dropUnseen(dataset, part, false);
  const repeated = dropRepeats(dataset, part, use);
  const cuts = { validationStart, testStart };
  const description = { method: 'time', data: dataset.hash, validation, test, ...cuts, ...unseen, ...repeated };
  return make(dataset, part, description);
}

/** True when the rows have times and these are not all the same. */
export function timesVary(dataset: Dataset): boolean {
  const { time } = dataset.interactions;
  return time?.some((t) => t !== time[0]) ?? false;
}
