/** The sequences that a training can learn from. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Sequences } from './sequences.ts';

/** Numbers of the sequences with something to predict. @throws 'data' when there is none, or an item is unknown */
export function trainableSequences({ start, items, nItems }: Sequences): Int32Array {
  const unknown = items.findIndex((item) => !(item >= 0 && item < nItems));
  if (unknown >= 0)
    throw new DeepTasteError('data', `sequences: event ${unknown} of the training part is of no known item`);
  const usable = Int32Array.from({ length: start.length - 1 }, (_, s) => s).filter((s) => start[s + 1] - start[s] >= 2);
  if (usable.length === 0)
    throw new DeepTasteError('data', 'sequences: training needs one of two events or more, found none');
  return usable;
}
