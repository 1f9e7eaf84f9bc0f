/** Where an encoding writes the rows and values of one field: some columns of a matrix that the fields of an owner share. */

export interface SlotTarget {
  readonly index: Int32Array; // [nRows × stride], −1 where nothing is written
  readonly value: Float32Array | null; // [nRows × stride], 1 where nothing is written
  /** Slots of all fields of the owner. */
  readonly stride: number;
  /** First slot of the field. */
  readonly offset: number;
  /** Added to the field's own row numbers. */
  readonly firstRow: number;
}

/** A matrix without values. */
export function emptySlots(nRows: number, stride: number, weighted: boolean): Pick<SlotTarget, 'index' | 'value'> {
  return {
    index: new Int32Array(nRows * stride).fill(-1),
    value: weighted ? new Float32Array(nRows * stride).fill(1) : null,
  };
}
