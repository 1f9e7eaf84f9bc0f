/** The settings of the models that `compare` trains: data, split and evaluation are the same for all. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import type { AnyModel } from '../examples/model.ts';
import { findModel, formTitles } from '../models/index.ts';
import { type AnyRunInput, type AnyRunSettings, type RunFamily, runFamilyOf } from '../recommender/any-settings.ts';
import { checkedRun, optionNames } from './checked-run.ts';
import type { CompareFlags } from './commands/compare.ts';
import { defined } from './data-flags.ts';
import { dataOf, runInputOf } from './run-flags.ts';

/** One set of settings a model. @throws 'usage', 'config' */
export async function contenderSettings(flags: CompareFlags): Promise<AnyRunSettings[]> {
  const { data, models: names = [], set = [] } = flags;
  if (data === undefined || names.length === 0) {
    const [missing, given] = data === undefined ? ['data', 'models'] : ['models', 'data'];
    throw new DeepTasteError('usage', `compare: --${missing} is missing beside --${given}`);
  }
  const repeated = names.find((name, n) => names.indexOf(name) !== n);
  if (repeated !== undefined)
    throw new DeepTasteError('usage', `--models: each model counts once, found "${repeated}" twice`);
  const family = commonFamily(names);
  const models = names.map(findModel);
  for (const text of set) checkOwner(text, models);
  const settings: AnyRunSettings[] = [];
  for (const model of models) {
    const training = hasEpochs(model) ? defined({ epochs: flags.epochs }) : {};
    const refit = family === 'sequences' ? defined({ refit: flags.refit }) : {};
    const form = { ...runInputOf(family, model.name, flags), ...refit };
    const input = { data: dataOf(data, flags), ...form, model: model.name, training } as AnyRunInput;
    settings.push(
      await checkedRun(
        input,
        set.flatMap((text) => concerning(model, names, text)),
        'compare',
      ),
    );
  }
  return settings;
}

/** Models of different families are measured by different questions. @throws 'usage' */
function commonFamily(names: readonly string[]): RunFamily {
  const families = names.map(runFamilyOf);
  const other = families.findIndex((family) => family !== families[0]);
  if (other < 0) return families[0];
  throw new DeepTasteError(
    'usage',
    `--models: must be of one kind to be measured alike, found "${names[0]}" of the ${formTitles[families[0]]} and ` +
      `"${names[other]}" of the ${formTitles[families[other]]}; compare them apart`,
  );
}

/** Whether training settings concern the model. */
function hasEpochs({ learn }: AnyModel): boolean {
  return learn.by === 'gradients';
}

const keyOf = (text: string): string => text.split('=', 1)[0].trim();

/** A bare key must be an option of some model. */
function checkOwner(text: string, models: readonly AnyModel[]): void {
  const key = keyOf(text);
  const known = [...new Set(models.flatMap(optionNames)), 'refit'];
  if (!text.includes('=') || key.includes('.') || known.includes(key)) return;
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
  if (owner !== undefined) return owner === model.name ? [text.slice(owner.length + 1)] : [];
  if (/^(training|optimizer)\./.test(text)) return hasEpochs(model) ? [text] : [];
  const key = keyOf(text);
  const isForeign = !key.includes('.') && key !== 'refit' && text.includes('=') && !optionNames(model).includes(key);
  return isForeign ? [] : [text];
}
