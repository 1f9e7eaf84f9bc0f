/** Which optimizer updates which parameter of a plan. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import { hasOneRate, type OptimizerOptions } from '../optimizers/optimizer.ts';

/**
 * The optimizer of each trained parameter; equal settings become one object, so that they are told apart by identity.
 * @throws 'config' for settings that contradict each other, or norms clipped apart
 */
export function optimizersOf(
  trained: readonly Tensor[],
  optimizer: OptimizerOptions,
  optimizers: (parameter: Tensor) => OptimizerOptions = () => optimizer,
): Map<Tensor, OptimizerOptions> {
  checkOptimizer(optimizer);
  const distinct = new Map<string, OptimizerOptions>();
  const byParameter = new Map<Tensor, OptimizerOptions>();
  for (const parameter of trained) {
    const own = optimizers(parameter);
    checkOptimizer(own);
    if (own.clipNorm !== optimizer.clipNorm)
      throw new DeepTasteError(
        'config',
        `optimizer: clipNorm bounds the norm of all gradients together and must be the same for all parameters, got ` +
          `${own.clipNorm} and ${optimizer.clipNorm}`,
      );
    const key = JSON.stringify(Object.entries(own).sort());
    distinct.set(key, distinct.get(key) ?? own);
    byParameter.set(parameter, distinct.get(key) as OptimizerOptions);
  }
  return byParameter;
}

function checkOptimizer(optimizer: OptimizerOptions): void {
  if (optimizer.l1 > 0 && optimizer.name !== 'ftrl')
    throw new DeepTasteError('config', `optimizer: l1 belongs to "ftrl", got name "${optimizer.name}"`);
  const { schedule, warmupSteps } = optimizer;
  if (hasOneRate(optimizer) && (schedule !== 'constant' || warmupSteps > 0))
    throw new DeepTasteError(
      'config',
      `optimizer: the weights of ${optimizer.name.toUpperCase()} are a function of one step size; schedule must be "constant" ` +
        `without warm-up, got "${schedule}" with ${warmupSteps} warm-up steps`,
    );
  if (optimizer.name === 'ftrl') return;
  if (optimizer.l2 > 0 && optimizer.l2Scope === 'all' && !optimizer.dense)
    throw new DeepTasteError(
      'config',
      'optimizer: l2Scope "all" regularises whole tables and needs dense: true; use l2Scope "touched" or set dense',
    );
}
