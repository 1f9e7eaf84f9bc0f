/** Element-by-element kernels over [rows × width] arrays with row strides (stride 0 repeats one row). */
import * as op from './opcodes';
import { madd, horizontalSum } from './simd';
import { exp4, log4, sigmoid4, softplus4, tanh4 } from './vector-math';

// @ts-ignore: decorator
@inline
function unary4(kind: i32, x: v128): v128 {
  switch (kind) {
    case op.RELU: return f32x4.pmax(x, f32x4.splat(0));
    case op.SIGMOID: return sigmoid4(x);
    case op.TANH: return tanh4(x);
    case op.EXP: return exp4(x);
    case op.LOG: return log4(x);
    case op.SOFTPLUS: return softplus4(x);
    case op.SQUARE: return f32x4.mul(x, x);
    case op.SQRT: return f32x4.sqrt(x);
    default: return f32x4.div(f32x4.splat(1), x);
  }
}

// @ts-ignore: decorator
@inline
function binary4(kind: i32, a: v128, b: v128): v128 {
  const one = f32x4.splat(1);
  switch (kind) {
    case op.ADD: return f32x4.add(a, b);
    case op.SUBTRACT: return f32x4.sub(a, b);
    case op.MULTIPLY: return f32x4.mul(a, b);
    case op.RELU_GRADIENT: return v128.and(a, f32x4.gt(b, f32x4.splat(0)));
    case op.SIGMOID_GRADIENT: return f32x4.mul(a, f32x4.mul(b, f32x4.sub(one, b)));
    case op.TANH_GRADIENT: return f32x4.mul(a, f32x4.sub(one, f32x4.mul(b, b)));
    // softplus(z) − z·y
    case op.BCE: return f32x4.sub(softplus4(a), f32x4.mul(a, b));
    default: return f32x4.sub(sigmoid4(a), b);
  }
}

/** Loads up to three trailing elements into the low lanes, zeros above. */
// @ts-ignore: decorator
@inline
export function loadTail(p: usize, n: i32): v128 {
  let v = v128.load32_zero(p);
  if (n > 1) v = v128.load_lane<f32>(p + 4, v, 1);
  if (n > 2) v = v128.load_lane<f32>(p + 8, v, 2);
  return v;
}

// @ts-ignore: decorator
@inline
export function storeTail(p: usize, v: v128, n: i32): void {
  v128.store_lane<f32>(p, v, 0);
  if (n > 1) v128.store_lane<f32>(p + 4, v, 1);
  if (n > 2) v128.store_lane<f32>(p + 8, v, 2);
}

