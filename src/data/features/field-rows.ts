/**
 * What feature models see of rows: for each slot of a field a row of one table that all fields share, and a value.
 * A field has one slot, or several when a cell holds several values. Row i of a field is `firstRow + i` of the table.
 */

/** Whom a field describes. Slots are numbered for each owner apart, so that a user's slots serve all candidate items. */
export type FieldOwner = 'user' | 'item' | 'context';

export interface EncodedField {
  readonly name: string;
  readonly owner: FieldOwner;
  /** Its first row in the common table of all fields. */
  readonly firstRow: number;
  readonly nRows: number;
  /** Within its owner's slots; a cross's within the slots of all crosses. */
  readonly firstSlot: number;
  /** 1, or the cap of a multi-valued field. */
  readonly slots: number;
  /** A slot carries a value other than 1 (numeric × embedding, mean of several). */
  readonly weighted: boolean;
}

/** A cross of fields; its owner is that of all its fields, or context when it mixes owners. */
export interface EncodedCross extends EncodedField {
  /** It combines an item's field with one of the user or the context, so that it is known of pairs only. */
  readonly mixesItem?: boolean;
}

export interface FieldRows {
  readonly nRows: number;
  readonly slots: number;
  readonly index: Int32Array; // [nRows × slots] row of the common table, −1 = no value
  readonly value: Float32Array | null; // [nRows × slots], null = all 1
}

/** The slots of the fields at these positions of a row, as rows of their own; the same rows when that is all of them. */
export function slotColumns(rows: FieldRows, fields: readonly Pick<EncodedField, 'firstSlot' | 'slots'>[]): FieldRows {
  const columns = fields.flatMap(({ firstSlot, slots }) => Array.from({ length: slots }, (_, s) => firstSlot + s));
  const { nRows, slots: stride } = rows;
  if (columns.length === stride && columns.every((column, c) => column === c)) return rows;
  const pick = <A extends Int32Array | Float32Array>(array: A): A => {
    const picked = new (array.constructor as new (length: number) => A)(nRows * columns.length);
    for (let row = 0; row < nRows; row++)
      for (let c = 0; c < columns.length; c++) picked[row * columns.length + c] = array[row * stride + columns[c]];
    return picked;
  };
  return { nRows, slots: columns.length, index: pick(rows.index), value: rows.value && pick(rows.value) };
}

export interface FieldLayout {
  /** User fields, then item, then context fields. */
  readonly fields: readonly EncodedField[];
  /** Rows of the common table. */
  readonly nRows: number;
  /**
   * Rows of a second table, the wide part's, with a numbering of its own; owner = context when it mixes owners. All
   * crosses of an example stand in one row of slots.
   */
  readonly crosses: readonly EncodedCross[];
  readonly nCrossRows: number;
}
