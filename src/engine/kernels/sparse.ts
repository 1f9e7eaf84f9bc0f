/**
 * Products of a sparse matrix in compressed rows with a dense one, and rows that are taken from and added to shared matrices.
 * A row's neighbours lie anywhere in a table of many megabytes, so the third-level cache sets the pace: all 64 columns are summed
 * in registers of 256 bits at once; where there are none, 32 follow the first 32 while the neighbours' rows are still in the
 * first-level cache.
 */
import * as op from './opcodes';
import { loadTail, storeTail } from './elementwise';
import { madd, WIDE } from './simd';

// @ts-ignore: decorator
@inline
function pointer(record: usize, index: i32): usize {
  return <usize>load<u32>(record + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function isMarked(marks: usize, row: u32): bool {
  return ((load<u32>(marks + (<usize>(row >> 5) << 2)) >> (row & 31)) & 1) != 0;
}

/**
 * out[0 … 64) = scale · (plus + Σ values[k] · x[columns[k]]). Sixteen sums are eight registers of 256 bits.
 * @param marks read where `chosen`, a literal: columns that are not marked hold zeros and are passed over
 */
// @ts-ignore: decorator
@inline
function sum64(
  columns: usize, values: usize, n: i32, x: usize, bytes: usize, plus: usize, out: usize, scale: v128, marks: usize, chosen: bool,
): void {
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  let i = a, j = a, k = a, l = a, m = a, o = a, p = a, q = a;
  if (plus) {
    a = v128.load(plus); b = v128.load(plus, 16); c = v128.load(plus, 32); d = v128.load(plus, 48);
    e = v128.load(plus, 64); f = v128.load(plus, 80); g = v128.load(plus, 96); h = v128.load(plus, 112);
    i = v128.load(plus, 128); j = v128.load(plus, 144); k = v128.load(plus, 160); l = v128.load(plus, 176);
    m = v128.load(plus, 192); o = v128.load(plus, 208); p = v128.load(plus, 224); q = v128.load(plus, 240);
  }
  for (const end = columns + (<usize>n << 2); columns < end; columns += 4, values += 4) {
    const column = load<u32>(columns);
    if (chosen && !isMarked(marks, column)) continue;
    const row = x + <usize>column * bytes, value = v128.load32_splat(values);
    a = madd(value, v128.load(row), a); b = madd(value, v128.load(row, 16), b);
    c = madd(value, v128.load(row, 32), c); d = madd(value, v128.load(row, 48), d);
    e = madd(value, v128.load(row, 64), e); f = madd(value, v128.load(row, 80), f);
    g = madd(value, v128.load(row, 96), g); h = madd(value, v128.load(row, 112), h);
    i = madd(value, v128.load(row, 128), i); j = madd(value, v128.load(row, 144), j);
    k = madd(value, v128.load(row, 160), k); l = madd(value, v128.load(row, 176), l);
    m = madd(value, v128.load(row, 192), m); o = madd(value, v128.load(row, 208), o);
    p = madd(value, v128.load(row, 224), p); q = madd(value, v128.load(row, 240), q);
  }
  v128.store(out, f32x4.mul(scale, a)); v128.store(out, f32x4.mul(scale, b), 16);
  v128.store(out, f32x4.mul(scale, c), 32); v128.store(out, f32x4.mul(scale, d), 48);
  v128.store(out, f32x4.mul(scale, e), 64); v128.store(out, f32x4.mul(scale, f), 80);
  v128.store(out, f32x4.mul(scale, g), 96); v128.store(out, f32x4.mul(scale, h), 112);
  v128.store(out, f32x4.mul(scale, i), 128); v128.store(out, f32x4.mul(scale, j), 144);
  v128.store(out, f32x4.mul(scale, k), 160); v128.store(out, f32x4.mul(scale, l), 176);
  v128.store(out, f32x4.mul(scale, m), 192); v128.store(out, f32x4.mul(scale, o), 208);
  v128.store(out, f32x4.mul(scale, p), 224); v128.store(out, f32x4.mul(scale, q), 240);
}

/** The same for 32 columns: eight registers of 128 bits. */
// @ts-ignore: decorator
@inline
function sum32(
  columns: usize, values: usize, n: i32, x: usize, bytes: usize, plus: usize, out: usize, scale: v128, marks: usize, chosen: bool,
): void {
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  if (plus) {
    a = v128.load(plus); b = v128.load(plus, 16); c = v128.load(plus, 32); d = v128.load(plus, 48);
    e = v128.load(plus, 64); f = v128.load(plus, 80); g = v128.load(plus, 96); h = v128.load(plus, 112);
  }
  for (const end = columns + (<usize>n << 2); columns < end; columns += 4, values += 4) {
    const column = load<u32>(columns);
    if (chosen && !isMarked(marks, column)) continue;
    const row = x + <usize>column * bytes, value = v128.load32_splat(values);
    a = madd(value, v128.load(row), a); b = madd(value, v128.load(row, 16), b);
    c = madd(value, v128.load(row, 32), c); d = madd(value, v128.load(row, 48), d);
    e = madd(value, v128.load(row, 64), e); f = madd(value, v128.load(row, 80), f);
    g = madd(value, v128.load(row, 96), g); h = madd(value, v128.load(row, 112), h);
  }
  v128.store(out, f32x4.mul(scale, a)); v128.store(out, f32x4.mul(scale, b), 16);
  v128.store(out, f32x4.mul(scale, c), 32); v128.store(out, f32x4.mul(scale, d), 48);
  v128.store(out, f32x4.mul(scale, e), 64); v128.store(out, f32x4.mul(scale, f), 80);
  v128.store(out, f32x4.mul(scale, g), 96); v128.store(out, f32x4.mul(scale, h), 112);
}

/** The same for `width` ≤ 4 columns. */
// @ts-ignore: decorator
@inline
function sum4(
  columns: usize, values: usize, n: i32, x: usize, bytes: usize, plus: usize, out: usize, scale: v128, width: i32,
  marks: usize, chosen: bool,
): void {
  const isWhole = width == 4;
  let sum = f32x4.splat(0);
  if (plus) sum = isWhole ? v128.load(plus) : loadTail(plus, width);
  for (const end = columns + (<usize>n << 2); columns < end; columns += 4, values += 4) {
    const column = load<u32>(columns);
    if (chosen && !isMarked(marks, column)) continue;
    const row = x + <usize>column * bytes;
    sum = madd(v128.load32_splat(values), isWhole ? v128.load(row) : loadTail(row, width), sum);
  }
  sum = f32x4.mul(scale, sum);
  if (isWhole) v128.store(out, sum);
  else storeTail(out, sum, width);
}

/** One row of a product. @param chosen see {@link sum64} */
// @ts-ignore: decorator
@inline
function sumRow(
  columns: usize, values: usize, n: i32, x: usize, bytes: usize, plus: usize, out: usize, scale: v128, width: i32,
  marks: usize, chosen: bool,
): void {
  let j = 0;
  if (WIDE)
    for (; j + 64 <= width; j += 64) {
      const at = <usize>j << 2;
      sum64(columns, values, n, x + at, bytes, plus ? plus + at : 0, out + at, scale, marks, chosen);
    }
  for (; j + 32 <= width; j += 32) {
    const at = <usize>j << 2;
    sum32(columns, values, n, x + at, bytes, plus ? plus + at : 0, out + at, scale, marks, chosen);
  }
  for (; j < width; j += 4) {
    const at = <usize>j << 2;
    sum4(columns, values, n, x + at, bytes, plus ? plus + at : 0, out + at, scale, min(4, width - j), marks, chosen);
  }
}

/**
 * out[r] = scale · (plus[r] + Σ_k values[k] · x[columns[k]]) for the rows r of the blocks [first, first + blocks) of a matrix.
 * @param plus 0 = nothing is added
 * @param marks one bit a row, see `markRows`
 * @param chosen op.ROWS_MARKED: other rows of out are left as they are; op.COLUMNS_MARKED: other rows of x hold zeros; 0 = marks are not read
 */
export function sparseProduct(
  matrix: usize, first: i32, blocks: i32, x: usize, xRow: i32, plus: usize, plusRow: i32, out: usize, outRow: i32,
  width: i32, factor: f32, marks: usize, chosen: i32,
): void {
  const ends = pointer(matrix, op.SPARSE_BLOCKS), starts = pointer(matrix, op.SPARSE_ROW_START);
  const columns = pointer(matrix, op.SPARSE_COLUMNS), values = pointer(matrix, op.SPARSE_VALUES);
  const from = load<i32>(ends + (<usize>first << 2)), to = load<i32>(ends + (<usize>(first + blocks) << 2));
  const bytes = <usize>xRow << 2, scale = f32x4.splat(factor);
  for (let r = from; r < to; r++) {
    if (chosen == op.ROWS_MARKED && !isMarked(marks, r)) continue;
    const start = load<i32>(starts + (<usize>r << 2)), n = load<i32>(starts + (<usize>r << 2), 4) - start;
    const own = columns + (<usize>start << 2), weights = values + (<usize>start << 2);
    const target = out + ((<usize>r * outRow) << 2);
    const added = plus ? plus + ((<usize>r * plusRow) << 2) : 0;
    if (chosen == op.COLUMNS_MARKED) sumRow(own, weights, n, x, bytes, added, target, scale, width, marks, true);
    else sumRow(own, weights, n, x, bytes, added, target, scale, width, marks, false);
  }
}

/** Sets bit first + index[r] for the rows r whose index lies in [0, count). */
export function markRows(index: usize, rows: i32, first: i32, count: i32, out: usize): void {
  for (let r = 0; r < rows; r++) {
    const place = load<i32>(index + (<usize>r << 2));
    if (<u32>place >= <u32>count) continue;
    const row = <u32>(first + place), word = out + (<usize>(row >> 5) << 2);
    store<u32>(word, load<u32>(word) | (<u32>1 << (row & 31)));
  }
}

/** out[index[r] − first] += y[r] for the rows r whose place lies in [0, n); `width` columns. */
function addRows(
  y: usize, yRow: i32, index: usize, rows: i32, first: i32, n: i32, out: usize, outRow: i32, width: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const place = load<i32>(index + (<usize>r << 2)) - first;
    if (<u32>place >= <u32>n) continue;
    const from = y + ((<usize>r * yRow) << 2), to = out + ((<usize>place * outRow) << 2);
    let j = 0;
    for (; j + 4 <= width; j += 4) {
      const at = <usize>j << 2;
      v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)));
    }
    for (; j < width; j++) {
      const at = <usize>j << 2;
      store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at));
    }
  }
}

/**
 * Adds rows to the rows [from, from + n) of a matrix that begin at `out`: row index[r] of the part of the matrix that begins at
 * row `first` and has `count` rows receives y[r]. Indices outside the part receive nothing.
 */
export function scatterRows(
  y: usize, yRow: i32, index: usize, rows: i32, first: i32, count: i32, from: i32, n: i32, out: usize, outRow: i32,
  width: i32,
): void {
  // the overlap of the part with the wanted rows, in numbers of the part
  const low = max(0, from - first), high = min(count, from + n - first);
  if (low < high) addRows(y, yRow, index, rows, low, high - low, out + ((<usize>(low + first - from) * outRow) << 2), outRow, width);
}
