/** What a run over feature fields leaves in its artifact beside the weights; the files are those of run-record.ts. */

import { loadAttachment } from '../artifact/artifact.ts';
import { attachedObject, fitting } from '../artifact/fitting.ts';
import { DeepTasteError } from '../core/errors.ts';
import { toJson } from '../evaluation/evaluation-result.ts';
import { epochLines } from '../recommender/checkpoint-folder.ts';
import type { RowResult } from '../recommender/evaluate-rows.ts';
import { type FieldRunSettings, parseFieldRunSettings } from '../recommender/field-settings.ts';
import { type FieldResult, isRowResult } from '../recommender/train-fields.ts';
import type { EpochRecord } from '../training/checkpoint.ts';
import type { TrainingAccount } from '../training/training-account.ts';

const [SETTINGS, EVALUATION, EPOCHS] = ['settings.json', 'evaluation.json', 'epochs.jsonl'];
const TRAINING = 'training.json';

export function fieldRunRecord(
  settings: FieldRunSettings,
  result: FieldResult | null,
  log: readonly EpochRecord[],
  account: TrainingAccount,
): Map<string, string> {
  const record = new Map([[SETTINGS, json(settings)]]);
  if (result) record.set(EVALUATION, json(resultDocument(result)));
  if (log.length > 0) record.set(EPOCHS, epochLines(log)).set(TRAINING, json(account));
  return record;
}

/** The attachments of an artifact with another evaluation. */
export async function fieldRecordWithEvaluation(path: string, result: FieldResult): Promise<Map<string, string>> {
  const record = new Map<string, string>();
  for (const name of [SETTINGS, EPOCHS, TRAINING]) {
    const text = await attachedText(path, name);
    if (text !== null) record.set(name, text);
  }
  return record.set(EVALUATION, json(resultDocument(result)));
}

/** The form of a result for scripts. */
export function resultDocument(result: FieldResult): object {
  return isRowResult(result) ? result : toJson(result);
}

/** The settings that a run was made with; null for an artifact that has none. @throws 'artifact', 'not-found' */
export async function storedFieldSettings(path: string): Promise<FieldRunSettings | null> {
  const text = await attachedText(path, SETTINGS);
  if (text === null) return null;
  const where = `${path}/${SETTINGS}`;
  return fitting(path, () => parseFieldRunSettings(attachedObject(text, where), where));
}

/** The measured rows of a run; null where users were ranked for. @throws 'artifact' when nothing was measured; 'not-found' */
export async function storedRowResult(path: string): Promise<RowResult | null> {
  const text = await attachedText(path, EVALUATION);
  if (text === null)
    throw new DeepTasteError(
      'artifact',
      `${path}: must hold an evaluation, found none; measure it with "deeptaste evaluate ${path} --save"`,
    );
  const stored = attachedObject(text, `${path}/${EVALUATION}`) as object;
  return 'task' in stored ? (stored as RowResult) : null;
}

async function attachedText(path: string, name: string): Promise<string | null> {
  const bytes = await loadAttachment(path, name);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
