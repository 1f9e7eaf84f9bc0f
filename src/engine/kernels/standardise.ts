/** Rows brought to mean 0 and variance 1, and the gradient of that; formulas in `ops/layer-norm.ts`. */
import { loadTail, storeTail } from './elementwise';
import { horizontalSum, madd } from './simd';

let mean: f32 = 0, inverse: f32 = 0;

/** Mean and 1 / √(variance + ε) of a row; the variance is a second pass around the mean. */
function measure(x: usize, width: i32, epsilon: f32): void {
  const whole = width & ~3, tail = width & 3, at = x + (<usize>whole << 2);
  let sum = tail ? loadTail(at, tail) : f32x4.splat(0);
  for (let j = 0; j < whole; j += 4) sum = f32x4.add(sum, v128.load(x + (<usize>j << 2)));
  mean = horizontalSum(sum) / <f32>width;
  const m = f32x4.splat(mean);
  let squares: f32 = 0;
  for (let j = 0; j < tail; j++) {
    const d = load<f32>(at + (<usize>j << 2)) - mean;
    squares += d * d;
  }
  let rest = f32x4.splat(0);
  for (let j = 0; j < whole; j += 4) {
    const d = f32x4.sub(v128.load(x + (<usize>j << 2)), m);
    rest = madd(d, d, rest);
  }
  inverse = <f32>1 / sqrt<f32>((squares + horizontalSum(rest)) / <f32>width + epsilon);
}

export function standardise(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32, epsilon: f32): void {
  for (let r = 0; r < rows; r++) {
    measure(x, width, epsilon);
    const m = f32x4.splat(mean), s = f32x4.splat(inverse);
    let j = 0;
    for (; j + 4 <= width; j += 4)
      v128.store(out + (<usize>j << 2), f32x4.mul(f32x4.sub(v128.load(x + (<usize>j << 2)), m), s));
    if (j < width)
      storeTail(out + (<usize>j << 2), f32x4.mul(f32x4.sub(loadTail(x + (<usize>j << 2), width - j), m), s), width - j);
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out = s (dy − mean(dy) − x̂ mean(dy ⊙ x̂)), x̂ = (x − mean) s */
export function standardiseGradient(
  x: usize, xRow: i32, dy: usize, dyRow: i32, out: usize, outRow: i32, rows: i32, width: i32, epsilon: f32,
): void {
  for (let r = 0; r < rows; r++) {
    measure(x, width, epsilon);
    const m = f32x4.splat(mean), s = f32x4.splat(inverse);
    const whole = width & ~3, tail = width & 3, end = <usize>whole << 2;
    // lanes past the end hold dy = 0, so that they add nothing to either sum
    const dyTail = tail ? loadTail(dy + end, tail) : f32x4.splat(0);
    const xTail = tail ? f32x4.mul(f32x4.sub(loadTail(x + end, tail), m), s) : f32x4.splat(0);
    let sum = dyTail, products = f32x4.mul(dyTail, xTail);
    for (let j = 0; j < whole; j += 4) {
      const at = <usize>j << 2, d = v128.load(dy + at);
      sum = f32x4.add(sum, d);
      products = madd(d, f32x4.mul(f32x4.sub(v128.load(x + at), m), s), products);
    }
    const a = f32x4.splat(horizontalSum(sum) / <f32>width), b = f32x4.splat(horizontalSum(products) / <f32>width);
    for (let j = 0; j < whole; j += 4) {
      const at = <usize>j << 2, own = f32x4.mul(f32x4.sub(v128.load(x + at), m), s);
      v128.store(out + at, f32x4.mul(s, f32x4.sub(f32x4.sub(v128.load(dy + at), a), f32x4.mul(own, b))));
    }
    if (tail) storeTail(out + end, f32x4.mul(s, f32x4.sub(f32x4.sub(dyTail, a), f32x4.mul(xTail, b))), tail);
    x += <usize>xRow << 2;
    dy += <usize>dyRow << 2;
    out += <usize>outRow << 2;
  }
}
