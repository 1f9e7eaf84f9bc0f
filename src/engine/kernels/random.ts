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

// @ts-ignore: decorator
@inline
function mix(x: u32): u32 {
  x = (x ^ (x >>> 16)) * 0x85ebca6b;
  x = (x ^ (x >>> 13)) * 0xc2b2ae35;
  return x ^ (x >>> 16);
}

/**
 * The value at `position` of a pseudo-random permutation of 0 … n−1: a six-round Feistel network on the smallest even number of
 * bits that holds n, walked until the value falls below n. Needs no memory, so any thread can start anywhere in an epoch.
 */
export function permute(position: u32, n: u32, k0: u32, k1: u32, round: u32): u32 {
  if (n <= 1) return 0;
  const half = (33 - clz(n - 1)) >> 1;
  const mask: u32 = (1 << half) - 1;
  let x = position;
  do {
    let left = x >>> half, right = x & mask;
    for (let i: u32 = 0; i < 6; i++) {
      const next = left ^ (mix(right ^ mix(k0 + i * 0x9e3779b9 + round * 0x7feb352d) ^ k1) & mask);
      left = right;
      right = next;
    }
    x = (left << half) | right;
  } while (x >= n);
  return x;
}
