/** Columns that tell what kind of event a row is: views, carts, purchases. */
import { shellWord } from '../core/shell-word.ts';
import type { Interactions } from './dataset.ts';
import { labelTier } from './label-names.ts';
import { normalName } from './role-names.ts';

const [fewestKinds, mostKinds] = [3, 12];

/**
 * One line for each column whose cells are mostly words of events. Columns of two kinds are read as labels (labels.ts); with more,
 * what counts as taken is for the owner to say.
 */
export function eventKinds({ context = [], length }: Interactions): string[] {
  return context.flatMap((column) => {
    if (column.kind !== 'categorical') return [];
    const { name, values, index } = column;
    const rows = new Int32Array(values.length);
    for (let row = 0; row < length; row++) if (index[row] >= 0) rows[index[row]]++;
    const kinds = values.map((value, v) => ({ value, n: rows[v] })).filter(({ n }) => n > 0);
    const events = kinds.filter(({ value }) => labelTier(normalName(value)) >= 1);
    if (kinds.length < fewestKinds || kinds.length > mostKinds || 2 * events.length <= kinds.length) return [];
    // what happens least is what is wanted most
    const [rarest] = [...events].sort((a, b) => a.n - b.n);
    const told = kinds.map(({ value }) => value).sort();
    return [
      `${name} holds kinds of events (${told.join(', ')}), and a row counts as taken whatever its kind; ` +
        `to learn from one kind say --label ${shellWord(name)} --positive ${shellWord(rarest.value)}`,
    ];
  });
}