export function unary(kind: i32, x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32): void {
  if (xRow == width && outRow == width) {
    width *= rows;
    rows = 1;
  }
  for (let r = 0; r < rows; r++) {
    let n = 0;
    // the most frequent kind has a loop of its own, without the switch
    if (kind == op.RELU) {
      const zero = f32x4.splat(0);
      for (; n + 4 <= width; n += 4) v128.store(out + (n << 2), f32x4.pmax(v128.load(x + (n << 2)), zero));
    } else for (; n + 4 <= width; n += 4) v128.store(out + (n << 2), unary4(kind, v128.load(x + (n << 2))));
    if (n < width) storeTail(out + (n << 2), unary4(kind, loadTail(x + (n << 2), width - n)), width - n);
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

export function binary(
  kind: i32, a: usize, aRow: i32, b: usize, bRow: i32, out: usize, outRow: i32, rows: i32, width: i32,
): void {
  if (aRow == width && bRow == width && outRow == width) {
    width *= rows;
    rows = 1;
  }
  for (let r = 0; r < rows; r++) {
    // the most frequent kinds have loops of their own, without the switch
    let n = 0;
    if (kind == op.MULTIPLY) {
      for (; n + 4 <= width; n += 4)
        v128.store(out + (n << 2), f32x4.mul(v128.load(a + (n << 2)), v128.load(b + (n << 2))));
    } else if (kind == op.ADD) {
      for (; n + 4 <= width; n += 4)
        v128.store(out + (n << 2), f32x4.add(v128.load(a + (n << 2)), v128.load(b + (n << 2))));
    } else if (kind == op.RELU_GRADIENT) {
      const zero = f32x4.splat(0);
      for (; n + 4 <= width; n += 4)
        v128.store(out + (n << 2), v128.and(v128.load(a + (n << 2)), f32x4.gt(v128.load(b + (n << 2)), zero)));
    } else {
      for (; n + 4 <= width; n += 4)
        v128.store(out + (n << 2), binary4(kind, v128.load(a + (n << 2)), v128.load(b + (n << 2))));
    }
    if (n < width) {
      const tail = width - n;
      storeTail(out + (n << 2), binary4(kind, loadTail(a + (n << 2), tail), loadTail(b + (n << 2), tail)), tail);
    }
    a += <usize>aRow << 2;
    b += <usize>bRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out = scale · x + shift */
export function affine(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32, scale: f32, shift: f32): void {
  const s = f32x4.splat(scale), t = f32x4.splat(shift);
  for (let r = 0; r < rows; r++) {
    let n = 0;
    for (; n + 4 <= width; n += 4) v128.store(out + (n << 2), f32x4.add(f32x4.mul(v128.load(x + (n << 2)), s), t));
    if (n < width)
      storeTail(out + (n << 2), f32x4.add(f32x4.mul(loadTail(x + (n << 2), width - n), s), t), width - n);
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[r, j] = x[r, j] · s[r] */
export function mulColumn(x: usize, xRow: i32, s: usize, sRow: i32, out: usize, outRow: i32, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) {
    const factor = v128.load32_splat(s);
    let n = 0;
    for (; n + 4 <= width; n += 4) v128.store(out + (n << 2), f32x4.mul(v128.load(x + (n << 2)), factor));
    if (n < width) storeTail(out + (n << 2), f32x4.mul(loadTail(x + (n << 2), width - n), factor), width - n);
    x += <usize>xRow << 2;
    s += <usize>sRow << 2;
    out += <usize>outRow << 2;
  }
}

/** Σ_j a[j]·b[j] of two contiguous vectors. */
export function dot(a: usize, b: usize, width: i32): f32 {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0);
  let n = 0;
  for (; n + 8 <= width; n += 8) {
    s0 = madd(v128.load(a + (n << 2)), v128.load(b + (n << 2)), s0);
    s1 = madd(v128.load(a + (n << 2), 16), v128.load(b + (n << 2), 16), s1);
  }
  if (n + 4 <= width) {
    s0 = madd(v128.load(a + (n << 2)), v128.load(b + (n << 2)), s0);
    n += 4;
  }
  if (n < width) s1 = madd(loadTail(a + (n << 2), width - n), loadTail(b + (n << 2), width - n), s1);
  return horizontalSum(f32x4.add(s0, s1));
}

/** out[r] = Σ_j a[r, j]·b[r, j] */
export function rowDot(a: usize, aRow: i32, b: usize, bRow: i32, out: usize, outRow: i32, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) {
    store<f32>(out, dot(a, b, width));
    a += <usize>aRow << 2;
    b += <usize>bRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[r] = Σ_j x[r, j] */
export function rowSum(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) {
    let sum = f32x4.splat(0);
    let n = 0;
    for (; n + 4 <= width; n += 4) sum = f32x4.add(sum, v128.load(x + (n << 2)));
    if (n < width) sum = f32x4.add(sum, loadTail(x + (n << 2), width - n));
    store<f32>(out, horizontalSum(sum));
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

export function copyRows(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) {
    memory.copy(out, x, <usize>width << 2);
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

export function fillRows(value: f32, out: usize, outRow: i32, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < width; n++) store<f32>(out + (n << 2), value);
    out += <usize>outRow << 2;
  }
}

/** out[j] += Σ_r x[r, j] */
export function sumRows(x: usize, xRow: i32, out: usize, rows: i32, width: i32): void {
  let n = 0;
  for (; n + 4 <= width; n += 4) {
    let sum = f32x4.splat(0);
    let p = x + (n << 2);
    for (let r = 0; r < rows; r++) {
      sum = f32x4.add(sum, v128.load(p));
      p += <usize>xRow << 2;
    }
    v128.store(out + (n << 2), f32x4.add(sum, v128.load(out + (n << 2))));
  }
  for (; n < width; n++) {
    let sum: f32 = 0;
    let p = x + (n << 2);
    for (let r = 0; r < rows; r++) {
      sum += load<f32>(p);
      p += <usize>xRow << 2;
    }
    store<f32>(out + (n << 2), load<f32>(out + (n << 2)) + sum);
  }
}

/** *out (f64) += Σ_r x[r] */
export function sumLoss(x: usize, xRow: i32, out: usize, rows: i32): void {
  let sum: f64 = 0;
  for (let r = 0; r < rows; r++) {
    sum += <f64>load<f32>(x);
    x += <usize>xRow << 2;
  }
  store<f64>(out, load<f64>(out) + sum);
}

/** out[cols × rows] = transpose of x[rows × cols] */
export function transpose(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, cols: i32): void {
  for (let r = 0; r < rows; r++)
    for (let j = 0; j < cols; j++)
      store<f32>(out + ((<usize>j * outRow + r) << 2), load<f32>(x + ((<usize>r * xRow + j) << 2)));
}

/** Copies `width` elements; few instructions a row, so that the processor has the misses of many rows under way at once. */
// @ts-ignore: decorator
@inline
export function copyVector(out: usize, from: usize, width: i32): void {
  let n = 0;
  for (; n + 16 <= width; n += 16) {
    const a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48);
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
    from += 64;
    out += 64;
  }
  for (; n + 4 <= width; n += 4) {
    v128.store(out, v128.load(from));
    from += 16;
    out += 16;
  }
  for (; n < width; n++) {
    store<f32>(out, load<f32>(from));
    from += 4;
    out += 4;
  }
}

/** out[r] = table[index[r]]; an index outside the table gives a row of NaN, so that it cannot go unnoticed. */
export function gather(
  table: usize, tableRow: i32, nRows: i32, index: usize, indexRow: i32, out: usize, outRow: i32, rows: i32, width: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const row = load<i32>(index);
    if (<u32>row < <u32>nRows) {
      const from = table + ((<usize>row * tableRow) << 2);
      copyVector(out, from, width);
    } else fillRows(NaN, out, outRow, 1, width);
    index += <usize>indexRow << 2;
    out += <usize>outRow << 2;
  }
}

/** `gatherList` of single numbers. */
export function gatherNumbers(table: usize, tableRow: i32, nRows: i32, list: usize, out: usize, outRow: i32, rows: i32): void {
  for (let r = 0; r < rows; r++) {
    const row = load<i32>(list + (<usize>r << 2));
    let value: f32 = row == -1 ? 0 : NaN;
    if (<u32>row < <u32>nRows) value = load<f32>(table + ((<usize>row * tableRow) << 2));
    store<f32>(out + ((<usize>r * outRow) << 2), value);
  }
}

/** As `gather`, but −1 is no row and gives zeros. */
export function gatherList(
  table: usize, tableRow: i32, nRows: i32, list: usize, out: usize, outRow: i32, rows: i32, width: i32,
): void {
  if (width == 1) {
    gatherNumbers(table, tableRow, nRows, list, out, outRow, rows);
    return;
  }
  for (let r = 0; r < rows; r++) {
    if (load<i32>(list) == -1) fillRows(0, out, outRow, 1, width);
    else gather(table, tableRow, nRows, list, 1, out, outRow, 1, width);
    list += 4;
    out += <usize>outRow << 2;
  }
}

/** out[r, j] = s[r] */
export function repeatColumn(s: usize, sRow: i32, out: usize, outRow: i32, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) {
    fillRows(load<f32>(s), out, outRow, 1, width);
    s += <usize>sRow << 2;
    out += <usize>outRow << 2;
  }
}
