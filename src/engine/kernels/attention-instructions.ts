/** Instructions of self-attention. */
import { attention, attentionGradient, openAttention } from './attention';
import { dropoutCoarse } from './dropout';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';
import { standardise, standardiseGradient } from './standardise';
import { targetCrossEntropy, targetCrossEntropyGradient } from './target-loss';
import { epochNumber, firstSlot, tileStart } from './tile';

export function runAttentionInstruction(
  at: usize, rows: i32, p0: i32, p1: i32, a: usize, aRow: i32, b: usize, bRow: i32, c: usize, cRow: i32, d: usize, dRow: i32,
): void {
  const kind = load<i32>(at);
  if (kind == op.STANDARDISE) standardise(a, aRow, b, bRow, rows, p0, reinterpret<f32>(p1));
  else if (kind == op.STANDARDISE_GRADIENT) standardiseGradient(a, aRow, b, bRow, c, cRow, rows, p0, reinterpret<f32>(p1));
  else if (kind == op.DROPOUT_COARSE)
    // p0 width, p1 limit, key
    dropoutCoarse(
      a, aRow, b, bRow, rows, p0, p1, firstSlot + tileStart, epochNumber, <u32>parameter(at, 2), <u32>parameter(at, 3),
    );
  else if (kind == op.TARGET_LOSS)
    targetCrossEntropy(a, aRow, b, bRow, c, d, address(at, 4), address(at, 5), stride(at, 5), rows, p0);
  else if (kind == op.TARGET_LOSS_GRADIENT)
    targetCrossEntropyGradient(
      a, aRow, b, bRow, c, d, address(at, 4), address(at, 5), stride(at, 5), address(at, 6), stride(at, 6), rows, p0,
    );
  else {
    // p0 width, p1 heads, window, limit of the draws, key; operands qkv, back, [dy,] out, workspace
    openAttention(
      p0, p1, parameter(at, 3), firstSlot + tileStart, epochNumber, <u32>parameter(at, 4), <u32>parameter(at, 5),
    );
    const window = parameter(at, 2);
    if (kind == op.ATTENTION) attention(a, aRow, b, c, cRow, rows, window, d);
    else if (kind == op.ATTENTION_GRADIENT) attentionGradient(a, aRow, b, c, cRow, d, dRow, rows, window, address(at, 4));
    else unreachable();
  }
}
