/** Settings of the training of a feature model. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { type OptimizerOptions, optimizerOptions } from '../engine/optimizers/optimizer.ts';
import type { FieldModel, FieldTrainingDefaults } from '../models/field-model.ts';
import { trainingOptions } from './options.ts';

export const fieldTrainingOptions = trainingOptions.extend({
  task: z.enum(['click', 'regression', 'ranking']).default('click').meta({
    doc: 'click: log loss on given labels 0 and 1; regression: squared error; ranking: log loss, every example against drawn items',
  }),
  batchSize: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(4096)
    .meta({
      doc: 'examples a step (drawn items included)',
      search: [1024, 4096, 10_000],
    }),
  patience: z
    .int()
    .min(0)
    .default(2)
    .meta({ doc: 'stop after this many looks without a better validation metric; 0 = never stop early' }),
  minGain: z
    .number()
    .min(0)
    .default(0.0001)
    .meta({ doc: 'a look counts as better when the validation metric exceeds the best one by more than this' }),
  plateauFactor: z.number().positive().max(1).default(0.1).meta({
    doc: 'the learning rate is multiplied by this after each look without a better validation metric; 1 = never',
  }),
  embeddingL2: z
    .number()
    .min(0)
    .default(0)
    .meta({ doc: 'weight of ½‖V‖² of tables in the loss, instead of optimizer.l2', search: [0, 1e-5, 1e-3, 0.05] }),
  embeddingL2Scope: z.enum(['touched', 'all']).default('all').meta({
    doc: 'all: whole tables in every step, as the leaderboards do; touched: the rows that a batch reads, for very large tables',
  }),
});

export type FieldTrainingOptions = z.output<typeof fieldTrainingOptions>;

const drawingKeys = ['negatives', 'negativeSampler', 'popularityExponent', 'rejectTaken'] as const;

/**
 * Explicit settings over a model's defaults over the general ones.
 * @throws 'config' naming the key that is unknown, out of range, or about drawn items where none are drawn
 */
export function resolveFieldTraining(defaults: FieldTrainingDefaults, given: object): FieldTrainingOptions {
  const { optimizer, ...explicit } = given as { optimizer?: unknown };
  const isObject = typeof optimizer === 'object' && optimizer !== null && !Array.isArray(optimizer);
  const merged = optimizer === undefined || isObject ? { ...defaults.optimizer, ...(optimizer as object) } : optimizer;
  const settings = { ...defaults, ...explicit, optimizer: merged };
  const resolved = parseOptions(fieldTrainingOptions, settings, 'training settings');
  const idle = drawingKeys.find((key) => key in explicit);
  if (resolved.task !== 'ranking' && idle)
    throw new DeepTasteError(
      'config',
      `training settings: "${idle}" is about drawn items and needs task "ranking", found "${resolved.task}"`,
    );
  return resolved;
}

/** The optimizer of one parameter: the model's own for it, or the run's with the regularisation of tables. */
export function optimizerOf<C>(
  model: FieldModel<C>,
  config: C,
  training: FieldTrainingOptions,
  parameter: { readonly name: string; readonly isTable: boolean },
): OptimizerOptions {
  const { optimizer, embeddingL2, embeddingL2Scope } = training;
  const own = model.optimizer?.(config, parameter.name);
  const { clipNorm, clipValue } = optimizer;
  if (own) return parseOptions(optimizerOptions, { clipNorm, clipValue, ...own }, `optimizer of "${parameter.name}"`);
  if (!parameter.isTable || embeddingL2 === 0) return optimizer;
  const dense = optimizer.dense || embeddingL2Scope === 'all';
  return { ...optimizer, l2: embeddingL2, l2Scope: embeddingL2Scope, dense };
}
