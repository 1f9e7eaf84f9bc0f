/** The exponential linear unit. */
import { loadTail, storeTail } from './elementwise';
import { expOfNegative4 } from './vector-math';

// @ts-ignore: decorator
@inline
function read(p: usize, left: i32): v128 {
  return left >= 4 ? v128.load(p) : loadTail(p, left);
}

// @ts-ignore: decorator
@inline
function write(p: usize, v: v128, left: i32): void {
  if (left >= 4) v128.store(p, v);
  else storeTail(p, v, left);
}

/** 1/7, 1/6, … 1/2, and where the series ends (see vector-math.ts on constants). */
const series = memory.data<f32>([
  0.14285714285714285, 0.14285714285714285, 0.14285714285714285, 0.14285714285714285,
  0.16666666666666666, 0.16666666666666666, 0.16666666666666666, 0.16666666666666666,
  0.2, 0.2, 0.2, 0.2,
  0.25, 0.25, 0.25, 0.25,
  0.3333333333333333, 0.3333333333333333, 0.3333333333333333, 0.3333333333333333,
  0.5, 0.5, 0.5, 0.5,
  -0.35, -0.35, -0.35, -0.35,
]);

/** x where x ≥ 0 (and NaN), else p (eˣ − 1); near 0 by the series, where eˣ − 1 would lose its digits. */
export function elu(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32, p: f32): void {
  const factor = f32x4.splat(p), zero = f32x4.splat(0), one = f32x4.splat(1);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < width; j += 4) {
      const at = <usize>j << 2, left = width - j;
      const v = read(x + at, left);
      const far = f32x4.sub(expOfNegative4(v), one);
      // eˣ − 1 = x (1 + x/2 (1 + x/3 (1 + x/4 (1 + x/5 (1 + x/6 (1 + x/7))))))
      let s = f32x4.add(one, f32x4.mul(v, v128.load(series)));
      s = f32x4.add(one, f32x4.mul(f32x4.mul(v, v128.load(series, 16)), s));
      s = f32x4.add(one, f32x4.mul(f32x4.mul(v, v128.load(series, 32)), s));
      s = f32x4.add(one, f32x4.mul(f32x4.mul(v, v128.load(series, 48)), s));
      s = f32x4.add(one, f32x4.mul(f32x4.mul(v, v128.load(series, 64)), s));
      s = f32x4.add(one, f32x4.mul(f32x4.mul(v, v128.load(series, 80)), s));
      const near = f32x4.mul(v, s);
      const below = v128.bitselect(near, far, f32x4.gt(v, v128.load(series, 96)));
      write(out + at, v128.bitselect(f32x4.mul(factor, below), v, f32x4.lt(v, zero)), left);
    }
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out = a where b ≥ 0 (and NaN), else a (b + p) */
export function eluGradient(
  a: usize, aRow: i32, b: usize, bRow: i32, out: usize, outRow: i32, rows: i32, width: i32, p: f32,
): void {
  const shift = f32x4.splat(p), zero = f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < width; j += 4) {
      const at = <usize>j << 2, left = width - j;
      const d = read(a + at, left), y = read(b + at, left);
      const below = f32x4.mul(d, f32x4.add(y, shift));
      write(out + at, v128.bitselect(below, d, f32x4.lt(y, zero)), left);
    }
    a += <usize>aRow << 2;
    b += <usize>bRow << 2;
    out += <usize>outRow << 2;
  }
}
