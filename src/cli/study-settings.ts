/** What a study is of: its models with what is fixed and searched of each, its budget; from flags, or from a file. */
import { z } from 'zod';
import { autoModels } from '../automl/auto-models.ts';
import { addressOf } from '../automl/model-space.ts';
import { type SearchRanges, searchRanges } from '../automl/search-ranges.ts';
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { parseOptions } from '../core/options.ts';
import { parseMetric } from '../evaluation/metric-name.ts';
import type { TaskName } from '../examples/model.ts';
import { models as allModels, findModel } from '../models/index.ts';
import { type AnyRunSettings, askedTask, settingsForms } from '../runs/any-settings.ts';
import { experimentOf, readExperimentDocument } from '../runs/experiment-file.ts';
import { checkedRun, optionNames } from './checked-run.ts';
import { contenderSettings } from './contender-settings.ts';
import type { TuneFlags } from './flags.ts';
import { jsonOrText } from './option-values.ts';
import type { FormedSettings } from './prepared-run.ts';

/** A model of a study. */
export interface StudyModel {
  readonly run: FormedSettings;
  readonly isSearched: boolean;
  /** By address. */
  readonly ranges: SearchRanges;
}

export interface StudySettings {
  readonly name?: string;
  readonly models: readonly StudyModel[];
  readonly budget: { readonly minutes?: number; readonly trials?: number; readonly epochs?: number };
  readonly sampler: 'tpe' | 'random';
  readonly deterministic: boolean;
  readonly seed: number;
}

/** Minutes of a search where nobody says what ends it. */
const DEFAULT_MINUTES = 20;

/** @throws 'usage', 'config' */
export async function studyOfFlags(flags: TuneFlags): Promise<StudySettings> {
  const { metric, set = [], seed = 1 } = flags;
  const named = flags.models && !(flags.models.length === 1 && flags.models[0] === 'auto') ? flags.models : null;
  if (named?.includes('auto'))
    throw new DeepTasteError('usage', `--models: must be auto alone or names of models, found ${named.join(',')}`);
  const asked = named ? taskOfModels(named, flags) : taskOfFlags(flags);
  const searched = named ?? autoModels[asked].searched;
  const names = withBaselines(searched, asked);
  const task = flags.task ?? (named ? undefined : flagOfTask(asked));
  const of = metric === undefined ? set : [...set, `evaluation.validationMetric=${parseMetric(metric).name}`];
  const runs = await contenderSettings({ ...flags, task, models: names, set: of, epochs: undefined }, 'tune');
  const ranges = flagRanges(flags.search ?? [], searched);
  return {
    models: runs.map((run) => studyModel(run, searched, ranges.get(run.settings.model) ?? {}, metric)),
    budget: budgetOf(flags),
    sampler: flags.sampler ?? 'tpe',
    deterministic: flags.deterministic ?? false,
    seed,
  };
}

const modelSchema = z.strictObject({
  config: z.record(z.string(), z.unknown()).default({}),
  training: z.record(z.string(), z.unknown()).default({}),
  search: searchRanges.default({}),
});

/** The keys of a study file beside those of an experiment. */
const studySchema = z.looseObject({
  models: z
    .union([z.literal('auto'), z.array(z.string()).min(1), z.record(z.string(), modelSchema.nullable())])
    .default('auto')
    .meta({ doc: 'names, or settings and ranges of each' }),
  budget: z
    .strictObject({
      minutes: z.number().positive().optional(),
      trials: z.int().min(1).optional(),
      epochs: z.int().min(1).optional(),
    })
    .default({}),
  metric: z.string().optional(),
  sampler: z.enum(['tpe', 'random']).default('tpe'),
  deterministic: z.boolean().default(false),
  seed: z.int().min(0).max(4294967295).default(1),
});

