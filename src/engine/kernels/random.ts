/** Philox4x32-10 (see core/random.ts) and a keyed permutation of 0 … n−1 built from a Feistel network. */

// @ts-ignore: decorator
@inline
const M0: u64 = 0xd2511f53;
// @ts-ignore: decorator
@inline
const M1: u64 = 0xcd9e8d57;

let r0: u32 = 0, r1: u32 = 0, r2: u32 = 0, r3: u32 = 0;

/** Computes one block; read its four values with `philoxValue`. */
export function philoxBlock(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): void {
  for (let round = 0; round < 10; round++) {
    const a = M0 * <u64>c0, b = M1 * <u64>c2;
    const n0 = <u32>(b >> 32) ^ c1 ^ k0;
    const n2 = <u32>(a >> 32) ^ c3 ^ k1;
    c1 = <u32>b;
    c3 = <u32>a;
    c0 = n0;
    c2 = n2;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  r0 = c0; r1 = c1; r2 = c2; r3 = c3;
}

export function philoxValue(n: i32): u32 {
  return n == 0 ? r0 : n == 1 ? r1 : n == 2 ? r2 : r3;
}

/** Values 0 … 3 of the last four blocks, a block in each lane. */
export let v0: v128 = i32x4.splat(0), v1: v128 = i32x4.splat(0), v2: v128 = i32x4.splat(0), v3: v128 = i32x4.splat(0);

// @ts-ignore: decorator
@inline
function highWords(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 1, 3, 5, 7);
}

/** Four blocks of so many rounds at once: the counters are (x0, x1, x2, x3) of each lane. Their values are in v0 … v3. */
export function philoxFour(x0: v128, x1: v128, x2: v128, x3: v128, k0: u32, k1: u32, rounds: i32): void {
  const m0 = i32x4.splat(0xd2511f53), m1 = i32x4.splat(0xcd9e8d57);
  for (let round = 0; round < rounds; round++) {
    const a0 = i64x2.extmul_low_i32x4_u(m0, x0), a1 = i64x2.extmul_high_i32x4_u(m0, x0);
    const b0 = i64x2.extmul_low_i32x4_u(m1, x2), b1 = i64x2.extmul_high_i32x4_u(m1, x2);
    x0 = v128.xor(v128.xor(highWords(b0, b1), x1), i32x4.splat(k0));
    x2 = v128.xor(v128.xor(highWords(a0, a1), x3), i32x4.splat(k1));
    x1 = v128.shuffle<i32>(b0, b1, 0, 2, 4, 6);
    x3 = v128.shuffle<i32>(a0, a1, 0, 2, 4, 6);
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  v0 = x0; v1 = x1; v2 = x2; v3 = x3;
}

/** Turns v0 … v3 so that each of them holds the four values of one block. */
export function turnValues(): void {
  const ab = v128.shuffle<i32>(v0, v1, 0, 4, 1, 5), cd = v128.shuffle<i32>(v2, v3, 0, 4, 1, 5);
  const AB = v128.shuffle<i32>(v0, v1, 2, 6, 3, 7), CD = v128.shuffle<i32>(v2, v3, 2, 6, 3, 7);
  v0 = v128.shuffle<i64>(ab, cd, 0, 2);
  v1 = v128.shuffle<i64>(ab, cd, 1, 3);
  v2 = v128.shuffle<i64>(AB, CD, 0, 2);
  v3 = v128.shuffle<i64>(AB, CD, 1, 3);
}

/** After `turnValues`: makes the values of one of the four blocks those that `philoxValue` reads. */
// @ts-ignore: decorator
@inline
export function readBlock(n: i32): void {
  const values = n < 2 ? (n == 0 ? v0 : v1) : n == 2 ? v2 : v3;
  r0 = i32x4.extract_lane(values, 0);
  r1 = i32x4.extract_lane(values, 1);
  r2 = i32x4.extract_lane(values, 2);
  r3 = i32x4.extract_lane(values, 3);
}

// @ts-ignore: decorator
@inline
function mix(x: u32): u32 {
  x = (x ^ (x >>> 16)) * 0x85ebca6b;
  x = (x ^ (x >>> 13)) * 0xc2b2ae35;
  return x ^ (x >>> 16);
}

const FEISTEL_ROUNDS: i32 = 6;
let halfBits: i32 = 0, network: u32 = 0;
/** Lies in the memory that threads share: in a step all of them write the same keys. */
const roundKeys = memory.data(FEISTEL_ROUNDS << 2);

/** Prepares `permute` and `permuteRange` for the permutation of 0 … n−1 named by the keys and the round. */
function setPermutation(n: u32, k0: u32, k1: u32, round: u32): void {
  halfBits = (33 - clz(n - 1)) >> 1;
  network = n;
  for (let i = 0; i < FEISTEL_ROUNDS; i++)
    store<u32>(roundKeys + (<usize>i << 2), mix(k0 + <u32>i * 0x9e3779b9 + round * 0x7feb352d) ^ k1);
}

/** One pass of the network. */
// @ts-ignore: decorator
@inline
function feistel(x: u32): u32 {
  const mask: u32 = (1 << halfBits) - 1;
  let left = x >>> halfBits, right = x & mask;
  for (let i = 0; i < FEISTEL_ROUNDS; i++) {
    const next = left ^ (mix(right ^ load<u32>(roundKeys + (<usize>i << 2))) & mask);
    left = right;
    right = next;
  }
  return (left << halfBits) | right;
}

// @ts-ignore: decorator
@inline
function mix4(x: v128): v128 {
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x85ebca6b));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 13)), i32x4.splat(0xc2b2ae35));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** One pass of the network over four values. */
// @ts-ignore: decorator
@inline
function feistel4(x: v128): v128 {
  const mask = i32x4.splat((1 << halfBits) - 1);
  let left = i32x4.shr_u(x, halfBits), right = v128.and(x, mask);
  for (let i = 0; i < FEISTEL_ROUNDS; i++) {
    const key = v128.load32_splat(roundKeys + (<usize>i << 2));
    const next = v128.xor(left, v128.and(mix4(v128.xor(right, key)), mask));
    left = right;
    right = next;
  }
  return v128.or(i32x4.shl(left, halfBits), right);
}

