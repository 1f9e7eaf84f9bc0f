/** Names of table rows for people. */
import { DeepTasteError } from '../../core/errors.ts';
import type { FittedCross } from './cross.ts';
import { encodingRowName, type NamedEncoding } from './encodings.ts';
import type { EncodedField } from './field-rows.ts';
import type { FittedFeatures } from './fitted-features.ts';

/** The field that a row of a table belongs to, and the row's number within it. @throws DeepTasteError `not-found` */
export function rowNumber(fields: readonly EncodedField[], row: number): { field: EncodedField; own: number } {
  const field = fields.find(({ firstRow, nRows }) => row >= firstRow && row < firstRow + nRows);
  if (field) return { field, own: row - field.firstRow };
  const last = fields.at(-1);
  const nRows = last ? last.firstRow + last.nRows : 0;
  throw new DeepTasteError('not-found', `row of a field: must be in 0 … ${nRows - 1}, found ${row}`, { row, nRows });
}

export function crossName(cross: FittedCross, row: number, fieldOf: (name: string) => NamedEncoding): string {
  const { combinations, fields, nBuckets } = cross;
  if (combinations === null) return `${cross.name} = (bucket ${row} of ${nBuckets})`;
  const parts = combinations.slice(row * fields.length, (row + 1) * fields.length);
  return fields.map((name, f) => `${name}${encodingRowName(fieldOf(name), parts[f])}`).join(' & ');
}

export function crossedParts({ crosses }: FittedFeatures, name: string): readonly string[] {
  return crosses.find((cross) => cross.name === name)?.fields ?? [];
}
