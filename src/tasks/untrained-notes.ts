/** What a person should know of rows that are predicted although their user or item has no training row. */
import { counted } from '../data/counted.ts';
import type { Interactions, Split } from '../data/dataset.ts';
import type { HeldOutPart } from '../evaluation/ranking.ts';
import { trainedEntities } from '../evaluation/untrained-rows.ts';

/** Rows of users and items without training rows: how many, and what became of them. @param owners those that the model looks at */
export function untrainedNotes(
  split: Split,
  { userIndex, itemIndex, length }: Interactions,
  part: HeldOutPart,
  owners: readonly ('user' | 'item')[] = ['user', 'item'],
): string[] {
  const { hasUser, hasItem } = trainedEntities(split);
  const note = (index: Int32Array, isTrained: (n: number) => boolean, noun: 'user' | 'item') => {
    if (!owners.includes(noun)) return [];
    const untrained = index.filter((n) => !isTrained(n));
    if (untrained.length === 0) return [];
    const distinct = counted(new Set(untrained).size, noun);
    return [
      `${untrained.length.toLocaleString('en-US')} of ${length.toLocaleString('en-US')} ${part} rows are of ${distinct} without training rows: predicted without the terms of the ${noun}`,
    ];
  };
  return [...note(userIndex, hasUser, 'user'), ...note(itemIndex, hasItem, 'item')];
}
