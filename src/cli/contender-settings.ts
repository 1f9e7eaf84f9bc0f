/** The settings of the models that `compare` trains: data, split and evaluation are the same for all. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { findModel } from '../models/index.ts';
import type { Model } from '../models/model.ts';
import type { RunSettings } from '../recommender/settings.ts';
import { checkedRun, optionNames } from './checked-run.ts';
import type { CompareFlags } from './commands/compare.ts';
import { defined } from './data-flags.ts';
import { dataOf, evaluationOf, splitOf } from './run-flags.ts';

/** One set of settings a model. @throws 'usage', 'config' */
export async function contenderSettings(flags: CompareFlags): Promise<RunSettings[]> {
  const { data, models: names = [], set = [] } = flags;
  if (data === undefined || names.length === 0) {
    const [missing, given] = data === undefined ? ['data', 'models'] : ['models', 'data'];
    throw new DeepTasteError('usage', `compare: --${missing} is missing beside --${given}`);
  }
  const repeated = names.find((name, n) => names.indexOf(name) !== n);
  if (repeated !== undefined)
    throw new DeepTasteError('usage', `--models: each model counts once, found "${repeated}" twice`);
  const models = names.map(findModel);
  for (const text of set) checkOwner(text, models);
  const settings: RunSettings[] = [];
  for (const model of models) {
    const training = model.kind === 'gradient' ? defined({ epochs: flags.epochs }) : {};
    const input = {
      ...{ data: dataOf(data, flags), ...splitOf(flags), model: model.name, training },
      evaluation: evaluationOf(flags),
    };
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

const keyOf = (text: string): string => text.split('=', 1)[0].trim();

/** A bare key must be an option of some model. */
function checkOwner(text: string, models: readonly Model[]): void {
  const key = keyOf(text);
  const known = [...new Set(models.flatMap(optionNames)), 'refit'];
  if (!text.includes('=') || key.includes('.') || known.includes(key)) return;
  throw new DeepTasteError('config', `--set ${key}: none of the models has this option${suggestion(key, known)}`, {
    key,
  });
}

/**
 * The assignment as it concerns a model: `name.key=…` that model alone, a bare key the models that have this option, training
 * settings the models that are trained by gradients, everything else all.
 */
function concerning(model: Model, names: readonly string[], text: string): string[] {
  const owner = names.find((name) => text.startsWith(`${name}.`));
  if (owner !== undefined) return owner === model.name ? [text.slice(owner.length + 1)] : [];
  if (/^(training|optimizer)\./.test(text)) return model.kind === 'gradient' ? [text] : [];
  const key = keyOf(text);
  const isForeign = !key.includes('.') && key !== 'refit' && text.includes('=') && !optionNames(model).includes(key);
  return isForeign ? [] : [text];
}
