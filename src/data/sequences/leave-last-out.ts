/**
 * Leave-one-out on histories, the protocol of SASRec (Kang & McAuley, ICDM 2018, §IV-B): of every user the last item is for
 * testing, the one before it for validation, the rest for training. The test prefix holds the validation item.
 */
import { z } from 'zod';
import { parseOptions } from '../../core/options.ts';
import { RandomStream } from '../../core/random.ts';
import type { SparseRows } from '../sparse-rows.ts';
import { drawUntaken } from '../splits/sample-candidates.ts';
import { candidateFiles } from './listed-candidates.ts';
import { makeSequenceSplit } from './make-split.ts';
import { lengthOf, nSequences, selectEvents } from './select-sequences.ts';
import { type HeldOutSequences, type SequenceData, type SequenceSplit, unknownItemRules } from './sequence-data.ts';
import type { PrefixCases, Sequences } from './sequences.ts';

export const leaveLastOutOptions = z.strictObject({
  method: z.literal('leave-one-out'),
  unknownItems: z
    .enum(unknownItemRules)
    .default('miss')
    .meta({ doc: 'held-out items that training does not have: removed, or counted as misses' }),
  negatives: z
    .int()
    .min(0)
    .default(0)
    .meta({ doc: 'rank the target among so many sampled items (100 in the SASRec paper); 0 = among all items' }),
  seed: z.int().min(0).max(4294967295).default(1).meta({ doc: 'seed of the sampled items' }),
  ...candidateFiles,
});
type LeaveLastOutOptions = Omit<z.input<typeof leaveLastOutOptions>, 'method'>;

/**
 * Histories of fewer than three events stay in training as a whole and are not tested.
 * @throws DeepTasteError `data`: no history is long enough
 */
export function leaveLastOut(data: SequenceData, options: LeaveLastOutOptions = {}): SequenceSplit {
  const parsed = parseOptions(leaveLastOutOptions, { method: 'leave-one-out', ...options }, 'leave-one-out split');
  return holdOutLast(data, parsed, true);
}

/** @param validates whether the item before the last is held out too; else it is for training */
function holdOutLast(
  data: SequenceData,
  options: z.output<typeof leaveLastOutOptions>,
  validates: boolean,
): SequenceSplit {
  const { unknownItems, negatives, seed } = options;
  const { sequences } = data;
  const nHeldOut = validates ? 2 : 1;
  const isTested = (s: number): boolean => lengthOf(sequences, s) >= 3;
  const train = selectEvents(sequences, (event, s) => !isTested(s) || event < sequences.start[s + 1] - nHeldOut);
  const nNotTested = Array.from({ length: nSequences(sequences) }, (_, s) => s).filter((s) => !isTested(s)).length;
  const split = makeSequenceSplit({
    data,
    train,
    unknownItems,
    whole: () => sequences,
    withoutValidation: validates ? () => holdOutLast(data, options, false) : null,
    validation: validates ? lastEvents(sequences, 1, isTested) : null,
    test: lastEvents(sequences, 0, isTested),
    description: { method: 'leave-one-out', data: data.hash, nNotTested },
  });
  if (negatives === 0) return split;
  const stream = (part: string) => new RandomStream(seed, `sequences/negatives/${part}`);
  return {
    ...split,
    validation: split.validation && withNegatives(split.validation, negatives, stream('validation')),
    test: split.test && withNegatives(split.test, negatives, stream('test')),
    description: {
      ...split.description,
      testCandidates: `${negatives} sampled uniformly among the items outside the history, seed ${seed}`,
      negatives,
    },
  };
}

/** The event `fromEnd` places before the last of every tested sequence, given all before it. */
function lastEvents(sequences: Sequences, fromEnd: number, isTested: (s: number) => boolean): PrefixCases {
  const targetOf = (s: number): number => sequences.start[s + 1] - 1 - fromEnd;
  const prefixes = selectEvents(sequences, (event, s) => isTested(s) && event < targetOf(s));
  const tested = Array.from({ length: nSequences(sequences) }, (_, s) => s).filter(isTested);
  return { prefixes, target: Int32Array.from(tested, (s) => sequences.items[targetOf(s)]) };
}

/** Draws distinct candidates for each case, none of them the target or an item of the prefix. */
function withNegatives(heldOut: HeldOutSequences, n: number, stream: RandomStream): HeldOutSequences {
  if (heldOut.kind !== 'cases') return heldOut;
  return { ...heldOut, candidates: sampleNegatives(heldOut.cases, n, stream) };
}

/**
 * For every case `n` distinct items, uniform among those that are neither its target nor in its prefix; all of these where
 * there are no more than n. Rows ascend.
 */
export function sampleNegatives({ prefixes, target }: PrefixCases, n: number, stream: RandomStream): SparseRows {
  const { nItems, start, items } = prefixes;
  const takenBy = new Int32Array(nItems).fill(-1);
  const rowStart = new Int32Array(target.length + 1);
  const columns = new Int32Array(target.length * Math.min(n, nItems));
  for (let c = 0; c < target.length; c++) {
    let nFree = nItems;
    const take = (item: number): void => {
      if (item < 0 || takenBy[item] === c) return;
      takenBy[item] = c;
      nFree--;
    };
    take(target[c]);
    for (let event = start[c]; event < start[c + 1]; event++) take(items[event]);
    const nDrawn = Math.min(n, nFree);
    const row = columns.subarray(rowStart[c], rowStart[c] + nDrawn);
    drawUntaken(takenBy, c, nFree, row, stream);
    row.sort();
    rowStart[c + 1] = rowStart[c] + nDrawn;
  }
  return { nRows: target.length, rowStart, columns: columns.slice(0, rowStart[target.length]) };
}
