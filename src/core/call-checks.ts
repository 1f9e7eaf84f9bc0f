/**
 * The functions that train, compare and prepare take one object of parts. From plain JavaScript anything may come: a part that is missing
 * or of another kind, or a name that does not exist, is told before anything is done.
 */
import { z } from 'zod';
import { parseOptions } from './options.ts';

type Keys = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Keys {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Promise);
}

function having(message: string, ...keys: readonly string[]): z.ZodType {
  return z.custom((value) => isObject(value) && keys.every((key) => key in value), message);
}

const text = z.string().min(1);
const method = z.custom((value) => typeof value === 'function', 'must be a function').optional();
const some = z.unknown().optional();

/** Parts of calls, each with what must be given. */
export const callParts = {
  engine: having('must be an Engine (new Engine())', 'threads', 'kernels'),
  split: having('must be a split, as await loadSplit(…) gives it', 'dataset', 'train', 'test'),
  sequenceSplit: having(
    'must be a split of sequences, as await loadSequenceSplit(…) gives it',
    'train',
    'test',
    'whole',
  ),
  fieldData: having('must be what await prepareFieldData(…) gives', 'split', 'encoder', 'task'),
  settings: having('must be settings of a run, as parseRunSettings gives them', 'model', 'evaluation', 'config'),
  fieldSettings: having(
    'must be settings of a run, as parseFieldRunSettings gives them',
    'model',
    'evaluation',
    'config',
  ),
  evaluation: having('must be the evaluation of a run, as parseRunSettings gives it', 'metrics', 'validationMetric'),
  seeds: z.array(z.int().min(0)).min(1),
  /** Settings of runs are contenders, too: what else they hold is not looked at. */
  contenders: z.array(z.looseObject({ model: text })).min(1),
  progress: having('must be a Progress ({ start })', 'start').optional(),
  recommender: having('must be a Recommender, as await Recommender.load(…) gives it', 'parts', 'model').optional(),
  object: z.custom(isObject, 'must be an object').optional(),
  flag: z.boolean().optional(),
  text,
  method,
  some,
};

/** What every call that trains takes besides its data and settings. */
export const trainingHooks = {
  progress: callParts.progress,
  onEpoch: callParts.method,
  onEpochStart: callParts.method,
  onCheckpoint: callParts.method,
  checkpointSteps: callParts.some,
  checkpointSeconds: callParts.some,
  resume: callParts.some,
  finish: callParts.flag,
  pause: callParts.method,
  onProfile: callParts.method,
  keep: callParts.method,
  signal: callParts.some,
};

/**
 * @param call opens the message
 * @param parts all names that the call knows
 * @throws DeepTasteError `usage`
 */
export function checkCall(call: string, given: unknown, parts: Readonly<Record<string, z.ZodType>>): void {
  parseOptions(z.strictObject(parts), given, call, 'usage');
}

/** @throws DeepTasteError `usage`: settings that no function has parsed */
export function checkSettings(call: string, given: unknown, parser: string, ...keys: readonly string[]): void {
  parseOptions(having(`must be settings of a run, as ${parser} gives them`, ...keys), given, call, 'usage');
}
