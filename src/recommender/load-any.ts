/** Loads a saved recommender of whatever kind. */
import { inspectArtifact } from '../artifact/artifact.ts';
import { fitting } from '../artifact/fitting.ts';
import type { EngineOptions } from '../engine/runtime/engine.ts';
import { findModel } from '../models/index.ts';
import { FieldRecommender } from './field-recommender.ts';
import { Recommender } from './recommender.ts';
import { SequenceRecommender } from './sequence-recommender.ts';

const recommenders = { pairs: Recommender, sequences: SequenceRecommender, rows: FieldRecommender } as const;

/** @throws as Recommender.load */
export async function loadAnyRecommender(
  path: string,
  options: EngineOptions = {},
): Promise<Recommender | SequenceRecommender | FieldRecommender> {
  const { model } = await inspectArtifact(path);
  const { form } = await fitting(path, () => findModel(model.name));
  return recommenders[form].load(path, options);
}
