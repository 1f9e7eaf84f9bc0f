/** Settings of a training on labelled rows, what a model declares for it, and the optimizer of each of its parameters. */
import { z } from 'zod';
import { optionMeta } from '../core/option-metas.ts';
import { parseOptions } from '../core/options.ts';
import type { RandomStream } from '../core/random.ts';
import type { FieldLayout } from '../data/features/field-rows.ts';
import { type OptimizerOptions, optimizerOptions } from '../engine/optimizers/optimizer.ts';
import type { RowScoring } from '../scoring/row-expression.ts';
import type { UpperLevel } from './bilevel.ts';
import type { Gradients, TrainingDefaults } from './model.ts';
import { pairSettings } from './pair-settings.ts';
import { stoppingSettings } from './stopping.ts';

const { negatives, popularityExponent, rejectTaken } = pairSettings.shape;
/** Settings that are about drawn items. */
export const drawing = {
  negatives: negatives.meta({ ...optionMeta(negatives), when: { task: ['ranking'] } }),
  negativeSampler: z
    .enum(['uniform', 'popularity'])
    .default('uniform')
    .meta({ doc: 'how negatives are drawn; popularity: ∝ (interactions of the item)^popularityExponent' }),
  popularityExponent,
  rejectTaken,
};

export const rowSettings = z.strictObject({
  epochs: pairSettings.shape.epochs,
  batchSize: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(4096)
    .meta({
      doc: 'examples a step (drawn items included)',
      search: [1024, 4096, 10_000],
    }),
  ...drawing,
  ...stoppingSettings({ patience: 2, minGain: 0.0001, plateauFactor: 0.1 }),
  optimizer: pairSettings.shape.optimizer,
  task: z.enum(['click', 'regression', 'ranking']).default('click').meta({
    doc: 'click: log loss on given labels 0 and 1; regression: squared error; ranking: log loss, every example against drawn items',
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

export type RowSettings = z.output<typeof rowSettings>;

/** What a model declares that is trained on labelled rows. */
export interface RowParts<C> extends RowScoring<C>, Pick<Gradients<C, 'rows'>, 'pretraining' | 'fuse'> {
  readonly trainingDefaults: TrainingDefaults;
  /** Settings of the optimizer that differ for some parameters, by name; null = those of the run. */
  optimizer?(config: C, parameter: string): Readonly<Record<string, unknown>> | null;
  /** Parameters that learn from rows kept apart for them, where the configuration has some. @param random for what steps draw */
  upper?(config: C, layout: FieldLayout, random: RandomStream): UpperLevel | null;
}

/** The optimizer of one parameter: the model's own for it, or the run's with the regularization of tables. */
export function optimizerOf<C>(
  model: RowParts<C>,
  config: C,
  training: RowSettings,
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
