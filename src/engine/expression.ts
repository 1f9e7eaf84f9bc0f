/**
 * Symbolic tensors with static shapes, and what an op says about itself. A model builds an expression once; `gradient.ts`
 * differentiates it, `plan/` turns it into kernel calls, `reference.ts` evaluates it in float64. All three ask the op of a tensor,
 * never for its name.
 *
 * A tensor is either *batch* — one row of `shape` for every example, e.g. [B, 64] has shape [64] — or *shared*: one value for
 * the whole step, e.g. a weight matrix of shape [128, 64]. Nothing broadcasts silently: equal shapes, or a named op.
 */
import { DeepTasteError } from '../core/errors.ts';

export type Rows = 'batch' | 'shared';
export type Attributes = Readonly<Record<string, number | string | boolean>>;

let nextId = 0;

export class Tensor {
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly rows: Rows;
  readonly shape: readonly number[];
  /** Product of `shape`: elements a row for batch tensors, elements in all for shared ones. */
  readonly size: number;
  /** For error messages and profiles. */
  readonly label: string;

  constructor(op: Op, inputs: readonly Tensor[], rows: Rows, shape: readonly number[], attributes: Attributes = {}) {
    this.id = nextId++;
    this.op = op;
    this.inputs = inputs;
    this.rows = rows;
    this.shape = shape;
    this.attributes = attributes;
    this.size = shape.reduce((product, n) => product * n, 1);
    this.label = typeof attributes.name === 'string' ? `${op.name} "${attributes.name}"` : op.name;
  }

  toString(): string {
    return `${this.label} ${describeShape(this)}`;
  }
}

function describeShape(tensor: Tensor): string {
  return tensor.rows === 'batch' ? `[B${tensor.shape.map((n) => `, ${n}`).join('')}]` : `[${tensor.shape.join(', ')}]`;
}

/** The error of an op whose operands do not fit: names the op, what must hold and the shapes found. */
export function shapeError(op: string, must: string, inputs: readonly Tensor[], mend = ''): DeepTasteError {
  const found = inputs.map(describeShape).join(' and ');
  return new DeepTasteError('shape', `${op}: ${must}, got ${found}${mend && ` (${mend})`}`);
}

/** All tensors that `outputs` depend on, inputs before users, each once. */
export function topologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    for (const input of tensor.inputs) visit(input);
    order.push(tensor);
  };
  for (const output of outputs) visit(output);
  return order;
}

/** Values of one tensor in float64: rows × size for batch tensors, size for shared ones. Index tensors hold integers. */
export type Values = Float64Array;

/** A kernel call with symbolic operands; `plan/program.ts` gives them addresses. */
export interface KernelCall {
  readonly opcode: number;
  /** Fixed number of rows, for calls on shared tensors; absent = the rows of the tile. */
  readonly rows?: number;
  readonly parameters?: readonly number[];
  /** Operands in the kernel's order; `null` = not used. The tensor itself is the output. */
  readonly operands: readonly (Tensor | null)[];
  /** Arithmetic of a row, a multiply-add counted as two; absent = none: the kernel waits for memory. */
  readonly flopsOfRow?: number;
  /** Numbers of working memory, of the thread's own, that the kernel gets as one more operand. */
  readonly workspace?: number;
}

/**
 * A kernel call that computes some rows of a shared tensor, so that threads can share the work by blocks of rows. The rows of
 * the call are those of the block.
 */
export interface BlockCall {
  readonly opcode: number;
  /** Rows of the tensor, and the number that the rows of a block are a multiple of. */
  readonly rows: number;
  readonly multiple: number;
  /** Rows of a block; absent = chosen by the plan. */
  readonly blockRows?: number;
  readonly parameters?: readonly number[];
  readonly operands: readonly BlockOperand[];
  /** Arithmetic of a row of the tensor, in a batch of so many rows; absent = none is counted. */
  readonly flopsOfRow?: (batchRows: number) => number;
}

interface BlockOperand {
  readonly tensor: Tensor;
  /** Elements from what one row of the block needs to what the next one needs; absent: every block sees the whole tensor. */
  readonly advance?: number;
}

