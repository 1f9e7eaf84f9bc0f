/** Options of a model as they are given, and as a run of a former version kept them. */
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import type { ModelHead } from './model.ts';

type Former = Pick<ModelHead<unknown>, 'former' | 'options'>;

/**
 * The options with their defaults.
 * @throws 'config' naming the key that is unknown, out of its range, or called otherwise today, with what to write instead
 */
export function parseModelOptions<C>(
  model: Pick<ModelHead<C>, 'name' | 'options' | 'former'>,
  given: Readonly<Record<string, unknown>>,
): C {
  const where = `options of model ${model.name}`;
  const old = Object.keys(given).find((key) => key in (model.former ?? {}));
  if (old !== undefined)
    throw new DeepTasteError('config', `${where}: ${renamedOption(model, old, given[old])}`, { path: [old] });
  return parseOptions(model.options, given, where);
}

/** Options that a run of this or of a former version kept, under the names of today. */
export function currentOptions({ former = {} }: Pick<Former, 'former'>, stored: object): object {
  const current = Object.entries(stored).map(([key, value]) => former[key]?.(value) ?? { [key]: value });
  return Object.assign({}, ...current);
}

/** `"layers" is now called "factors" and "hidden"; write factors=32, hidden=[32,16]` */
export function renamedOption({ former = {}, options }: Former, key: string, value: unknown): string {
  const values = Object.entries(former[key](value));
  const names = values.map(([name]) => `"${name}"`).join(' and ');
  const written = values.map(([name, each]) => `${name}=${JSON.stringify(each)}`);
  // what is out of range today is not proposed
  const isClear = options.safeParse(former[key](value)).success;
  return `"${key}" is now called ${names}${isClear ? `; write ${written.join(', ')}` : ''}`;
}
