/** Instructions of losses against a list that the rows of the batch share. */
import { candidateOffsets, candidateSlopes } from './candidates';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';
import { targetSlopes } from './target-loss';
import { tileStart } from './tile';

export function runListLossInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  const a = address(at, 0), aRow = stride(at, 0), b = address(at, 1), bRow = stride(at, 1);
  const c = address(at, 2), cRow = stride(at, 2), d = address(at, 3), dRow = stride(at, 3);
  switch (load<i32>(at)) {
    case op.CANDIDATE_OFFSETS:
      candidateOffsets(
        a, parameter(at, 4) ? b : 0, c, rows, tileStart, p0, p1, reinterpret<f32>(parameter(at, 2)),
        reinterpret<f32>(parameter(at, 3)),
      );
      break;
    case op.CANDIDATE_SLOPES:
      // operands scores, list, offsets, out, workspace
      candidateSlopes(
        p1, a, aRow, b, c, d, dRow, rows, tileStart, p0, parameter(at, 2), reinterpret<f32>(parameter(at, 3)), address(at, 4),
      );
      break;
    case op.TARGET_SLOPES:
      targetSlopes(a, aRow, b, bRow, c, d, address(at, 4), address(at, 5), stride(at, 5), rows, p0);
      break;
    default: unreachable();
  }
}
