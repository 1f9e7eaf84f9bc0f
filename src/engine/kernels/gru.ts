/** Gated recurrent units between their matrix products; formulas in `ops/gru.ts`. Rows of gates are (r, z, n) of `units` each. */
import { loadTail, storeTail } from './elementwise';
import { gateSigmoid4, gateTanh4 } from './gate-math';

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

/** a (1 − a) */
// @ts-ignore: decorator
@inline
function slope(a: v128): v128 {
  return f32x4.mul(a, f32x4.sub(f32x4.splat(1), a));
}

/** 1 − a² */
// @ts-ignore: decorator
@inline
function tanhSlope(a: v128): v128 {
  return f32x4.sub(f32x4.splat(1), f32x4.mul(a, a));
}

/** y = r h */
export function gruReset(
  gx: usize, gxRow: i32, gu: usize, guRow: i32, h: usize, hRow: i32, out: usize, outRow: i32, rows: i32, units: i32,
): void {
  for (let k = 0; k < rows; k++) {
    for (let j = 0; j < units; j += 4) {
      const at = <usize>j << 2, left = units - j;
      const r = gateSigmoid4(f32x4.add(read(gx + at, left), read(gu + at, left)));
      write(out + at, f32x4.mul(r, read(h + at, left)), left);
    }
    gx += <usize>gxRow << 2; gu += <usize>guRow << 2; h += <usize>hRow << 2; out += <usize>outRow << 2;
  }
}

/** y = (dy h r (1 − r), dy r) */
export function gruResetGradient(
  gx: usize, gxRow: i32, gu: usize, guRow: i32, h: usize, hRow: i32, dy: usize, dyRow: i32, out: usize, outRow: i32,
  rows: i32, units: i32,
): void {
  const part = <usize>units << 2;
  for (let k = 0; k < rows; k++) {
    for (let j = 0; j < units; j += 4) {
      const at = <usize>j << 2, left = units - j;
      const r = gateSigmoid4(f32x4.add(read(gx + at, left), read(gu + at, left)));
      const d = read(dy + at, left);
      write(out + at, f32x4.mul(f32x4.mul(d, read(h + at, left)), slope(r)), left);
      write(out + part + at, f32x4.mul(d, r), left);
    }
    gx += <usize>gxRow << 2; gu += <usize>guRow << 2; h += <usize>hRow << 2; dy += <usize>dyRow << 2;
    out += <usize>outRow << 2;
  }
}

/** (1 − z) a + z b */
// @ts-ignore: decorator
@inline
function blend(z: v128, a: v128, b: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.sub(f32x4.splat(1), z), a), f32x4.mul(z, b));
}

/** y = (1 − z) h + z n */
export function gruOriginal(
  gx: usize, gxRow: i32, gu: usize, guRow: i32, gn: usize, gnRow: i32, h: usize, hRow: i32, out: usize, outRow: i32,
  rows: i32, units: i32,
): void {
  const part = <usize>units << 2;
  for (let k = 0; k < rows; k++) {
    for (let j = 0; j < units; j += 4) {
      const at = <usize>j << 2, left = units - j;
      const z = gateSigmoid4(f32x4.add(read(gx + part + at, left), read(gu + part + at, left)));
      const n = gateTanh4(f32x4.add(read(gx + 2 * part + at, left), read(gn + at, left)));
      write(out + at, blend(z, read(h + at, left), n), left);
    }
    gx += <usize>gxRow << 2; gu += <usize>guRow << 2; gn += <usize>gnRow << 2; h += <usize>hRow << 2;
    out += <usize>outRow << 2;
  }
}

