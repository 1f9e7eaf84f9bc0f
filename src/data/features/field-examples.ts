/** Labelled rows for feature models, factorised: a user's and an item's slots are stored once, however many examples they have. */
import type { FieldRows } from './field-rows.ts';

export interface FieldExamples {
  readonly nRows: number;
  /** Row of `users` and of `items` for each example; null where the layout has no field of that owner. */
  readonly user: Int32Array | null;
  readonly item: Int32Array | null;
  readonly users: FieldRows | null;
  readonly items: FieldRows | null;
  /** Slots of the context fields and of the crosses, one row an example; null where there are none. */
  readonly context: FieldRows | null;
  readonly crosses: FieldRows | null;
  /** Slots of the crosses of item fields alone, one row an item: for items that are drawn or ranked. Absent = those of the examples. */
  readonly itemCrosses?: FieldRows | null;
  /** 0 or 1 for clicks, a value for regression. Ranking takes every example as positive and ignores its label. */
  readonly label: Float32Array;
}

/** Slots of example rows [from, to), gathered: what a prediction of these rows reads. */
export function gatherRows(rows: FieldRows, at: Int32Array | null, from: number, to: number): FieldRows {
  const { slots, index, value } = rows;
  if (!at) {
    const part = <A extends Int32Array | Float32Array>(array: A): A => array.subarray(from * slots, to * slots) as A;
    return { nRows: to - from, slots, index: part(index), value: value && part(value) };
  }
  const out = new Int32Array((to - from) * slots);
  const outValue = value && new Float32Array(out.length);
  for (let r = from; r < to; r++) {
    const start = at[r] * slots;
    out.set(index.subarray(start, start + slots), (r - from) * slots);
    if (value) outValue?.set(value.subarray(start, start + slots), (r - from) * slots);
  }
  return { nRows: to - from, slots, index: out, value: outValue };
}
