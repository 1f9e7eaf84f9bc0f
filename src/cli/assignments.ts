/**
 * `--set key=value`: any setting of a run by its address. A bare key is an option of the model (`factors=32`); other settings are
 * named by their section (`training.batchSize=512`, `evaluation.tieRule=pessimistic`, `split.seed=3`), the optimizer's also
 * shortly (`optimizer.learningRate=0.01`). Values are JSON where they are JSON, else text.
 */
import { DeepTasteError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { models } from '../models/index.ts';
import type { AnyRunInput } from '../runs/any-settings.ts';
import { jsonOrText } from './option-values.ts';

export interface Assignment {
  /** From the top of the settings, e.g. ['training', 'optimizer', 'learningRate']. */
  readonly path: readonly string[];
  readonly value: unknown;
  /** As it was written. */
  readonly key: string;
}

const single = ['refit', 'final', 'name', 'description', 'task'];

/**
 * @param owner name of a model that may stand before its own keys (`mf.factors=8`)
 * @throws 'usage' for what is no `key=value`
 */
export function parseAssignment(text: string, owner?: string): Assignment {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(0, at)).trim();
  const parts = key.split('.');
  if (at < 1 || parts.some((part) => !/^[A-Za-z][\w-]*$/.test(part)))
    throw new DeepTasteError('usage', `--set ${text}: must be key=value, e.g. factors=32 or training.batchSize=512`);
  const own = owner !== undefined && parts[0] === owner ? parts.slice(1) : parts;
  return { path: addressOf(own), value: jsonOrText(text.slice(at + 1)), key };
}

function addressOf(parts: readonly string[]): readonly string[] {
  if (parts[0] === 'optimizer') return ['training', ...parts];
  return parts.length === 1 && !single.includes(parts[0]) ? ['config', parts[0]] : parts;
}

/**
 * The settings with the assignments made, in order.
 * @param modelKeys options of the model, and its former ones, which are refused with their new names when the options are read
 * @param otherKeys addresses of the other settings, to be proposed for misspelt ones
 * @throws 'config' for a key that does not exist, with the nearest one
 */
export function assign(
  settings: AnyRunInput,
  assignments: readonly Assignment[],
  modelKeys: { readonly own: readonly string[]; readonly former: readonly string[] },
  otherKeys: readonly string[],
): AnyRunInput {
  const known = [...modelKeys.own, ...otherKeys];
  const accepted = [...modelKeys.own, ...modelKeys.former];
  let changed: unknown = settings;
  for (const { path, value, key } of assignments) {
    if (!exists(path, accepted)) throw unknownSetting(path, key, modelKeys.own, known);
    changed = withValue(changed, simulatedPath(settings, path), value);
  }
  return changed as AnyRunInput;
}

/** Of all forms: a section of the wrong one is told when the settings are read. */
const sections = [
  ...['config', 'training', 'evaluation', 'split', 'data', 'validationFromTrain', 'sampleCandidates'],
  ...['sequences', 'filter', 'features'],
];

function exists([section, ...rest]: readonly string[], modelKeys: readonly string[]): boolean {
  if (single.includes(section)) return true;
  return rest.length > 0 && (section === 'config' ? modelKeys.includes(rest[0]) : sections.includes(section));
}

function unknownSetting(
  path: readonly string[],
  key: string,
  modelKeys: readonly string[],
  known: readonly string[],
): DeepTasteError {
  const [section] = path;
  if (models.some(({ name: model }) => model === section))
    return new DeepTasteError(
      'config',
      `--set ${key}: must be a setting without the name of a model, which belongs to compare, found "${section}"; ` +
        `say ${path.slice(1).join('.')}=…`,
      { key },
    );
  const last = path[path.length - 1];
  const close = known.find((address) => address.endsWith(`.${last}`)) ?? nearest(key, known);
  const own = modelKeys.length > 0 ? `the model's own are ${modelKeys.join(', ')}` : 'the model has none of its own';
  const advice = close && close !== key ? `; did you mean "${close}"?` : `; ${own}, "deeptaste models NAME" prints all`;
  return new DeepTasteError('config', `--set ${key}: there is no such setting${advice}`, { key });
}

/** Settings of the simulated data lie one level deeper. */
function simulatedPath({ data }: AnyRunInput, path: readonly string[]): readonly string[] {
  return path[0] === 'data' && 'simulated' in data ? ['data', 'simulated', ...path.slice(1)] : path;
}

function withValue(into: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  const object = (typeof into === 'object' && into !== null ? into : {}) as Record<string, unknown>;
  return { ...object, [key]: rest.length === 0 ? value : withValue(object[key], rest, value) };
}
