/** Settings of runs, whatever they learn from: the model's name decides which form they must have. */
import type { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { splitOptions } from '../data/splits/split-options.ts';
import { type Form, formTitles } from '../examples/forms.ts';
import type { AnyModel, TaskName } from '../examples/model.ts';
import { currentOptions } from '../examples/model-options.ts';
import { findModel } from '../models/index.ts';
import {
  parseSequenceRunSettings,
  type SequenceRunInput,
  type SequenceRunSettings,
  sequenceRunSettings,
  sequenceSplitSettings,
} from '../tasks/next-item-settings.ts';
import {
  parseRunSettings,
  type RunInput,
  type RunSettings,
  runSettings,
  taskOfRun,
} from '../tasks/ranking-settings.ts';
import {
  type FieldRunInput,
  type FieldRunSettings,
  fieldRunSettings,
  parseFieldRunSettings,
} from '../tasks/row-settings.ts';

export interface RunSettingsOf {
  readonly pairs: RunSettings;
  readonly sequences: SequenceRunSettings;
  readonly rows: FieldRunSettings;
}

export type AnyRunSettings = RunSettingsOf[Form];
export type AnyRunInput = RunInput | SequenceRunInput | FieldRunInput;

interface SettingsForm<F extends Form> {
  readonly schema: z.ZodObject;
  readonly splits: readonly string[];
  parse(input: unknown, where: string): RunSettingsOf[F];
  /** What is asked of the model; null where the data decide. */
  task(settings: RunSettingsOf[F]): TaskName | null;
  /** Settings of the training, with what the task says of it. */
  training(settings: RunSettingsOf[F]): object;
  /** The form of the settings of such models in a table with models of other forms: all rank for users there. */
  readonly besideOthers: Form;
}

/** The form of the settings, by the form of data that a model learns from. */
export const settingsForms: { readonly [F in Form]: SettingsForm<F> } = {
  pairs: {
    schema: runSettings,
    splits: methodsOf(splitOptions),
    parse: parseRunSettings,
    task: taskOfRun,
    training: ({ training }) => training,
    besideOthers: 'pairs',
  },
  sequences: {
    schema: sequenceRunSettings,
    splits: methodsOf(sequenceSplitSettings),
    parse: parseSequenceRunSettings,
    task: () => 'next-item',
    training: ({ training }) => training,
    besideOthers: 'pairs',
  },
  rows: {
    schema: fieldRunSettings,
    splits: methodsOf(splitOptions),
    parse: parseFieldRunSettings,
    task: ({ task }) => (task === 'auto' ? null : task),
    // where the data decide, drawn items may be asked for
    training: ({ training, task }) => ({ ...training, task: rowTasks[task] }),
    besideOthers: 'rows',
  },
};

const rowTasks = { auto: 'ranking', rating: 'regression', click: 'click', ranking: 'ranking' } as const;

/** All ways of splitting, of all forms. */
export const splitMethods: readonly string[] = [
  ...new Set(Object.values(settingsForms).flatMap(({ splits }) => splits)),
];

/** What serves instead of a key that settings of another form have. */
const instead: { readonly [F in Form]?: Readonly<Record<string, string>> } = {
  sequences: {
    sampleCandidates: 'split.negatives of leave-one-out ranks among sampled items',
    validationFromTrain: 'the split holds a validation part out: validationDays, validation',
  },
};

/** The form of a run's settings. @throws 'usage' for an unknown model */
export function formOf({ model }: { readonly model: string }): Form {
  return findModel(model).form;
}

/** What is asked of the model; null where the data decide. */
export function askedTask<F extends Form>(form: F, settings: RunSettingsOf[F]): TaskName | null {
  return settingsForms[form].task(settings);
}

export function trainingOf<F extends Form>(form: F, settings: RunSettingsOf[F]): object {
  return settingsForms[form].training(settings);
}

export function areOf<F extends Form>(form: F, settings: AnyRunSettings): settings is RunSettingsOf[F] {
  return formOf(settings) === form;
}

/**
 * Settings in the form that the model needs.
 * @throws 'usage' for an unknown model; 'config' for a key or a split of another form, which is said, for an unknown key, with
 *   the nearest known one, for a value out of its range
 */
export function parseAnyRunSettings(input: unknown, where = 'run settings'): AnyRunSettings {
  const { model: name } = (typeof input === 'object' && input !== null ? input : {}) as { model?: unknown };
  if (typeof name !== 'string' || name === '') return parseRunSettings(input, where);
  const model = findModel(name);
  checkForm(input as object, model, where);
  return settingsForms[model.form].parse(input, where);
}

/** Settings that a run of this or of a former version kept, under the names of today; not checked. */
export function currentSettings(stored: unknown): unknown {
  if (typeof stored !== 'object' || stored === null) return stored;
  const { model, config } = stored as { model?: unknown; config?: unknown };
  if (typeof model !== 'string' || typeof config !== 'object' || config === null) return stored;
  return { ...stored, config: currentOptions(findModel(model), config) };
}

function checkForm(input: object, model: AnyModel, where: string): void {
  const own = settingsForms[model.form];
  const others = (Object.keys(settingsForms) as Form[]).filter((form) => form !== model.form);
  const about = (form: Form) => `is for ${formTitles[form]}, and ${model.name} is one of the ${formTitles[model.form]}`;
  if ('optimizer' in input)
    throw new DeepTasteError(
      'config',
      `${where}: "optimizer" must stand under "training", found it beside; move it there`,
      {
        key: 'optimizer',
      },
    );
  for (const key of Object.keys(input)) {
    const form = others.find((other) => key in settingsForms[other].schema.shape);
    if (key in own.schema.shape || form === undefined) continue;
    const advice = instead[model.form]?.[key] ?? 'leave it out';
    throw new DeepTasteError('config', `${where}: "${key}" ${about(form)}; ${advice}`, { key });
  }
  const { method } = ((input as { split?: unknown }).split ?? {}) as { method?: unknown };
  const form = others.find((other) => typeof method === 'string' && settingsForms[other].splits.includes(method));
  if (form === undefined || own.splits.includes(String(method))) return;
  throw new DeepTasteError(
    'config',
    `${where}: split "${method}" ${about(form)}; choose ${own.splits.join(', ')}, or another model`,
    { key: 'split.method' },
  );
}

function methodsOf(union: { options: readonly { shape: { method: { values: ReadonlySet<unknown> } } }[] }): string[] {
  return union.options.flatMap(({ shape }) => [...shape.method.values].map(String));
}
