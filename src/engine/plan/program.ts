/** Kernel calls as words in the shared memory. */
import type { BlockCall, KernelCall, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import type { Place } from './place.ts';
import type { Placement } from './placement.ts';
import { kernelCall } from './schedule.ts';

export interface Instruction {
  readonly opcode: number;
  readonly rows: number;
  readonly parameters: readonly number[];
  readonly operands: readonly Place[];
  /** What it computes, for profiles and for naming the op that made a NaN. */
  readonly label: string;
  /** Multiply-adds counted as two operations, and bytes read and written: for each row, and once a call. */
  readonly cost: Cost;
  /** What it does for the step: most compute, some assemble the batch. */
  readonly kind: 'op' | 'sampling';
  /** The place it writes and the row length there; null when it writes no real numbers, or infinities are meant. */
  readonly output: { readonly place: Place; readonly width: number; readonly rows: number } | null;
}

export interface Cost {
  readonly flopsOfRow: number;
  readonly bytesOfRow: number;
  readonly bytesOfCall: number;
}

export const noCost: Cost = { flopsOfRow: 0, bytesOfRow: 0, bytesOfCall: 0 };

const unused: Place = { offset: 0, mode: code.ABSOLUTE, stride: 0 };

/** The instruction that computes `tensor`. */
export function instructionFor(tensor: Tensor, placement: Placement): Instruction {
  const call = kernelCall(tensor) as KernelCall;
  const operands = call.operands.map((operand) => {
    if (operand === null) return unused;
    return operand === tensor ? placement.write(tensor) : placement.read(operand);
  });
  if (call.workspace !== undefined) operands.push(placement.workspace);
  const place = placement.write(tensor);
  const { width, rows } =
    tensor.rows === 'batch'
      ? { width: tensor.size, rows: 0 }
      : { width: place.stride, rows: tensor.size / Math.max(1, place.stride) };
  return {
    opcode: call.opcode,
    rows: call.rows ?? 0,
    parameters: call.parameters ?? [],
    operands,
    label: tensor.label,
    kind: 'op',
    cost: costOf(call, tensor),
    output: place.mode === code.LANE || tensor.op.mayBeInfinite || tensor.op.integers ? null : { place, width, rows },
  };
}

/** Rows are those of the batch, also for sums over it; other calls on shared tensors happen once. */
function costOf(call: KernelCall, tensor: Tensor): Cost {
  let bytesOfRow = 0;
  let bytesOfCall = 0;
  for (const operand of new Set(call.operands)) {
    if (operand === null || operand.op.readAs === 'nothing') continue;
    if (operand.rows === 'batch') bytesOfRow += operand.size * 4;
    else if (operand.op.readAs === 'a row') bytesOfRow += operand.shape[1] * 4;
    else bytesOfCall += operand.size * 4;
  }
  const byRows = tensor.rows === 'batch' || tensor.op.reduction === true;
  return { flopsOfRow: call.flopsOfRow ?? 0, bytesOfRow: byRows ? bytesOfRow : 0, bytesOfCall };
}

/** The instruction that computes the rows of a shared `tensor` that lie in a block. */
export function blockInstructionFor(
  tensor: Tensor,
  call: BlockCall,
  placement: Placement,
  batchRows: number,
): Instruction {
  const operands = call.operands.map(({ tensor: operand, advance }): Place => {
    const { offset, stride } = operand === tensor ? placement.write(tensor) : placement.read(operand);
    return advance === undefined
      ? { offset, mode: code.ABSOLUTE, stride }
      : { offset, mode: code.BATCH, stride: advance };
  });
  const place = operands[operands.length - 1];
  const rows = call.blockRows ? tensor.size / place.stride : 0;
  const output = tensor.op.mayBeInfinite ? null : { place, width: place.stride, rows };
  return {
    opcode: call.opcode,
    rows: 0,
    parameters: call.parameters ?? [],
    operands,
    label: tensor.label,
    kind: 'op',
    cost: { ...noCost, flopsOfRow: call.flopsOfRow?.(batchRows) ?? 0 },
    output,
  };
}

/** Instructions where threads find them. */
export interface WrittenProgram {
  readonly address: number;
  readonly instructions: readonly Instruction[];
  /** Runs tile by tile; else once, or block by block. */
  readonly rows: boolean;
  /** Of programs that run on blocks: rows of all blocks, and of one. */
  readonly blocksOf?: number;
  readonly blockRows?: number;
}

/** Writes instructions into newly allocated memory of the plan and returns their address. */
export function writeProgram(engine: Engine, placement: Placement, instructions: readonly Instruction[]): number {
  const bytes = code.INSTRUCTION_WORDS * 4;
  const start = placement.allocate(Math.max(1, instructions.length) * bytes);
  instructions.forEach((instruction, n) => {
    const words = engine.i32(start + n * bytes, code.INSTRUCTION_WORDS);
    words[0] = instruction.opcode;
    words[1] = instruction.rows;
    words.set(instruction.parameters, code.FIRST_PARAMETER);
    instruction.operands.forEach(({ offset, mode, stride }, k) => {
      words.set([offset, mode, stride], code.FIRST_OPERAND + 3 * k);
    });
  });
  return start;
}
