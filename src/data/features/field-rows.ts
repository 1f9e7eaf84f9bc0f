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

export interface FieldRows {
  readonly nRows: number;
  readonly slots: number;
  readonly index: Int32Array; // [nRows × slots] row of the common table, −1 = no value
  readonly value: Float32Array | null; // [nRows × slots], null = all 1
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
  readonly crosses: readonly EncodedField[];
  readonly nCrossRows: number;
}
