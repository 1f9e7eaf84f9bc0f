/** Columns of values about rows, in little memory: categories as numbers of a list of texts, numbers as typed arrays. */
import { assert } from '../core/errors.ts';

/** One category a row; `index` points into `values`, −1 = missing. */
export interface CategoricalColumn {
  readonly name: string;
  readonly kind: 'categorical';
  readonly values: readonly string[];
  readonly index: Int32Array; // [rows]
}

/** Numbers, or times in seconds since 1970-01-01 UTC; NaN = missing, infinities do not occur. */
export interface NumericColumn {
  readonly name: string;
  readonly kind: 'numeric' | 'time';
  readonly value: Float32Array | Float64Array; // [rows]
}

/** Several categories a row: those of row r are `index[rowStart[r] … rowStart[r+1])`; none = missing. */
export interface MultiColumn {
  readonly name: string;
  readonly kind: 'multi';
  readonly values: readonly string[];
  readonly rowStart: Int32Array; // [rows + 1]
  readonly index: Int32Array; // [entries]
  /** [entries] what each entry counts (libfm's `index:value`); null = all 1. */
  readonly weight: Float32Array | null;
}

export type ValueColumn = CategoricalColumn | NumericColumn | MultiColumn;

export function columnLength(column: ValueColumn): number {
  if (column.kind === 'multi') return column.rowStart.length - 1;
  return column.kind === 'categorical' ? column.index.length : column.value.length;
}

/** The rows at the given positions, in that order; the list of values is shared. */
export function selectColumn(column: ValueColumn, positions: Int32Array): ValueColumn {
  if (column.kind === 'categorical') return { ...column, index: positions.map((p) => column.index[p]) };
  if (column.kind === 'multi') return selectMulti(column, positions);
  const value = new (column.value.constructor as new (n: number) => Float64Array)(positions.length);
  for (let k = 0; k < positions.length; k++) value[k] = column.value[positions[k]];
  return { ...column, value };
}

function selectMulti(column: MultiColumn, positions: Int32Array): MultiColumn {
  const rowStart = new Int32Array(positions.length + 1);
  for (let k = 0; k < positions.length; k++) {
    const row = positions[k];
    rowStart[k + 1] = rowStart[k] + column.rowStart[row + 1] - column.rowStart[row];
  }
  const index = new Int32Array(rowStart[positions.length]);
  const weight = column.weight && new Float32Array(index.length);
  for (let k = 0; k < positions.length; k++) {
    const [start, end] = [column.rowStart[positions[k]], column.rowStart[positions[k] + 1]];
    index.set(column.index.subarray(start, end), rowStart[k]);
    weight?.set(column.weight!.subarray(start, end), rowStart[k]);
  }
  return { ...column, rowStart, index, weight };
}

/** The rows of two parts of one data set, one after the other. */
export function joinColumns(a: ValueColumn, b: ValueColumn): ValueColumn {
  if (a.kind === 'categorical') {
    assert(b.kind === 'categorical' && a.values === b.values, `column ${a.name} is of two data sets`);
    return { ...a, index: joinArrays(a.index, b.index) };
  }
  if (a.kind === 'multi') {
    assert(b.kind === 'multi' && a.values === b.values, `column ${a.name} is of two data sets`);
    const rowStart = joinArrays(
      a.rowStart,
      b.rowStart.subarray(1).map((start) => start + a.index.length),
    );
    const weight = a.weight && b.weight && joinArrays(a.weight, b.weight);
    return { ...a, rowStart, index: joinArrays(a.index, b.index), weight };
  }
  assert(b.kind === a.kind, `column ${a.name} is of two data sets`);
  return { ...a, value: joinArrays(a.value, b.value as typeof a.value) };
}

/** One array after the other; both are of one type. */
export function joinArrays<T extends Int32Array | Float32Array | Float64Array>(a: T, b: T): T {
  const both = new (a.constructor as new (length: number) => T)(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The same numbers as float32 where none of them loses a digit by it. */
function compactNumbers(values: Float64Array): Float32Array | Float64Array {
  const isExact = values.every((value) => Number.isNaN(value) || Math.fround(value) === value);
  return isExact ? Float32Array.from(values) : values;
}

/** One category a row from texts; null = missing. Values are in the order of their first appearance. */
export function categoricalColumn(name: string, texts: readonly (string | null)[]): CategoricalColumn {
  const values: string[] = [];
  const numberOf = numbering(values);
  return { name, kind: 'categorical', values, index: Int32Array.from(texts, (t) => (t === null ? -1 : numberOf(t))) };
}

/** Several categories a row from lists of texts; null or an empty list = missing. */
export function multiColumn(name: string, lists: readonly (readonly string[] | null)[]): MultiColumn {
  const values: string[] = [];
  const numberOf = numbering(values);
  const rowStart = new Int32Array(lists.length + 1);
  lists.forEach((list, row) => {
    rowStart[row + 1] = rowStart[row] + (list?.length ?? 0);
  });
  const index = new Int32Array(rowStart[lists.length]);
  lists.forEach((list, row) => {
    list?.forEach((text, k) => {
      index[rowStart[row] + k] = numberOf(text);
    });
  });
  return { name, kind: 'multi', values, rowStart, index, weight: null };
}

/** Numbers a row; null, NaN and infinities are missing. */
export function numericColumn(
  name: string,
  values: readonly (number | null)[],
  kind: NumericColumn['kind'] = 'numeric',
): NumericColumn {
  const value = Float64Array.from(values, (v) => (v !== null && Number.isFinite(v) ? v : Number.NaN));
  return { name, kind, value: compactNumbers(value) };
}

/** Gives each new text the next number and adds it to `values`. */
export function numbering(values: string[]): (text: string) => number {
  const numbers = new Map(values.map((value, n) => [value, n]));
  return (text) => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, values.length);
    return values.push(text) - 1;
  };
}
