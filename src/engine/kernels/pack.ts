/** Copies of weight matrices in the order in which the matrix product reads them. */
import { transpose } from './elementwise';

/**
 * Packs B[k×n] (element (i, j) at b + i·rowStride + j·colStride) into panels of eight columns: [⌈n/8⌉][k][8], zero-padded.
 * A transposed weight is packed by swapping the strides.
 */
export function packPanels(b: usize, rowStride: i32, colStride: i32, out: usize, k: i32, n: i32): void {
  for (let j = 0; j < n; j += 8) {
    const cols = min(8, n - j);
    if (cols == 8 && rowStride == 1) {
      out = packTransposed(b + ((<usize>j * colStride) << 2), colStride, out, k);
      continue;
    }
    for (let i = 0; i < k; i++) {
      let from = b + ((<usize>i * rowStride + <usize>j * colStride) << 2);
      if (cols == 8 && colStride == 1) {
        v128.store(out, v128.load(from));
        v128.store(out, v128.load(from, 16), 16);
      } else {
        for (let c = 0; c < 8; c++) {
          store<f32>(out + ((<usize>c) << 2), c < cols ? load<f32>(from) : 0);
          from += (<usize>colStride) << 2;
        }
      }
      out += 32;
    }
  }
}

/** out[cols × rows] = transpose of x[rows × cols], in blocks of four by four. */
export function turnRows(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, cols: i32): void {
  const bytes = <usize>xRow << 2, outBytes = <usize>outRow << 2;
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    let from = x + <usize>r * bytes, to = out + (<usize>r << 2), j = 0;
    for (; j + 4 <= cols; j += 4) {
      const a = v128.load(from), b = v128.load(from + bytes), c = v128.load(from + 2 * bytes), d = v128.load(from + 3 * bytes);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7), CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
      v128.store(to + outBytes, v128.shuffle<i64>(ab, cd, 1, 3));
      v128.store(to + 2 * outBytes, v128.shuffle<i64>(AB, CD, 0, 2));
      v128.store(to + 3 * outBytes, v128.shuffle<i64>(AB, CD, 1, 3));
      from += 16;
      to += 4 * outBytes;
    }
    if (j < cols) transpose(from, xRow, to, outRow, 4, cols - j);
  }
  if (r < rows) transpose(x + <usize>r * bytes, xRow, out + (<usize>r << 2), outRow, rows - r, cols);
}

/** out[0 … 3][0 … 7] from two blocks of four rows and columns, transposed. */
// @ts-ignore: decorator
@inline
function transpose4(from: usize, bytes: usize, out: usize): void {
  const a = v128.load(from), b = v128.load(from + bytes), c = v128.load(from + 2 * bytes), d = v128.load(from + 3 * bytes);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7), CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(out, v128.shuffle<i64>(ab, cd, 1, 3), 32);
  v128.store(out, v128.shuffle<i64>(AB, CD, 0, 2), 64);
  v128.store(out, v128.shuffle<i64>(AB, CD, 1, 3), 96);
}

/** One panel of eight columns that are rows in memory, `stride` elements apart. Returns the end of the panel. */
function packTransposed(b: usize, stride: i32, out: usize, k: i32): usize {
  const bytes = <usize>stride << 2;
  let i = 0;
  for (; i + 4 <= k; i += 4) {
    transpose4(b, bytes, out);
    transpose4(b + 4 * bytes, bytes, out + 16);
    b += 16;
    out += 128;
  }
  for (; i < k; i++) {
    for (let c: usize = 0; c < 8; c++) store<f32>(out + (c << 2), load<f32>(b + c * bytes));
    b += 4;
    out += 32;
  }
  return out;
}
