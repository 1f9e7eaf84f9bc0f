/** Float64 evaluation of expressions with plain loops: the oracle for kernels and gradients, never used by users' runs. */
import { type Tensor, topologicalOrder, type Values } from './expression.ts';

/**
 * @param outputs tensors to compute
 * @param given values of the leaves (parameters, tables, inputs, indices), row-major
 * @param rows number of batch rows
 */
export function evaluateReference(
  outputs: readonly Tensor[],
  given: ReadonlyMap<Tensor, Values>,
  rows: number,
): Map<Tensor, Values> {
  const values = new Map<Tensor, Values>(given);
  for (const tensor of topologicalOrder(outputs)) {
    if (values.has(tensor)) continue;
    const inputs = tensor.inputs.map((input) => values.get(input) as Values);
    values.set(tensor, tensor.op.reference(tensor, inputs, rows));
  }
  return values;
}
