/** Element-by-element ops on equal shapes. */
import { type BlockCall, type Op, type OpDefinition, shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { floatBits, kernelRows, opFamily, sigma } from './op.ts';

function ofOne(op: Op, x: Tensor): Tensor {
  return new Tensor(op, [x], x.rows, x.shape);
}

function ofTwo(op: Op, a: Tensor, b: Tensor): Tensor {
  if (a.rows !== b.rows || a.shape.join() !== b.shape.join())
    throw shapeError(
      op.name,
      'operands must have equal shapes',
      [a, b],
      'broadcastRow repeats a shared vector in every row',
    );
  return new Tensor(op, [a, b], a.rows, a.shape);
}

export const relu = (x: Tensor): Tensor => ofOne(elementwiseOps.relu, x);
export const sigmoid = (x: Tensor): Tensor => ofOne(elementwiseOps.sigmoid, x);
export const tanh = (x: Tensor): Tensor => ofOne(elementwiseOps.tanh, x);
export const exp = (x: Tensor): Tensor => ofOne(elementwiseOps.exp, x);
export const log = (x: Tensor): Tensor => ofOne(elementwiseOps.log, x);
export const softplus = (x: Tensor): Tensor => ofOne(elementwiseOps.softplus, x);
export const square = (x: Tensor): Tensor => ofOne(elementwiseOps.square, x);
export const sqrt = (x: Tensor): Tensor => ofOne(elementwiseOps.sqrt, x);
export const reciprocal = (x: Tensor): Tensor => ofOne(elementwiseOps.reciprocal, x);
export const add = (a: Tensor, b: Tensor): Tensor => ofTwo(elementwiseOps.add, a, b);
export const subtract = (a: Tensor, b: Tensor): Tensor => ofTwo(elementwiseOps.subtract, a, b);
export const multiply = (a: Tensor, b: Tensor): Tensor => ofTwo(elementwiseOps.multiply, a, b);
/** Binary cross-entropy of a logit z against a label y in [0, 1]: softplus(z) − z·y. No gradient flows to the label. */
export const bceWithLogits = (z: Tensor, y: Tensor): Tensor => ofTwo(elementwiseOps.bceWithLogits, z, y);

/** scale · x + shift with constants. */
export function affine(x: Tensor, scale: number, shift = 0): Tensor {
  return new Tensor(elementwiseOps.affine, [x], x.rows, x.shape, { scale, shift });
}
export const negate = (x: Tensor): Tensor => affine(x, -1);
/** −log σ(x) = softplus(−x), the pairwise (BPR) loss of a score difference. */
export const negativeLogSigmoid = (x: Tensor): Tensor => softplus(negate(x));

/** dy where y > 0, else 0: the gradient of a rectifier with the value y. */
export const reluGradient = (dy: Tensor, y: Tensor): Tensor => ofTwo(elementwiseOps.reluGradient, dy, y);
const sigmoidGradient = (dy: Tensor, y: Tensor): Tensor => ofTwo(elementwiseOps.sigmoidGradient, dy, y);
const tanhGradient = (dy: Tensor, y: Tensor): Tensor => ofTwo(elementwiseOps.tanhGradient, dy, y);
const bceGradient = (z: Tensor, y: Tensor): Tensor => ofTwo(elementwiseOps.bceGradient, z, y);

const softplus64 = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

interface UnaryRule {
  readonly kind: number;
  readonly formula: string;
  readonly derivative: string;
  readonly value: (x: number) => number;
  readonly gradient: (x: Tensor, y: Tensor, dy: Tensor) => Tensor;
}

function unary({ kind, formula, derivative, value, gradient }: UnaryRule): OpDefinition {
  return {
    formula,
    derivative,
    gradient: (y, dy) => [gradient(y.inputs[0], y, dy)],
    kernel: (y) => {
      const { rows, width } = kernelRows(y);
      return { opcode: code.UNARY, rows, parameters: [width, kind], operands: [y.inputs[0], y] };
    },
    reference: (_y, [x]) => x.map(value),
  };
}

interface BinaryRule {
  readonly kind: number;
  readonly formula: string;
  readonly derivative: string;
  readonly value: (a: number, b: number) => number;
  readonly gradient: (a: Tensor, b: Tensor, dy: Tensor) => readonly (Tensor | null)[];
}

function binary({ kind, formula, derivative, value, gradient }: BinaryRule): OpDefinition {
  return {
    formula,
    derivative,
    gradient: (y, dy) => gradient(y.inputs[0], y.inputs[1], dy),
    kernel: (y) => {
      const { rows, width } = kernelRows(y);
      return { opcode: code.BINARY, rows, parameters: [width, kind], operands: [y.inputs[0], y.inputs[1], y] };
    },
    reference: (_y, [a, b]) => a.map((v, k) => value(v, b[k])),
  };
}

/** Sums of shared matrices, such as those of gradients, by blocks of rows. */
function blocksOfSum(y: Tensor): BlockCall {
  const { rows = 1, width } = kernelRows(y);
  const operands = [...y.inputs, y].map((tensor) => ({ tensor, advance: width }));
  return { opcode: code.BINARY, rows, multiple: 1, parameters: [width, code.ADD], operands };
}

export const elementwiseOps = opFamily({
  relu: unary({
    kind: code.RELU,
    formula: 'y = max(0, x)',
    derivative: '∂x = dy · [y > 0]',
    value: (x) => Math.max(0, x),
    gradient: (_x, y, dy) => reluGradient(dy, y),
  }),
  sigmoid: unary({
    kind: code.SIGMOID,
    formula: 'y = 1 / (1 + e⁻ˣ)',
    derivative: '∂x = dy · y (1 − y)',
    value: sigma,
    gradient: (_x, y, dy) => sigmoidGradient(dy, y),
  }),
  tanh: unary({
    kind: code.TANH,
    formula: 'y = tanh x',
    derivative: '∂x = dy · (1 − y²)',
    value: Math.tanh,
    gradient: (_x, y, dy) => tanhGradient(dy, y),
  }),
  exp: unary({
    kind: code.EXP,
    formula: 'y = eˣ',
    derivative: '∂x = dy · y',
    value: Math.exp,
    gradient: (_x, y, dy) => multiply(dy, y),
  }),
  log: unary({
    kind: code.LOG,
    formula: 'y = ln x',
    derivative: '∂x = dy / x',
    value: Math.log,
    gradient: (x, _y, dy) => multiply(dy, reciprocal(x)),
  }),
  softplus: unary({
    kind: code.SOFTPLUS,
    formula: 'y = ln(1 + eˣ)',
    derivative: '∂x = dy · σ(x)',
    value: softplus64,
    gradient: (x, _y, dy) => multiply(dy, sigmoid(x)),
  }),
  square: unary({
    kind: code.SQUARE,
    formula: 'y = x²',
    derivative: '∂x = 2 x dy',
    value: (x) => x * x,
    gradient: (x, _y, dy) => affine(multiply(dy, x), 2),
  }),
  sqrt: unary({
    kind: code.SQRT,
    formula: 'y = √x',
    derivative: '∂x = dy / (2 y)',
    value: Math.sqrt,
    gradient: (_x, y, dy) => affine(multiply(dy, reciprocal(y)), 0.5),
  }),
  reciprocal: unary({
    kind: code.RECIPROCAL,
    formula: 'y = 1 / x',
    derivative: '∂x = −dy · y²',
    value: (x) => 1 / x,
    gradient: (_x, y, dy) => negate(multiply(dy, square(y))),
  }),
  add: {
    ...binary({
      kind: code.ADD,
      formula: 'y = a + b',
      derivative: '∂a = dy, ∂b = dy',
      value: (a, b) => a + b,
      gradient: (_a, _b, dy) => [dy, dy],
    }),
    blocks: blocksOfSum,
  },
  subtract: binary({
    kind: code.SUBTRACT,
    formula: 'y = a − b',
    derivative: '∂a = dy, ∂b = −dy',
    value: (a, b) => a - b,
    gradient: (_a, _b, dy) => [dy, negate(dy)],
  }),
  multiply: binary({
    kind: code.MULTIPLY,
    formula: 'y = a · b',
    derivative: '∂a = dy · b, ∂b = dy · a',
    value: (a, b) => a * b,
    gradient: (a, b, dy) => [multiply(dy, b), multiply(dy, a)],
  }),
  reluGradient: binary({
    kind: code.RELU_GRADIENT,
    formula: 'y = a · [b > 0]',
    derivative: '∂a = dy · [b > 0], ∂b = 0',
    value: (a, b) => (b > 0 ? a : 0),
    gradient: (_a, b, dy) => [reluGradient(dy, b), null],
  }),
  sigmoidGradient: binary({
    kind: code.SIGMOID_GRADIENT,
    formula: 'y = a · b (1 − b)',
    derivative: '∂a = dy · b (1 − b), ∂b = dy · a (1 − 2 b)',
    value: (a, b) => a * b * (1 - b),
    gradient: (a, b, dy) => [sigmoidGradient(dy, b), multiply(multiply(dy, a), affine(b, -2, 1))],
  }),
  tanhGradient: binary({
    kind: code.TANH_GRADIENT,
    formula: 'y = a · (1 − b²)',
    derivative: '∂a = dy · (1 − b²), ∂b = −2 dy · a · b',
    value: (a, b) => a * (1 - b * b),
    gradient: (a, b, dy) => [tanhGradient(dy, b), affine(multiply(multiply(dy, a), b), -2)],
  }),
  bceWithLogits: binary({
    kind: code.BCE,
    formula: 'y = softplus(a) − a · b',
    derivative: '∂a = dy · (σ(a) − b); the label b takes none',
    value: (a, b) => softplus64(a) - a * b,
    gradient: (a, b, dy) => [multiply(dy, bceGradient(a, b)), null],
  }),
  bceGradient: binary({
    kind: code.BCE_GRADIENT,
    formula: 'y = σ(a) − b',
    derivative: '∂a = dy · σ(a) (1 − σ(a)); the label b takes none',
    value: (a, b) => sigma(a) - b,
    gradient: (a, _b, dy) => [sigmoidGradient(dy, sigmoid(a)), null],
  }),
  affine: {
    formula: 'y = scale · x + shift',
    derivative: '∂x = scale · dy',
    gradient: (y, dy) => [affine(dy, y.attributes.scale as number)],
    kernel: (y) => {
      const { rows, width } = kernelRows(y);
      const real = [y.attributes.scale as number, y.attributes.shift as number].map(floatBits);
      return { opcode: code.AFFINE, rows, parameters: [width, ...real], operands: [y.inputs[0], y] };
    },
    reference: (y, [x]) => x.map((v) => v * (y.attributes.scale as number) + (y.attributes.shift as number)),
  },
});
