/** Gated linear units, formulas in `ops/gated.ts`. */
import { loadTail, storeTail } from './elementwise';
import { sigmoid4 } from './vector-math';

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

/** out[n] = a σ(a) b, a and b the halves of a row of x */
export function swiglu(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, n: i32): void {
  const half = <usize>n << 2;
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2, left = n - j, a = read(x + at, left), b = read(x + half + at, left);
      write(out + at, f32x4.mul(f32x4.mul(a, sigmoid4(a)), b), left);
    }
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[2n] = (d b σ(a) (1 + a (1 − σ(a))), d a σ(a)) */
export function swigluGradient(
  x: usize, xRow: i32, d: usize, dRow: i32, out: usize, outRow: i32, rows: i32, n: i32,
): void {
  const half = <usize>n << 2, one = f32x4.splat(1);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2, left = n - j, a = read(x + at, left), b = read(x + half + at, left);
      const g = read(d + at, left), s = sigmoid4(a), ofB = f32x4.mul(a, s);
      const slope = f32x4.add(s, f32x4.mul(ofB, f32x4.sub(one, s)));
      write(out + at, f32x4.mul(f32x4.mul(g, b), slope), left);
      write(out + half + at, f32x4.mul(g, ofB), left);
    }
    x += <usize>xRow << 2;
    d += <usize>dRow << 2;
    out += <usize>outRow << 2;
  }
}
