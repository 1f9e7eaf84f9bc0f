/**
 * Measures an artifact on the part that its training held out. The data are read again and split again; a run is measured only
 * when both are what they were, for other rows may be those it was trained on.
 */
import { inspectArtifact } from '../artifact/artifact.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { toJson } from '../evaluation/evaluation-result.ts';
import { type AnyRunSettings, isSequenceRun, parseAnyRunSettings, runFamilyOf } from '../recommender/any-settings.ts';
import type { EvaluateFlags } from './commands/evaluate.ts';
import { FILM_CLUB } from './data-flags.ts';
import { measureSequences } from './measure-sequences.ts';
import { measureUsers } from './measure-users.ts';
import { dataOf, runInputOf } from './run-flags.ts';
import { storedSettings } from './run-record.ts';
import { metricTable } from './run-report.ts';
import type { Terminal } from './terminal.ts';

export async function evaluateStored(terminal: Terminal, path: string, flags: EvaluateFlags): Promise<void> {
  const manifest = await inspectArtifact(path);
  const settings = settingsFor(path, manifest, await storedSettings(path), flags);
  const progress = await terminal.progress();
  const request = { path, manifest, progress, engine: { threads: flags.threads, blas: flags.blas } };
  const measured = await (isSequenceRun(settings)
    ? measureSequences({ ...request, settings })
    : measureUsers({ ...request, settings }));
  const { title, result } = measured;
  try {
    if (flags.save) await measured.save();
    terminal.print(metricTable(terminal, title, result));
    if (flags.save) terminal.print(`saved to ${path}`);
    terminal.document({ run: path, model: manifest.model.name, saved: flags.save === true, result: toJson(result) });
  } finally {
    measured.close();
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
  const { evaluation, ...form } = runInputOf(runFamilyOf(name), name, flags);
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
    ...{ data, ...form, evaluation: { ...stored?.evaluation, ...evaluation } },
  };
  return parseAnyRunSettings(input, `evaluate ${path}`);
}
