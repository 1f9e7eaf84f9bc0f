/**
 * Measures an artifact on the part that its training held out. The data are read again and split again; a run is measured only
 * when both are what they were, for other rows may be those it was trained on.
 */

import { inspectArtifact } from '../artifact/artifact.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { resultJson } from '../evaluation/result.ts';
import { findModel } from '../models/index.ts';
import { Recommender } from '../recommender/recommender.ts';
import { type AnyRunSettings, parseAnyRunSettings } from '../runs/any-settings.ts';
import { recordWithEvaluation, storedSettings, valuesOfUsers } from '../runs/run-record.ts';
import { withResult } from '../runs/train-run.ts';
import { dataOf, FILM_CLUB } from './data-flags.ts';
import type { EvaluateFlags } from './flags.ts';
import { openEngine } from './open-engine.ts';
import { prepareRun } from './prepare-run.ts';
import { runInputOf } from './run-flags.ts';
import { metricTable } from './run-report.ts';
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
  const settings = settingsFor(path, manifest, await storedSettings(path), flags);
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

/** The settings of the run, with what the flags say instead. */
function settingsFor(
  path: string,
  manifest: Manifest,
  stored: AnyRunSettings | null,
  flags: EvaluateFlags,
): AnyRunSettings {
  if (stored === null && flags.data === undefined)
    throw new DeepTasteError(
      'usage',
      `evaluate ${path}: the run was saved without its settings; say with --data and --split what it was trained on`,
    );
  const { name } = manifest.model;
  const { evaluation, ...form } = runInputOf(findModel(name), flags);
  const given = flags.data ?? [];
  const told = dataOf(given, flags);
  const simulated = stored !== null && 'simulated' in stored.data;
  const data =
    stored === null || given.includes(FILM_CLUB) || (simulated && given.length > 0)
      ? told
      : simulated
        ? stored.data
        : {
            ...stored.data,
            ...told,
            files: given.length > 0 ? [...given] : (stored.data as { files: string[] }).files,
          };
  const input = {
    ...(stored ?? { model: name, seed: manifest.seed }),
    data,
    ...form,
    evaluation: { ...stored?.evaluation, ...evaluation },
  };
  return parseAnyRunSettings(input, `evaluate ${path}`);
}
