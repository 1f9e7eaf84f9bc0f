/** Instructions of dropout. */
import { dropout, dropoutCoarse, laneDropout } from './dropout';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';
import { epochNumber, firstSlot, stepNumber, tileStart } from './tile';

export function runDropoutInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  const a = address(at, 0), aRow = stride(at, 0), b = address(at, 1), bRow = stride(at, 1);
  const c = address(at, 2), cRow = stride(at, 2);
  switch (load<i32>(at)) {
    case op.DROPOUT:
      // p0 width, p1 bits of the scale, threshold, key
      dropout(
        a, aRow, b, bRow, rows, p0, reinterpret<f32>(p1), <u32>parameter(at, 2), firstSlot + tileStart, epochNumber,
        <u32>parameter(at, 3), <u32>parameter(at, 4),
      );
      break;
    case op.DROPOUT_COARSE:
      // p0 width, p1 limit, key
      dropoutCoarse(
        a, aRow, b, bRow, rows, p0, p1, firstSlot + tileStart, epochNumber, <u32>parameter(at, 2), <u32>parameter(at, 3),
      );
      break;
    case op.LANE_DROPOUT:
      laneDropout(
        a, aRow, b, bRow, rows, p0, p1, reinterpret<f32>(parameter(at, 2)), parameter(at, 3), parameter(at, 4), tileStart,
        stepNumber, epochNumber,
      );
      break;
    default: unreachable();
  }
}
