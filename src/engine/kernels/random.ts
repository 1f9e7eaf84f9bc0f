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

/** Mixed keys of the rounds of the present permutation, its factors a · b ≥ n, and n. */
let key0: u32 = 0, key1: u32 = 0, key2: u32 = 0, key3: u32 = 0, key4: u32 = 0, key5: u32 = 0;
let sizeA: u32 = 1, sizeB: u32 = 1, permuted: u32 = 1;

/** Chooses the permutation of 0 … n−1 that belongs to (k0, k1, round). */
export function beginPermutation(n: u32, k0: u32, k1: u32, round: u32): void {
  const base = mix(k0 ^ mix(k1 ^ mix(round + 0x7feb352d)));
  key0 = mix(base + 0x9e3779b9);
  key1 = mix(base + 0x3c6ef372);
  key2 = mix(base + 0xdaa66d2b);
  key3 = mix(base + 0x78dde6e4);
  key4 = mix(base + 0x1715609d);
  key5 = mix(base + 0xb54cda56);
  permuted = n;
  sizeA = max<u32>(1, <u32>Math.ceil(Math.sqrt(<f64>n)));
  sizeB = max<u32>(1, (n + sizeA - 1) / sizeA);
}

/** x + a keyed function of y, modulo size. */
// @ts-ignore: decorator
@inline
function shifted(x: u32, y: u32, key: u32, size: u32): u32 {
  const sum = x + <u32>((<u64>mix(y ^ key) * size) >> 32);
  return sum >= size ? sum - size : sum;
}

/**
 * The value at `position` of the chosen permutation: a six-round Feistel network on pairs (l, r) with l < a, r < b and a·b just
 * above n, walked until the value falls below n. Needs no memory, so any thread can start anywhere in an epoch.
 */
export function permuteNext(position: u32): u32 {
  let x = position;
  do {
    let left = x / sizeB;
    let right = x - left * sizeB;
    left = shifted(left, right, key0, sizeA);
    right = shifted(right, left, key1, sizeB);
    left = shifted(left, right, key2, sizeA);
    right = shifted(right, left, key3, sizeB);
    left = shifted(left, right, key4, sizeA);
    right = shifted(right, left, key5, sizeB);
    x = left * sizeB + right;
  } while (x >= permuted);
  return x;
}

export function permute(position: u32, n: u32, k0: u32, k1: u32, round: u32): u32 {
  beginPermutation(n, k0, k1, round);
  return permuteNext(position);
}