/** A study from its file; what flags say of budget, seed and how it goes on wins. @throws 'usage', 'config', 'io' */
export async function studyOfFile(path: string, flags: TuneFlags): Promise<StudySettings> {
  const foreign = (['models', 'set', 'search', 'metric', 'sampler'] as const).find((key) => flags[key] !== undefined);
  if (foreign)
    throw new DeepTasteError(
      'usage',
      `--${foreign}: belongs into the file of the study, found it beside ${path}; write it there`,
    );
  const document = await readExperimentDocument(path);
  const own = ['model', 'config', 'training'].find((key) => key in document);
  if (own !== undefined)
    throw new DeepTasteError(
      'config',
      `${path}: "${own}" belongs to an experiment of one model, found it in a study; name the models under "models", each with its config and training`,
      { key: own },
    );
  const { models, budget, metric, sampler, deterministic, seed, ...common } = parseOptions(studySchema, document, path);
  const task =
    typeof common.task === 'string' && common.task in autoModels ? (common.task as TaskName) : taskOfDocument(common);
  const given = models === 'auto' ? autoModels[task].searched : Array.isArray(models) ? models : Object.keys(models);
  const details = typeof models === 'object' && !Array.isArray(models) ? models : {};
  const asked = models === 'auto' ? task : taskOfModels(given, { task: common.task as TuneFlags['task'] });
  const searched = [...given];
  const found: StudyModel[] = [];
  const areUnlike = new Set(searched.map((name) => findModel(name).form)).size > 1;
  for (const name of withBaselines(searched, asked)) {
    const model = findModel(name);
    const form = areUnlike ? settingsForms[model.form].besideOthers : model.form;
    const { config = {}, training = {}, search = {} } = details[name] ?? {};
    const settings = experimentOf({ ...common, model: name, config, training, seed: flags.seed ?? seed }, path);
    const set = metric === undefined ? [] : [`evaluation.validationMetric=${parseMetric(metric).name}`];
    const checked = await checkedRun(settings, set, path, form);
    const addressed = Object.fromEntries(Object.entries(search).map(([key, range]) => [addressOf(key), range]));
    found.push(studyModel({ form, settings: checked }, searched, addressed, metric));
  }
  const said = budgetOf(flags, budget);
  return {
    name: found[0].run.settings.name,
    models: found,
    budget: said,
    sampler,
    deterministic: flags.deterministic ?? deterministic,
    seed: flags.seed ?? seed,
  };
}

function studyModel(
  run: FormedSettings,
  searched: readonly string[],
  ranges: SearchRanges,
  metric?: string,
): StudyModel {
  const isSearched = searched.includes(run.settings.model);
  return { run: { ...run, settings: measuredBy(run.settings, metric) }, isSearched, ranges };
}

/** What is chosen by is measured, too, and leads. */
function measuredBy(settings: AnyRunSettings, metric?: string): AnyRunSettings {
  const { metrics = [], validationMetric } = settings.evaluation;
  const name = metric ?? validationMetric;
  if (name === undefined) return settings;
  const chosen = parseMetric(name).name;
  const others = metrics.filter((each) => parseMetric(each).name !== chosen);
  return { ...settings, evaluation: { ...settings.evaluation, metrics: [chosen, ...others] } } as AnyRunSettings;
}

function budgetOf(flags: TuneFlags, written: StudySettings['budget'] = {}): StudySettings['budget'] {
  const said = [flags.minutes, flags.trials, flags.epochs].some((each) => each !== undefined);
  const { minutes, trials, epochs } = said ? flags : written;
  if (minutes === undefined && trials === undefined && epochs === undefined)
    return flags.deterministic ? {} : { minutes: DEFAULT_MINUTES };
  return { minutes, trials, epochs };
}

/** The baselines that are not searched stand before the others. */
function withBaselines(searched: readonly string[], task: TaskName): string[] {
  const { baselines } = autoModels[task];
  return [...baselines.filter((name) => !searched.includes(name)), ...searched];
}