/** y = (dy (n − h) z (1 − z), dy z (1 − n²), dy (1 − z)) */
export function gruOriginalGradient(
  gx: usize, gxRow: i32, gu: usize, guRow: i32, gn: usize, gnRow: i32, h: usize, hRow: i32, dy: usize, dyRow: i32,
  out: usize, outRow: i32, rows: i32, units: i32,
): void {
  const part = <usize>units << 2;
  for (let k = 0; k < rows; k++) {
    for (let j = 0; j < units; j += 4) {
      const at = <usize>j << 2, left = units - j;
      const z = gateSigmoid4(f32x4.add(read(gx + part + at, left), read(gu + part + at, left)));
      const n = gateTanh4(f32x4.add(read(gx + 2 * part + at, left), read(gn + at, left)));
      const d = read(dy + at, left);
      write(out + at, f32x4.mul(f32x4.mul(d, f32x4.sub(n, read(h + at, left))), slope(z)), left);
      write(out + part + at, f32x4.mul(f32x4.mul(d, z), tanhSlope(n)), left);
      write(out + 2 * part + at, f32x4.mul(d, f32x4.sub(f32x4.splat(1), z)), left);
    }
    gx += <usize>gxRow << 2; gu += <usize>guRow << 2; gn += <usize>gnRow << 2; h += <usize>hRow << 2;
    dy += <usize>dyRow << 2; out += <usize>outRow << 2;
  }
}

/** y = (1 − z) n + z h, n = tanh(gx_n + r gh_n) */
export function gruCell(
  gx: usize, gxRow: i32, gh: usize, ghRow: i32, h: usize, hRow: i32, out: usize, outRow: i32, rows: i32, units: i32,
): void {
  const part = <usize>units << 2;
  for (let k = 0; k < rows; k++) {
    let j = 0;
    // in pairs of vectors, whose loads come before their stores, so that they can be joined
    for (; j + 8 <= units; j += 8) {
      const at = <usize>j << 2, x = gx + at, xz = x + part, xn = xz + part, u = gh + at, uz = u + part, un = uz + part;
      const r0 = gateSigmoid4(f32x4.add(v128.load(x), v128.load(u)));
      const r1 = gateSigmoid4(f32x4.add(v128.load(x, 16), v128.load(u, 16)));
      const z0 = gateSigmoid4(f32x4.add(v128.load(xz), v128.load(uz)));
      const z1 = gateSigmoid4(f32x4.add(v128.load(xz, 16), v128.load(uz, 16)));
      const n0 = gateTanh4(f32x4.add(v128.load(xn), f32x4.mul(r0, v128.load(un))));
      const n1 = gateTanh4(f32x4.add(v128.load(xn, 16), f32x4.mul(r1, v128.load(un, 16))));
      const y0 = blend(z0, n0, v128.load(h + at)), y1 = blend(z1, n1, v128.load(h + at, 16));
      v128.store(out + at, y0);
      v128.store(out + at, y1, 16);
    }
    for (; j < units; j += 4) {
      const at = <usize>j << 2, left = units - j;
      const r = gateSigmoid4(f32x4.add(read(gx + at, left), read(gh + at, left)));
      const z = gateSigmoid4(f32x4.add(read(gx + part + at, left), read(gh + part + at, left)));
      const n = gateTanh4(f32x4.add(read(gx + 2 * part + at, left), f32x4.mul(r, read(gh + 2 * part + at, left))));
      write(out + at, blend(z, n, read(h + at, left)), left);
    }
    gx += <usize>gxRow << 2; gh += <usize>ghRow << 2; h += <usize>hRow << 2; out += <usize>outRow << 2;
  }
}

