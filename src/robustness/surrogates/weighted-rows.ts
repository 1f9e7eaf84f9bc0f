/** Who took what, with a weight and a value for each entry, from the side of people and from that of items; the last people are fake. */
import type { SparseRows } from '../../data/sparse-rows.ts';

/** Rows of entries: `columns`, `weight` and `value` of row r are [rowStart[r] … rowStart[r+1]). */
export interface WeightedRows {
  readonly nRows: number;
  readonly nColumns: number;
  readonly rowStart: Int32Array;
  readonly columns: Int32Array;
  readonly weight: Float64Array;
  readonly value: Float64Array;
}

/** Entries of fake people, dense [A × items]: a weight of 0 is no entry. */
export interface FakeEntries {
  readonly weight: Float64Array;
  /** What is fitted where there is a weight; null = 1. */
  readonly value: Float64Array | null;
}

/** Real people's entries weigh 1. @param value in the order of the columns; null = all 1 */
export function withFakeRows(
  real: SparseRows,
  nItems: number,
  value: Float64Array | null,
  fakes: FakeEntries,
): WeightedRows {
  const nFakes = fakes.weight.length / nItems;
  const nReal = real.columns.length;
  const more = fakes.weight.reduce((n, w) => n + (w > 0 ? 1 : 0), 0);
  const rowStart = new Int32Array(real.nRows + nFakes + 1);
  rowStart.set(real.rowStart);
  const columns = new Int32Array(nReal + more);
  columns.set(real.columns);
  const weight = new Float64Array(nReal + more).fill(1);
  const values = new Float64Array(nReal + more).fill(1);
  if (value) values.set(value);
  let n = nReal;
  for (let k = 0; k < nFakes; k++) {
    for (let item = 0; item < nItems; item++) {
      const w = fakes.weight[k * nItems + item];
      if (w <= 0) continue;
      columns[n] = item;
      weight[n] = w;
      values[n++] = fakes.value ? fakes.value[k * nItems + item] : 1;
    }
    rowStart[real.nRows + k + 1] = n;
  }
  return { nRows: real.nRows + nFakes, nColumns: nItems, rowStart, columns, weight, value: values };
}

/** Rows and columns exchanged. */
export function transposed({ nRows, nColumns, rowStart, columns, weight, value }: WeightedRows): WeightedRows {
  const start = new Int32Array(nColumns + 1);
  for (const column of columns) start[column + 1]++;
  for (let c = 0; c < nColumns; c++) start[c + 1] += start[c];
  const next = start.slice(0, nColumns);
  const out = {
    nRows: nColumns,
    nColumns: nRows,
    rowStart: start,
    columns: new Int32Array(columns.length),
    weight: new Float64Array(columns.length),
    value: new Float64Array(columns.length),
  };
  for (let r = 0; r < nRows; r++)
    for (let e = rowStart[r]; e < rowStart[r + 1]; e++) {
      const at = next[columns[e]]++;
      out.columns[at] = r;
      out.weight[at] = weight[e];
      out.value[at] = value[e];
    }
  return out;
}
