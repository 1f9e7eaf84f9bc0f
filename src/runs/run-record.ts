/**
 * What a run of the command line leaves in its artifact beside the weights, so that it can be measured again and compared:
 *
 *   settings.json     the settings of the run: the form of an experiment file
 *   evaluation.json   the metrics with their protocol
 *   epochs.jsonl      one line an epoch
 *   training.json     whether training was cut off or ended by hand, and the defaults that the size of the data chose
 *   sequences.json    the metrics of every evaluated sequence (the values of users have a table of the artifact)
 *   negatives.json    what the negatives of several samplers taught, where that was studied (`deeptaste negatives RUN --save`)
 *   tuning.json       the study that chose its model and options (`deeptaste tune`)
 *   rows.safetensors  the rows that were predicted: user, label, prediction, and how many training rows user and item have
 */
import { z } from 'zod';
import { inspectArtifact, loadArtifact, loadAttachment, saveAttachment } from '../artifact/artifact.ts';
import { attachedObject, fitting } from '../artifact/fitting.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type EvaluationResult, fromStored, toColumns, type UserColumns } from '../evaluation/evaluation-result.ts';
import { isRowResult, type Result, type RowResult, resultJson } from '../evaluation/result.ts';
import type { EpochRecord } from '../training/checkpoint.ts';
import type { TrainingAccount } from '../training/training-account.ts';
import { type AnyRunSettings, currentSettings, parseAnyRunSettings } from './any-settings.ts';
import { epochLines } from './checkpoint-folder.ts';
import { type NegativeStudy, negativeStudySchema } from './negative-study-schema.ts';
import { decodeRows, encodeRows } from './stored-rows.ts';
import { type TuningStudy, tuningStudySchema } from './tuning-study-schema.ts';

const SETTINGS = 'settings.json';
const EVALUATION = 'evaluation.json';
const EPOCHS = 'epochs.jsonl';
const TRAINING = 'training.json';
const SEQUENCES = 'sequences.json';
const ROWS = 'rows.safetensors';
const NEGATIVES = 'negatives.json';
const TUNING = 'tuning.json';

const epochSchema = z.object({
  model: z.string(),
  epoch: z.int().positive(),
  loss: z.number(),
  validation: z.number().nullable(),
  seconds: z.number(),
  examplesPerSecond: z.number(),
});

/** Name of a file → its content. */
export type RunRecord = Map<string, string | Uint8Array>;

export function runRecord(
  settings: AnyRunSettings,
  result: Result | null,
  log: readonly EpochRecord[],
  account: TrainingAccount,
): RunRecord {
  const record: RunRecord = new Map([[SETTINGS, json(settings)]]);
  if (result) recordResult(record, result);
  if (log.length > 0) record.set(EPOCHS, epochLines(log)).set(TRAINING, json(account));
  return record;
}

/** The attachments of an artifact with another evaluation. */
export async function recordWithEvaluation(path: string, result: Result): Promise<RunRecord> {
  const record: RunRecord = new Map();
  for (const name of [SETTINGS, EPOCHS, TRAINING, NEGATIVES, TUNING]) {
    const text = await attachedText(path, name);
    if (text !== null) record.set(name, text);
  }
  recordResult(record, result);
  return record;
}

/** The values of users, which have a table of their own in an artifact; null for predicted rows. */
export function valuesOfUsers(result: Result | null): EvaluationResult | null {
  return result && !isRowResult(result) ? result : null;
}

function recordResult(record: RunRecord, result: Result): void {
  record.set(EVALUATION, json(resultJson(result)));
  if (isRowResult(result)) {
    if (result.rows) record.set(ROWS, encodeRows(result.rows));
    return;
  }
  if (!result.protocol.nextItem) return;
  const columns = Object.entries(toColumns(result)).map(([name, values]) => [name, [...values]]);
  record.set(SEQUENCES, JSON.stringify(Object.fromEntries(columns)));
}

/** The settings that a run was made with; null for an artifact that has none. @throws 'artifact', 'not-found' */
export async function storedSettings(path: string): Promise<AnyRunSettings | null> {
  const text = await attachedText(path, SETTINGS);
  if (text === null) return null;
  const where = `${path}/${SETTINGS}`;
  return fitting(path, () => parseAnyRunSettings(currentSettings(attachedObject(text, where)), where));
}

