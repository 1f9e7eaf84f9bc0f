/** Products with shared vectors around sums over the batch: what batch normalisation and its gradient are made of. */
import { loadTail, storeTail } from './elementwise';
import { madd } from './simd';

/** out[r] = a[r] ⊙ p + (b[r] − m) ⊙ q + c with shared vectors p, q, m, c; a = 0: without its term. */
export function combine(
  a: usize, aRow: i32, p: usize, b: usize, bRow: i32, q: usize, m: usize, c: usize, out: usize, outRow: i32,
  rows: i32, width: i32,
): void {
  for (let r = 0; r < rows; r++) {
    let n: usize = 0;
    for (; <i32>n + 4 <= width; n += 4) {
      const at = n << 2;
      let y = madd(f32x4.sub(v128.load(b + at), v128.load(m + at)), v128.load(q + at), v128.load(c + at));
      if (a) y = madd(v128.load(a + at), v128.load(p + at), y);
      v128.store(out + at, y);
    }
    if (<i32>n < width) {
      const at = n << 2, tail = width - <i32>n;
      let y = madd(f32x4.sub(loadTail(b + at, tail), loadTail(m + at, tail)), loadTail(q + at, tail), loadTail(c + at, tail));
      if (a) y = madd(loadTail(a + at, tail), loadTail(p + at, tail), y);
      storeTail(out + at, y, tail);
    }
    if (a) a += <usize>aRow << 2;
    b += <usize>bRow << 2;
    out += <usize>outRow << 2;
  }
}

/** Four columns of out += Σ_r a[r] ⊙ (b[r] − m), with a = 0: (b[r] − m)². */
// @ts-ignore: decorator
@inline
function sumFour(a: usize, aRow: i32, b: usize, bRow: i32, m: v128, rows: i32, tail: i32): v128 {
  let sum = f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    const d = f32x4.sub(tail >= 4 ? v128.load(b) : loadTail(b, tail), m);
    if (a) {
      sum = madd(tail >= 4 ? v128.load(a) : loadTail(a, tail), d, sum);
      a += <usize>aRow << 2;
    } else sum = madd(d, d, sum);
    b += <usize>bRow << 2;
  }
  return sum;
}

/** out[j] += Σ_r a[r, j] · (b[r, j] − m[j]); a = 0: Σ_r (b[r, j] − m[j])² */
export function sumProducts(a: usize, aRow: i32, b: usize, bRow: i32, m: usize, out: usize, rows: i32, width: i32): void {
  for (let n = 0; n < width; n += 4) {
    const at = <usize>n << 2, tail = width - n;
    const mean = tail >= 4 ? v128.load(m + at) : loadTail(m + at, tail);
    const sum = sumFour(a ? a + at : 0, aRow, b + at, bRow, mean, rows, tail);
    if (tail >= 4) v128.store(out + at, f32x4.add(sum, v128.load(out + at)));
    else storeTail(out + at, f32x4.add(sum, loadTail(out + at, tail)), tail);
  }
}
