/** Everything that defines a run of a model of users and items: data, split, model, training, evaluation. The form of experiment files. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { dataOptions } from '../data/data-options.ts';
import { filmClubSchema } from '../data/simulated/options.ts';
import { holdOutOptions } from '../data/splits/hold-out-of-train.ts';
import { candidateOptions } from '../data/splits/sample-candidates.ts';
import { splitOptions } from '../data/splits/split-options.ts';
import { parseTaskMetrics } from '../evaluation/task-metrics.ts';
import { tieRules } from '../evaluation/tie-groups.ts';
import type { TaskName } from '../examples/model.ts';
import { findModel, modelForTask, models } from '../models/index.ts';

const finalSetting = z.boolean().default(true).meta({
  doc: 'after the measurement, train anew on all rows of the data for use, the held-out ones too; false: keep the measured model',
});

export const evaluationOptions = z.strictObject({
  metrics: z
    .array(z.string())
    .min(1)
    .default(['ndcg@10', 'hr@10', 'recall@20', 'mrr@10', 'coverage@10'])
    .meta({ doc: 'what is computed on the test part; the first one leads tables; default of task rating: rmse, mae' }),
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
  validationMetric: z.string().default('ndcg@10').meta({
    doc: 'what early stopping looks at, on the validation part; default of task rating: rmse',
  }),
  clip: z
    .boolean()
    .optional()
    .meta({ doc: 'of ratings: clip predictions to the range of the training ratings; default true' }),
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
  task: z.enum(['auto', 'ranking', 'rating']).default('auto').meta({
    doc: 'rank items, or predict ratings; auto = ranking, of models that can do nothing else rating',
  }),
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
  const settings = parseOptions(runSettings, withRatingDefaults(input), where);
  if (models.some(({ name }) => name === settings.model)) checkTask(settings);
  return settings;
}

/** The task of a run. @throws 'usage' for an unknown model, 'config' for a task that the model cannot do */
export function taskOfRun({ model, task }: Pick<RunSettings, 'model' | 'task'>): 'ranking' | 'rating' {
  const found = findModel(model);
  const asked = askedTask(task, found.tasks);
  modelForTask(found, asked);
  return asked;
}

function askedTask(task: unknown, tasks: readonly TaskName[]): 'ranking' | 'rating' {
  return task === 'rating' || (task === 'auto' && !tasks.includes('ranking')) ? 'rating' : 'ranking';
}

/** What is measured where nobody says it follows from the task. */
function withRatingDefaults(input: unknown): unknown {
  if (!isObject(input)) return input;
  const { task = 'auto', model, evaluation = {} } = input;
  const tasks = models.find(({ name }) => name === model)?.tasks ?? ['ranking'];
  if (askedTask(task, tasks) !== 'rating' || !isObject(evaluation)) return input;
  return { ...input, evaluation: { metrics: ['rmse', 'mae'], validationMetric: 'rmse', ...evaluation } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws 'config' for a task that the model cannot do, and for what belongs to another task */
function checkTask(settings: RunSettings): void {
  const task = taskOfRun(settings);
  const { evaluation, sampleCandidates } = settings;
  const wrong = (key: string, other: string) =>
    new DeepTasteError('config', `evaluation: "${key}" is about ${other}, and the task is ${task}; leave it out`, {
      key,
    });
  if (task === 'ranking') {
    if (evaluation.clip !== undefined) throw wrong('clip', 'ratings');
    return;
  }
  const ofRankings = evaluationOptions.parse({});
  const foreign = (['candidates', 'filter', 'tieRule'] as const).find((key) => evaluation[key] !== ofRankings[key]);
  if (foreign) throw wrong(foreign, 'rankings');
  if (evaluation.users) throw wrong('users', 'rankings');
  if (sampleCandidates) throw wrong('sampleCandidates', 'rankings');
  parseTaskMetrics([...evaluation.metrics, evaluation.validationMetric], 'rating');
}