/**
 * The value at `position` of a pseudo-random permutation of 0 … n−1: a six-round Feistel network on the smallest even number of
 * bits that holds n, walked until the value falls below n. Needs no memory, so any thread can start anywhere in an epoch.
 */
export function permute(position: u32, n: u32, k0: u32, k1: u32, round: u32): u32 {
  if (n <= 1) return 0;
  setPermutation(n, k0, k1, round);
  let x = position;
  do x = feistel(x);
  while (x >= n);
  return x;
}

/**
 * out[r] = permute(first + r, …) for `count` positions, several at once.
 * @param out,pending u32[count] each, with room for three elements more; `pending` is working memory
 */
export function permuteRange(
  first: u32, count: i32, n: u32, k0: u32, k1: u32, round: u32, out: usize, pending: usize,
): void {
  if (n <= 1) {
    memory.fill(out, 0, <usize>count << 2);
    return;
  }
  setPermutation(n, k0, k1, round);
  for (let r = 0; r < count; r += 4)
    v128.store(out + (<usize>r << 2), feistel4(i32x4.add(i32x4.splat(first + r), i32x4(0, 1, 2, 3))));
  // the values that lie outside go through the network again, until none is left
  let left = 0;
  for (let r = 0; r < count; r++) {
    store<i32>(pending + (<usize>left << 2), r);
    left += i32(load<u32>(out + (<usize>r << 2)) >= n);
  }
  while (left > 0) left = walkPending(out, pending, left);
}

/** Sends the values at the pending positions through the network; keeps those pending that still lie outside. */
function walkPending(out: usize, pending: usize, count: i32): i32 {
  let left = 0;
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    const at = pending + (<usize>k << 2);
    const r0 = load<u32>(at), r1 = load<u32>(at, 4), r2 = load<u32>(at, 8), r3 = load<u32>(at, 12);
    let x = v128.load32_zero(out + (<usize>r0 << 2));
    x = v128.load_lane<u32>(out + (<usize>r1 << 2), x, 1);
    x = v128.load_lane<u32>(out + (<usize>r2 << 2), x, 2);
    x = feistel4(v128.load_lane<u32>(out + (<usize>r3 << 2), x, 3));
    left = settle(out, pending, left, r0, i32x4.extract_lane(x, 0));
    left = settle(out, pending, left, r1, i32x4.extract_lane(x, 1));
    left = settle(out, pending, left, r2, i32x4.extract_lane(x, 2));
    left = settle(out, pending, left, r3, i32x4.extract_lane(x, 3));
  }
  for (; k < count; k++) {
    const r = load<u32>(pending + (<usize>k << 2));
    left = settle(out, pending, left, r, feistel(load<u32>(out + (<usize>r << 2))));
  }
  return left;
}

// @ts-ignore: decorator
@inline
function settle(out: usize, pending: usize, left: i32, r: u32, x: u32): i32 {
  store<u32>(out + (<usize>r << 2), x);
  store<u32>(pending + (<usize>left << 2), r);
  return left + i32(x >= network);
}
