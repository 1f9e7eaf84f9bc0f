/**
 * Measures an artifact on the part that its training held out. The data are read again and split again; a run is measured only
 * when both are what they were, for other rows may be those it was trained on.
 */
import { inspectArtifact } from '../artifact/artifact.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type EvaluationResult, toJson } from '../evaluation/evaluation-result.ts';
import { describeDifference, type Protocol, protocolDifferences } from '../evaluation/protocol.ts';
import { evaluateScorer, protocolOf } from '../recommender/evaluate.ts';
import { Recommender } from '../recommender/recommender.ts';
import { parseRunSettings, type RunInput, type RunSettings } from '../recommender/settings.ts';
import type { EvaluateFlags } from './commands/evaluate.ts';
import { FILM_CLUB } from './data-flags.ts';
import { loadNoted } from './execute-run.ts';
import { dataOf, evaluationOf, splitOf } from './run-flags.ts';
import { recordWithEvaluation, storedSettings } from './run-record.ts';
import { metricTable } from './run-report.ts';
import type { Terminal } from './terminal.ts';

export async function evaluateStored(terminal: Terminal, path: string, flags: EvaluateFlags): Promise<void> {
  const manifest = await inspectArtifact(path);
  const settings = settingsFor(path, manifest, await storedSettings(path), flags);
  const progress = await terminal.progress();
  const split = await loadNoted(settings, progress);
  if (split.dataset.hash !== manifest.data.hash)
    throw new DeepTasteError(
      'data',
      `evaluate ${path}: the data must be those of the training (hash ${manifest.data.hash.slice(0, 12)}…), found others ` +
        `(${split.dataset.hash.slice(0, 12)}…); give the original files and options (--data), or train again`,
    );
  if (!split.test)
    throw new DeepTasteError(
      'data',
      `evaluate ${path}: the split must have a test part, found none; train with another split`,
    );
  const loaded = await Recommender.load(path, { threads: flags.threads, blas: flags.blas });
  if (loaded.engine.notice) progress.log(loaded.engine.notice);
  try {
    checkSplit(path, manifest, protocolOf(split, settings.evaluation, 'test', settings.seed, loaded.engine).split);
    const result = evaluateScorer(loaded.engine, loaded.scorer(), split, settings.evaluation, settings.seed);
    if (flags.save) await saveResult(path, loaded, result);
    terminal.print(metricTable(terminal, loaded.model.title, result));
    if (flags.save) terminal.print(`saved to ${path}`);
    terminal.document({ run: path, model: loaded.model.name, saved: flags.save === true, result: toJson(result) });
  } finally {
    loaded.close();
  }
}

/** The settings of the run, with what the flags say instead. */
function settingsFor(path: string, manifest: Manifest, stored: RunSettings | null, flags: EvaluateFlags): RunSettings {
  if (stored === null && flags.data === undefined)
    throw new DeepTasteError(
      'usage',
      `evaluate ${path}: the run was saved without its settings; say with --data and --split what it was trained on`,
    );
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
    ...(stored ?? { model: manifest.model.name, seed: manifest.seed }),
    data,
    ...splitOf(flags),
    evaluation: { ...stored?.evaluation, ...evaluationOf(flags) },
  };
  return parseRunSettings(input as RunInput, `evaluate ${path}`);
}

/** @throws 'protocol' when other rows are held out than those that the training left out */
function checkSplit(path: string, { protocol }: Manifest, split: Protocol['split']): void {
  if (protocol === null)
    throw new DeepTasteError(
      'protocol',
      `evaluate ${path}: the run records no split, so nothing says which rows it has not seen; train again`,
    );
  const trained = protocol as Protocol;
  const differences = protocolDifferences(trained, { ...trained, split }).filter(
    ({ field }) => !/andidates/.test(field),
  );
  if (differences.length === 0) return;
  throw new DeepTasteError(
    'protocol',
    `evaluate ${path}: the test rows must be those that the training held out, found ${differences.map(describeDifference).join('; ')}; ` +
      'split as in the training, or train again',
  );
}

async function saveResult(path: string, loaded: Recommender, result: EvaluationResult): Promise<void> {
  const attachments = await recordWithEvaluation(path, result);
  const { protocol, metrics } = toJson(result);
  const measured = new Recommender(
    { ...loaded.parts, info: { ...loaded.parts.info, protocol, metrics } },
    loaded.engine,
  );
  await measured.save(path, result, attachments);
}
