/** Reverse-mode differentiation: from an expression to the expressions of its gradients. */
import { type RowGradient, shapeError, type Tensor, topologicalOrder } from './expression.ts';
import { add, constant, fillRows, inverseRows } from './ops/index.ts';

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
  const { dense, rows } = flow(output, seed);
  return { dense, rows };
}

/** ∂output[r] / ∂x[r] of every row, for tensors on the way from the parameters to a per-row output [B, 1]. */
export function slopesAt(output: Tensor, at: readonly Tensor[]): Tensor[] {
  const { flowing } = flow(output, fillRows(constant([1]), output.shape));
  return at.map((x) => {
    const slope = flowing.get(x);
    if (!slope) throw shapeError('slopesAt', 'the output must depend on what its slope is asked for', [output, x]);
    return slope;
  });
}

function flow(output: Tensor, seed: Tensor): Gradients & { readonly flowing: ReadonlyMap<Tensor, Tensor> } {
  const flowing = new Map<Tensor, Tensor>([[output, seed]]);
  const dense = new Map<Tensor, Tensor>();
  const rows: RowGradient[] = [];
  for (const y of topologicalOrder([output]).reverse()) {
    const dy = flowing.get(y);
    if (!dy) continue;
    if (y.op.rowGradient) {
      rows.push(y.op.rowGradient(y, dy));
      continue;
    }
    if (y.op.storage) dense.set(y, dy);
    const gradients = y.op.gradient(y, dy);
    y.inputs.forEach((input, n) => {
      const gradient = gradients[n];
      if (!gradient || !needsGradient(input)) return;
      const known = flowing.get(input);
      flowing.set(input, known ? sumOf(known, gradient) : gradient);
    });
  }
  return { dense, rows: rows.reverse(), flowing };
}

function sumOf(a: Tensor, b: Tensor): Tensor {
  const atOnce = a.op === b.op ? a.op.sumOfTwo?.(a, b) : null;
  return atOnce ?? add(a, b);
}

/** Whether any parameter or table lies under a tensor; the branches without are constants of the step. */
function needsGradient(tensor: Tensor): boolean {
  const known = needs.get(tensor);
  if (known !== undefined) return known;
  const result = tensor.op.storage !== undefined || tensor.inputs.some(needsGradient);
  needs.set(tensor, result);
  return result;
}
const needs = new WeakMap<Tensor, boolean>();
