/** The work of a plan that only chooses what the step learns from: the scores of candidates, and the choice among them. */
import { type Tensor, topologicalOrder } from '../expression.ts';
import { requirements } from './schedule.ts';

/** Tensors that nothing needs but ops which choose rows, and these ops. */
export function choosingWork(outputs: readonly Tensor[]): ReadonlySet<Tensor> {
  const choosers = topologicalOrder(outputs).filter(({ op }) => op.chooses);
  if (choosers.length === 0) return new Set();
  const learned = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    if (learned.has(tensor) || tensor.op.chooses) return;
    learned.add(tensor);
    for (const needed of requirements(tensor)) visit(needed);
  };
  for (const output of outputs) visit(output);
  const chosen = new Set<Tensor>();
  const collect = (tensor: Tensor): void => {
    if (chosen.has(tensor) || learned.has(tensor)) return;
    chosen.add(tensor);
    for (const needed of requirements(tensor)) collect(needed);
  };
  for (const chooser of choosers) collect(chooser);
  return chosen;
}
