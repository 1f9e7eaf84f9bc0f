/** Instructions of gated recurrent units. */
import * as gru from './gru';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';

export function runGruInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0);
  const a = address(at, 0), aRow = stride(at, 0), b = address(at, 1), bRow = stride(at, 1);
  const c = address(at, 2), cRow = stride(at, 2), d = address(at, 3), dRow = stride(at, 3);
  switch (load<i32>(at)) {
    case op.GRU_RESET: gru.gruReset(a, aRow, b, bRow, c, cRow, d, dRow, rows, p0); break;
    case op.GRU_RESET_GRADIENT:
      gru.gruResetGradient(a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), rows, p0);
      break;
    case op.GRU_ORIGINAL:
      gru.gruOriginal(a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), rows, p0);
      break;
    case op.GRU_ORIGINAL_GRADIENT:
      gru.gruOriginalGradient(
        a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), address(at, 5), stride(at, 5), rows, p0,
      );
      break;
    case op.GRU_CELL: gru.gruCell(a, aRow, b, bRow, c, cRow, d, dRow, rows, p0); break;
    case op.GRU_CELL_GRADIENT:
      gru.gruCellGradient(a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), rows, p0);
      break;
    case op.GRU_STATE_GRADIENT: gru.gruStateGradient(a, aRow, b, bRow, c, cRow, d, dRow, rows, p0); break;
    default: unreachable();
  }
}
