/**
 * Measures an artifact on the part that its training held out. The data are read again and split again; a run is measured only
 * when both are what they were, for other rows may be those it was trained on.
 */

import { inspectArtifact } from '../artifact/artifact.ts';
import { DeepTasteError } from '../core/errors.ts';
import { resultJson } from '../evaluation/result.ts';
import { Recommender } from '../recommender/recommender.ts';
import { recordWithEvaluation, valuesOfUsers } from '../runs/run-record.ts';
import { withResult } from '../runs/train-run.ts';
import type { EvaluateFlags } from './flags.ts';
import { openEngine } from './open-engine.ts';
import { prepareRun } from './prepare-run.ts';
import { metricTable } from './run-report.ts';
import { settingsOfStored } from './settings-of-stored.ts';
import { requireSameData, requireSameSplit } from './stored-measurement.ts';
import type { Terminal } from './terminal.ts';

export async function evaluateStored(terminal: Terminal, path: string, flags: EvaluateFlags): Promise<void> {
  const manifest = await inspectArtifact(path);
  if (manifest.from !== undefined)
    throw new DeepTasteError(
      'usage',
      `evaluate ${path}: must be a run that was trained from the beginning, found one that went on from another with new rows; ` +
        'it was measured when it was trained (evaluation.json)',
    );
  const settings = await settingsOfStored(path, manifest, flags, 'evaluate');
  const progress = await terminal.progress();
  const parts = await Recommender.read(path);
  const prepared = await prepareRun(settings, progress, { stored: parts });
  // a refitted model knows the validation rows, and what only they hold
  const task = (settings.refit && prepared.task.withoutValidation()) || prepared.task;
  requireSameData(path, manifest, task.identity.data);
  requireSameSplit(path, manifest, task.testSplit());
  const engine = openEngine(flags, progress);
  try {
    const recommender = new Recommender(parts, engine);
    const { model } = recommender;
    const result = task.measure(engine, recommender.scorer(task.form), progress);
    const measured = withResult(recommender, result);
    if (flags.save) await measured.save(path, valuesOfUsers(result), await recordWithEvaluation(path, result));
    terminal.print(metricTable(terminal, model.title, result));
    if (flags.save) terminal.print(`saved to ${path}`);
    const document = { run: path, model: model.name, ...prepared.document, saved: flags.save === true };
    terminal.document({ ...document, result: resultJson(result) });
    measured.close();
  } finally {
    engine.close();
  }
}
