/** Measurements of the machine, for the bench: what arithmetic and memory can do at best, on all threads at the same time. */
import * as op from './opcodes';
import { linearByBlas } from './blas';
import { gather } from './elementwise';
import { madd, WIDE } from './simd';

/**
 * `rounds` × 20 independent 4-wide multiply-adds (160 FLOP a round) on registers and first-level cache. The factors are loaded:
 * literal vectors would be built anew at each use, and products that never change would be computed only once. Ten sums hide
 * the latency and leave registers for the products of builds without fused multiply-adds.
 * @param from 192 bytes of factors
 */
function multiplyAdds(rounds: i32, from: usize): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a;
  const y = v128.load(from), z = v128.load(from, 16);
  for (let n = 0; n < rounds; n++) {
    let x = v128.load(from, 32);
    a = madd(x, y, a); b = madd(x, z, b);
    x = v128.load(from, 48);
    c = madd(x, y, c); d = madd(x, z, d);
    x = v128.load(from, 64);
    e = madd(x, y, e); f = madd(x, z, f);
    x = v128.load(from, 80);
    g = madd(x, y, g); h = madd(x, z, h);
    x = v128.load(from, 96);
    i = madd(x, y, i); j = madd(x, z, j);
    x = v128.load(from, 112);
    a = madd(x, y, a); b = madd(x, z, b);
    x = v128.load(from, 128);
    c = madd(x, y, c); d = madd(x, z, d);
    x = v128.load(from, 144);
    e = madd(x, y, e); f = madd(x, z, f);
    x = v128.load(from, 160);
    g = madd(x, y, g); h = madd(x, z, h);
    x = v128.load(from, 176);
    i = madd(x, y, i); j = madd(x, z, j);
  }
  a = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  return f32x4.extract_lane(f32x4.add(a, f32x4.add(i, j)), 0);
}

/** As above for registers of 256 bits: ten pairs of sums, whose stores tell the compiler that they are pairs. */
function multiplyAddsWide(rounds: i32, from: usize): void {
  let a0 = f32x4.splat(0), b0 = a0;
  let a1 = f32x4.splat(0), b1 = a1;
  let a2 = f32x4.splat(0), b2 = a2;
  let a3 = f32x4.splat(0), b3 = a3;
  let a4 = f32x4.splat(0), b4 = a4;
  let a5 = f32x4.splat(0), b5 = a5;
  let a6 = f32x4.splat(0), b6 = a6;
  let a7 = f32x4.splat(0), b7 = a7;
  let a8 = f32x4.splat(0), b8 = a8;
  let a9 = f32x4.splat(0), b9 = a9;
  const y = v128.load(from), z = v128.load(from, 16);
  // twice ten pairs a turn
  for (let n = 0; n < rounds; n += 2) {
    let x = v128.load32_splat(from, 32);
    a0 = madd(x, y, a0); b0 = madd(x, z, b0);
    a1 = madd(x, y, a1); b1 = madd(x, z, b1);
    x = v128.load32_splat(from, 36);
    a2 = madd(x, y, a2); b2 = madd(x, z, b2);
    a3 = madd(x, y, a3); b3 = madd(x, z, b3);
    x = v128.load32_splat(from, 40);
    a4 = madd(x, y, a4); b4 = madd(x, z, b4);
    a5 = madd(x, y, a5); b5 = madd(x, z, b5);
    x = v128.load32_splat(from, 44);
    a6 = madd(x, y, a6); b6 = madd(x, z, b6);
    a7 = madd(x, y, a7); b7 = madd(x, z, b7);
    x = v128.load32_splat(from, 48);
    a8 = madd(x, y, a8); b8 = madd(x, z, b8);
    a9 = madd(x, y, a9); b9 = madd(x, z, b9);
    x = v128.load32_splat(from, 52);
    a0 = madd(x, y, a0); b0 = madd(x, z, b0);
    a1 = madd(x, y, a1); b1 = madd(x, z, b1);
    x = v128.load32_splat(from, 56);
    a2 = madd(x, y, a2); b2 = madd(x, z, b2);
    a3 = madd(x, y, a3); b3 = madd(x, z, b3);
    x = v128.load32_splat(from, 60);
    a4 = madd(x, y, a4); b4 = madd(x, z, b4);
    a5 = madd(x, y, a5); b5 = madd(x, z, b5);
    x = v128.load32_splat(from, 64);
    a6 = madd(x, y, a6); b6 = madd(x, z, b6);
    a7 = madd(x, y, a7); b7 = madd(x, z, b7);
    x = v128.load32_splat(from, 68);
    a8 = madd(x, y, a8); b8 = madd(x, z, b8);
    a9 = madd(x, y, a9); b9 = madd(x, z, b9);
  }
  v128.store(from, a0, 128); v128.store(from, b0, 144);
  v128.store(from, a1, 160); v128.store(from, b1, 176);
  v128.store(from, a2, 192); v128.store(from, b2, 208);
  v128.store(from, a3, 224); v128.store(from, b3, 240);
  v128.store(from, a4, 256); v128.store(from, b4, 272);
  v128.store(from, a5, 288); v128.store(from, b5, 304);
  v128.store(from, a6, 320); v128.store(from, b6, 336);
  v128.store(from, a7, 352); v128.store(from, b7, 368);
  v128.store(from, a8, 384); v128.store(from, b8, 400);
  v128.store(from, a9, 416); v128.store(from, b9, 432);
}