/**
 * The gradient of a table through one lookup: row index[r, s] of the table receives values[r, s], r a row of the batch or an
 * entry of a list; an index of −1 none.
 */
export interface RowGradient {
  readonly table: Tensor;
  readonly index: Tensor;
  readonly values: Tensor; // batch [slots of the index × width of the table], or shared [n, width] for a list of n entries
}

/** The first input of a tensor as the tensors that lie side by side in it, some of them of one side alone. */
export interface JoinedInput {
  readonly segments: readonly Tensor[];
  /** The segments of the first side alone, and all others. */
  readonly ofFirstSide: readonly Tensor[];
  readonly others: readonly Tensor[];
  /** Σ of the terms, one a segment; those of equal sides are added up first. */
  readonly sum: (terms: readonly Tensor[]) => Tensor;
}

/** Numbers that are written into the plan once. A list of arrays becomes a record of pointers to them, in this order. */
export type PlanConstant = Int32Array | Float32Array | readonly (Int32Array | Float32Array)[];

/** All that is known of an op. What is absent does not apply to it. */
export interface OpDefinition {
  /** Forward formula, for docs: `y = max(0, x)`. */
  readonly formula: string;
  /** Derivative, for docs: `∂x = dy · [y > 0]`. */
  readonly derivative: string;
  /** Plain float64 loops. @param rows number of batch rows (shared tensors ignore it) */
  readonly reference: (y: Tensor, inputs: readonly Values[], rows: number) => Values;

  /** Gradients with respect to each input (null = none), as expressions of dy, the output and the inputs. */
  readonly gradient: (y: Tensor, dy: Tensor) => readonly (Tensor | null)[];
  /** The gradient of a table, row by row: it ends here and goes to the optimizer, in place of `gradient`. */
  readonly rowGradient?: (y: Tensor, dy: Tensor) => RowGradient;
  /** a + b of two gradients of this op at once; null where they must be added like others. */
  readonly sumOfTwo?: (a: Tensor, b: Tensor) => Tensor | null;

  /** The kernel call that computes `y`; absent for leaves and views. */
  readonly kernel?: (y: Tensor) => KernelCall;
  /** How blocks of rows of a shared `y` are computed; absent: only all at once. */
  readonly blocks?: (y: Tensor) => BlockCall;
  /** Computed by blocks in every plan, never in lanes or by one thread. */
  readonly onlyBlocks?: true;
  /** Working memory that the kernel of a block needs in each thread, in bytes. */
  readonly workBytes?: (y: Tensor) => number;
  /** 'sum over the batch': the output is shared although inputs are batch rows; accumulated lane by lane. */
  readonly reduction?: true;
  /** Rows that must lie in one tile, since the op looks at other rows of its window. */
  readonly window?: (y: Tensor) => number;
  /** Rows that a batch may have at most: y has room for so many. */
  readonly capacity?: (y: Tensor) => number;

  /** Trained weights, which a parameter store holds: dense ones in one block, a table in padded rows. */
  readonly storage?: 'dense' | 'table';
  /** Holds whole numbers (i32) instead of real ones (f32). */
  readonly integers?: true;
  /** Chooses rows that the step learns from: what only such ops need is the work of the sampler. */
  readonly chooses?: true;
  /** The word of a plan's header that holds the value. */
  readonly headerWord?: number;
  /** A value that is part of the plan. */
  readonly constant?: (y: Tensor) => PlanConstant;
  /**
   * y lies in the memory of its first input: from which element on, and how many elements from row to row.
   * @param stride elements from row to row of the first input
   */
  readonly view?: (y: Tensor, stride: number) => { readonly offset: number; readonly stride: number };
  /** Infinities are meant: they are not where a loss that is not finite comes from. */
  readonly mayBeInfinite?: true;
  /** What a kernel reads of y as an operand, for the bytes in profiles: one row for each of its rows, or next to nothing. */
  readonly readAs?: 'a row' | 'nothing';

  /** y is its inputs side by side. */
  readonly joins?: true;
  /** The value of y from the segments of its first input; null where they cannot be taken apart. */
  readonly apart?: (y: Tensor, input: JoinedInput) => Tensor | null;
}

/** An op as tensors hold it. */
export interface Op extends OpDefinition {
  readonly name: string;
}
