/** Instructions of steps inside rows: recurrent layers and pooling. */
import * as lstm from './lstm';
import * as op from './opcodes';
import { address, isDense, parameter, stride } from './operands';
import * as steps from './steps-of-row';
import { batchRows } from './tile';

export function runStepInstruction(at: usize, rows: i32): void {
  // p4: the sum over the whole batch at once, not tile by tile
  const isWholeSum = load<i32>(at) == op.LSTM_WEIGHT_GRADIENT && parameter(at, 4) != 0;
  if (!isWholeSum) return runRows(at, rows);
  const units = parameter(at, 2), inputs = parameter(at, 3);
  memory.fill(address(at, 3), 0, <usize>(4 * units * (inputs + units + 1)) << 2);
  runRows(at, batchRows);
}

/** Within a row every operand is dense; all rows go at once where rows have no gaps either. */
function runRows(at: usize, rows: i32): void {
  // p0 sequences of a row, p1 steps, p2 units or width, p3 inputs, p4 from the end
  const tokens = parameter(at, 0) * parameter(at, 1), units = parameter(at, 2), inputs = parameter(at, 3);
  const sequences = parameter(at, 0), records = tokens * units * op.LSTM_FIELDS;
  const gradients = tokens * units * op.LSTM_GRADIENT_FIELDS;
  // widths of the batch operands, which come first
  let w0 = tokens, w1 = tokens, w2 = tokens, w3 = 0;
  switch (load<i32>(at)) {
    case op.LSTM: w0 = tokens * inputs; w1 = sequences; w2 = records; break;
    case op.LSTM_HIDDEN: w0 = records; w1 = inputs ? records : 0; w2 = tokens * (units << inputs); break;
    case op.LSTM_GRADIENT: w0 = records; w1 = sequences; w2 = tokens * parameter(at, 5); w3 = gradients; break;
    case op.LSTM_INPUT_GRADIENT: w0 = gradients; w1 = tokens * inputs; w2 = 0; break;
    case op.LSTM_WEIGHT_GRADIENT: w0 = tokens * inputs; w1 = records; w2 = gradients; break;
    case op.SEQUENCE_LENGTHS: w1 = sequences; w2 = 0; break;
    case op.MASKED_SOFTMAX: w1 = sequences; break;
    case op.POOL_STEPS: w1 = tokens * units; w2 = sequences * units; break;
    case op.DOT_STEPS: w0 = sequences * units; w1 = tokens * units; break;
    case op.SCALE_STEPS: w1 = sequences * units; w2 = tokens * units; break;
    case op.MAX_STEPS: w0 = tokens * units; w1 = sequences * units; w2 = 0; break;
    case op.MAX_STEPS_GRADIENT: w0 = tokens * units; w1 = sequences * units; w2 = tokens * units; break;
    case op.TRANSPOSE_STEPS: w0 = tokens * units; w1 = tokens * units; w2 = 0; break;
    default: break;
  }
  const isWhole = isDense(at, 0, w0) && isDense(at, 1, w1) && isDense(at, 2, w2) && isDense(at, 3, w3);
  const pieces = isWhole ? 1 : rows, count = isWhole ? rows * sequences : sequences;
  const s0 = w0 ? stride(at, 0) : 0, s1 = w1 ? stride(at, 1) : 0, s2 = w2 ? stride(at, 2) : 0, s3 = w3 ? stride(at, 3) : 0;
  for (let r = 0; r < pieces; r++)
    runSteps(
      at, count, address(at, 0) + (<usize>(r * s0) << 2), address(at, 1) + (<usize>(r * s1) << 2),
      address(at, 2) + (<usize>(r * s2) << 2), address(at, 3) + (<usize>(r * s3) << 2),
    );
}

/** One instruction of steps on `count` sequences that follow one another without gaps. */
function runSteps(at: usize, count: i32, a: usize, b: usize, c: usize, d: usize): void {
  const t = parameter(at, 1), units = parameter(at, 2), inputs = parameter(at, 3), reverse = parameter(at, 4) != 0;
  switch (load<i32>(at)) {
    case op.LSTM:
      // p5 bits of the addend of the forget gate; operands x, lengths, out, weights, panels
      lstm.lstm(a, d, address(at, 4), b, c, count, t, inputs, units, reinterpret<f32>(parameter(at, 5)), reverse);
      break;
    case op.LSTM_HIDDEN:
      // p3 there is a second direction; operands forward, backward, out
      lstm.lstmHidden(a, c, units << inputs, count * t, units);
      if (inputs) lstm.lstmHidden(b, c + (<usize>units << 2), 2 * units, count * t, units);
      break;
    case op.LSTM_GRADIENT:
      // p5 width of a step of dy, p6 the first column there; operands records, lengths, dy, out, weights, panels of Uᵀ
      lstm.lstmGradient(
        a, address(at, 4), address(at, 5), b, c + (<usize>parameter(at, 6) << 2), parameter(at, 5), d, count, t, inputs, units,
        reverse,
      );
      break;
    case op.LSTM_INPUT_GRADIENT: lstm.lstmInputGradient(a, c, d, b, count * t, inputs, units); break;
    case op.LSTM_WEIGHT_GRADIENT: lstm.lstmWeightGradient(a, b, c, d, count * t, inputs, units); break;
    case op.SEQUENCE_LENGTHS: steps.sequenceLengths(a, b, count, t); break;
    case op.MASKED_SOFTMAX: steps.maskedSoftmax(a, b, c, count, t); break;
    case op.MASKED_SOFTMAX_GRADIENT: steps.maskedSoftmaxGradient(a, b, c, count, t); break;
    case op.POOL_STEPS: steps.poolSteps(a, b, c, count, t, units); break;
    case op.DOT_STEPS: steps.dotSteps(a, b, c, count, t, units); break;
    case op.SCALE_STEPS: steps.scaleSteps(a, b, c, count, t, units); break;
    case op.MAX_STEPS: steps.maxSteps(a, b, count, t, units); break;
    case op.MAX_STEPS_GRADIENT: steps.maxStepsGradient(a, b, c, count, t, units); break;
    case op.TRANSPOSE_STEPS: steps.transposeSteps(a, b, count, t, units); break;
    default: unreachable();
  }
}
