/** How a trained model of sequences scores, whatever its kind. */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { attentionScorer } from './attention-scorer.ts';
import type { AnySequenceModel } from './index.ts';
import { recurrentScorer } from './recurrent-scorer.ts';
import type { SequenceScorer } from './sequence-scorer.ts';

export interface TrainedSequences {
  readonly model: AnySequenceModel;
  /** Parsed options of the model. */
  readonly config: unknown;
  readonly weights: NamedTensors;
  readonly nItems: number;
}

/**
 * @param engine the engine, for models that compute with it; others leave it unmade
 * @throws DeepTasteError `artifact` when the weights are not those of the model and its options
 */
export function sequenceScorerOf(trained: TrainedSequences, engine: () => Engine): SequenceScorer {
  const { model, config, weights, nItems } = trained;
  if (model.kind === 'recurrent') return recurrentScorer(engine(), { model, config, weights, nItems });
  if (model.kind === 'attention') return attentionScorer(engine(), { model, config, weights, nItems });
  return model.scorer(weights, nItems, config, engine);
}
