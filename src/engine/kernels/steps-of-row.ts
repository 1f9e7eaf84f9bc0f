/** Steps that lie side by side in a row, in groups of `steps`: lengths, softmax over a group, weighted sums of a group's vectors. */
import { dot, loadTail, storeTail } from './elementwise';
import { madd } from './simd';
import { exp4 } from './vector-math';

/** out[g] = entries before the first −1 of group g */
export function sequenceLengths(index: usize, out: usize, groups: i32, steps: i32): void {
  for (let g = 0; g < groups; g++) {
    let n = 0;
    while (n < steps && load<i32>(index + (<usize>n << 2)) != -1) n++;
    store<f32>(out + (<usize>g << 2), <f32>n);
    index += <usize>steps << 2;
  }
}

/** Softmax over the first lengths[g] numbers of every group, zeros behind them. */
export function maskedSoftmax(x: usize, lengths: usize, out: usize, groups: i32, steps: i32): void {
  for (let g = 0; g < groups; g++) {
    const n = <i32>load<f32>(lengths + (<usize>g << 2));
    let top: f32 = -Infinity;
    for (let j = 0; j < n; j++) {
      const v = load<f32>(x + (<usize>j << 2));
      top = v > top ? v : top;
    }
    const max = f32x4.splat(top);
    let sum: f32 = 0;
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2, left = min(4, n - j);
      const e = exp4(f32x4.sub(left == 4 ? v128.load(x + at) : loadTail(x + at, left), max));
      if (left == 4) v128.store(out + at, e);
      else storeTail(out + at, e, left);
      for (let k = 0; k < left; k++) sum += load<f32>(out + at + (<usize>k << 2));
    }
    for (let j = 0; j < steps; j++) {
      const at = out + (<usize>j << 2);
      store<f32>(at, j < n ? load<f32>(at) / sum : 0);
    }
    x += <usize>steps << 2;
    out += <usize>steps << 2;
  }
}

/** out = y (dy − Σ y dy), group by group */
export function maskedSoftmaxGradient(y: usize, dy: usize, out: usize, groups: i32, steps: i32): void {
  for (let g = 0; g < groups; g++) {
    let sum: f32 = 0;
    for (let j: usize = 0; j < <usize>steps << 2; j += 4) {
      const p = load<f32>(y + j);
      // a step that is not there has no share, whatever stands in its gradient
      if (p != 0) sum += p * load<f32>(dy + j);
    }
    for (let j: usize = 0; j < <usize>steps << 2; j += 4) {
      const p = load<f32>(y + j);
      store<f32>(out + j, p != 0 ? p * (load<f32>(dy + j) - sum) : 0);
    }
    const bytes = <usize>steps << 2;
    y += bytes;
    dy += bytes;
    out += bytes;
  }
}

/** out[g] = Σ_t w[g, t] v[g, t] */
export function poolSteps(w: usize, v: usize, out: usize, groups: i32, steps: i32, width: i32): void {
  for (let g = 0; g < groups; g++) {
    for (let j = 0; j < width; j += 4) {
      const left = width - j;
      let sum = f32x4.splat(0), at = v + (<usize>j << 2);
      for (let t = 0; t < steps; t++) {
        const x = left >= 4 ? v128.load(at) : loadTail(at, left);
        sum = madd(f32x4.splat(load<f32>(w + (<usize>t << 2))), x, sum);
        at += <usize>width << 2;
      }
      if (left >= 4) v128.store(out + (<usize>j << 2), sum);
      else storeTail(out + (<usize>j << 2), sum, left);
    }
    w += <usize>steps << 2;
    v += <usize>(steps * width) << 2;
    out += <usize>width << 2;
  }
}

/** out[g, t] = a[g] · v[g, t] */
export function dotSteps(a: usize, v: usize, out: usize, groups: i32, steps: i32, width: i32): void {
  for (let g = 0; g < groups; g++) {
    for (let t = 0; t < steps; t++) {
      store<f32>(out, dot(a, v, width));
      v += <usize>width << 2;
      out += 4;
    }
    a += <usize>width << 2;
  }
}

/** out[g, t] = w[g, t] a[g] */
export function scaleSteps(w: usize, a: usize, out: usize, groups: i32, steps: i32, width: i32): void {
  for (let g = 0; g < groups; g++) {
    for (let t = 0; t < steps; t++) {
      const s = f32x4.splat(load<f32>(w));
      for (let j = 0; j < width; j += 4) {
        const at = <usize>j << 2, left = width - j;
        if (left >= 4) v128.store(out + at, f32x4.mul(s, v128.load(a + at)));
        else storeTail(out + at, f32x4.mul(s, loadTail(a + at, left)), left);
      }
      w += 4;
      out += <usize>width << 2;
    }
    a += <usize>width << 2;
  }
}

/** Where v goes before the largest so far. */
// @ts-ignore: decorator
@inline
function isHigher(v: v128, top: v128): v128 {
  // v is not ≤ top, and top is a number
  return v128.andnot(f32x4.eq(top, top), f32x4.le(v, top));
}

/** out[g]_j = the largest x[g, t]_j over the steps; NaN is larger than all */
export function maxSteps(x: usize, out: usize, groups: i32, steps: i32, width: i32): void {
  for (let g = 0; g < groups; g++) {
    for (let j = 0; j < width; j += 4) {
      const left = width - j;
      let at = x + (<usize>j << 2), top = left >= 4 ? v128.load(at) : loadTail(at, left);
      for (let t = 1; t < steps; t++) {
        at += <usize>width << 2;
        const v = left >= 4 ? v128.load(at) : loadTail(at, left);
        top = v128.bitselect(v, top, isHigher(v, top));
      }
      if (left >= 4) v128.store(out + (<usize>j << 2), top);
      else storeTail(out + (<usize>j << 2), top, left);
    }
    x += <usize>(steps * width) << 2;
    out += <usize>width << 2;
  }
}

/** out[g, t]_j = dy[g]_j at the first step where x[g, t]_j is the largest, else 0 */
export function maxStepsGradient(x: usize, dy: usize, out: usize, groups: i32, steps: i32, width: i32): void {
  const bytes = <usize>width << 2;
  for (let g = 0; g < groups; g++) {
    memory.fill(out, 0, <usize>steps * bytes);
    for (let at: usize = 0; at < bytes; at += 4) {
      let best = x + at, top = load<f32>(best);
      for (let t = 1, p = best + bytes; t < steps; t++) {
        const v = load<f32>(p);
        if (top == top && !(v <= top)) {
          top = v;
          best = p;
        }
        p += bytes;
      }
      store<f32>(out + (best - x), load<f32>(dy + at));
    }
    x += <usize>steps * bytes;
    dy += bytes;
    out += <usize>steps * bytes;
  }
}

/** out[g, j, t] = x[g, t, j] */
export function transposeSteps(x: usize, out: usize, groups: i32, steps: i32, width: i32): void {
  const bytes = <usize>width << 2;
  for (let g = 0; g < groups; g++) {
    for (let j = 0; j < width; j++) {
      let at = x + (<usize>j << 2);
      for (let t = 0; t < steps; t++) {
        store<f32>(out, load<f32>(at));
        at += bytes;
        out += 4;
      }
    }
    x += <usize>steps * bytes;
  }
}
