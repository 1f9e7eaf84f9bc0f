/** Everything about a run that can be wrong without looking at the data is found before any work is done. */
import { objectSchema } from '../core/options.ts';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import { parseTaskMetrics } from '../evaluation/task-metrics.ts';
import type { Form } from '../examples/forms.ts';
import type { AnyModel } from '../examples/model.ts';
import { parseModelOptions } from '../examples/model-options.ts';
import { resolveTraining } from '../examples/settings.ts';
import { findModel, modelForTask } from '../models/index.ts';
import {
  type AnyRunInput,
  type AnyRunSettings,
  askedTask,
  formOf,
  parseAnyRunSettings,
  settingsForms,
  trainingOf,
} from '../runs/any-settings.ts';
import { refuseForeignSettings } from '../runs/foreign-settings.ts';
import { assign, parseAssignment } from './assignments.ts';

/**
 * The settings with `--set` applied, checked.
 * @param form of the settings; default: that of the model's data
 * @param owner name of the model that may stand before its keys in `set`
 * @throws 'usage' for an unknown model; 'config' for an unknown key, one of other models, or a value out of its range
 */
export async function checkedRun(
  input: AnyRunInput,
  set: readonly string[],
  where: string,
  form: Form = formOf(input),
  owner?: string,
): Promise<AnyRunSettings> {
  const model = findModel(input.model);
  const assigned = assign(
    input,
    set.map((text) => parseAssignment(text, owner)),
    { own: optionNames(model), former: formerNames(model) },
    settingKeys(form, model),
  );
  const settings =
    form === model.form ? parseAnyRunSettings(assigned, where) : settingsForms[form].parse(assigned, where);
  parseModelOptions(model, settings.config);
  const task = askedTask(form, settings);
  const asked = modelForTask(model, task ?? model.tasks[0]);
  refuseForeignSettings(asked, trainingOf(form, settings));
  resolveTraining(asked, trainingOf(form, settings));
  const { metrics, validationMetric } = settings.evaluation;
  if (task !== null && metrics && validationMetric) parseTaskMetrics([...metrics, validationMetric], task);
  return settings;
}

/** The names of a model's options. */
export function optionNames({ options }: Pick<AnyModel, 'options'>): string[] {
  return Object.keys(objectSchema(options).shape);
}

/** The names that options of a model had in former versions. */
export function formerNames({ former = {} }: Pick<AnyModel, 'former'>): string[] {
  return Object.keys(former);
}

/** Addresses of settings beside the model's options, to be proposed for misspelt ones; all from the schemas. */
function settingKeys(form: Form, { learn }: AnyModel): string[] {
  const keys = Object.entries(settingsForms[form].schema.shape).flatMap(([key, schema]) => {
    const inner = shapeOf(schema);
    return inner === null ? [key] : Object.keys(inner).map((name) => `${key}.${name}`);
  });
  if (learn.by === 'solver') return keys;
  const training = Object.keys(learn.examples.settings.shape);
  const optimizer = training.includes('optimizer') ? Object.keys(optimizerOptions.shape) : [];
  return [
    ...keys,
    ...training.filter((key) => key !== 'optimizer').map((key) => `training.${key}`),
    ...optimizer.map((key) => `optimizer.${key}`),
  ];
}

/** The keys of a section, under defaults and the like; null for what is no section. */
function shapeOf(schema: unknown): object | null {
  const { shape, innerType, in: input } = (schema as { _zod: { def: Record<string, unknown> } })._zod.def;
  if (shape) return shape as object;
  return innerType || input ? shapeOf(innerType ?? input) : null;
}
