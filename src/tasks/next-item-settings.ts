/** Everything that defines a run of a model of sequences. The form of its experiment files. */
import { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import { sequenceFilterOptions } from '../data/sequences/filter.ts';
import { sequenceOptions } from '../data/sequences/from-interactions.ts';
import { givenTablesOptions } from '../data/sequences/given-tables.ts';
import { lastDaysOptions } from '../data/sequences/last-days.ts';
import { leaveLastOutOptions } from '../data/sequences/leave-last-out.ts';
import { prefixFilesOptions } from '../data/sequences/prefix-files.ts';
import { noneOptions } from '../data/splits/split-options.ts';
import { nextItemMetrics } from '../evaluation/next-item/summarise-events.ts';
import { tieRules } from '../evaluation/tie-groups.ts';
import { runSettings } from './ranking-settings.ts';

export const sequenceEvaluationOptions = z.strictObject({
  metrics: z
    .array(z.string())
    .min(1)
    .default([...nextItemMetrics])
    .meta({ doc: 'what is computed from the rank of every next item; the first one leads tables' }),
  candidates: z
    .enum(['auto', 'all'])
    .default('auto')
    .meta({ doc: 'auto = the candidates that the split lists, if any; all = all items' }),
  filter: z
    .enum(['none', 'history'])
    .default('none')
    .meta({ doc: 'items that are no candidates: none, or those that the sequence held before (people do not return)' }),
  tieRule: z.enum(tieRules).default('conservative').meta({ doc: 'rank of items that score the same' }),
  validationMetric: z.string().default('mrr@20').meta({ doc: 'what early stopping looks at, on the validation part' }),
});

/** The training file of `prefix-files` is that of the data. */
export const sequenceSplitSettings = z.discriminatedUnion('method', [
  lastDaysOptions,
  leaveLastOutOptions,
  givenTablesOptions,
  prefixFilesOptions.omit({ train: true, name: true }),
  noneOptions,
]);

const { name, description, data, model, config, training, refit, final, seed } = runSettings.shape;

export const sequenceRunSettings = z.strictObject({
  name,
  description,
  data,
  sequences: sequenceOptions.prefault({}).meta({ doc: 'what a sequence is' }),
  filter: sequenceFilterOptions
    .optional()
    .meta({ doc: 'drop short sequences and rare items; default: nothing is dropped' }),
  split: sequenceSplitSettings.optional().meta({
    doc: "what is held out; default: leave-one-out for users' histories, else the last day",
  }),
  model,
  config,
  training,
  refit,
  final,
  evaluation: sequenceEvaluationOptions.prefault({}),
  seed,
});

export type SequenceRunSettings = z.output<typeof sequenceRunSettings>;
export type SequenceRunInput = z.input<typeof sequenceRunSettings>;

/** @throws 'config' naming the key, what it must be and the nearest known key */
export function parseSequenceRunSettings(input: unknown, where = 'run settings'): SequenceRunSettings {
  return parseOptions(sequenceRunSettings, input, where);
}
