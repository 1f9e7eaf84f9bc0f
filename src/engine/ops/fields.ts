/** Many rows of one table for every example, pooled by feature field; the gradient is row-sparse, one row a slot. */
import { type Attributes, type FieldName, shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { constant } from './leaves.ts';
import type { OpDefinition, Values } from './op.ts';

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
  if (e.op !== 'table' || index.op !== 'index' || index.size !== total || slots.some((n) => !(n > 0)))
    throw shapeError('lookupFields', `needs a table and an index input of ${total} slots`, [e, index]);
  if (value && (value.op !== 'input' || value.size !== total))
    throw shapeError('lookupFields', 'values must be an input with one number a slot', [index, value]);
  const width = e.shape[1];
  return slotTensor('lookupFields', [e, index], value, fieldOfSlots(slots), width, slots.length * width, e.attributes);
}

/** What each slot's row receives: batch [B, S · d]. */
export function slotGradient(y: Tensor, dy: Tensor): Tensor {
  const { value, fields, width, slots } = parts(y);
  if (!value && !fields) return dy;
  return slotTensor('spreadSlots', [dy], value, fields, width, slots * width);
}

/** The field of each slot; undefined where each slot is a field of its own. */
function fieldOfSlots(slots: readonly number[]): Tensor | undefined {
  return slots.every((n) => n === 1) ? undefined : constant(slots.flatMap((n, f) => Array<number>(n).fill(f)));
}

function slotTensor(
  op: FieldName,
  inputs: readonly Tensor[],
  value: Tensor | undefined,
  fields: Tensor | undefined,
  width: number,
  size: number,
  named: Attributes = {},
): Tensor {
  const attributes = { ...named, width, weighted: value !== undefined, pooled: fields !== undefined };
  const all = [...inputs, ...(value ? [value] : []), ...(fields ? [fields] : [])];
  return new Tensor(op, all, 'batch', [size], attributes);
}

/** The parts of any tensor of this family. */
function parts(y: Tensor) {
  const width = y.attributes.width as number;
  const optional = y.inputs.slice(y.op === 'lookupFields' ? 2 : 1);
  const value = y.attributes.weighted ? optional[0] : undefined;
  const fields = y.attributes.pooled ? optional[optional.length - 1] : undefined;
  const slotRows = {
    lookupFields: y.inputs[1]?.size,
    spreadSlots: y.size / width,
    poolSlots: y.inputs[0].size / width,
  };
  return { value, fields, width, slots: slotRows[y.op as FieldName] };
}

/** Values of the weights and the fields of the slots in the order of `parts`, for the float64 loops. */
function slotNumbers(y: Tensor, inputs: readonly Values[]) {
  const { width, slots } = parts(y);
  const optional = inputs.slice(y.op === 'lookupFields' ? 2 : 1);
  const value = y.attributes.weighted ? optional[0] : null;
  const fields = y.attributes.pooled ? optional[optional.length - 1] : null;
  const weight = (r: number, s: number): number => (value ? value[r * slots + s] : 1);
  const field = (s: number): number => (fields ? fields[s] : s);
  return { width, slots, weight, field };
}

const noGradients = (y: Tensor): null[] => y.inputs.map(() => null);

export const fieldOps: Record<FieldName, OpDefinition> = {
  lookupFields: {
    formula: 'y[r, f] = Σ_{s of f} x[r, s] · E[i[r, s]], none where i = −1',
    derivative: '∂E[i] = Σ over the slots (r, s) with i[r, s] = i of x[r, s] · dy[r, f] (row-sparse); x takes none',
    // collected by gradient.ts as (index, slot gradient) pairs
    gradient: noGradients,
    kernel: (y) => {
      const { value = null, fields = null, width, slots } = parts(y);
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
    gradient: (y, dy) => {
      const { value, fields, width } = parts(y);
      return [slotTensor('poolSlots', [dy], value, fields, width, y.inputs[0].size), ...noGradients(y).slice(1)];
    },
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
    gradient: (y, dy) => {
      const { value, fields, width } = parts(y);
      return [slotTensor('spreadSlots', [dy], value, fields, width, y.inputs[0].size), ...noGradients(y).slice(1)];
    },
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
};

function slotCall(opcode: number, y: Tensor) {
  const { value = null, fields = null, width, slots } = parts(y);
  return { opcode, parameters: [width, slots], operands: [y.inputs[0], value, fields, y] };
}
