/**
 * What of a model is searched: every option of the model and of its training that declares values worth trying and that nobody set. Whole
 * numbers, and all that is no number, take one of the declared values; numbers with a fraction all between the lowest and the highest.
 * The model's own default is always among them: where it lies outside, the range has the same width around it.
 */
import { z } from 'zod';
import { assert, DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { type OptionMeta, optionMeta } from '../core/option-metas.ts';
import { membersOf, objectSchema } from '../core/options.ts';
import type { Form } from '../examples/forms.ts';
import type { Model, TrainingSizes } from '../examples/model.ts';
import { parseModelOptions } from '../examples/model-options.ts';
import { resolveTraining } from '../examples/settings.ts';
import { choice, type Domain, holds, range } from './domain.ts';
import type { Condition, Parameter, Point } from './sampler.ts';
import { givenDomain, isWide, type SearchRanges } from './search-ranges.ts';

/** Settings of a run that a search varies. */
export interface TrialSettings {
  readonly config: Readonly<Record<string, unknown>>;
  readonly training: Readonly<Record<string, unknown>>;
}

export interface ModelSpaceRequest {
  /** As it is trained for the task. */
  readonly model: Model<unknown, Form>;
  /** Settings that somebody fixed. */
  readonly fixed: TrialSettings;
  /** Settings of the training that the task itself says. */
  readonly ofTask: object;
  readonly sizes?: TrainingSizes;
  /** Whether the data have what an option needs. @param config with the option set */
  readonly has: (need: NonNullable<OptionMeta['needs']>, config: object) => boolean;
  /** Ranges instead of the declared ones, by address: `config.factors`, `training.optimizer.l2`. */
  readonly ranges?: SearchRanges;
}

/** An option at its address in the settings of a run. */
interface Option {
  readonly address: readonly string[];
  readonly schema: z.core.$ZodType;
  readonly default: unknown;
}

/** Parameters by address. @throws 'config' for a range that does not fit, or of an option that is fixed or does not exist */
export function modelSpace(request: ModelSpaceRequest): Parameter[] {
  const { fixed, has, ranges = {} } = request;
  const options = optionsOf(request);
  const defaults = new Map(options.map(({ address, default: value }) => [nameOf(address), value]));
  const isFixed = (address: readonly string[]): boolean => at(fixed, address) !== undefined;
  checkRanges(request, ranges, [...defaults.keys()], (name) => isFixed(name.split('.')));
  const searched = options.flatMap((option) => {
    const name = nameOf(option.address);
    const meta = optionMeta(option.schema);
    if (isFixed(option.address)) return [];
    if (meta.needs && !has(meta.needs, settingsAt(fixed, { [name]: meta.search?.at(-1) }).config)) return [];
    const domain = name in ranges ? domainGiven(option, ranges[name]) : declaredDomain(option, meta);
    return domain ? [{ option, name, meta, domain }] : [];
  });
  const names = searched.map(({ name }) => name);
  const parameters = searched.flatMap(({ option, name, meta, domain }): Parameter[] => {
    const when = conditionsOf(option, meta, names, defaults);
    return when ? [{ name, domain, ...(when.length > 0 && { when }) }] : [];
  });
  // what others depend on is chosen before them
  return [...parameters.filter(({ when }) => !when), ...parameters.filter(({ when }) => when)];
}

/** The settings of a trial: the fixed ones and those of a point. */
export function settingsAt(fixed: TrialSettings, point: Point): TrialSettings {
  let settings: TrialSettings = fixed;
  for (const [name, value] of Object.entries(point)) settings = withValue(settings, name.split('.'), value);
  return settings;
}

/** Where the defaults lie in the space; without those that lie outside of a range that somebody gave. */
export function defaultPoint(request: ModelSpaceRequest, space: readonly Parameter[]): Point {
  const values = new Map(optionsOf(request).map((option) => [nameOf(option.address), option.default]));
  const own = space.filter(({ name, domain }) => holds(domain, values.get(name)));
  return Object.fromEntries(own.map(({ name }) => [name, values.get(name)]));
}

function optionsOf({ model, fixed, ofTask, sizes }: ModelSpaceRequest): Option[] {
  const config = parseModelOptions(model, fixed.config) as object;
  const own = leavesOf(model.options, ['config'], { config });
  const given = { ...fixed.training, ...ofTask };
  const { training } = resolveTraining(model, given, sizes);
  if (model.learn.by === 'solver' || training === null) return own;
  return [...own, ...leavesOf(model.learn.examples.settings, ['training'], { training })];
}

function leavesOf(schema: z.core.$ZodType, address: readonly string[], values: object): Option[] {
  return Object.entries(objectSchema(schema).shape).flatMap(([key, inner]) => {
    const own = [...address, key];
    const [member] = membersOf(inner as z.core.$ZodType);
    if (member instanceof z.ZodObject) return leavesOf(member, own, values);
    return [{ address: own, schema: inner as z.core.$ZodType, default: at(values, own) }];
  });
}

function declaredDomain({ schema, default: own }: Option, { search }: OptionMeta): Domain | null {
  if (!search || search.length === 0) return null;
  if (isFraction(schema) && search.every((value) => typeof value === 'number'))
    return rangeAround(search, own as number);
  const values = search.some((value) => JSON.stringify(value) === JSON.stringify(own)) ? [...search] : [...search, own];
  const isOrdered = values.every((value) => typeof value === 'number');
  if (values.length < 2) return null;
  return choice(isOrdered ? values.sort((a, b) => Number(a) - Number(b)) : values, isOrdered);
}

/** From the lowest to the highest of the declared numbers, or as wide around a default that lies outside; 0 by itself below a wide one. */
function rangeAround(search: readonly number[], own: number): Domain {
  const sorted = [...search].sort((a, b) => a - b);
  const above = sorted.filter((value) => value > 0);
  const [low, high] = [above[0], above[above.length - 1]];
  const hasZero = sorted[0] === 0;
  if (above.length > 1 && isWide(low, high)) {
    const zero = hasZero || own === 0 ? 1 / (above.length + 1) : 0;
    if (own === 0 || (own >= low && own <= high)) return range(low, high, { log: true, zero });
    const half = Math.sqrt(high / low);
    return range(own / half, own * half, { log: true, zero });
  }
  const [first, last] = [sorted[0], sorted[sorted.length - 1]];
  if (own >= first && own <= last) return range(first, last);
  if (own > 0 && first > 0) {
    const half = Math.sqrt(last / first);
    return range(own / half, own * half);
  }
  return range(Math.min(first, own), Math.max(last, own));
}

function domainGiven({ address, schema }: Option, given: unknown): Domain {
  const [member] = membersOf(schema);
  const isInteger = member instanceof z.ZodNumber && member.isInt;
  return givenDomain(nameOf(address), given, schema, isInteger);
}

/** The conditions on other parameters; null where the option can have nothing to act on. */
function conditionsOf(
  { address }: Option,
  { when = {} }: OptionMeta,
  searched: readonly string[],
  defaults: ReadonlyMap<string, unknown>,
): Condition[] | null {
  const conditions: Condition[] = [];
  for (const [key, values] of Object.entries(when)) {
    const name = nameOf([...address.slice(0, -1), key]);
    if (searched.includes(name)) conditions.push({ name, values });
    else if (!values.includes(defaults.get(name))) return null;
  }
  return conditions;
}

function checkRanges(
  { model }: ModelSpaceRequest,
  ranges: SearchRanges,
  known: readonly string[],
  isFixed: (name: string) => boolean,
): void {
  for (const name of Object.keys(ranges)) {
    if (!known.includes(name))
      throw new DeepTasteError(
        'config',
        `search: ${model.name} has no option "${shortName(name)}"${suggestion(shortName(name), known.map(shortName))}`,
        { key: name },
      );
    if (isFixed(name))
      throw new DeepTasteError(
        'config',
        `search: "${shortName(name)}" of ${model.name} must be searched or set, found both; leave one out`,
        { key: name },
      );
  }
}

/** As people write it: `factors`, `optimizer.l2`, `training.batchSize`. */
export function shortName(address: string): string {
  return address.replace(/^config\./, '').replace(/^training\.optimizer\./, 'optimizer.');
}

/** The inverse of {@link shortName}. */
export function addressOf(name: string): string {
  if (name.startsWith('optimizer.')) return `training.${name}`;
  return /^(config|training)\./.test(name) ? name : `config.${name}`;
}

function isFraction(schema: z.core.$ZodType): boolean {
  const [member] = membersOf(schema);
  return member instanceof z.ZodNumber && !member.isInt;
}

const nameOf = (address: readonly string[]): string => address.join('.');

function at(object: unknown, address: readonly string[]): unknown {
  return address.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], object);
}

function withValue<T>(into: T, [key, ...rest]: readonly string[], value: unknown): T {
  assert(key !== undefined, 'an address has a key');
  const object = (into ?? {}) as Record<string, unknown>;
  return { ...object, [key]: rest.length === 0 ? value : withValue(object[key], rest, value) } as T;
}
