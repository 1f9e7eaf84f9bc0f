/** Element-by-element ops on equal shapes. */
import { type BinaryName, shapeError, Tensor, type UnaryName } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { type BlockCall, kernelRows, type OpDefinition, type Values } from './op.ts';

function unaryTensor(op: UnaryName, x: Tensor): Tensor {
  return new Tensor(op, [x], x.rows, x.shape);
}

function binaryTensor(op: BinaryName, a: Tensor, b: Tensor): Tensor {
  if (a.rows !== b.rows || a.shape.join() !== b.shape.join())
    throw shapeError(
      op,
      'operands must have equal shapes',
      [a, b],
      'broadcastRow repeats a shared vector in every row',
    );
  return new Tensor(op, [a, b], a.rows, a.shape);
}

export const relu = (x: Tensor): Tensor => unaryTensor('relu', x);
export const sigmoid = (x: Tensor): Tensor => unaryTensor('sigmoid', x);
export const tanh = (x: Tensor): Tensor => unaryTensor('tanh', x);
export const exp = (x: Tensor): Tensor => unaryTensor('exp', x);
export const log = (x: Tensor): Tensor => unaryTensor('log', x);
export const softplus = (x: Tensor): Tensor => unaryTensor('softplus', x);
export const square = (x: Tensor): Tensor => unaryTensor('square', x);
export const sqrt = (x: Tensor): Tensor => unaryTensor('sqrt', x);
export const reciprocal = (x: Tensor): Tensor => unaryTensor('reciprocal', x);
export const add = (a: Tensor, b: Tensor): Tensor => binaryTensor('add', a, b);
export const subtract = (a: Tensor, b: Tensor): Tensor => binaryTensor('subtract', a, b);
export const multiply = (a: Tensor, b: Tensor): Tensor => binaryTensor('multiply', a, b);
/** Binary cross-entropy of a logit z against a label y in [0, 1]: softplus(z) − z·y. No gradient flows to the label. */
export const bceWithLogits = (z: Tensor, y: Tensor): Tensor => binaryTensor('bceWithLogits', z, y);

/** scale · x + shift with constants. */
export function affine(x: Tensor, scale: number, shift = 0): Tensor {
  return new Tensor('affine', [x], x.rows, x.shape, { scale, shift });
}
export const negate = (x: Tensor): Tensor => affine(x, -1);
/** −log σ(x) = softplus(−x), the pairwise (BPR) loss of a score difference. */
export const negativeLogSigmoid = (x: Tensor): Tensor => softplus(negate(x));

const sigma = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus64 = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const map = (x: Values, f: (x: number) => number): Values => x.map(f);
const zip = (a: Values, b: Values, f: (a: number, b: number) => number): Values => a.map((v, k) => f(v, b[k]));

interface UnaryRule {
  readonly kind: number;
  readonly formula: string;
  readonly derivative: string;
  readonly value: (x: number) => number;
  readonly gradient: (x: Tensor, y: Tensor, dy: Tensor) => Tensor;
}

const unaryRules: Record<UnaryName, UnaryRule> = {
  relu: {
    kind: code.RELU,
    formula: 'y = max(0, x)',
    derivative: '∂x = dy · [y > 0]',
    value: (x) => Math.max(0, x),
    gradient: (_x, y, dy) => binaryTensor('reluGradient', dy, y),
  },
  sigmoid: {
    kind: code.SIGMOID,
    formula: 'y = 1 / (1 + e⁻ˣ)',
    derivative: '∂x = dy · y (1 − y)',
    value: sigma,
    gradient: (_x, y, dy) => binaryTensor('sigmoidGradient', dy, y),
  },
  tanh: {
    kind: code.TANH,
    formula: 'y = tanh x',
    derivative: '∂x = dy · (1 − y²)',
    value: Math.tanh,
    gradient: (_x, y, dy) => binaryTensor('tanhGradient', dy, y),
  },
  exp: {
    kind: code.EXP,
    formula: 'y = eˣ',
    derivative: '∂x = dy · y',
    value: Math.exp,
    gradient: (_x, y, dy) => multiply(dy, y),
  },
  log: {
    kind: code.LOG,
    formula: 'y = ln x',
    derivative: '∂x = dy / x',
    value: Math.log,
    gradient: (x, _y, dy) => multiply(dy, reciprocal(x)),
  },
  softplus: {
    kind: code.SOFTPLUS,
    formula: 'y = ln(1 + eˣ)',
    derivative: '∂x = dy · σ(x)',
    value: softplus64,
    gradient: (x, _y, dy) => multiply(dy, sigmoid(x)),
  },
  square: {
    kind: code.SQUARE,
    formula: 'y = x²',
    derivative: '∂x = 2 x dy',
    value: (x) => x * x,
    gradient: (x, _y, dy) => affine(multiply(dy, x), 2),
  },
  sqrt: {
    kind: code.SQRT,
    formula: 'y = √x',
    derivative: '∂x = dy / (2 y)',
    value: Math.sqrt,
    gradient: (_x, y, dy) => affine(multiply(dy, reciprocal(y)), 0.5),
  },
  reciprocal: {
    kind: code.RECIPROCAL,
    formula: 'y = 1 / x',
    derivative: '∂x = −dy · y²',
    value: (x) => 1 / x,
    gradient: (_x, y, dy) => negate(multiply(dy, square(y))),
  },
};

interface BinaryRule {
  readonly kind: number;
  readonly formula: string;
  readonly derivative: string;
  readonly value: (a: number, b: number) => number;
  readonly gradient: (a: Tensor, b: Tensor, dy: Tensor) => readonly (Tensor | null)[];
}