function taskOfFlags(flags: TuneFlags): TaskName {
  if (flags.task !== undefined && flags.task !== 'auto') return flags.task as TaskName;
  if (flags.label !== undefined) return 'click';
  return flags.sequences !== undefined || flags.session !== undefined ? 'next-item' : 'ranking';
}

function taskOfDocument(document: Readonly<Record<string, unknown>>): TaskName {
  if ('sequences' in document) return 'next-item';
  return 'features' in document ? 'click' : 'ranking';
}

/** What models of a kind are asked for, as far as it matters for the baselines beside them. */
function taskOfModels(names: readonly string[], { task }: Pick<TuneFlags, 'task'>): TaskName {
  const models = names.map(findModel);
  const forms = new Set(models.map(({ form }) => form));
  if (forms.size > 1) return 'ranking';
  const [form] = forms;
  if (form === 'sequences') return task === 'ranking' ? 'ranking' : 'next-item';
  if (form === 'rows') return 'click';
  return task === 'rating' || models.every(({ tasks }) => !tasks.includes('ranking')) ? 'rating' : 'ranking';
}

/** Models of sequences are not told their task. */
function flagOfTask(task: TaskName): TuneFlags['task'] {
  return task === 'next-item' ? undefined : task;
}

/** `factors=16..256`, `ials.regularization=0.001..1:log`, `batchSize=512,2048`, by model. @throws 'usage', 'config' */
function flagRanges(
  texts: readonly string[],
  searched: readonly string[],
): Map<string, Record<string, SearchRanges[string]>> {
  const ranges = new Map(searched.map((name) => [name, {} as Record<string, SearchRanges[string]>]));
  for (const text of texts) {
    const split = text.indexOf('=');
    const key = text.slice(0, Math.max(0, split)).trim();
    const range = rangeOf(text.slice(split + 1).trim());
    if (split < 1 || range === null)
      throw new DeepTasteError(
        'usage',
        `--search ${text}: must be key=LOW..HIGH or key=A,B,C, e.g. factors=16..256 or optimizer.learningRate=0.0001..0.1:log`,
      );
    const [first, ...rest] = key.split('.');
    const isOwned = allModels.some(({ name }) => name === first) && rest.length > 0;
    const owners = isOwned ? [first] : searched.filter((name) => hasOption(name, key));
    if (isOwned && !ranges.has(first))
      throw new DeepTasteError(
        'config',
        `--search ${key}: "${first}" is not among --models, found ${searched.join(', ')}`,
        { key },
      );
    if (owners.length === 0)
      throw new DeepTasteError(
        'config',
        `--search ${key}: none of the models has this option${suggestion(
          key,
          searched.flatMap((name) => optionNames(findModel(name))),
        )}`,
        { key },
      );
    for (const owner of owners) ranges.get(owner)![addressOf(isOwned ? rest.join('.') : key)] = range;
  }
  return ranges;
}

function hasOption(name: string, key: string): boolean {
  const model = findModel(name);
  const address = addressOf(key).split('.');
  if (address[0] === 'config') return optionNames(model).includes(address[1]);
  return model.learn.by === 'gradients' && address[1] in model.learn.examples.settings.shape;
}

function rangeOf(text: string): SearchRanges[string] | null {
  const ends = /^(.+?)\.\.(.+?)(?::(linear|log))?$/.exec(text);
  if (ends) {
    const [low, high] = [Number(ends[1]), Number(ends[2])];
    if (Number.isNaN(low) || Number.isNaN(high)) return null;
    return { low, high, scale: (ends[3] as 'linear' | 'log' | undefined) ?? 'auto' };
  }
  const json = jsonOrText(text);
  if (Array.isArray(json)) return json;
  const parts = text.split(',').map((part) => part.trim());
  return parts.length > 1 && parts.every((part) => part !== '') ? parts.map(jsonOrText) : null;
}

/** What is asked of the models of a study; null where the data decide. */
export function taskOfStudy({ models: [first] }: StudySettings): TaskName | null {
  return askedTask(first.run.form, first.run.settings as never);
}
