/** Instructions that compute each element of a row alone, or copy. */
import { affine, binary, copyRows, fillRows, mulColumn, repeatColumn, unary } from './elementwise';
import { elu, eluGradient } from './elu';
import { swiglu, swigluGradient } from './gated';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';

export function runRowInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  const a = address(at, 0), aRow = stride(at, 0), b = address(at, 1), bRow = stride(at, 1);
  const c = address(at, 2), cRow = stride(at, 2);
  switch (load<i32>(at)) {
    case op.UNARY: unary(p1, a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.BINARY:
      binary(p1, a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.AFFINE:
      affine(a, aRow, address(at, 1), stride(at, 1), rows, p0, reinterpret<f32>(p1), reinterpret<f32>(parameter(at, 2)));
      break;
    case op.ELU: elu(a, aRow, b, bRow, rows, p0, reinterpret<f32>(p1)); break;
    case op.ELU_GRADIENT: eluGradient(a, aRow, b, bRow, c, cRow, rows, p0, reinterpret<f32>(p1)); break;
    case op.SWIGLU: swiglu(a, aRow, b, bRow, rows, p0); break;
    case op.SWIGLU_GRADIENT: swigluGradient(a, aRow, b, bRow, c, cRow, rows, p0); break;
    case op.MUL_COLUMN:
      mulColumn(a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.REPEAT_COLUMN: repeatColumn(a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.FILL: fillRows(load<f32>(a), address(at, 1), stride(at, 1), rows, p0); break;
    case op.COPY: copyRows(a + (<usize>p1 << 2), aRow, b, bRow, rows, p0); break;
    case op.JOIN:
      copyRows(a, aRow, address(at, 2), stride(at, 2), rows, p0);
      copyRows(address(at, 1), stride(at, 1), address(at, 2) + (<usize>p0 << 2), stride(at, 2), rows, p1);
      break;
    case op.PLACE:
      fillRows(0, address(at, 1), stride(at, 1), rows, p0);
      copyRows(a, aRow, address(at, 1) + (<usize>parameter(at, 2) << 2), stride(at, 1), rows, p1);
      break;
    default: unreachable();
  }
}
