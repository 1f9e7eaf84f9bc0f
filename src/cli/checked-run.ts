/** Everything about a run that can be wrong without looking at the data is found before any work is done. */
import type { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import { parseMetric, parseMetrics } from '../evaluation/metric-name.ts';
import { findModel } from '../models/index.ts';
import type { Model } from '../models/model.ts';
import { parseRunSettings, type RunInput, type RunSettings } from '../recommender/settings.ts';
import { trainingOf } from '../recommender/train-recommender.ts';
import { assign, parseAssignment } from './assignments.ts';

/**
 * The settings with `--set` applied, checked.
 * @throws 'usage' for an unknown model; 'config' for an unknown key or a value out of its range
 */
export async function checkedRun(input: RunInput, set: readonly string[], where: string): Promise<RunSettings> {
  const model = findModel(input.model);
  const assigned = await assign(input, set.map(parseAssignment), optionNames(model));
  const settings = parseRunSettings(assigned, where);
  parseOptions(model.options as never, settings.config, `options of model ${model.name}`);
  trainingOf(model, settings.training);
  parseMetrics(settings.evaluation.metrics);
  parseMetric(settings.evaluation.validationMetric);
  return settings;
}

/** The names of a model's options. */
export function optionNames(model: Model): string[] {
  return Object.keys((model.options as unknown as z.ZodObject).shape);
}
