/** Dropping rare items and short sequences. */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { counted } from '../counted.ts';
import { hashSequences } from './hash-sequences.ts';
import { itemSupport, keepItems, nSequences, renameItems, selectEvents } from './select-sequences.ts';
import type { SequenceData } from './sequence-data.ts';
import type { Sequences } from './sequences.ts';

export const sequenceFilterOptions = z.strictObject({
  minLength: z.int().min(1).default(2).meta({ doc: 'fewest events of a kept sequence' }),
  minSupport: z.int().min(0).default(5).meta({ doc: 'fewest events of a kept item' }),
  rounds: z.enum(['fixed-point', 'once']).default('fixed-point').meta({
    doc: 'repeat both until nothing more is dropped, or once: short sequences, rare items, then sequences that became short (RSC15)',
  }),
});
export type SequenceFilterOptions = z.input<typeof sequenceFilterOptions>;

/**
 * Drops sequences with fewer than `minLength` events and the events of items with fewer than `minSupport`, in this order,
 * again and again until both hold of all that is left (or once). Item indices are given anew, in their old order.
 * @throws DeepTasteError `data`: nothing is left
 */
export function filterSequences(data: SequenceData, options: SequenceFilterOptions = {}): SequenceData {
  const { minLength, minSupport, rounds } = parseOptions(sequenceFilterOptions, options, 'sequence filter');
  let kept = selectEvents(data.sequences, () => true, minLength);
  for (let before = -1; before !== kept.items.length && kept.items.length > 0; ) {
    before = kept.items.length;
    kept = withoutRareItems(kept, minSupport, minLength);
    if (rounds === 'once') break;
  }
  if (kept.items.length === 0)
    throw new DeepTasteError(
      'data',
      `sequence filter: no sequence of ${minLength} or more events of items with ${minSupport} or more is left; lower minLength or minSupport`,
    );
  return renumbered(data, kept, [minLength, minSupport]);
}

/** One round. Since sequences that became short go too, items may have become rare again. */
function withoutRareItems(sequences: Sequences, minSupport: number, minLength: number): Sequences {
  const support = itemSupport(sequences);
  return selectEvents(sequences, (event) => support[sequences.items[event]] >= minSupport, minLength);
}

function renumbered(data: SequenceData, kept: Sequences, [minLength, minSupport]: readonly number[]): SequenceData {
  const support = itemSupport(kept);
  const { newIndex, items, itemFields } = keepItems(data.items, data.itemFields, (item) => support[item] > 0);
  const sequences = renameItems(kept, newIndex, items.size);
  const [nEvents, nGone] = [
    data.sequences.items.length - kept.items.length,
    nSequences(data.sequences) - nSequences(kept),
  ];
  const said =
    `${counted(nEvents, 'event')} dropped, with them ${counted(nGone, 'sequence')} and ${counted(data.items.size - items.size, 'item')}: ` +
    `sequences have ${minLength} or more events, items ${minSupport} or more`;
  return {
    ...data,
    items,
    itemFields,
    sequences,
    hash: hashSequences(items, sequences),
    warnings: nEvents > 0 ? [...data.warnings, said] : data.warnings,
  };
}