/** y = (a gh_n r (1 − r), dy (h − n) z (1 − z), a, a r), a = dy (1 − z)(1 − n²) */
export function gruCellGradient(
  gx: usize, gxRow: i32, gh: usize, ghRow: i32, h: usize, hRow: i32, dy: usize, dyRow: i32, out: usize, outRow: i32,
  rows: i32, units: i32,
): void {
  const part = <usize>units << 2;
  for (let k = 0; k < rows; k++) {
    let j = 0;
    for (; j + 8 <= units; j += 8) {
      const at = <usize>j << 2, x = gx + at, xz = x + part, xn = xz + part, u = gh + at, uz = u + part, un = uz + part;
      const y = out + at, yz = y + part, yn = yz + part, yu = yn + part;
      const un0 = v128.load(un), un1 = v128.load(un, 16), d0 = v128.load(dy + at), d1 = v128.load(dy + at, 16);
      const h0 = v128.load(h + at), h1 = v128.load(h + at, 16);
      const r0 = gateSigmoid4(f32x4.add(v128.load(x), v128.load(u)));
      const r1 = gateSigmoid4(f32x4.add(v128.load(x, 16), v128.load(u, 16)));
      const z0 = gateSigmoid4(f32x4.add(v128.load(xz), v128.load(uz)));
      const z1 = gateSigmoid4(f32x4.add(v128.load(xz, 16), v128.load(uz, 16)));
      const n0 = gateTanh4(f32x4.add(v128.load(xn), f32x4.mul(r0, un0)));
      const n1 = gateTanh4(f32x4.add(v128.load(xn, 16), f32x4.mul(r1, un1)));
      const a0 = f32x4.mul(f32x4.mul(d0, f32x4.sub(f32x4.splat(1), z0)), tanhSlope(n0));
      const a1 = f32x4.mul(f32x4.mul(d1, f32x4.sub(f32x4.splat(1), z1)), tanhSlope(n1));
      const y0 = f32x4.mul(f32x4.mul(a0, un0), slope(r0)), y1 = f32x4.mul(f32x4.mul(a1, un1), slope(r1));
      const yz0 = f32x4.mul(f32x4.mul(d0, f32x4.sub(h0, n0)), slope(z0));
      const yz1 = f32x4.mul(f32x4.mul(d1, f32x4.sub(h1, n1)), slope(z1));
      v128.store(y, y0); v128.store(y, y1, 16);
      v128.store(yz, yz0); v128.store(yz, yz1, 16);
      v128.store(yn, a0); v128.store(yn, a1, 16);
      v128.store(yu, f32x4.mul(a0, r0)); v128.store(yu, f32x4.mul(a1, r1), 16);
    }
    for (; j < units; j += 4) {
      const at = <usize>j << 2, left = units - j;
      const ghn = read(gh + 2 * part + at, left);
      const r = gateSigmoid4(f32x4.add(read(gx + at, left), read(gh + at, left)));
      const z = gateSigmoid4(f32x4.add(read(gx + part + at, left), read(gh + part + at, left)));
      const n = gateTanh4(f32x4.add(read(gx + 2 * part + at, left), f32x4.mul(r, ghn)));
      const d = read(dy + at, left);
      const a = f32x4.mul(f32x4.mul(d, f32x4.sub(f32x4.splat(1), z)), tanhSlope(n));
      write(out + at, f32x4.mul(f32x4.mul(a, ghn), slope(r)), left);
      write(out + part + at, f32x4.mul(f32x4.mul(d, f32x4.sub(read(h + at, left), n)), slope(z)), left);
      write(out + 2 * part + at, a, left);
      write(out + 3 * part + at, f32x4.mul(a, r), left);
    }
    gx += <usize>gxRow << 2; gh += <usize>ghRow << 2; h += <usize>hRow << 2; dy += <usize>dyRow << 2;
    out += <usize>outRow << 2;
  }
}

/** y = dy z */
export function gruStateGradient(
  gx: usize, gxRow: i32, gh: usize, ghRow: i32, dy: usize, dyRow: i32, out: usize, outRow: i32, rows: i32, units: i32,
): void {
  const part = <usize>units << 2;
  for (let k = 0; k < rows; k++) {
    for (let j = 0; j < units; j += 4) {
      const at = <usize>j << 2, left = units - j;
      const z = gateSigmoid4(f32x4.add(read(gx + part + at, left), read(gh + part + at, left)));
      write(out + at, f32x4.mul(read(dy + at, left), z), left);
    }
    gx += <usize>gxRow << 2; gh += <usize>ghRow << 2; dy += <usize>dyRow << 2; out += <usize>outRow << 2;
  }
}
