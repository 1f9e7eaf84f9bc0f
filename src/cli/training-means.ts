/** What a server needs to train: the models with their options as JSON Schema, and the checks of the command line. */
import { resolve } from 'node:path';
import { objectSchema } from '../core/options.ts';
import type { AnyModel } from '../examples/model.ts';
import { resolveTraining } from '../examples/settings.ts';
import { models } from '../models/index.ts';
import type { AnyRunInput } from '../runs/any-settings.ts';
import { jsonSchema } from '../serving/api/json-schema.ts';
import { type Catalogue, readOptions } from '../serving/api/training.ts';
import type { TrainingMeans } from '../serving/training/means.ts';
import { checkedRun } from './checked-run.ts';
import { dataArguments } from './data-flags.ts';
import { kindOf } from './model-pages.ts';

export function trainingMeans(folder: string, mostUpload: number, program: readonly string[]): TrainingMeans {
  return {
    // processes work in folders of their own
    folder: resolve(folder),
    mostUpload,
    program,
    catalogue: async () => ({ models: models.map(pageOf), read: jsonSchema(readOptions, 'input') }),
    check: async (settings) => void (await checkedRun(settings as AnyRunInput, [], 'jobs')),
    dataArguments,
  };
}

function pageOf(model: AnyModel): Catalogue['models'][number] {
  const { name, title, form, tasks } = model;
  return {
    name,
    title,
    kind: kindOf(model),
    form,
    tasks,
    options: jsonSchema(objectSchema(model.options), 'input'),
    training: trainingOf(model),
  };
}

/** The settings of a training with the defaults of the model. */
function trainingOf(model: AnyModel): Record<string, unknown> | null {
  const { learn } = model;
  if (learn.by === 'solver') return null;
  const schema = jsonSchema(learn.examples.settings, 'input');
  const defaults = resolveTraining(model, {}).training as Readonly<Record<string, unknown>> | null;
  const properties = Object.entries((schema.properties ?? {}) as Record<string, object>).map(([key, property]) => [
    key,
    defaults !== null && key in defaults ? { ...property, default: defaults[key] } : property,
  ]);
  return { ...schema, properties: Object.fromEntries(properties) };
}
