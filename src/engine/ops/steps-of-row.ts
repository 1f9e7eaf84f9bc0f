/**
 * Steps that lie side by side in a row: S groups of T steps, each a number or a vector. Softmax over the steps that are there, and
 * sums weighted by it: attention pooling.
 */
import { shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { isIndex } from './leaves.ts';
import { fusedGradient, noGradients, opFamily } from './op.ts';

/** Entries of each group of `steps` before its first −1, index [B, S · T] → [B, S]: the lengths of padded sequences. */
export function sequenceLengths(index: Tensor, steps: number): Tensor {
  if (!isIndex(index) || index.size % steps !== 0)
    throw shapeError('sequenceLengths', `needs an index input of whole groups of ${steps}`, [index]);
  return new Tensor(stepOps.sequenceLengths, [index], 'batch', [index.size / steps], { steps });
}

/**
 * Softmax over the first lengths[s] of the T scores of every group, zeros behind them; a group of length 0 is all zeros. What
 * stands behind the end is not read.
 * @param scores [B, S · T]
 * @param lengths [B, S]; takes no gradient
 */
export function maskedSoftmax(scores: Tensor, lengths: Tensor): Tensor {
  if (scores.rows !== 'batch' || lengths.rows !== 'batch' || scores.size % lengths.size !== 0)
    throw shapeError('maskedSoftmax', 'needs scores [B, S · T] and lengths [B, S]', [scores, lengths]);
  const attributes = { sequences: lengths.size, steps: scores.size / lengths.size };
  return new Tensor(stepOps.maskedSoftmax, [scores, lengths], 'batch', scores.shape, attributes);
}

/** Σ_t w[s, t] v[s, t]: weights [B, S · T] and vectors [B, S · T · m] → [B, S · m]. */
export function poolSteps(w: Tensor, v: Tensor, steps: number): Tensor {
  const width = v.size / w.size;
  if (w.rows !== 'batch' || v.rows !== 'batch' || w.size % steps !== 0 || !Number.isInteger(width))
    throw shapeError('poolSteps', `needs weights [B, S · ${steps}] and vectors [B, S · ${steps} · m]`, [w, v]);
  const sequences = w.size / steps;
  return new Tensor(stepOps.poolSteps, [w, v], 'batch', [sequences * width], { sequences, steps, width });
}

/** a[s] · v[s, t]: vectors [B, S · m] and [B, S · T · m] → [B, S · T]. */
export function dotSteps(a: Tensor, v: Tensor, steps: number, sequences = 1): Tensor {
  const width = a.size / sequences;
  if (a.rows !== 'batch' || v.rows !== 'batch' || !Number.isInteger(width) || v.size !== steps * a.size)
    throw shapeError('dotSteps', `needs vectors [B, ${sequences} · m] and [B, ${sequences} · ${steps} · m]`, [a, v]);
  return dotOf(a, v, { sequences, steps, width });
}

/** Of each number of a step its largest over the steps, [B, T · m] → [B, m]; of equal ones the first takes the gradient. */
export function maxSteps(x: Tensor, steps: number): Tensor {
  return new Tensor(stepOps.maxSteps, [x], 'batch', [widthOf('maxSteps', x, steps)], oneSequence(x, steps));
}

/** [B, T · m] → [B, m · T]: the steps of a row become its numbers. */
export function transposeSteps(x: Tensor, steps: number): Tensor {
  widthOf('transposeSteps', x, steps);
  return new Tensor(stepOps.transposeSteps, [x], 'batch', x.shape, oneSequence(x, steps));
}

function widthOf(op: string, x: Tensor, steps: number): number {
  if (x.rows !== 'batch' || x.size % steps !== 0) throw shapeError(op, `needs [B, ${steps} · m]`, [x]);
  return x.size / steps;
}

const oneSequence = (x: Tensor, steps: number): Sizes => ({ sequences: 1, steps, width: x.size / steps });

type Sizes = {
  readonly sequences: number;
  readonly steps: number;
  readonly width: number;
};
const sizesOf = (y: Tensor): Sizes => y.attributes as Sizes;

const maskedSoftmaxGradient = (y: Tensor, dy: Tensor): Tensor =>
  new Tensor(stepOps.maskedSoftmaxGradient, [y, dy], 'batch', y.shape, y.attributes);
const dotOf = (a: Tensor, v: Tensor, sizes: Sizes): Tensor =>
  new Tensor(stepOps.dotSteps, [a, v], 'batch', [sizes.sequences * sizes.steps], sizes);
const scaleSteps = (w: Tensor, a: Tensor, sizes: Sizes): Tensor =>
  new Tensor(stepOps.scaleSteps, [w, a], 'batch', [sizes.sequences * sizes.steps * sizes.width], sizes);

const maxStepsGradient = (y: Tensor, dy: Tensor): Tensor =>
  new Tensor(stepOps.maxStepsGradient, [y.inputs[0], dy], 'batch', y.inputs[0].shape, y.attributes);

const kernelOf = (opcode: number) => (y: Tensor) => {
  const { sequences, steps, width = 0 } = sizesOf(y);
  return { opcode, parameters: [sequences, steps, width, 0, 0], operands: [...y.inputs, y] };
};

/** Calls `visit` for every step: its number among all steps, its group, and the elements of its vector. */
function eachElement(y: Tensor, rows: number, visit: (step: number, ofStep: number, ofGroup: number) => void): void {
  const { sequences, steps, width } = sizesOf(y);
  for (let step = 0; step < rows * sequences * steps; step++)
    for (let j = 0; j < width; j++) visit(step, step * width + j, Math.floor(step / steps) * width + j);
}

export const stepOps = opFamily({
  sequenceLengths: {
    formula: 'y[s] = entries of group s before its first −1',
    derivative: 'none: a constant of the step',
    gradient: noGradients,
    kernel: (y) => {
      const parameters = [y.size, y.attributes.steps as number];
      return { opcode: code.SEQUENCE_LENGTHS, parameters, operands: [...y.inputs, y] };
    },
    reference: (y, [index], rows) => {
      const steps = y.attributes.steps as number;
      return Float64Array.from({ length: rows * y.size }, (_, g) => {
        const end = index.subarray(g * steps, (g + 1) * steps).indexOf(-1);
        return end < 0 ? steps : end;
      });
    },
  },
  maskedSoftmax: {
    formula: 'y_t = exp(x_t) / Σ_{u < length} exp(x_u) for t < length, 0 behind',
    derivative: '∂x_t = y_t (dy_t − Σ_u y_u dy_u)',
    gradient: (y, dy) => [maskedSoftmaxGradient(y, dy), null],
    kernel: kernelOf(code.MASKED_SOFTMAX),
    reference: (y, [x, lengths], rows) => {
      const { sequences, steps } = sizesOf(y);
      const out = new Float64Array(rows * y.size);
      for (let g = 0; g < rows * sequences; g++) {
        const own = x.subarray(g * steps, g * steps + lengths[g]);
        const top = own.reduce((max, v) => (v > max ? v : max), Number.NEGATIVE_INFINITY);
        const e = own.map((v) => Math.exp(v - top));
        const sum = e.reduce((total, v) => total + v, 0);
        out.set(e.map((v) => v / sum), g * steps); // biome-ignore format: one line
      }
      return out;
    },
  },
  maskedSoftmaxGradient: {
    formula: 'y_t = p_t (d_t − Σ_u p_u d_u), 0 where p_t = 0',
    ...fusedGradient,
    kernel: kernelOf(code.MASKED_SOFTMAX_GRADIENT),
    reference: (y, [p, d], rows) => {
      const { steps } = sizesOf(y);
      const sums = new Float64Array((rows * y.size) / steps);
      p.forEach((v, k) => {
        if (v !== 0) sums[Math.floor(k / steps)] += v * d[k];
      });
      return p.map((v, k) => (v === 0 ? 0 : v * (d[k] - sums[Math.floor(k / steps)])));
    },
  },
  poolSteps: {
    formula: 'y[s] = Σ_t w[s, t] v[s, t]',
    derivative: '∂w[s, t] = dy[s] · v[s, t], ∂v[s, t] = w[s, t] dy[s]',
    gradient: (y, dy) => {
      const [w, v] = y.inputs;
      return [dotOf(dy, v, sizesOf(y)), scaleSteps(w, dy, sizesOf(y))];
    },
    kernel: kernelOf(code.POOL_STEPS),
    reference: (y, [w, v], rows) =>
      collected(rows * y.size, (out) =>
        eachElement(y, rows, (step, ofStep, ofGroup) => {
          out[ofGroup] += w[step] * v[ofStep];
        }),
      ),
  },
  dotSteps: {
    formula: 'y[s, t] = a[s] · v[s, t]',
    derivative: '∂a[s] = Σ_t dy[s, t] v[s, t], ∂v[s, t] = dy[s, t] a[s]',
    gradient: (y, dy) => {
      const [a, v] = y.inputs;
      return [poolSteps(dy, v, sizesOf(y).steps), scaleSteps(dy, a, sizesOf(y))];
    },
    kernel: kernelOf(code.DOT_STEPS),
    reference: (y, [a, v], rows) =>
      collected(rows * y.size, (out) =>
        eachElement(y, rows, (step, ofStep, ofGroup) => {
          out[step] += a[ofGroup] * v[ofStep];
        }),
      ),
  },
  scaleSteps: {
    formula: 'y[s, t] = w[s, t] a[s]',
    derivative: '∂w[s, t] = a[s] · dy[s, t], ∂a[s] = Σ_t w[s, t] dy[s, t]',
    gradient: (y, dy) => {
      const [w, a] = y.inputs;
      return [dotOf(a, dy, sizesOf(y)), poolSteps(w, dy, sizesOf(y).steps)];
    },
    kernel: kernelOf(code.SCALE_STEPS),
    reference: (y, [w, a], rows) =>
      collected(rows * y.size, (out) =>
        eachElement(y, rows, (step, ofStep, ofGroup) => {
          out[ofStep] = w[step] * a[ofGroup];
        }),
      ),
  },
  maxSteps: {
    formula: 'y_j = max_t x[t]_j',
    derivative: '∂x[t]_j = dy_j at the first t where x[t]_j = y_j, else 0',
    gradient: (y, dy) => [maxStepsGradient(y, dy)],
    kernel: kernelOf(code.MAX_STEPS),
    reference: (y, [x], rows) => {
      const { width } = sizesOf(y);
      return Float64Array.from({ length: rows * width }, (_, k) => x[highestStep(y, x, k)]);
    },
  },
  maxStepsGradient: {
    formula: 'y[t]_j = b_j at the first t where a[t]_j is the largest, else 0',
    ...fusedGradient,
    kernel: kernelOf(code.MAX_STEPS_GRADIENT),
    reference: (y, [a, b], rows) =>
      collected(rows * y.size, (out) => {
        b.forEach((v, k) => {
          out[highestStep(y, a, k)] = v;
        });
      }),
  },
  transposeSteps: {
    formula: 'y[j]_t = x[t]_j',
    derivative: '∂x[t]_j = dy[j]_t',
    gradient: (y, dy) => [transposeSteps(dy, sizesOf(y).width)],
    kernel: kernelOf(code.TRANSPOSE_STEPS),
    reference: (y, [x]) => {
      const { steps, width } = sizesOf(y);
      return x.map((_, k) => {
        const [row, at] = [Math.floor(k / y.size) * y.size, k % y.size];
        return x[row + (at % steps) * width + Math.floor(at / steps)];
      });
    },
  },
});

function collected(length: number, fill: (out: Values) => void): Values {
  const out = new Float64Array(length);
  fill(out);
  return out;
}

/** Which element of x is the first of the largest over the steps, for number k of the sums' rows; NaN is larger than all. */
function highestStep(y: Tensor, x: Values, k: number): number {
  const { steps, width } = sizesOf(y);
  const first = Math.floor(k / width) * steps * width + (k % width);
  let best = first;
  for (let t = 1; t < steps; t++) {
    const at = first + t * width;
    if (!Number.isNaN(x[best]) && !(x[at] <= x[best])) best = at;
  }
  return best;
}
