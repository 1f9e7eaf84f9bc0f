/** Instructions of self-attention. */
import { attention, attentionGradient, openAttention } from './attention';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';
import { epochNumber, firstSlot, tileStart } from './tile';

export function runAttentionInstruction(at: usize, rows: i32): void {
  // p0 width, p1 heads, window, limit of the draws, key; operands qkv, back, [dy,] out, workspace
  openAttention(
    parameter(at, 0), parameter(at, 1), parameter(at, 3), firstSlot + tileStart, epochNumber, <u32>parameter(at, 4),
    <u32>parameter(at, 5),
  );
  const window = parameter(at, 2);
  const a = address(at, 0), aRow = stride(at, 0), b = address(at, 1), c = address(at, 2), cRow = stride(at, 2);
  const d = address(at, 3), dRow = stride(at, 3);
  switch (load<i32>(at)) {
    case op.ATTENTION: attention(a, aRow, b, c, cRow, rows, window, d); break;
    case op.ATTENTION_GRADIENT:
      attentionGradient(a, aRow, b, c, cRow, d, dRow, rows, window, address(at, 4));
      break;
    default: unreachable();
  }
}
