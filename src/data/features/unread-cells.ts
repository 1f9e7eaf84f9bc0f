/** Cells of fields of numbers, or of times, that are words in the rows with which a training goes on. */
import { DeepTasteError } from '../../core/errors.ts';
import { quotedName, quotedNames } from '../../core/shown.ts';
import { counted } from '../counted.ts';
import type { ValueColumn } from '../value-columns.ts';
import { readsNumbers } from './encodings.ts';
import { asNumbers } from './feature-columns.ts';
import type { FittedField } from './fitted-features.ts';

/**
 * One line for people where some cells count as missing, because they are no numbers.
 * @throws 'data' when none can be read
 */
export function unreadCells({ name, encoding }: FittedField, column: ValueColumn): string[] {
  const kind = readsNumbers(encoding);
  if (kind === null || 'value' in column) return [];
  const { value } = asNumbers(column, kind);
  const firsts = 'rowStart' in column ? column.rowStart : null;
  const words: string[] = [];
  let given = 0;
  value.forEach((read, row) => {
    if (firsts && firsts[row] === firsts[row + 1]) return;
    const cell = column.index[firsts ? firsts[row] : row];
    if (cell < 0) return;
    given++;
    if (Number.isNaN(read)) words.push(column.values[cell]);
  });
  if (words.length === 0) return [];
  const [what, found] = [kind === 'time' ? 'times' : 'numbers', quotedNames([...new Set(words)])];
  if (words.length === given)
    throw new DeepTasteError(
      'data',
      `from: the column ${quotedName(column.name)} must hold ${what}, as in the saved run, found ${found}; mend the column, or train anew`,
      { column: column.name },
    );
  return [
    `${name}: ${counted(words.length, 'cell')} of ${given.toLocaleString('en-US')} are no ${what} (${found}), read as missing`,
  ];
}