/** [y > 0] as a tensor, for the second derivative of the rectifier. */
const step = (y: Tensor, dy: Tensor): Tensor => binaryTensor('reluGradient', dy, y);

const binaryRules: Record<BinaryName, BinaryRule> = {
  add: {
    kind: code.ADD,
    formula: 'y = a + b',
    derivative: '∂a = dy, ∂b = dy',
    value: (a, b) => a + b,
    gradient: (_a, _b, dy) => [dy, dy],
  },
  subtract: {
    kind: code.SUBTRACT,
    formula: 'y = a − b',
    derivative: '∂a = dy, ∂b = −dy',
    value: (a, b) => a - b,
    gradient: (_a, _b, dy) => [dy, negate(dy)],
  },
  multiply: {
    kind: code.MULTIPLY,
    formula: 'y = a · b',
    derivative: '∂a = dy · b, ∂b = dy · a',
    value: (a, b) => a * b,
    gradient: (a, b, dy) => [multiply(dy, b), multiply(dy, a)],
  },
  reluGradient: {
    kind: code.RELU_GRADIENT,
    formula: 'y = a · [b > 0]',
    derivative: '∂a = dy · [b > 0], ∂b = 0',
    value: (a, b) => (b > 0 ? a : 0),
    gradient: (_a, b, dy) => [step(b, dy), null],
  },
  sigmoidGradient: {
    kind: code.SIGMOID_GRADIENT,
    formula: 'y = a · b (1 − b)',
    derivative: '∂a = dy · b (1 − b), ∂b = dy · a (1 − 2 b)',
    value: (a, b) => a * b * (1 - b),
    gradient: (a, b, dy) => [binaryTensor('sigmoidGradient', dy, b), multiply(multiply(dy, a), affine(b, -2, 1))],
  },
  tanhGradient: {
    kind: code.TANH_GRADIENT,
    formula: 'y = a · (1 − b²)',
    derivative: '∂a = dy · (1 − b²), ∂b = −2 dy · a · b',
    value: (a, b) => a * (1 - b * b),
    gradient: (a, b, dy) => [binaryTensor('tanhGradient', dy, b), affine(multiply(multiply(dy, a), b), -2)],
  },
  bceWithLogits: {
    kind: code.BCE,
    formula: 'y = softplus(a) − a · b',
    derivative: '∂a = dy · (σ(a) − b); the label b takes none',
    value: (a, b) => softplus64(a) - a * b,
    gradient: (a, b, dy) => [multiply(dy, binaryTensor('bceGradient', a, b)), null],
  },
  bceGradient: {
    kind: code.BCE_GRADIENT,
    formula: 'y = σ(a) − b',
    derivative: '∂a = dy · σ(a) (1 − σ(a)); the label b takes none',
    value: (a, b) => sigma(a) - b,
    gradient: (a, _b, dy) => [binaryTensor('sigmoidGradient', dy, sigmoid(a)), null],
  },
};

function unaryOp(rule: UnaryRule): OpDefinition {
  return {
    formula: rule.formula,
    derivative: rule.derivative,
    gradient: (y, dy) => [rule.gradient(y.inputs[0], y, dy)],
    kernel: (y) => {
      const { rows, width } = kernelRows(y);
      return { opcode: code.UNARY, rows, parameters: [width, rule.kind], operands: [y.inputs[0], y] };
    },
    reference: (_y, [x]) => map(x, rule.value),
  };
}

function binaryOp(rule: BinaryRule): OpDefinition {
  return {
    formula: rule.formula,
    derivative: rule.derivative,
    gradient: (y, dy) => rule.gradient(y.inputs[0], y.inputs[1], dy),
    kernel: (y) => {
      const { rows, width } = kernelRows(y);
      return { opcode: code.BINARY, rows, parameters: [width, rule.kind], operands: [y.inputs[0], y.inputs[1], y] };
    },
    ...(rule.kind === code.ADD ? { blocks: (y: Tensor) => binaryBlocks(y, rule.kind) } : {}),
    reference: (_y, [a, b]) => zip(a, b, rule.value),
  };
}

/** Sums of shared matrices, such as those of gradients, by blocks of rows. */
function binaryBlocks(y: Tensor, kind: number): BlockCall {
  const { rows = 1, width } = kernelRows(y);
  const operands = [...y.inputs, y].map((tensor) => ({ tensor, advance: width }));
  return { opcode: code.BINARY, rows, multiple: 1, parameters: [width, kind], operands };
}

const mapRules = <N extends string, R>(rules: Record<N, R>, make: (rule: R) => OpDefinition): Record<N, OpDefinition> =>
  Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, make(rule as R)])) as Record<N, OpDefinition>;

export const elementwiseOps: Record<UnaryName | BinaryName | 'affine', OpDefinition> = {
  ...mapRules<UnaryName, UnaryRule>(unaryRules, unaryOp),
  ...mapRules<BinaryName, BinaryRule>(binaryRules, binaryOp),
  affine: {
    formula: 'y = scale · x + shift',
    derivative: '∂x = scale · dy',
    gradient: (y, dy) => [affine(dy, y.attributes.scale as number)],
    kernel: (y) => {
      const { rows, width } = kernelRows(y);
      const real = [y.attributes.scale as number, y.attributes.shift as number].map(floatBits);
      return { opcode: code.AFFINE, rows, parameters: [width, ...real], operands: [y.inputs[0], y] };
    },
    reference: (y, [x]) => map(x, (v) => v * (y.attributes.scale as number) + (y.attributes.shift as number)),
  },
};

/** The 32 bits of a single-precision number, as an integer parameter. */
export function floatBits(x: number): number {
  return new Int32Array(Float32Array.of(x).buffer)[0];
}
