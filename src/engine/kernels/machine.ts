/** Measurements of the machine, for the bench: what arithmetic and memory can do at best, on all threads at the same time. */
import * as op from './opcodes';
import { linearByBlas } from './blas';
import { gather } from './elementwise';
import { madd } from './simd';

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
      // the sum is kept, so that nothing is removed
      store<f32>(memory, multiplyAdds(rounds, memory + 64));
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
