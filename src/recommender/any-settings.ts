/** Run settings of any family: the model's name decides which form they must have. */
import { DeepTasteError } from '../core/errors.ts';
import { splitOptions } from '../data/splits/split-options.ts';
import type { AnyModel } from '../examples/model.ts';
import { findModel, formTitles } from '../models/index.ts';
import {
  parseSequenceRunSettings,
  type SequenceRunInput,
  type SequenceRunSettings,
  sequenceRunSettings,
  sequenceSplitSettings,
} from './sequence-settings.ts';
import { parseRunSettings, type RunInput, type RunSettings, runSettings } from './settings.ts';

export type AnyRunSettings = RunSettings | SequenceRunSettings;
export type AnyRunInput = RunInput | SequenceRunInput;

/** The families of models that runs can be made of. */
export type RunFamily = 'pairs' | 'sequences';

interface Form {
  readonly keys: readonly string[];
  readonly splits: readonly string[];
}

const forms: Readonly<Record<RunFamily, Form>> = {
  pairs: { keys: Object.keys(runSettings.shape), splits: methodsOf(splitOptions) },
  sequences: { keys: Object.keys(sequenceRunSettings.shape), splits: methodsOf(sequenceSplitSettings) },
};

/** All ways of splitting, of both families. */
export const splitMethods: readonly string[] = [...new Set([...forms.pairs.splits, ...forms.sequences.splits])];

/** What serves instead of a key that the other family has. */
const instead: Readonly<Record<string, string>> = {
  sampleCandidates: 'split.negatives of leave-one-out ranks among sampled items',
  validationFromTrain: 'the split holds a validation part out: validationDays, validation',
  refit: 'train again without a validation part, for as many epochs as it chose',
};

/** @throws 'usage' for an unknown model, or one that no run can be made of */
export function runFamilyOf(modelName: string): RunFamily {
  const { form } = findModel(modelName);
  if (form !== 'rows') return form;
  throw new DeepTasteError(
    'usage',
    `model: "${modelName}" is one of the ${formTitles.rows}, whose runs have settings of their own; read them with parseFieldRunSettings`,
  );
}

export function isSequenceRun(settings: AnyRunSettings): settings is SequenceRunSettings {
  return runFamilyOf(settings.model) === 'sequences';
}

/**
 * Settings in the form of the model's family.
 * @throws 'usage' for an unknown model; 'config' for a key or a split of another family, which is said, for an unknown key, with
 *   the nearest known one, for a value out of its range
 */
export function parseAnyRunSettings(input: unknown, where = 'run settings'): AnyRunSettings {
  const { model } = (typeof input === 'object' && input !== null ? input : {}) as { model?: unknown };
  if (typeof model !== 'string' || model === '') return parseRunSettings(input, where);
  const family = runFamilyOf(model);
  checkFamily(input as object, findModel(model), family, where);
  return family === 'sequences' ? parseSequenceRunSettings(input, where) : parseRunSettings(input, where);
}

function checkFamily(input: object, model: AnyModel, family: RunFamily, where: string): void {
  const [own, other] = family === 'pairs' ? [forms.pairs, forms.sequences] : [forms.sequences, forms.pairs];
  const foreign = formTitles[family === 'pairs' ? 'sequences' : 'pairs'];
  const about = `is for ${foreign}, and ${model.name} is one of the ${formTitles[family]}`;
  const key = Object.keys(input).find((each) => other.keys.includes(each) && !own.keys.includes(each));
  if (key !== undefined) {
    const advice = instead[key] && family === 'sequences' ? `; ${instead[key]}` : '; leave it out';
    throw new DeepTasteError('config', `${where}: "${key}" ${about}${advice}`, { key });
  }
  const { method } = ((input as { split?: unknown }).split ?? {}) as { method?: unknown };
  if (typeof method !== 'string' || own.splits.includes(method) || !other.splits.includes(method)) return;
  throw new DeepTasteError(
    'config',
    `${where}: split "${method}" ${about}; choose ${own.splits.join(', ')}, or another model`,
    { key: 'split.method' },
  );
}

function methodsOf(union: { options: readonly { shape: { method: { values: ReadonlySet<unknown> } } }[] }): string[] {
  return union.options.flatMap(({ shape }) => [...shape.method.values].map(String));
}
