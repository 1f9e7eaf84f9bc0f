/** Measures a saved model of users and items. */
import { DeepTasteError } from '../core/errors.ts';
import { toJson } from '../evaluation/evaluation-result.ts';
import { evaluateScorer, protocolOf } from '../recommender/evaluate.ts';
import { Recommender } from '../recommender/recommender.ts';
import type { RunSettings } from '../recommender/settings.ts';
import { recordWithEvaluation } from './run-record.ts';
import { type Measurement, type MeasurementRequest, requireSameData, requireSameSplit } from './stored-measurement.ts';
import { loadNoted } from './user-run.ts';

export async function measureUsers(request: MeasurementRequest<RunSettings>): Promise<Measurement> {
  const { path, manifest, settings, progress } = request;
  const split = await loadNoted(settings, progress);
  requireSameData(path, manifest, split.dataset.hash);
  if (!split.test)
    throw new DeepTasteError(
      'data',
      `evaluate ${path}: the split must have a test part, found none; train with another split`,
    );
  const loaded = await Recommender.load(path, request.engine);
  const { engine } = loaded;
  if (engine.notice) progress.log(engine.notice);
  try {
    requireSameSplit(path, manifest, protocolOf(split, settings.evaluation, 'test', settings.seed, engine).split);
    const result = evaluateScorer(engine, loaded.scorer('pairs'), split, settings.evaluation, settings.seed);
    const save = async () => {
      const { protocol, metrics } = toJson(result);
      const measured = new Recommender({ ...loaded.parts, info: { ...loaded.parts.info, protocol, metrics } }, engine);
      await measured.save(path, result, await recordWithEvaluation(path, result));
    };
    return { title: loaded.model.title, result, save, close: () => loaded.close() };
  } catch (error) {
    loaded.close();
    throw error;
  }
}
