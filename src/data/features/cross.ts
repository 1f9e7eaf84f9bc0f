/**
 * Cross-product transformations φ(x) = Π xᵢ over chosen fields (Cheng et al., Wide & Deep Learning, DLRS 2016, section
 * 3.1): each combination of values that training rows hold has a row of the wide part's table; fields with several values
 * give all combinations. A combination that training did not hold has no row; hashed ones share rows instead.
 */
import { z } from 'zod';
import { hashName } from '../../core/random.ts';
import type { FieldOwner } from './field-rows.ts';
import type { SlotTarget } from './slots.ts';

export const fittedCross = z.strictObject({
  name: z.string().min(1),
  /** The fields, in the order of the combinations' parts. */
  fields: z.array(z.string()).min(2),
  owner: z.enum(['user', 'item', 'context']),
  slots: z.int().min(1),
  /** Combinations one after the other, `fields.length` row numbers each (of the fields, not of the common table). */
  combinations: z.array(z.int().min(0)).nullable(),
  /** Null: not hashed. */
  nBuckets: z.int().min(1).nullable(),
});
export type FittedCross = z.output<typeof fittedCross>;

/** Rows of one crossed field for the rows of whom it describes; −1 = none. */
export interface FieldCodes {
  readonly slots: number;
  readonly code: Int32Array; // [rows × slots] the field's own row numbers
  /** The row that describes a row of the whole: the user of an interaction, say. */
  readonly rowOf: (row: number) => number;
}

interface CrossFitOptions {
  readonly minCount: number;
  readonly nBuckets: number | null;
  readonly maxValues: number;
}

/** Counts the combinations of the training rows. @param nRows training rows */
export function fitCross(
  { name, fields, owner }: { readonly name: string; readonly fields: readonly string[]; readonly owner: FieldOwner },
  codes: readonly FieldCodes[],
  nRows: number,
  { minCount, nBuckets, maxValues }: CrossFitOptions,
): FittedCross {
  const product = codes.reduce((n, { slots }) => n * slots, 1);
  const plain = { name, fields: [...fields], owner, slots: Math.min(product, maxValues) };
  if (nBuckets !== null) return { ...plain, combinations: null, nBuckets };
  const counts = new Map<string, number>();
  const parts = new Int32Array(codes.length);
  for (let row = 0; row < nRows; row++)
    visitCombinations(codes, row, parts, plain.slots, () => {
      const key = parts.join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    });
  const combinations: number[] = [];
  for (const [key, n] of counts) if (n >= minCount) combinations.push(...key.split(',').map(Number));
  return { ...plain, combinations, nBuckets: null };
}

/** Calls `visit` for each combination of a row's values, with its parts in `parts`; at most `most` times. */
function visitCombinations(
  codes: readonly FieldCodes[],
  row: number,
  parts: Int32Array,
  most: number,
  visit: () => void,
): void {
  let left = most;
  const walk = (f: number): void => {
    if (f === codes.length) {
      visit();
      left--;
      return;
    }
    const { slots, code, rowOf } = codes[f];
    const first = rowOf(row) * slots;
    for (let s = 0; s < slots && left > 0; s++) {
      if (code[first + s] < 0) continue;
      parts[f] = code[first + s];
      walk(f + 1);
    }
  };
  walk(0);
}

export function crossRows({ combinations, nBuckets, fields }: FittedCross): number {
  return nBuckets ?? combinations!.length / fields.length;
}

/** The row of a combination; undefined = none. */
export function crossLookup(cross: FittedCross): (parts: Int32Array) => number | undefined {
  const { combinations, nBuckets, fields } = cross;
  if (combinations === null) return (parts) => hashName(parts.join()) % nBuckets!;
  const rows = new Map<string, number>();
  for (let k = 0; k < combinations.length; k += fields.length)
    rows.set(combinations.slice(k, k + fields.length).join(), k / fields.length);
  return (parts) => rows.get(parts.join());
}

/** Writes the rows of the combinations that each row holds. */
export function writeCross(
  { slots, fields }: FittedCross,
  lookup: (parts: Int32Array) => number | undefined,
  codes: readonly FieldCodes[],
  nRows: number,
  { index, stride, offset, firstRow }: SlotTarget,
): void {
  const parts = new Int32Array(fields.length);
  for (let row = 0; row < nRows; row++) {
    let at = row * stride + offset;
    visitCombinations(codes, row, parts, slots, () => {
      const own = lookup(parts);
      if (own !== undefined) index[at++] = firstRow + own;
    });
  }
}
