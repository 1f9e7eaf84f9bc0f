/**
 * What a run of the command line leaves in its artifact beside the weights, so that it can be measured again and compared:
 *
 *   settings.json     the settings of the run: the form of an experiment file
 *   evaluation.json   the metrics with their protocol
 *   epochs.jsonl      one line an epoch
 */
import { inspectArtifact, loadArtifact, loadAttachment } from '../artifact/artifact.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type EvaluationResult, fromStored, toJson } from '../evaluation/evaluation-result.ts';
import { epochLines } from '../recommender/checkpoint-folder.ts';
import { parseRunSettings, type RunSettings } from '../recommender/settings.ts';
import type { EpochRecord } from '../training/checkpoint.ts';

const SETTINGS = 'settings.json';
const EVALUATION = 'evaluation.json';
const EPOCHS = 'epochs.jsonl';

export function runRecord(
  settings: RunSettings,
  result: EvaluationResult | null,
  log: readonly EpochRecord[],
): Map<string, string> {
  const record = new Map([[SETTINGS, json(settings)]]);
  if (result) record.set(EVALUATION, json(toJson(result)));
  if (log.length > 0) record.set(EPOCHS, epochLines(log));
  return record;
}

/** The attachments of an artifact with another evaluation. */
export async function recordWithEvaluation(path: string, result: EvaluationResult): Promise<Map<string, string>> {
  const record = new Map<string, string>();
  for (const name of [SETTINGS, EPOCHS]) {
    const text = await attachedText(path, name);
    if (text !== null) record.set(name, text);
  }
  return record.set(EVALUATION, json(toJson(result)));
}

/** The settings that a run was made with; null for an artifact that has none. @throws 'artifact', 'not-found' */
export async function storedSettings(path: string): Promise<RunSettings | null> {
  const text = await attachedText(path, SETTINGS);
  return text === null ? null : parseRunSettings(JSON.parse(text), `${path}/${SETTINGS}`);
}

/** The evaluation of a run with the values of its users. @throws 'artifact', 'not-found' */
export async function storedResult(path: string): Promise<{ manifest: Manifest; result: EvaluationResult }> {
  const manifest = await inspectArtifact(path);
  const text = await attachedText(path, EVALUATION);
  const { perUser, users } = await loadArtifact(path);
  if (text === null || perUser === null)
    throw new DeepTasteError(
      'artifact',
      `${path}: must hold an evaluation with the values of users, found none; measure it with "deeptaste evaluate ${path} --save"`,
    );
  const ids = Array.from(perUser.userIndex, (index) => users.idOf(index));
  return { manifest, result: fromStored(JSON.parse(text), { user: ids, ...Object.fromEntries(perUser.metrics) }) };
}

async function attachedText(path: string, name: string): Promise<string | null> {
  const bytes = await loadAttachment(path, name);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
