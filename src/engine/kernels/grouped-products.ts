/** Products and sums over rows of which each holds several groups that share the weights. */
import { isTurnedForBlas, linearByBlas, outerByBlas, turnedRow, usesBlas } from './blas';
import { sumRows } from './elementwise';
import { gemm } from './gemm';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';

/** The product of a GEMM instruction by the system BLAS, with the weights as they are stored or as PACK has turned them. */
export function linearOfInstruction(
  at: usize, x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, n: i32, k: i32,
): void {
  const transposed = parameter(at, 5), isTurned = transposed && isTurnedForBlas(n, k);
  linearByBlas(
    x, xRow, address(at, isTurned ? 1 : 4), isTurned ? turnedRow(n) : stride(at, 4), isTurned ? 0 : transposed, out, outRow,
    rows, n, k, parameter(at, 2), address(at, 3),
  );
}

/** A product of every group of a row with the same weights: one product where groups follow one another without gaps. */
export function groupedLinear(at: usize, rows: i32, n: i32, k: i32, groups: i32): void {
  let x = address(at, 0), out = address(at, 2);
  const xRow = stride(at, 0), outRow = stride(at, 2), flags = parameter(at, 2), bias = address(at, 3);
  const isWhole = xRow == groups * k && outRow == groups * n;
  const pieces = isWhole ? 1 : rows, groupsOfPiece = isWhole ? rows * groups : groups;
  for (let r = 0; r < pieces; r++) {
    if (usesBlas(n, k)) linearOfInstruction(at, x, k, out, n, groupsOfPiece, n, k);
    else gemm(x, k, 1, address(at, 1), parameter(at, 3), parameter(at, 4), out, n, groupsOfPiece, n, k, flags, bias);
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[m × n] += Σ over rows and groups of xᵀ y; `width` = columns of a group of x, of which m are taken. */
export function groupedOuterSum(
  x: usize, xRow: i32, y: usize, yRow: i32, out: usize, outRow: i32, rows: i32, n: i32, m: i32, groups: i32, width: i32 = m,
): void {
  const isWhole = xRow == groups * width && yRow == groups * n;
  const pieces = isWhole ? 1 : rows, groupsOfPiece = isWhole ? rows * groups : groups;
  for (let r = 0; r < pieces; r++) {
    if (usesBlas(n, width)) outerByBlas(x, width, y, n, out, outRow, m, n, groupsOfPiece, 1);
    else gemm(x, 1, width, y, n, 8, out, outRow, m, n, groupsOfPiece, op.FLAG_ACCUMULATE, 0);
    x += <usize>xRow << 2;
    y += <usize>yRow << 2;
  }
}

/** out += Σ over rows and groups of x */
export function groupedSum(x: usize, xRow: i32, out: usize, rows: i32, width: i32, groups: i32): void {
  for (let g = 0; g < groups; g++) sumRows(x + (<usize>(g * width) << 2), xRow, out, rows, width);
}
