/** Items ordered along every factor of their vectors, and how far each factor spreads. Any thread takes any factor. */
import { claim, nextPiece } from './control';
import * as op from './opcodes';
import { word } from './record';

/** Bits of a pass of the radix sort. */
const BITS: u32 = 11;
const BUCKETS: i32 = 1 << BITS;
const MASK: u32 = BUCKETS - 1;

/** Numbers in the order of which the highest value comes first. */
// @ts-ignore: decorator
@inline
function descendingKey(value: f32): u32 {
  const bits = reinterpret<u32>(value);
  return ~(bits ^ (<u32>(<i32>bits >> 31) | 0x80000000));
}

/** One stable pass over n pairs of a key and an item. */
function sortPass(from: usize, to: usize, n: i32, shift: u32, counts: usize): void {
  memory.fill(counts, 0, <usize>BUCKETS << 2);
  for (let k = 0; k < n; k++) {
    const bucket = counts + (<usize>((load<u32>(from + (<usize>k << 3)) >>> shift) & MASK) << 2);
    store<i32>(bucket, load<i32>(bucket) + 1);
  }
  let before = 0;
  for (let b = 0; b < BUCKETS; b++) {
    const at = counts + (<usize>b << 2), count = load<i32>(at);
    store<i32>(at, before);
    before += count;
  }
  for (let k = 0; k < n; k++) {
    const pair = load<u64>(from + (<usize>k << 3));
    const bucket = counts + (<usize>((<u32>pair >>> shift) & MASK) << 2), place = load<i32>(bucket);
    store<i32>(bucket, place + 1);
    store<u64>(to + (<usize>place << 3), pair);
  }
}

function rankFactor(record: usize, factor: i32, work: usize): void {
  const n = <i32>word(record, op.FACTORS_N_ITEMS), stride = word(record, op.FACTORS_STRIDE) << 2;
  let at = word(record, op.FACTORS_VECTORS) + (<usize>factor << 2);
  const pairs = work, other = work + (<usize>n << 3), counts = other + (<usize>n << 3);
  let sum: f64 = 0, squares: f64 = 0;
  for (let k = 0; k < n; k++) {
    const value = load<f32>(at);
    sum += <f64>value;
    squares += <f64>value * <f64>value;
    store<u32>(pairs + (<usize>k << 3), descendingKey(value));
    store<i32>(pairs + (<usize>k << 3), k, 4);
    at += stride;
  }
  const mean = sum / <f64>n;
  store<f32>(word(record, op.FACTORS_SPREAD) + (<usize>factor << 2), <f32>Math.sqrt(max(0, squares / <f64>n - mean * mean)));
  sortPass(pairs, other, n, 0, counts);
  sortPass(other, pairs, n, BITS, counts);
  sortPass(pairs, other, n, 2 * BITS, counts);
  const order = word(record, op.FACTORS_ORDER) + (<usize>(factor * n) << 2);
  for (let k = 0; k < n; k++) store<i32>(order + (<usize>k << 2), load<i32>(other + (<usize>k << 3), 4));
}

export function runFactors(record: usize, worker: i32): void {
  const width = <i32>word(record, op.FACTORS_WIDTH);
  const work = word(record, op.FACTORS_WORK) + <usize>worker * word(record, op.FACTORS_WORK_BYTES);
  for (let factor = claim(); factor < width; factor = claim()) rankFactor(record, factor, work);
  nextPiece(width);
}