/** The evaluation of a run, with the values of its users or sequences, or its predicted rows where it has them. @throws 'artifact', 'not-found' */
export async function storedResult(path: string): Promise<Result> {
  await inspectArtifact(path);
  const text = await attachedText(path, EVALUATION);
  if (text === null) throw notMeasured(path);
  const stored = attachedObject(text, `${path}/${EVALUATION}`) as object;
  if ('task' in stored) {
    const bytes = await loadAttachment(path, ROWS);
    const { nRows } = stored as RowResult;
    return { ...(stored as RowResult), ...(bytes && { rows: decodeRows(bytes, nRows, `${path}/${ROWS}`) }) };
  }
  const sequences = await attachedText(path, SEQUENCES);
  if (sequences !== null) {
    const columns = attachedObject(sequences, `${path}/${SEQUENCES}`) as StoredSequences;
    return fitting(path, () => fromStored(stored, sequenceColumns(columns)));
  }
  const { perUser, users } = await loadArtifact(path);
  if (perUser === null) throw notMeasured(path);
  const ids = Array.from(perUser.userIndex, (index) => users.idOf(index));
  return fitting(path, () => fromStored(stored, { user: ids, ...Object.fromEntries(perUser.metrics) }));
}

/** The epochs of a run, oldest first; empty where the model was not trained by epochs. @throws 'artifact', 'not-found' */
export async function storedEpochs(path: string): Promise<readonly EpochRecord[]> {
  const text = await attachedText(path, EPOCHS);
  const lines = (text ?? '').split('\n').filter((line) => line !== '');
  const where = `${path}/${EPOCHS}`;
  return lines.map((line) => fittingEpoch(attachedObject(line, where), where));
}

/** Keeps a study of negatives in the folder of its run, in place of a former one. @throws as {@link saveAttachment} */
export async function keepNegatives(path: string, study: NegativeStudy): Promise<void> {
  await saveAttachment(path, NEGATIVES, json(study));
}

/** What the negatives of several samplers taught; null where that was not studied. @throws 'artifact', 'not-found' */
export async function storedNegatives(path: string): Promise<NegativeStudy | null> {
  const text = await attachedText(path, NEGATIVES);
  if (text === null) return null;
  const where = `${path}/${NEGATIVES}`;
  const parsed = negativeStudySchema.safeParse(attachedObject(text, where));
  if (parsed.success) return parsed.data;
  throw new DeepTasteError(
    'artifact',
    `${where}: must be a study of negatives, found ${z.prettifyError(parsed.error)}; run "deeptaste negatives ${path} --save" again`,
  );
}

/** Keeps the study that a run is the winner of in its folder. @throws as {@link saveAttachment} */
export async function keepTuning(path: string, study: TuningStudy): Promise<void> {
  await saveAttachment(path, TUNING, json(study));
}

/** The study that chose the run; null where none did. @throws 'artifact', 'not-found' */
export async function storedTuning(path: string): Promise<TuningStudy | null> {
  const text = await attachedText(path, TUNING);
  if (text === null) return null;
  const where = `${path}/${TUNING}`;
  const parsed = tuningStudySchema.safeParse(attachedObject(text, where));
  if (parsed.success) return parsed.data;
  throw new DeepTasteError(
    'artifact',
    `${where}: must be a study in short, found ${z.prettifyError(parsed.error)}; finish the study with "deeptaste tune … --resume"`,
  );
}

function fittingEpoch(line: Readonly<Record<string, unknown>>, where: string): EpochRecord {
  const parsed = epochSchema.safeParse(line);
  if (parsed.success) return parsed.data;
  throw new DeepTasteError(
    'artifact',
    `${where}: every line must be an epoch of a training, found ${z.prettifyError(parsed.error)}; train the run again`,
  );
}

function notMeasured(path: string): DeepTasteError {
  return new DeepTasteError(
    'artifact',
    `${path}: must hold an evaluation with the values of users, found none; measure it with "deeptaste evaluate ${path} --save"`,
  );
}

/** The columns of a file of sequences: whose each is, and its values; null where one has none. */
interface StoredSequences extends Readonly<Record<string, readonly (string | number | null)[]>> {
  readonly user: readonly string[];
}

function sequenceColumns({ user, ...columns }: StoredSequences): UserColumns {
  const numeric = Object.entries(columns).map(([name, values]) => [
    name,
    Float64Array.from(values, (value) => Number(value ?? Number.NaN)),
  ]);
  return { user, ...Object.fromEntries(numeric) };
}

async function attachedText(path: string, name: string): Promise<string | null> {
  const bytes = await loadAttachment(path, name);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
