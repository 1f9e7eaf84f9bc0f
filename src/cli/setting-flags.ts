/**
 * Flags that are settings. What a flag means, its range, its choices and its default are those of the setting at its address in the
 * schemas, so that a setting is the same thing in an experiment file, after `--set` and as a flag.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { membersOf, schemasAt } from '../core/options.ts';
import { commaList, jsonOrText, numberIn, wholeNumber } from './option-values.ts';

/** A flag of a setting. Its name in the table is what commander calls its value. */
export interface SettingFlag {
  /** `--k-core <n>` */
  readonly flag: string;
  /** Address of the setting, `split.test`; of several, the first one that the settings have. */
  readonly at: string | readonly string[];
  /** Whether `--no-…` says that there is none: the setting is then `null`, or `false` where it is true or false. */
  readonly none?: true;
  /** What to say where one flag stands for settings of several kinds; default: the doc of the setting. */
  readonly doc?: string;
  /** Reads what is no plain value of the setting. */
  readonly read?: (text: string, before: unknown) => unknown;
}

export type SettingFlags = Readonly<Record<string, SettingFlag>>;

/** What commander makes of the flags of a table. */
export type GivenFlags<T extends SettingFlags> = { readonly [K in keyof T]?: unknown };

/** Adds the flags under a heading of the help. @param schemas of the settings that have them, some or all */
export function addSettingFlags(
  command: Command,
  heading: string,
  flags: SettingFlags,
  schemas: readonly z.core.$ZodType[],
): Command {
  command.optionsGroup(heading);
  for (const flag of Object.values(flags)) {
    command.addOption(optionOf(flag, schemas));
    if (flag.none) command.addOption(new Option(`--no-${nameOf(flag)}`).hideHelp());
  }
  return command.optionsGroup('Options:');
}

/** The settings that the flags say; nothing where nothing is said. @param schema of the settings */
export function settingsOf<T extends SettingFlags>(
  flags: T,
  given: GivenFlags<T>,
  schema: z.core.$ZodType,
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const value = given[name];
    const path = addressesOf(flag).find((at) => schemasAt([schema], at).length > 0);
    if (value === undefined || path === undefined) continue;
    const isTruth = schemasAt([schema], path)
      .flatMap(membersOf)
      .some((each) => each instanceof z.ZodBoolean);
    put(settings, path, value === false && !isTruth ? null : value);
  }
  return settings;
}

/** The first flag that is given although the settings do not have it. */
export function foreignFlag<T extends SettingFlags>(
  flags: T,
  given: GivenFlags<T>,
  schema: z.core.$ZodType,
): SettingFlag | undefined {
  const name = Object.keys(flags).find((each) => given[each] !== undefined && !belongs(flags[each], schema));
  return name === undefined ? undefined : flags[name];
}

/** Whether the settings have the flag's setting. */
export function belongs(flag: SettingFlag, schema: z.core.$ZodType): boolean {
  return addressesOf(flag).some((at) => schemasAt([schema], at).length > 0);
}

/** `k-core` of `--k-core <n>` */
export function nameOf({ flag }: SettingFlag): string {
  return flag.slice(2).split(' ', 1)[0];
}

function addressesOf({ at }: SettingFlag): string[][] {
  return [at].flat().map((address) => address.split('.'));
}

function put(settings: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) settings[key] = value;
  else {
    settings[key] ??= {};
    put(settings[key] as Record<string, unknown>, rest, value);
  }
}

function optionOf(flag: SettingFlag, schemas: readonly z.core.$ZodType[]): Option {
  const fields = addressesOf(flag)
    .flatMap((at) => schemasAt(schemas, at))
    .flatMap(membersOf);
  if (fields.length === 0) throw new Error(`internal: no settings have "${flag.at}" of ${flag.flag}`);
  const option = new Option(flag.flag, flag.doc ?? docOf(flag, schemas));
  const choices = choicesOf(fields);
  if (choices) return option.choices(choices);
  const read = flag.read ?? readerOf(fields);
  return read ? option.argParser(read) : option;
}

/** The doc of the setting, in the words of a flag. */
function docOf(flag: SettingFlag, schemas: readonly z.core.$ZodType[]): string {
  const [doc] = addressesOf(flag)
    .flatMap((at) => schemasAt(schemas, at))
    .flatMap((schema) => metaDoc(schema) ?? []);
  if (doc === undefined) throw new Error(`internal: the setting of ${flag.flag} has no doc`);
  return doc.replace('null = ', `--no-${nameOf(flag)} = `).replace('[] = ', "'' = ");
}

function metaDoc(schema: z.core.$ZodType): string | undefined {
  const { innerType } = schema._zod.def as { innerType?: z.core.$ZodType };
  return (z.globalRegistry.get(schema)?.doc as string | undefined) ?? (innerType && metaDoc(innerType));
}

/** What enumerations and tags allow, of all kinds of settings together; null where any text may stand. */
function choicesOf(fields: readonly z.core.$ZodType[]): string[] | null {
  const values = fields.map((field) => (field._zod.values ? [...field._zod.values].map(String) : null));
  return values.every((each) => each !== null) && fields.every((field) => !(field instanceof z.ZodBoolean))
    ? [...new Set(values.flat() as string[])]
    : null;
}

/** How the text after a flag is read; undefined for plain text, and for flags without any. */
function readerOf(fields: readonly z.core.$ZodType[]): ((text: string) => unknown) | undefined {
  const [field, ...others] = fields;
  if (others.some((other) => typeName(other) !== typeName(field))) return jsonOrText;
  if (field instanceof z.ZodArray || field instanceof z.ZodTuple) return commaList;
  if (field instanceof z.ZodNumber) return numberOf(field);
  return undefined;
}

function typeName(field: z.core.$ZodType): string {
  return field._zod.def.type;
}

function numberOf(field: z.ZodNumber): (text: string) => number {
  const { minValue, maxValue, isInt } = field;
  const [min, max] = [minValue ?? Number.NEGATIVE_INFINITY, maxValue ?? Number.POSITIVE_INFINITY];
  const read = isInt ? wholeNumber(min, max) : numberIn(min, max);
  return (text) => {
    const value = read(text);
    // an open bound, such as "more than 0"
    if (!field.safeParse(value).success)
      throw new InvalidArgumentError(`It must be a number ${min < 0 ? '' : `above ${min}`}.`);
    return value;
  };
}
