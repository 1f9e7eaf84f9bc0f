/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000) over all steps of the
 * sequences of a row. The gates of a step lie side by side in the order (i, f, g, o): input, forget, new state, output.
 *
 *   z = x_t W + h U + b        i = σ(z_i)   f = σ(z_f + forget)   g = tanh(z_g)   o = σ(z_o)
 *   c′ = f ⊙ c + i ⊙ g         h′ = o ⊙ tanh(c′)
 *
 * W [n, 4H], U [H, 4H] and b [4H] are one matrix, row below row: [n + H + 1, 4H]. A sequence begins with h = c = 0 and ends after
 * its length; what stands at later steps is not read (it must be finite), gets h = 0 and no gradient. From the end to the
 * beginning it starts at its own last step. No second derivatives.
 */
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { matrixRows } from './layout.ts';
import { packed, transpose } from './linear.ts';
import {
  bothReference,
  gradientReference,
  inputGradientReference,
  type LstmShape,
  recordsReference,
  weightGradientReference,
} from './lstm-reference.ts';
import { floatBits, fusedGradient, opFamily } from './op.ts';

export interface LstmOptions {
  /** Steps T of each sequence; a row holds as many sequences as `lengths` has numbers. */
  readonly steps: number;
  /** Added to the forget gate before its σ; 1 keeps early states from fading (Jozefowicz et al., ICML 2015). Default 0. */
  readonly forget?: number;
}

/** What one direction leaves for the others: records of all steps. */
interface Direction {
  readonly weights: Tensor;
  readonly reverse: boolean;
}

/**
 * Hidden states of all steps, [B, S · T · n] → [B, S · T · H], or [B, S · T · 2H] with two directions: (forward, backward) a step.
 * @param x inputs of S sequences of T steps a row
 * @param weights of the forward direction, and of the backward one where there is one: shared [n + H + 1, 4H] each
 * @param lengths [B, S], whole numbers 0 … T: steps of each sequence; takes no gradient
 */
export function lstm(x: Tensor, weights: readonly Tensor[], lengths: Tensor, options: LstmOptions): Tensor {
  const { steps } = options;
  const [n, depth, units] = [x.size / (lengths.size * steps), weights[0]?.shape[0], (weights[0]?.shape[1] ?? 0) / 4];
  const fits = weights.every((w) => w.rows === 'shared' && w.shape[0] === n + units + 1 && w.shape[1] === 4 * units);
  if (weights.length < 1 || weights.length > 2 || x.rows !== 'batch' || lengths.rows !== 'batch' || !fits)
    throw shapeError(
      'lstm',
      `needs [B, S · ${steps} · n], one or two shared [n + H + 1, 4H] and lengths [B, S]`,
      [x, ...weights, lengths],
      `n is ${n} and H ${units} of ${depth} rows`,
    );
  const directions = weights.map((w, k): Direction => ({ weights: w, reverse: k === 1 }));
  const records = directions.map((direction) => recordsOf(x, lengths, n, units, direction, options));
  const shape = [lengths.size * steps * units * weights.length];
  return new Tensor(lstmOps.lstmHidden, records, 'batch', shape, { sequences: lengths.size, steps, units });
}

function recordsOf(
  x: Tensor,
  lengths: Tensor,
  inputs: number,
  units: number,
  { weights, reverse }: Direction,
  { steps, forget = 0 }: LstmOptions,
): Tensor {
  const sequences = lengths.size;
  const attributes = { sequences, steps, units, inputs, reverse, forget };
  const shape = [sequences * steps * code.LSTM_FIELDS * units];
  return new Tensor(lstmOps.lstm, [x, lengths, weights, packed(weights)], 'batch', shape, attributes);
}

const shapeOf = (y: Tensor): LstmShape => y.attributes as LstmShape;

/** Parameters 0 … 4 that all kernels of this family share. */
const common = (y: Tensor): number[] => {
  const { sequences, steps, units, inputs, reverse } = shapeOf(y);
  return [sequences, steps, units, inputs, reverse ? 1 : 0];
};

