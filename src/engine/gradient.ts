/** Reverse-mode differentiation: from an expression to the expressions of its gradients. */
import { shapeError, type Tensor, topologicalOrder } from './expression.ts';
import { sumOfGradients } from './ops/graph.ts';
import { allRows, fillRows, inverseRows, opOf, slotGradient } from './ops/index.ts';

/**
 * The gradient of a table through one lookup: row index[r, s] of the table receives values[r, s], r a row of the batch or an
 * entry of a list; an index of −1 none.
 */
export interface RowGradient {
  readonly table: Tensor;
  readonly index: Tensor;
  readonly values: Tensor; // batch [slots of the index × width of the table], or shared [n, width] for a list of n entries
}

export interface Gradients {
  /** Gradient of each dense parameter that the loss depends on. */
  readonly dense: ReadonlyMap<Tensor, Tensor>;
  /** Row gradients, in the order of the lookups. */
  readonly rows: readonly RowGradient[];
}

/**
 * Gradients of the mean over the batch of a per-row loss.
 * @param loss batch tensor [B, 1]
 */
export function gradientsOfMean(loss: Tensor): Gradients {
  if (loss.rows !== 'batch' || loss.size !== 1) throw shapeError('loss', 'must be one number a row, [B, 1]', [loss]);
  return backward(loss, fillRows(inverseRows(), loss.shape));
}

/** Gradients of Σ seed · output with respect to every parameter and table the output depends on. */
export function backward(output: Tensor, seed: Tensor): Gradients {
  const flowing = new Map<Tensor, Tensor>([[output, seed]]);
  const dense = new Map<Tensor, Tensor>();
  const rows: RowGradient[] = [];
  for (const y of topologicalOrder([output]).reverse()) {
    const dy = flowing.get(y);
    if (!dy) continue;
    if (y.op === 'parameter') dense.set(y, dy);
    else if (y.op === 'table') rows.push({ table: y, index: allRows(y), values: dy });
    else if (y.op === 'lookup' || y.op === 'listLookup')
      rows.push({ table: y.inputs[0], index: y.inputs[1], values: dy });
    else if (y.op === 'lookupFields')
      rows.push({ table: y.inputs[0], index: y.inputs[1], values: slotGradient(y, dy) });
    else {
      const gradients = opOf(y.op).gradient(y, dy);
      y.inputs.forEach((input, n) => {
        const gradient = gradients[n];
        if (!gradient || !needsGradient(input)) return;
        const known = flowing.get(input);
        flowing.set(input, known ? sumOfGradients(known, gradient) : gradient);
      });
    }
  }
  return { dense, rows: rows.reverse() };
}

/** Whether any parameter or table lies under a tensor; the branches without are constants of the step. */
function needsGradient(tensor: Tensor): boolean {
  const known = needs.get(tensor);
  if (known !== undefined) return known;
  const result = tensor.op === 'parameter' || tensor.op === 'table' || tensor.inputs.some(needsGradient);
  needs.set(tensor, result);
  return result;
}
const needs = new WeakMap<Tensor, boolean>();
