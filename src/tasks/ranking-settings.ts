/** Everything that defines a run: data, split, model, training, evaluation. The form of experiment files. */
import { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import { dataOptions } from '../data/data-options.ts';
import { filmClubSchema } from '../data/simulated/options.ts';
import { holdOutOptions } from '../data/splits/hold-out-of-train.ts';
import { candidateOptions } from '../data/splits/sample-candidates.ts';
import { splitOptions } from '../data/splits/split-options.ts';
import { tieRules } from '../evaluation/tie-groups.ts';

const finalSetting = z.boolean().default(true).meta({
  doc: 'after the measurement, train anew on all rows of the data for use, the held-out ones too; false: keep the measured model',
});

export const evaluationOptions = z.strictObject({
  metrics: z
    .array(z.string())
    .min(1)
    .default(['ndcg@10', 'hr@10', 'recall@20', 'mrr@10', 'coverage@10'])
    .meta({ doc: 'what is computed on the test part; the first one leads tables' }),
  candidates: z
    .enum(['auto', 'all', 'listed'])
    .default('auto')
    .meta({ doc: 'rank all items or the listed candidates; auto = listed where the split lists them' }),
  filter: z
    .enum(['none', 'train', 'train+validation'])
    .default('train+validation')
    .meta({ doc: "the user's own items that are no candidates in full ranking" }),
  tieRule: z.enum(tieRules).default('expected').meta({ doc: 'rank of items that score the same' }),
  users: z
    .int()
    .min(0)
    .optional()
    .meta({ doc: 'rank for so many users of a part at most, drawn with the seed; 0 = do not evaluate; default: all' }),
  validationMetric: z.string().default('ndcg@10').meta({ doc: 'what early stopping looks at, on the validation part' }),
});

export const runSettings = z.strictObject({
  name: z.string().min(1).optional().meta({ doc: 'name of the run; default: data and model' }),
  description: z.string().optional().meta({ doc: 'for readers of the file' }),
  data: z.union([dataOptions, z.strictObject({ simulated: filmClubSchema.partial() })]),
  split: splitOptions.optional().meta({ doc: 'default: by global time when times vary, else by ratio' }),
  validationFromTrain: holdOutOptions
    .optional()
    .meta({ doc: 'cut validation rows out of the training part, for splits that have none' }),
  sampleCandidates: candidateOptions.optional().meta({ doc: 'rank among sampled items, as some papers do' }),
  model: z.string().min(1),
  config: z.record(z.string(), z.unknown()).default({}).meta({ doc: 'options of the model' }),
  training: z.record(z.string(), z.unknown()).default({}).meta({ doc: 'settings of the training' }),
  refit: z
    .boolean()
    .default(false)
    .meta({ doc: 'after the number of epochs is chosen on the validation part, train anew on train + validation' }),
  final: finalSetting,
  evaluation: evaluationOptions.prefault({}),
  seed: z.int().min(0).max(4294967295).default(1).meta({ doc: 'seed of everything random in the run' }),
});

export type RunSettings = z.output<typeof runSettings>;
export type RunInput = z.input<typeof runSettings>;
export type EvaluationOptions = z.output<typeof evaluationOptions>;

/** @throws 'config' naming the key, what it must be and the nearest known key */
export function parseRunSettings(input: unknown, where = 'run settings'): RunSettings {
  return parseOptions(runSettings, input, where);
}
