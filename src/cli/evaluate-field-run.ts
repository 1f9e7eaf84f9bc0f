/**
 * Measures a saved model over feature fields on the part that its training held out; only on the data and the split that it was
 * trained on, for other rows may be those that it has seen.
 */
import { inspectArtifact } from '../artifact/artifact.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { describeDifference, type Protocol, protocolDifferences } from '../evaluation/protocol.ts';
import { testDescription } from '../recommender/evaluate.ts';
import type { FieldFile } from '../recommender/field-file.ts';
import {
  type FieldRunInput,
  type FieldRunSettings,
  parseFieldRunSettings,
  resolveFieldEvaluation,
} from '../recommender/field-settings.ts';
import type { FieldData } from '../recommender/prepare-field-run.ts';
import { prepareSplit } from '../recommender/prepare-split.ts';
import { Recommender } from '../recommender/recommender.ts';
import { evaluateFields, withResult } from '../recommender/train-fields.ts';
import type { EvaluateFlags } from './commands/evaluate.ts';
import { FILM_CLUB } from './data-flags.ts';
import { openEngine } from './engine-options.ts';
import { fieldRecordWithEvaluation, resultDocument, storedFieldSettings } from './field-record.ts';
import { fieldMetricTable } from './field-report.ts';
import { dataOf, runInputOf } from './run-flags.ts';
import type { Terminal } from './terminal.ts';

export async function evaluateFieldRun(terminal: Terminal, path: string, flags: EvaluateFlags): Promise<void> {
  const manifest = await inspectArtifact(path);
  const settings = settingsFor(path, manifest, await storedFieldSettings(path), flags);
  const progress = await terminal.progress();
  const parts = await Recommender.read(path);
  if (!parts.fields) throw new Error('internal: a model over fields needs its fields');
  const data = await storedData(path, manifest, settings, parts.fields);
  const engine = openEngine(flags, progress);
  const recommender = new Recommender(parts, engine);
  try {
    const result = evaluateFields(engine, data, recommender, settings.seed);
    if (flags.save) {
      const measured = new Recommender({ ...parts, info: withResult(parts.info, result) }, engine);
      const users = 'users' in result ? result : null;
      await measured.save(path, users, await fieldRecordWithEvaluation(path, result));
    }
    terminal.print(fieldMetricTable(terminal, recommender.model.title, result));
    if (flags.save) terminal.print(`saved to ${path}`);
    const document = { run: path, model: manifest.model.name, task: parts.fields.task, saved: flags.save === true };
    terminal.document({ ...document, result: resultDocument(result) });
  } finally {
    recommender.close();
    engine.close();
  }
}

/** The data of the training with the fields that were fitted then. @throws 'data', 'protocol' when they are others */
async function storedData(
  path: string,
  manifest: Manifest,
  settings: FieldRunSettings,
  { encoder, task, offset, ratingRange, unnamed }: FieldFile,
): Promise<FieldData> {
  const split = await prepareSplit(settings, undefined, task === 'ranking' ? 'pairs' : 'examples');
  const { hash } = split.dataset;
  if (hash !== manifest.data.hash)
    throw new DeepTasteError(
      'data',
      `evaluate ${path}: the data must be those of the training (hash ${manifest.data.hash.slice(0, 12)}…), found others ` +
        `(${hash.slice(0, 12)}…); give the original files and options (--data), or train again`,
    );
  requireSameSplit(path, manifest, testDescription(split));
  const evaluation = resolveFieldEvaluation(task, settings, !unnamed.includes('user'));
  return { split, task, evaluation, encoder, warnings: [], offset, ratingRange: evaluation.clip ? ratingRange : null };
}

/** @throws 'protocol' when other rows are held out than those that the training left out */
function requireSameSplit(path: string, { protocol }: Manifest, split: Protocol['split']): void {
  const fail = (found: string) =>
    new DeepTasteError(
      'protocol',
      `evaluate ${path}: the test rows must be those that the training held out, found ${found}; split as in the training, or train again`,
    );
  if (protocol === null) throw fail('no record of the split');
  const trained = protocol as unknown as Protocol;
  const differences = protocolDifferences(trained, { ...trained, split }).filter(
    ({ field }) => !/andidates/.test(field),
  );
  if (differences.length > 0) throw fail(differences.map(describeDifference).join('; '));
}

/** The settings of the run, with what the flags say instead. */
function settingsFor(
  path: string,
  { model, seed }: Manifest,
  stored: FieldRunSettings | null,
  flags: EvaluateFlags,
): FieldRunSettings {
  if (stored === null && flags.data === undefined)
    throw new DeepTasteError(
      'usage',
      `evaluate ${path}: the run was saved without its settings; say with --data and --split what it was trained on`,
    );
  const { evaluation, ...told } = runInputOf('pairs', model.name, flags);
  const input = {
    ...(stored ?? { model: model.name, seed }),
    ...{ data: dataFor(stored, flags), ...told },
    evaluation: { ...stored?.evaluation, ...evaluation },
  };
  return parseFieldRunSettings(input as FieldRunInput, `evaluate ${path}`);
}

function dataFor(stored: FieldRunSettings | null, flags: EvaluateFlags): unknown {
  const given = flags.data ?? [];
  const told = dataOf(given, flags);
  if (stored === null || given.includes(FILM_CLUB)) return told;
  if ('simulated' in stored.data) return given.length > 0 ? told : stored.data;
  return { ...stored.data, ...told, files: given.length > 0 ? [...given] : stored.data.files };
}
