/** Loads a saved recommender of whatever kind. */
import { inspectArtifact } from '../artifact/artifact.ts';
import { fitting } from '../artifact/fitting.ts';
import type { EngineOptions } from '../engine/runtime/engine.ts';
import { findAnyModel } from '../models/index.ts';
import { runFamilyOf } from './any-settings.ts';
import { Recommender } from './recommender.ts';
import { SequenceRecommender } from './sequence-recommender.ts';

/** @throws as Recommender.load */
export async function loadAnyRecommender(
  path: string,
  options: EngineOptions = {},
): Promise<Recommender | SequenceRecommender> {
  const { model } = await inspectArtifact(path);
  await fitting(path, () => findAnyModel(model.name));
  const isOfSequences = runFamilyOf(model.name) === 'sequences';
  return isOfSequences ? SequenceRecommender.load(path, options) : Recommender.load(path, options);
}
