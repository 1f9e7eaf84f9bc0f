/** Many rows of one table for every example, pooled by feature field; the gradient is row-sparse, one row a slot. */
import { type Attributes, type KernelCall, type Op, shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { constant, isIndex, isTable, leafOps } from './leaves.ts';
import { noGradients, opFamily } from './op.ts';

/**
 * y[r, f] = Σ over the slots s of field f of x[r, s] · E[i[r, s]].
 * @param e table [n, d]
 * @param index slots of the example, index input [B, S]: −1 = no value, which adds nothing and takes no gradient; any other
 *   index outside the table gives NaN, which stops the run
 * @param slots how many consecutive slots each field has, Σ slots = S
 * @param value x, input [B, S], takes no gradient; absent = ones
 * @returns batch [B, F · d], the fields one after the other
 */
export function lookupFields(e: Tensor, index: Tensor, slots: readonly number[], value?: Tensor): Tensor {
  const total = slots.reduce((sum, n) => sum + n, 0);
  if (!isTable(e) || !isIndex(index, total) || slots.some((n) => !(n > 0)))
    throw shapeError('lookupFields', `needs a table and an index input of ${total} slots`, [e, index]);
  if (value && (value.op !== leafOps.input || value.size !== total))
    throw shapeError('lookupFields', 'values must be an input with one number a slot', [index, value]);
  const [, width] = e.shape;
  const form = { value, fields: fieldOfSlots(slots), width, slots: total };
  return slotTensor(fieldOps.lookupFields, [e, index], form, slots.length * width, e.attributes);
}

/** What each slot's row receives: batch [B, S · d]. */
function slotGradient(y: Tensor, dy: Tensor): Tensor {
  const form = formOf(y);
  return form.value || form.fields ? spread(dy, form) : dy;
}

/** What the tensors of this family have in common. */
interface SlotForm {
  /** Weights of the slots; absent = ones. */
  readonly value?: Tensor;
  /** The field of each slot; absent where each slot is a field of its own. */
  readonly fields?: Tensor;
  readonly width: number;
  /** Slots of a row. */
  readonly slots: number;
}

function fieldOfSlots(slots: readonly number[]): Tensor | undefined {
  return slots.every((n) => n === 1) ? undefined : constant(slots.flatMap((n, f) => Array<number>(n).fill(f)));
}

function slotTensor(
  op: Op,
  inputs: readonly Tensor[],
  { value, fields, width, slots }: SlotForm,
  size: number,
  named: Attributes = {},
): Tensor {
  const attributes = { ...named, width, slots, weighted: value !== undefined, pooled: fields !== undefined };
  const all = [...inputs, ...(value ? [value] : []), ...(fields ? [fields] : [])];
  return new Tensor(op, all, 'batch', [size], attributes);
}

const spread = (a: Tensor, form: SlotForm): Tensor =>
  slotTensor(fieldOps.spreadSlots, [a], form, form.slots * form.width);
const pool = (a: Tensor, form: SlotForm, size: number): Tensor => slotTensor(fieldOps.poolSlots, [a], form, size);

/** The last inputs of a tensor of this family: weights, then fields, where it has them. */
function lastInputs<T>(y: Tensor, inputs: readonly T[]): { value?: T; fields?: T } {
  const { weighted, pooled } = y.attributes;
  const fields = pooled ? inputs[inputs.length - 1] : undefined;
  return { value: weighted ? inputs[inputs.length - (pooled ? 2 : 1)] : undefined, fields };
}

function formOf(y: Tensor): SlotForm {
  const { width, slots } = y.attributes as { width: number; slots: number };
  return { ...lastInputs(y, y.inputs), width, slots };
}

/** Weight and field of a slot, for the float64 loops. */
function slotNumbers(y: Tensor, inputs: readonly Values[]) {
  const { width, slots } = formOf(y);
  const { value, fields } = lastInputs(y, inputs);
  const weight = (r: number, s: number): number => (value ? value[r * slots + s] : 1);
  const field = (s: number): number => (fields ? fields[s] : s);
  return { width, slots, weight, field };
}

function slotCall(opcode: number, y: Tensor): KernelCall {
  const { value = null, fields = null, width, slots } = formOf(y);
  return { opcode, parameters: [width, slots], operands: [y.inputs[0], value, fields, y] };
}

export const fieldOps = opFamily({
  lookupFields: {
    formula: 'y[r, f] = Σ_{s of f} x[r, s] · E[i[r, s]], none where i = −1',
    derivative: '∂E[i] = Σ over the slots (r, s) with i[r, s] = i of x[r, s] · dy[r, f] (row-sparse); x takes none',
    gradient: noGradients,
    rowGradient: (y, dy) => ({ table: y.inputs[0], index: y.inputs[1], values: slotGradient(y, dy) }),
    kernel: (y) => {
      const { value = null, fields = null, width, slots } = formOf(y);
      const [e, index] = y.inputs;
      return {
        opcode: code.GATHER_SLOTS,
        parameters: [width, e.shape[0], slots],
        operands: [e, index, value, fields, y],
      };
    },
    reference: (y, inputs, rows) => {
      const { width, slots, weight, field } = slotNumbers(y, inputs);
      const [e, index] = inputs;
      const out = new Float64Array(rows * y.size);
      for (let r = 0; r < rows; r++)
        for (let s = 0; s < slots; s++) {
          const row = index[r * slots + s];
          if (row === -1) continue;
          const known = row >= 0 && row < y.inputs[0].shape[0];
          for (let j = 0; j < width; j++)
            out[r * y.size + field(s) * width + j] += known ? weight(r, s) * e[row * width + j] : Number.NaN;
        }
      return out;
    },
  },
  spreadSlots: {
    formula: 'y[r, s] = x[r, s] · a[r, field of s]',
    derivative: '∂a[r, f] = Σ_{s of f} x[r, s] · dy[r, s]; x takes none',
    gradient: (y, dy) => [pool(dy, formOf(y), y.inputs[0].size), ...noGradients(y).slice(1)],
    kernel: (y) => slotCall(code.SPREAD_SLOTS, y),
    reference: (y, inputs, rows) => {
      const { width, slots, weight, field } = slotNumbers(y, inputs);
      const out = new Float64Array(rows * y.size);
      const from = y.inputs[0].size;
      for (let r = 0; r < rows; r++)
        for (let s = 0; s < slots; s++)
          for (let j = 0; j < width; j++)
            out[r * y.size + s * width + j] = weight(r, s) * inputs[0][r * from + field(s) * width + j];
      return out;
    },
  },
  poolSlots: {
    formula: 'y[r, f] = Σ_{s of f} x[r, s] · a[r, s]',
    derivative: '∂a[r, s] = x[r, s] · dy[r, field of s]; x takes none',
    gradient: (y, dy) => [spread(dy, formOf(y)), ...noGradients(y).slice(1)],
    kernel: (y) => slotCall(code.POOL_SLOTS, y),
    reference: (y, inputs, rows) => {
      const { width, slots, weight, field } = slotNumbers(y, inputs);
      const out = new Float64Array(rows * y.size);
      for (let r = 0; r < rows; r++)
        for (let s = 0; s < slots; s++)
          for (let j = 0; j < width; j++)
            out[r * y.size + field(s) * width + j] += weight(r, s) * inputs[0][(r * slots + s) * width + j];
      return out;
    },
  },
});
