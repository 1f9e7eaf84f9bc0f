/** Instructions of sums along rows and across them, and of what is made with such sums. */
import { rowDot, rowSum, sumLoss, sumRows } from './elementwise';
import { groupedSum } from './grouped-products';
import { combine, sumProducts } from './normalise';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';
import { standardise, standardiseGradient } from './standardise';
import { batchRows } from './tile';

export function runSumInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  const a = address(at, 0), aRow = stride(at, 0), b = address(at, 1), bRow = stride(at, 1);
  const c = address(at, 2), cRow = stride(at, 2);
  switch (load<i32>(at)) {
    case op.ROW_DOT:
      rowDot(a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.ROW_SUM: rowSum(a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.SUM_ROWS: groupedSum(a, aRow, address(at, 1), rows, p0, p1); break;
    case op.BATCH_SUM:
      memory.fill(c, 0, <usize>rows << 2);
      for (let g = 0; g < p1; g++) sumRows(a + (<usize>(g * p0) << 2), bRow, c, batchRows, rows);
      break;
    case op.SUM_LOSS: sumLoss(a, aRow, address(at, 1), rows); break;
    case op.COMBINE:
      // operands a, p, b, q, m, c, out
      combine(
        a, aRow, b, c, cRow, address(at, 3), address(at, 4), address(at, 5), address(at, 6), stride(at, 6), rows, p0,
      );
      break;
    case op.SUM_PRODUCTS: sumProducts(a, aRow, b, bRow, address(at, 3), c, rows, p0); break;
    case op.STANDARDISE: standardise(a, aRow, b, bRow, rows, p0, reinterpret<f32>(p1)); break;
    case op.STANDARDISE_GRADIENT:
      standardiseGradient(a, aRow, b, bRow, c, cRow, rows, p0, reinterpret<f32>(p1));
      break;
    default: unreachable();
  }
}