/** The gradient of `lstmHidden` with respect to the records: dh itself, of which each direction takes its columns. */
function recordsGradient(y: Tensor, dh: Tensor): readonly (Tensor | null)[] {
  const [x, lengths, weights] = y.inputs;
  const shape = shapeOf(y);
  const { sequences, steps, units, inputs } = shape;
  const attributes = { ...shape, dhWidth: dh.size / (sequences * steps) };
  // W and U stand side by side in the transpose; panels begin anew for each
  const turned = transpose(weights);
  const u = matrixRows(weights, inputs, inputs + units);
  const dz = new Tensor(
    lstmOps.lstmGradient,
    [y, lengths, dh, turned, packed(transpose(u))],
    'batch',
    [sequences * steps * code.LSTM_GRADIENT_FIELDS * units],
    attributes,
  );
  const w = matrixRows(weights, 0, inputs);
  const dx = new Tensor(lstmOps.lstmInputGradient, [dz, turned, packed(transpose(w))], 'batch', x.shape, { ...shape });
  const dWeights = new Tensor(lstmOps.lstmWeightGradient, [x, y, dz], 'shared', weights.shape, { ...shape });
  return [dx, null, dWeights, null];
}

export const lstmOps = opFamily({
  lstm: {
    formula:
      'records (i, f, g, o, c′, tanh c′, h) of all steps: c′ = f c + i g, (i, f, o) = σ(z), g = tanh z, z = x W + h U + b',
    derivative: 'see lstmGradient, lstmInputGradient, lstmWeightGradient',
    gradient: recordsGradient,
    kernel: (y) => {
      const [x, lengths, weights, panels] = y.inputs;
      const parameters = [...common(y), floatBits(shapeOf(y).forget)];
      return { opcode: code.LSTM, parameters, operands: [x, lengths, y, weights, panels] };
    },
    reference: (y, [x, lengths, weights], rows) => recordsReference(shapeOf(y), x, lengths, weights, rows),
  },
  lstmHidden: {
    formula: 'h′ = o tanh c′ of all steps, both directions of a step side by side',
    derivative: '∂records = dy: each direction takes its columns',
    gradient: (y, dy) => y.inputs.map(() => dy),
    kernel: (y) => {
      const { sequences, steps, units } = shapeOf(y);
      const [forward, backward = null] = y.inputs;
      const parameters = [sequences, steps, units, backward ? 1 : 0];
      return { opcode: code.LSTM_HIDDEN, parameters, operands: [forward, backward, y] };
    },
    reference: (y, records, rows) => bothReference(shapeOf(y), records, rows),
  },
  lstmGradient: {
    formula: 'records (dz_i, dz_f, dz_g, dz_o, dh, dc from the step after) of all steps, from the last one back',
    ...fusedGradient,
    kernel: (y) => {
      const [records, lengths, dh, turned, panels] = y.inputs;
      const { units, reverse, dhWidth } = y.attributes as LstmShape & { dhWidth: number };
      const first = reverse && dhWidth > units ? units : 0;
      const parameters = [...common(y), dhWidth, first];
      return { opcode: code.LSTM_GRADIENT, parameters, operands: [records, lengths, dh, y, turned, panels] };
    },
    reference: (y, [records, lengths, dh, turned], rows) => {
      const shape = y.attributes as LstmShape & { dhWidth: number };
      return gradientReference(shape, records, lengths, dh, turned, rows);
    },
  },
  lstmInputGradient: {
    formula: 'y_t = dz_t Wᵀ',
    ...fusedGradient,
    kernel: (y) => {
      const [dz, turned, panels] = y.inputs;
      return { opcode: code.LSTM_INPUT_GRADIENT, parameters: common(y), operands: [dz, y, turned, panels] };
    },
    reference: (y, [dz, turned], rows) => inputGradientReference(shapeOf(y), dz, turned, rows),
  },
  lstmWeightGradient: {
    formula: 'y = Σ over rows, sequences and steps of (x_t, h, 1)ᵀ dz_t',
    ...fusedGradient,
    kernel: (y) => {
      const parameters = [...common(y).slice(0, 4), 0];
      return { opcode: code.LSTM_WEIGHT_GRADIENT, parameters, operands: [...y.inputs, y] };
    },
    // one block: the sum over the whole batch at once
    blocks: (y) => ({
      opcode: code.LSTM_WEIGHT_GRADIENT,
      rows: 1,
      multiple: 1,
      parameters: [...common(y).slice(0, 4), 1],
      operands: [...y.inputs, y].map((tensor) => ({ tensor })),
    }),
    reference: (y, [x, records, dz], rows) => weightGradientReference(shapeOf(y), x, records, dz, rows),
    reduction: true,
  },
});
