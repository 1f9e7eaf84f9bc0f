/** How settings that are given, defaults of a model and those of a kind of examples go together. */
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import type { Examples, Model, TrainingDefaults, TrainingSizes } from './model.ts';
import type { EpochSettings } from './stopping.ts';

/** Defaults that followed the size of the data. */
export interface ChosenDefaults {
  /** Settings by their address, such as `training.batchSize`, that nobody set. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Training interactions, users and items for which they were chosen. */
  readonly sizes: TrainingSizes;
}

/**
 * The settings of a model's training: explicit ones over its defaults for data of this size over its fixed ones over those of the
 * kind of examples. Null for models with a solver, which have none.
 * @param sizes absent = the defaults follow no data
 * @param former settings of a training that goes on, which stand for all defaults
 * @throws 'config' naming the key that is unknown or out of range, or any setting of a model with a solver
 */
export function resolveTraining(
  { title, learn }: Pick<Model, 'title' | 'learn'>,
  given: object,
  sizes?: TrainingSizes,
  former?: object,
): { readonly training: EpochSettings | null; readonly chosen: ChosenDefaults | null } {
  if (learn.by === 'gradients') {
    const { examples, defaults } = learn;
    const sized = former ? undefined : sizes && learn.defaultsForData?.(sizes);
    const chosen = sizes && sized ? openDefaults(sized, given, sizes) : null;
    const training = overDefaults(examples, former ?? (sized ? joined(defaults, sized) : defaults), given);
    examples.checkSettings?.(training, given);
    return { training, chosen };
  }
  if (Object.keys(given).length === 0) return { training: null, chosen: null };
  throw new DeepTasteError(
    'config',
    `training: ${title} is fitted without epochs and takes no training settings (${Object.keys(given).join(', ')}); ` +
      'its own options go into config (--set)',
  );
}

/** Settings over others, checked. @throws 'config' naming the key that is unknown or out of range */
export function overDefaults(
  { settings, renamed = {} }: Pick<Examples, 'settings' | 'renamed'>,
  defaults: object,
  given: object,
): EpochSettings {
  const former = Object.keys(given).find((key) => key in renamed);
  if (former !== undefined)
    throw new DeepTasteError('config', `training settings: "${former}" is now called ${renamed[former]}`);
  return parseOptions(settings, joined(defaults, given), 'training settings');
}

/** Settings of the optimizer are joined one by one; what is no object stays as it is, for the schema to refuse. */
export function joined(defaults: object, given: object): object {
  const both = { ...defaults, ...given };
  const [before, after] = [optimizerOf(defaults), optimizerOf(given)];
  if (before === undefined || (after !== undefined && !isPlain(after))) return both;
  return { ...both, optimizer: { ...(before as object), ...after } };
}

function optimizerOf(settings: object): unknown {
  return 'optimizer' in settings ? settings.optimizer : undefined;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The defaults that the settings leave open; null when there are none. */
function openDefaults(
  { optimizer, ...sized }: TrainingDefaults,
  given: object,
  sizes: TrainingSizes,
): ChosenDefaults | null {
  const set = optimizerOf(given);
  const values = {
    ...unset('training', sized, given),
    ...unset('optimizer', optimizer ?? {}, isPlain(set) ? set : {}),
  };
  return Object.keys(values).length > 0 ? { values, sizes } : null;
}

function unset(section: string, defaults: object, given: object): Record<string, unknown> {
  const set = new Map<string, unknown>(Object.entries(given));
  const open = Object.entries(defaults).filter(([key]) => set.get(key) === undefined);
  return Object.fromEntries(open.map(([key, value]) => [`${section}.${key}`, value]));
}

/** `batchSize 256, epochs 60, l2 0.02: chosen for 40,000 training rows of 943 users and 1,682 items` */
export function describeChosen({ values, sizes }: ChosenDefaults): string {
  const count = (n: number) => n.toLocaleString('en-US');
  const told = Object.entries(values).map(([key, value]) => `${key.slice(key.indexOf('.') + 1)} ${value}`);
  const { nInteractions, nUsers, nItems } = sizes;
  return `${told.join(', ')}: chosen for ${count(nInteractions)} training rows of ${count(nUsers)} users and ${count(nItems)} items`;
}
