/** Kernels that measure the machine, for the bench: what the arithmetic and the memory can do at best. */
import { madd } from './simd';

/** `rounds` × 12 independent 4-wide multiply-adds (96 FLOP a round) in registers. Returns a value so nothing is removed. */
export function multiplyAddPeak(rounds: i32): f32 {
  let a = f32x4.splat(0.5),
    b = f32x4.splat(0.25),
    c = f32x4.splat(0.75),
    d = f32x4.splat(1.25);
  let e = f32x4.splat(1.5),
    f = f32x4.splat(1.75),
    g = f32x4.splat(2.5),
    h = f32x4.splat(2.25);
  let i = f32x4.splat(2.75),
    j = f32x4.splat(3.5),
    k = f32x4.splat(3.25),
    l = f32x4.splat(3.75);
  const x = f32x4.splat(0.999),
    y = f32x4.splat(0.001);
  for (let n = 0; n < rounds; n++) {
    a = madd(x, y, a);
    b = madd(x, y, b);
    c = madd(x, y, c);
    d = madd(x, y, d);
    e = madd(x, y, e);
    f = madd(x, y, f);
    g = madd(x, y, g);
    h = madd(x, y, h);
    i = madd(x, y, i);
    j = madd(x, y, j);
    k = madd(x, y, k);
    l = madd(x, y, l);
  }
  a = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  a = f32x4.add(a, f32x4.add(f32x4.add(i, j), f32x4.add(k, l)));
  return f32x4.extract_lane(a, 0);
}

/** Copies `bytes` (a multiple of 64). */
export function copyBytes(to: usize, from: usize, bytes: usize): void {
  for (let n: usize = 0; n < bytes; n += 64) {
    const a = v128.load(from + n),
      b = v128.load(from + n, 16),
      c = v128.load(from + n, 32),
      d = v128.load(from + n, 48);
    v128.store(to + n, a);
    v128.store(to + n, b, 16);
    v128.store(to + n, c, 32);
    v128.store(to + n, d, 48);
  }
}
