/** Loads a saved recommender of whatever kind. */
import { inspectArtifact } from '../artifact/artifact.ts';
import { fitting } from '../artifact/fitting.ts';
import type { EngineOptions } from '../engine/runtime/engine.ts';
import { familyOf, findAnyModel } from '../models/index.ts';
import { FieldRecommender } from './field-recommender.ts';
import { Recommender } from './recommender.ts';
import { SequenceRecommender } from './sequence-recommender.ts';

const recommenders = { users: Recommender, sequences: SequenceRecommender, fields: FieldRecommender } as const;

/** @throws as Recommender.load */
export async function loadAnyRecommender(
  path: string,
  options: EngineOptions = {},
): Promise<Recommender | SequenceRecommender | FieldRecommender> {
  const { model } = await inspectArtifact(path);
  const family = await fitting(path, () => familyOf(findAnyModel(model.name)));
  return recommenders[family].load(path, options);
}
