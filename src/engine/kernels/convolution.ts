/** Convolution over the steps of a row, formulas in `ops/convolution.ts`: a product of all rows for every place of the filters. */
import { isTurnedForBlas, outerByBlas, productByBlas, turnedRow, usesBlas } from './blas';
import { fillRows } from './elementwise';
import { gemm } from './gemm';
import { linearOfInstruction } from './grouped-products';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';

/** out[t] = (x[t] ⊕ …) W + b; the parameters and operands of a GEMM, then p6 places and p7 numbers of a step. */
export function convolution(at: usize, rows: i32): void {
  const n = parameter(at, 0), k = parameter(at, 1), places = parameter(at, 6), width = parameter(at, 7);
  const xRow = stride(at, 0), outRow = stride(at, 2);
  let x = address(at, 0), out = address(at, 2);
  for (let t = 0; t < places; t++) {
    if (usesBlas(n, k)) linearOfInstruction(at, x, xRow, out, outRow, rows, n, k);
    else
      gemm(
        x, xRow, 1, address(at, 1), parameter(at, 3), parameter(at, 4), out, outRow, rows, n, k, parameter(at, 2), address(at, 3),
      );
    x += <usize>width << 2;
    out += <usize>n << 2;
  }
}

/** out = Σ_t dy[t] W at the steps of place t, W = the stored filters turned; parameters and operands as above. */
export function convolutionInput(at: usize, rows: i32): void {
  const n = parameter(at, 0), k = parameter(at, 1), places = parameter(at, 6), width = parameter(at, 7);
  const transposed = parameter(at, 5), isTurned = transposed && isTurnedForBlas(n, k);
  const w = address(at, isTurned ? 1 : 4), wRow = isTurned ? turnedRow(n) : stride(at, 4);
  const dyRow = stride(at, 0), outRow = stride(at, 2);
  let dy = address(at, 0), out = address(at, 2);
  fillRows(0, out, outRow, rows, (places - 1) * width + n);
  for (let t = 0; t < places; t++) {
    if (usesBlas(n, k)) productByBlas(dy, max(dyRow, k), 0, w, wRow, isTurned ? 0 : transposed, out, outRow, rows, n, k, 1);
    else
      gemm(
        dy, dyRow, 1, address(at, 1), parameter(at, 3), parameter(at, 4), out, outRow, rows, n, k, op.FLAG_ACCUMULATE, 0,
      );
    dy += <usize>k << 2;
    out += <usize>width << 2;
  }
}

/** out[m × n] += Σ over rows and places of (x[t] ⊕ …)ᵀ dy[t], of which the first m columns */
export function convolutionWeights(
  x: usize, xRow: i32, dy: usize, dyRow: i32, out: usize, outRow: i32, rows: i32, n: i32, m: i32, depth: i32, places: i32,
  width: i32,
): void {
  for (let t = 0; t < places; t++) {
    if (usesBlas(n, depth)) outerByBlas(x, xRow, dy, dyRow, out, outRow, m, n, rows, 1);
    else gemm(x, 1, xRow, dy, dyRow, 8, out, outRow, m, n, rows, op.FLAG_ACCUMULATE, 0);
    x += <usize>width << 2;
    dy += <usize>n << 2;
  }
}
