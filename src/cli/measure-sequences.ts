/** Measures a saved model of sequences. */
import { toJson } from '../evaluation/evaluation-result.ts';
import { evaluateSequences, nextItemProtocol } from '../recommender/evaluate-sequences.ts';
import { Recommender } from '../recommender/recommender.ts';
import type { SequenceRunSettings } from '../recommender/sequence-settings.ts';
import { openEngine } from './engine-options.ts';
import { recordWithEvaluation } from './run-record.ts';
import { loadSequencesNoted } from './sequence-run.ts';
import { type Measurement, type MeasurementRequest, requireSameData, requireSameSplit } from './stored-measurement.ts';

export async function measureSequences(request: MeasurementRequest<SequenceRunSettings>): Promise<Measurement> {
  const { path, manifest, settings, progress } = request;
  const { evaluation, seed } = settings;
  const split = await loadSequencesNoted(settings, progress);
  requireSameData(path, manifest, split.hash);
  requireSameSplit(path, manifest, nextItemProtocol(split, evaluation).split);
  const loaded = await Recommender.read(path);
  const engine = openEngine(request.engine, progress);
  const recommender = new Recommender(loaded, engine);
  const close = () => {
    recommender.close();
    engine.close();
  };
  try {
    const result = evaluateSequences(recommender.scorer('sequences'), split, {
      ...evaluation,
      seed,
      kernels: engine.build,
    });
    const save = async () => {
      const { protocol, metrics } = toJson(result);
      const measured = new Recommender({ ...loaded, info: { ...loaded.info, protocol, metrics } }, engine);
      await measured.save(path, result, await recordWithEvaluation(path, result));
    };
    return { title: recommender.model.title, result, save, close };
  } catch (error) {
    close();
    throw error;
  }
}
