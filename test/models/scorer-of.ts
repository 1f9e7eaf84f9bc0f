import type { NamedTensors } from '../../src/core/named-tensors.ts';
import type { SparseRows } from '../../src/data/sparse-rows.ts';
import type { Engine } from '../../src/engine/runtime/engine.ts';
import type { Model } from '../../src/examples/model.ts';
import type { Scorer, Sizes } from '../../src/scoring/scorer.ts';

interface TrainedPairs<C> {
  readonly model: Model<C, 'pairs'>;
  readonly config: C;
  readonly sizes: Sizes;
  readonly weights: NamedTensors;
}

/** How a model of users and items scores by given weights. @param history training items of every user */
export function scorerOf<C>(engine: Engine, trained: TrainedPairs<C>, history: SparseRows): Scorer {
  const { model, config, sizes, weights } = trained;
  return model.scorerOf(() => engine, { config, weights, about: { sizes, history } });
}
