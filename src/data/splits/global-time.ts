/** Global time split: everybody's latest rows are held out, as in production, where the model has not seen the future. */
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { Dataset, Split } from '../dataset.ts';
import { nthSmallest } from '../nth-smallest.ts';
import { requireShares } from './ratio.ts';
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
 * user or item no training row has are dropped and counted, unless rows carry labels: those are scored from their fields.
 * @throws DeepTasteError `config`: no times; `data`: the times do not vary enough
 */
export function splitByTime(dataset: Dataset, options: TimeOptions = {}, make: MakeSplit = makeSplit): Split {
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
        `earliest time (${earliest}); use leave-one-out or ratio`,
    );
  const part = allInTrain(dataset);
  time.forEach((t, row) => {
    if (t >= testStart) part[row] = testPart;
    else if (t >= validationStart) part[row] = validationPart;
  });
  const unseen = dataset.label ? {} : dropUnseen(dataset, part, false);
  const description = { method: 'time', data: dataset.hash, validation, test, validationStart, testStart, ...unseen };
  return make(dataset, part, description);
}

/** True when the rows have times and these are not all the same. */
export function timesVary(dataset: Dataset): boolean {
  const { time } = dataset.interactions;
  return time?.some((t) => t !== time[0]) ?? false;
}
