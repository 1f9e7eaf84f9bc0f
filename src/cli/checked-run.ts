/** Everything about a run that can be wrong without looking at the data is found before any work is done. */
import type { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import { parseTaskMetrics } from '../evaluation/task-metrics.ts';
import type { AnyModel } from '../examples/model.ts';
import { resolveTraining } from '../examples/settings.ts';
import { findModel } from '../models/index.ts';
import {
  type AnyRunInput,
  type AnyRunSettings,
  isSequenceRun,
  parseAnyRunSettings,
  runFamilyOf,
} from '../recommender/any-settings.ts';
import { assign, parseAssignment } from './assignments.ts';

/**
 * The settings with `--set` applied, checked.
 * @throws 'usage' for an unknown model; 'config' for an unknown key, one of another family of models, or a value out of its range
 */
export async function checkedRun(input: AnyRunInput, set: readonly string[], where: string): Promise<AnyRunSettings> {
  const family = runFamilyOf(input.model);
  const model = findModel(input.model);
  const assigned = await assign(input, set.map(parseAssignment), optionNames(model), family);
  const settings = parseAnyRunSettings(assigned, where);
  parseOptions(model.options as never, settings.config, `options of model ${model.name}`);
  resolveTraining(model, settings.training);
  if (isSequenceRun(settings)) {
    parseTaskMetrics([...settings.evaluation.metrics, settings.evaluation.validationMetric], 'next-item');
    return settings;
  }
  parseTaskMetrics([...settings.evaluation.metrics, settings.evaluation.validationMetric], 'ranking');
  return settings;
}

/** The names of a model's options. */
export function optionNames(model: AnyModel): string[] {
  return Object.keys((model.options as unknown as z.ZodObject).shape);
}
