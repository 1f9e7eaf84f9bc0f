/**
 * Dropout whose mask is a pure function of (key, epoch, example of the epoch, column): any thread can make any part of it, and
 * the backward pass makes it again instead of keeping it.
 *
 * Column c of example e belongs to Philox block (e, 4⌊c/16⌋ + c mod 4, epoch, 2), value ⌊(c mod 16)/4⌋: four blocks side by
 * side in the lanes give the values of 16 columns.
 */
import { loadTail, storeTail } from './elementwise';
import { philoxFour, turnValues, v0, v1, v2, v3 } from './random';

/** Four Philox4x32 blocks of so many rounds at once; lane n has the counter (c0, c1 + n, c2, c3). */
// @ts-ignore: decorator
@inline
function drawFour(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32, rounds: i32): void {
  philoxFour(i32x4.splat(c0), i32x4.add(i32x4.splat(c1), i32x4(0, 1, 2, 3)), i32x4.splat(c2), i32x4.splat(c3), k0, k1, rounds);
}

/** Four columns: x · scale where the random word is at least the threshold, else 0. */
// @ts-ignore: decorator
@inline
function dropFour(x: usize, out: usize, width: i32, n: i32, word: v128, threshold: v128, scale: v128): void {
  if (n >= width) return;
  const kept = i32x4.ge_u(word, threshold), at = <usize>n << 2;
  if (n + 4 <= width) v128.store(out + at, v128.and(f32x4.mul(v128.load(x + at), scale), kept));
  else {
    const tail = width - n;
    storeTail(out + at, v128.and(f32x4.mul(loadTail(x + at, tail), scale), kept), tail);
  }
}

export function dropout(
  x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32, scale: f32, threshold: u32, firstExample: u32,
  epoch: u32, k0: u32, k1: u32,
): void {
  const factor = f32x4.splat(scale), least = i32x4.splat(threshold);
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < width; n += 16) {
      drawFour(firstExample + r, <u32>(n >> 2), epoch, 2, k0, k1, 10);
      dropFour(x, out, width, n, v0, least, factor);
      dropFour(x, out, width, n + 4, v1, least, factor);
      dropFour(x, out, width, n + 8, v2, least, factor);
      dropFour(x, out, width, n + 12, v3, least, factor);
    }
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** 16-bit draw number `half` of the lanes of the last four blocks' value j. */
// @ts-ignore: decorator
@inline
function drawOf(j: i32, half: i32): v128 {
  const word = j == 0 ? v0 : j == 1 ? v1 : j == 2 ? v2 : v3;
  return half == 0 ? v128.and(word, i32x4.splat(0xffff)) : i32x4.shr_u(word, 16);
}

/**
 * out = x where the 16-bit draw of the column reaches the limit, divided by the probability of that, else 0. Seven rounds of Philox
 * pass all tests of its authors (Salmon et al., SC 2011, table 2). Column c belongs to block (c0, c1 + 4⌊c/32⌋ + c mod 4, c2, c3),
 * value ⌊(c mod 32)/8⌋, of which the lower 16 bits serve columns with c mod 8 < 4, the upper ones the others.
 */
export function dropRow(
  x: usize, out: usize, width: i32, limit: i32, c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32,
): void {
  const factor = f32x4.splat(<f32>(65536.0 / <f64>(65536 - limit))), least = i32x4.splat(limit);
  for (let n = 0; n < width; n += 32) {
    drawFour(c0, c1 + <u32>((n >> 5) << 2), c2, c3, k0, k1, 7);
    for (let j = 0; j < 4; j++)
      for (let half = 0; half < 2; half++) {
        const c = n + 8 * j + 4 * half, at = <usize>c << 2;
        if (c >= width) return;
        const kept = i32x4.ge_u(drawOf(j, half), least);
        if (c + 4 <= width) v128.store(out + at, v128.and(f32x4.mul(v128.load(x + at), factor), kept));
        else storeTail(out + at, v128.and(f32x4.mul(loadTail(x + at, width - c), factor), kept), width - c);
      }
  }
}

/** Dropout of rows by 16-bit draws. */
export function dropoutCoarse(
  x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32, limit: i32, firstExample: u32, epoch: u32, k0: u32, k1: u32,
): void {
  for (let r = 0; r < rows; r++) {
    dropRow(x, out, width, limit, firstExample + r, 0, epoch, 4, k0, k1);
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** Keeps the elements whose draw is at least `limit`, and scales them: column c draws value c mod 4 of block (⌊c/4⌋, row, step, epoch). */
export function laneDropout(
  x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32, limit: u32, scale: f32, k0: u32, k1: u32,
  firstRow: i32, step: u32, epoch: u32,
): void {
  const factor = f32x4.splat(scale), threshold = i32x4.splat(limit);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < width; j += 16) {
      const blocks = i32x4.add(i32x4.splat(j >> 2), i32x4(0, 1, 2, 3));
      philoxFour(blocks, i32x4.splat(firstRow + r), i32x4.splat(step), i32x4.splat(epoch), k0, k1, 10);
      turnValues();
      dropFour(x, out, width, j, v0, threshold, factor);
      dropFour(x, out, width, j + 4, v1, threshold, factor);
      dropFour(x, out, width, j + 8, v2, threshold, factor);
      dropFour(x, out, width, j + 12, v3, threshold, factor);
    }
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}