/** Keeps what is read. */
let kept: i32 = 0;

/** Copies `bytes` (a multiple of 64). */
function copyBytes(to: usize, from: usize, bytes: usize): void {
  for (let n: usize = 0; n < bytes; n += 64) {
    const a = v128.load(from + n), b = v128.load(from + n, 16), c = v128.load(from + n, 32), d = v128.load(from + n, 48);
    v128.store(to + n, a);
    v128.store(to + n, b, 16);
    v128.store(to + n, c, 32);
    v128.store(to + n, d, 48);
  }
}

/** Reads `bytes` (a multiple of 128); what is returned keeps the loads. */
function readBytes(from: usize, bytes: usize): i32 {
  let a = i32x4.splat(0), b = a, c = a, d = a;
  for (let n: usize = 0; n < bytes; n += 128) {
    const at = from + n;
    a = v128.xor(a, v128.xor(v128.load(at), v128.load(at, 16)));
    b = v128.xor(b, v128.xor(v128.load(at, 32), v128.load(at, 48)));
    c = v128.xor(c, v128.xor(v128.load(at, 64), v128.load(at, 80)));
    d = v128.xor(d, v128.xor(v128.load(at, 96), v128.load(at, 112)));
  }
  return i32x4.extract_lane(v128.xor(v128.xor(a, b), v128.xor(c, d)), 0);
}

/** Runs a measurement, every thread on memory of its own. Words in `opcodes.ts`. */
export function runMeasurement(record: usize, worker: i32): void {
  const memory = <usize>load<u32>(record, op.MEASURE_MEMORY << 2) + <usize>worker * load<u32>(record, op.MEASURE_STRIDE << 2);
  const rounds = load<i32>(record, op.MEASURE_ROUNDS << 2), size = load<i32>(record, op.MEASURE_SIZE << 2);
  switch (load<i32>(record, op.MEASURE_KIND << 2)) {
    case op.MEASURE_MULTIPLY_ADDS:
      // sums are kept, so that nothing is removed
      if (WIDE) multiplyAddsWide(rounds, memory + 64);
      else store<f32>(memory, multiplyAdds(rounds, memory + 64));
      break;
    case op.MEASURE_COPY:
      for (let n = 0; n < rounds; n++) copyBytes(memory, memory + size, size);
      break;
    case op.MEASURE_GATHER: {
      const indices = op.MEASURE_GATHER_ROWS << 2, rows = op.MEASURE_GATHER_ROWS << 8;
      for (let n = 0; n < rounds; n++)
        gather(memory + indices + rows, 64, size, memory, 1, memory + indices, 64, op.MEASURE_GATHER_ROWS, 64);
      break;
    }
    case op.MEASURE_BLAS: {
      const bytes = (<usize>size * size) << 2;
      for (let n = 0; n < rounds; n++)
        linearByBlas(memory, size, memory + bytes, size, 0, memory + 2 * bytes, size, size, size, size, 0, 0);
      break;
    }
    case op.MEASURE_READ:
      for (let n = 0; n < rounds; n++) kept ^= readBytes(memory, size);
      break;
    default: unreachable();
  }
}
