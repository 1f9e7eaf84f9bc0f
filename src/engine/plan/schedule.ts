/**
 * Orders the work of a step. Row work runs tile by tile; shared work runs once; a sum over the batch cuts the row work, since
 * what follows it needs all tiles: level 0 is everything before any such sum, level 1 what needs one, and so on.
 */
import type { KernelCall, Tensor } from '../expression.ts';

export interface Level {
  /** Sums over the batch that must be reduced before this level's work, in order. */
  readonly reductions: readonly Tensor[];
  /** Shared tensors computed once. */
  readonly shared: readonly Tensor[];
  /** Batch tensors computed tile by tile. */
  readonly rows: readonly Tensor[];
}

/** Tensors that must exist before `y` can be computed: its kernel's operands, or the source of a view. */
export function requirements(y: Tensor): readonly Tensor[] {
  const call = kernelCall(y);
  if (!call) return y.inputs;
  return call.operands.filter((t): t is Tensor => t !== null && t !== y);
}

export function kernelCall(y: Tensor): KernelCall | null {
  return y.op.kernel?.(y) ?? null;
}

export function isReduction(y: Tensor): boolean {
  return y.op.reduction === true;
}

/** The levels of everything that `outputs` need; views and leaves take part but need no kernel call. */
export function schedule(outputs: readonly Tensor[]): { levels: Level[]; levelOf: ReadonlyMap<Tensor, number> } {
  const levelOf = new Map<Tensor, number>();
  const levels: { reductions: Tensor[]; shared: Tensor[]; rows: Tensor[] }[] = [];
  const at = (n: number) => {
    while (levels.length <= n) levels.push({ reductions: [], shared: [], rows: [] });
    return levels[n];
  };
  for (const tensor of requiredOrder(outputs)) {
    const before = Math.max(0, ...requirements(tensor).map((t) => levelOf.get(t) as number));
    const level = isReduction(tensor) ? before + 1 : before;
    levelOf.set(tensor, level);
    if (isReduction(tensor)) at(level).reductions.push(tensor);
    else if (kernelCall(tensor)) (tensor.rows === 'shared' ? at(level).shared : at(level).rows).push(tensor);
  }
  at(0);
  return { levels, levelOf };
}

/** Like topologicalOrder, but along what kernels really read. */
function requiredOrder(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    for (const needed of requirements(tensor)) visit(needed);
    order.push(tensor);
  };
  for (const output of outputs) visit(output);
  return order;
}
