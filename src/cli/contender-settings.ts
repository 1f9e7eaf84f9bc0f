/** The settings of the models that `compare` trains: data, split and evaluation are the same for all. */

import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import type { AnyModel } from '../examples/model.ts';
import { models as allModels, findModel } from '../models/index.ts';
import { type AnyRunInput, settingsForms } from '../runs/any-settings.ts';
import { checkedRun, formerNames, optionNames } from './checked-run.ts';
import { type DataFlags, dataOf, defined } from './data-flags.ts';
import { noEpochs } from './epochs-flag.ts';
import type { CompareFlags } from './flags.ts';
import type { FormedSettings } from './prepared-run.ts';
import { runInputOf, type SettingsFlags } from './run-flags.ts';

/** What is said of all models together. */
export type ContenderFlags = DataFlags &
  SettingsFlags &
  Pick<CompareFlags, 'data' | 'models' | 'set' | 'refit' | 'epochs'>;

/**
 * One set of settings a model.
 * @param among whether models of any form take settings as in a table of unlike models, where all rank for users
 * @throws 'usage', 'config'
 */
export async function contenderSettings(
  flags: ContenderFlags,
  command = 'compare',
  among: 'alike' | 'unlike' = 'alike',
): Promise<FormedSettings[]> {
  const { data, models: names = [], set = [], refit } = flags;
  if (data === undefined || names.length === 0) {
    const [missing, given] = data === undefined ? ['data', 'models'] : ['models', 'data'];
    throw new DeepTasteError('usage', `${command}: --${missing} is missing beside --${given}`);
  }
  const repeated = names.find((name, n) => names.indexOf(name) !== n);
  if (repeated !== undefined)
    throw new DeepTasteError('usage', `--models: each model counts once, found "${repeated}" twice`);
  const models = names.map(findModel);
  for (const text of set) checkOwner(text, models);
  if (flags.epochs !== undefined && !models.some(hasEpochs)) throw noEpochs(flags.epochs, models);
  const areUnlike = among === 'unlike' || models.some(({ form }) => form !== models[0].form);
  const task = flags.task ?? commonTask(models);
  const settings: FormedSettings[] = [];
  for (const model of models) {
    const form = areUnlike ? settingsForms[model.form].besideOthers : model.form;
    const input = {
      data: dataOf(data, flags),
      ...runInputOf({ name: model.name, form }, { ...flags, task }),
      ...defined({ refit }),
      model: model.name,
      training: hasEpochs(model) ? defined({ epochs: flags.epochs }) : {},
    } as AnyRunInput;
    const own = set.flatMap((text) => concerning(model, names, text));
    settings.push({ form, settings: await checkedRun(input, own, command, form, model.name) });
  }
  return settings;
}

/**
 * What models are asked for together where nobody says it: ratings, where one can predict nothing else; to rank, where their kinds
 * differ; else what each of them does.
 */
function commonTask(models: readonly AnyModel[]): CompareFlags['task'] {
  const rates = models.find(({ tasks }) => tasks.every((task) => task === 'rating'));
  const ranks = models.find(({ tasks, rating }) => !rating && !tasks.includes('rating'));
  if (rates && ranks)
    throw new DeepTasteError(
      'usage',
      `compare: all models must be for one task, found ${rates.name}, which predicts ratings alone, beside ${ranks.name}, which ranks alone; leave one of them out`,
    );
  if (models.some(({ tasks: [first, ...more] }) => first === 'rating' && more.length === 0)) return 'rating';
  return models.some(({ form }) => form !== models[0].form) ? 'ranking' : undefined;
}

/** Whether training settings concern the model. */
export function hasEpochs({ learn }: AnyModel): boolean {
  return learn.by === 'gradients';
}

const keyOf = (text: string): string => text.split('=', 1)[0].trim();
const ofRuns = ['refit', 'task'];

/** A bare key must be an option of some model. */
function checkOwner(text: string, models: readonly AnyModel[]): void {
  const key = keyOf(text);
  const owner = key.includes('.') ? key.split('.', 1)[0] : '';
  if (allModels.some(({ name }) => name === owner) && !models.some(({ name }) => name === owner))
    throw new DeepTasteError(
      'config',
      `--set ${key}: "${owner}" is not among --models, found ${models.map(({ name }) => name).join(', ')}`,
      { key },
    );
  const known = [...new Set(models.flatMap(optionNames)), ...ofRuns];
  if (
    !text.includes('=') ||
    key.includes('.') ||
    known.includes(key) ||
    models.some((model) => formerNames(model).includes(key))
  )
    return;
  throw new DeepTasteError('config', `--set ${key}: none of the models has this option${suggestion(key, known)}`, {
    key,
  });
}

/**
 * The assignment as it concerns a model: `name.key=…` that model alone, a bare key the models that have this option, training
 * settings the models that are trained by epochs, everything else all.
 */
function concerning(model: AnyModel, names: readonly string[], text: string): string[] {
  const owner = names.find((name) => text.startsWith(`${name}.`));
  if (owner !== undefined) return owner === model.name ? [text] : [];
  if (/^(training|optimizer)\./.test(text)) return hasEpochs(model) ? [text] : [];
  const key = keyOf(text);
  const isForeign =
    !key.includes('.') &&
    !ofRuns.includes(key) &&
    text.includes('=') &&
    ![...optionNames(model), ...formerNames(model)].includes(key);
  return isForeign ? [] : [text];
}
