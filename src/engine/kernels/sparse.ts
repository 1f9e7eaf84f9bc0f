/**
 * Products of a sparse matrix in compressed rows with a dense one, and rows that are taken from and added to shared matrices.
 * A row's neighbours lie anywhere in a table of many megabytes, so the third-level cache sets the pace: 32 columns at a time are
 * summed in registers, the other 32 follow while the neighbours' rows are still in the first-level cache.
 */
import * as op from './opcodes';
import { loadTail, storeTail } from './elementwise';
import { madd } from './simd';

// @ts-ignore: decorator
@inline
function pointer(record: usize, index: i32): usize {
  return <usize>load<u32>(record + (<usize>index << 2));
}

/** out[0 … 32) = scale · (plus + Σ values[k] · x[columns[k]]) */
function sum32(columns: usize, values: usize, n: i32, x: usize, bytes: usize, plus: usize, out: usize, scale: v128): void {
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  if (plus) {
    a = v128.load(plus); b = v128.load(plus, 16); c = v128.load(plus, 32); d = v128.load(plus, 48);
    e = v128.load(plus, 64); f = v128.load(plus, 80); g = v128.load(plus, 96); h = v128.load(plus, 112);
  }
  for (let k = 0; k < n; k++) {
    const row = x + <usize>load<u32>(columns) * bytes, value = v128.load32_splat(values);
    a = madd(value, v128.load(row), a); b = madd(value, v128.load(row, 16), b);
    c = madd(value, v128.load(row, 32), c); d = madd(value, v128.load(row, 48), d);
    e = madd(value, v128.load(row, 64), e); f = madd(value, v128.load(row, 80), f);
    g = madd(value, v128.load(row, 96), g); h = madd(value, v128.load(row, 112), h);
    columns += 4;
    values += 4;
  }
  v128.store(out, f32x4.mul(scale, a)); v128.store(out, f32x4.mul(scale, b), 16);
  v128.store(out, f32x4.mul(scale, c), 32); v128.store(out, f32x4.mul(scale, d), 48);
  v128.store(out, f32x4.mul(scale, e), 64); v128.store(out, f32x4.mul(scale, f), 80);
  v128.store(out, f32x4.mul(scale, g), 96); v128.store(out, f32x4.mul(scale, h), 112);
}

/** The same for `width` ≤ 4 columns. */
function sum4(
  columns: usize, values: usize, n: i32, x: usize, bytes: usize, plus: usize, out: usize, scale: v128, width: i32,
): void {
  const isWhole = width == 4;
  let sum = f32x4.splat(0);
  if (plus) sum = isWhole ? v128.load(plus) : loadTail(plus, width);
  for (let k = 0; k < n; k++) {
    const row = x + <usize>load<u32>(columns) * bytes;
    sum = madd(v128.load32_splat(values), isWhole ? v128.load(row) : loadTail(row, width), sum);
    columns += 4;
    values += 4;
  }
  sum = f32x4.mul(scale, sum);
  if (isWhole) v128.store(out, sum);
  else storeTail(out, sum, width);
}

/**
 * out[r] = scale · (plus[r] + Σ_k values[k] · x[columns[k]]) for the rows r of the blocks [first, first + blocks) of a matrix.
 * @param plus 0 = nothing is added
 */
export function sparseProduct(
  matrix: usize, first: i32, blocks: i32, x: usize, xRow: i32, plus: usize, plusRow: i32, out: usize, outRow: i32,
  width: i32, factor: f32,
): void {
  const ends = pointer(matrix, op.SPARSE_BLOCKS), starts = pointer(matrix, op.SPARSE_ROW_START);
  const columns = pointer(matrix, op.SPARSE_COLUMNS), values = pointer(matrix, op.SPARSE_VALUES);
  const from = load<i32>(ends + (<usize>first << 2)), to = load<i32>(ends + (<usize>(first + blocks) << 2));
  const bytes = <usize>xRow << 2, scale = f32x4.splat(factor);
  for (let r = from; r < to; r++) {
    const start = load<i32>(starts + (<usize>r << 2)), n = load<i32>(starts + (<usize>r << 2), 4) - start;
    const own = columns + (<usize>start << 2), weights = values + (<usize>start << 2);
    const target = out + ((<usize>r * outRow) << 2);
    const added = plus ? plus + ((<usize>r * plusRow) << 2) : 0;
    let j = 0;
    for (; j + 32 <= width; j += 32) {
      const at = <usize>j << 2;
      sum32(own, weights, n, x + at, bytes, added ? added + at : 0, target + at, scale);
    }
    for (; j < width; j += 4) {
      const at = <usize>j << 2;
      sum4(own, weights, n, x + at, bytes, added ? added + at : 0, target + at, scale, min(4, width - j));
    }
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
