/** The training row of a model by the loss of its paper. */
import type { Tensor } from '../../src/engine/expression.ts';
import { pairRow } from '../../src/examples/pair-loss.ts';
import { pairSettings } from '../../src/examples/pair-settings.ts';
import type { PairModel } from '../../src/examples/pairs.ts';
import type { ForwardPass } from '../../src/layers/forward-pass.ts';
import type { Parameters } from '../../src/layers/parameters.ts';
import type { Sizes } from '../../src/scoring/scorer.ts';

/**
 * @param pass noise of training; default none
 * @returns leaves as a sampler fills them: (user, item, label) or (user, taken item, other item)
 */
export function ownRow<C>(model: PairModel<C>, given: Parameters, config: C, sizes: Sizes, pass?: ForwardPass) {
  const training = pairSettings.parse({ loss: model.learn.defaults.loss });
  const row = pairRow(model, given, config, { training, sizes, capacity: training.batchSize, pass });
  const leaves: readonly [Tensor, Tensor, Tensor] = [row.user, row.item, row.label ?? row.drawn[0]];
  return { loss: row.loss, leaves };
}
