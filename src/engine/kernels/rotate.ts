/** Matrices whose rows, and perhaps columns, are moved on in a circle, by numbers that are drawn for the step. */
import { philoxBlock, philoxValue } from './random';

/** Drawn evenly (but for n / 2³²) from 1 … n − 1; 0 where there is one place only. */
// @ts-ignore: decorator
@inline
function shiftOf(draw: u32, n: i32, back: bool): i32 {
  if (n < 2) return 0;
  const by = <i32>(1 + (draw % <u32>(n - 1)));
  return back ? n - by : by;
}

/** out[r, j] = x[(r + s) mod rows, (j + t) mod width]; `back`: with −s and −t. */
export function rotate(
  x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32, k0: u32, k1: u32, columns: bool, back: bool, step: u32,
  epoch: u32,
): void {
  philoxBlock(step, epoch, 0, 5, k0, k1);
  const s = shiftOf(philoxValue(0), rows, back), t = columns ? shiftOf(philoxValue(1), width, back) : 0;
  for (let r = 0; r < rows; r++) {
    const from = x + (<usize>((r + s) % rows) * xRow << 2);
    memory.copy(out, from + (<usize>t << 2), <usize>(width - t) << 2);
    if (t) memory.copy(out + (<usize>(width - t) << 2), from, <usize>t << 2);
    out += <usize>outRow << 2;
  }
}
