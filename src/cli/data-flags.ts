/** The flags that say how data files are read; the same in every command that reads some. */
import type { Command } from 'commander';
import type { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { type DataOptions, dataOptions, fileOptions } from '../data/data-options.ts';
import type { RunInput } from '../tasks/ranking-settings.ts';
import { commaList, wholeNumber } from './option-values.ts';
import {
  addSettingFlags,
  type GivenFlags,
  nameOf,
  type SettingFlag,
  type SettingFlags,
  settingsOf,
} from './setting-flags.ts';

/** The word that stands for the simulated default data instead of a file. */
export const FILM_CLUB = 'film-club';

const layoutFlags = {
  format: { flag: '--format <name>', at: 'format' },
  delimiter: { flag: '--delimiter <text>', at: 'delimiter', read: (text) => text.replaceAll('\\t', '\t') },
  header: {
    flag: '--header',
    at: 'header',
    none: true,
    doc: 'the first line names the columns; --no-header = it is data',
  },
  columnNames: { flag: '--column-names <a,b,c>', at: 'columnNames' },
  comment: { flag: '--comment <text>', at: 'comment', none: true },
  encoding: { flag: '--encoding <name>', at: 'encoding' },
  skipBadRows: { flag: '--skip-bad-rows', at: 'skipBadRows' },
  missing: { flag: '--missing <a,b,c>', at: 'missing', read: marks },
  decimal: { flag: '--decimal <mark>', at: 'decimal' },
  dateFormat: { flag: '--date-format <[column=]format>', at: 'dateFormat', read: dateFormats },
} as const satisfies SettingFlags;

/** Addresses within `data`. */
const flags = {
  user: { flag: '--user <column>', at: 'columns.user', none: true },
  item: { flag: '--item <column>', at: 'columns.item', none: true },
  rating: { flag: '--rating <column>', at: 'columns.rating', none: true },
  label: { flag: '--label <column>', at: 'columns.label', none: true },
  positive: { flag: '--positive <cell>', at: 'positive' },
  context: { flag: '--context <a,b,c>', at: 'columns.context', none: true },
  time: { flag: '--time <column>', at: 'columns.time', none: true },
  session: { flag: '--session <column>', at: 'columns.session', none: true },
  title: { flag: '--title <column>', at: 'columns.title', none: true },
  ...layoutFlags,
  idsAsWritten: { flag: '--ids-as-written', at: 'idsAsWritten' },
  idsIgnoreCase: { flag: '--ids-ignore-case', at: 'idsIgnoreCase' },
  items: { flag: '--items <file>', at: 'items', none: true },
  users: { flag: '--users <file>', at: 'users', none: true },
  social: { flag: '--social <file>', at: 'social', none: true },
  socialColumns: { flag: '--social-columns <from,to>', at: 'socialColumns' },
  socialBothWays: { flag: '--social-both-ways', at: 'socialBothWays' },
  socialShuffle: { flag: '--social-shuffle <seed>', at: 'socialShuffle' },
  minRating: { flag: '--min-rating <x>', at: 'minRating' },
  kCore: {
    flag: '--k-core <n>',
    at: 'kCore',
    read: wholeNumber(0),
    doc: 'drop users and items with fewer interactions, until none is left',
  },
  duplicates: { flag: '--duplicates <which>', at: 'duplicates' },
  readMemory: { flag: '--read-memory <gib>', at: 'readMemory' },
} as const satisfies SettingFlags;

export type DataFlags = GivenFlags<typeof flags>;

const HEADING = 'How the files are read (guessed where nothing is said):';

export function addDataFlags(command: Command): Command {
  return addSettingFlags(command, HEADING, flags, [dataOptions]);
}

/** How the cells of files are read, whatever the columns mean. */
export type LayoutFlags = GivenFlags<typeof layoutFlags>;

export function addLayoutFlags(command: Command): Command {
  return addSettingFlags(command, HEADING, layoutFlags, [fileOptions]);
}

export function layoutOf(given: LayoutFlags): z.input<typeof fileOptions> {
  return settingsOf(layoutFlags, given, fileOptions);
}

/** The data of a run: files, or the simulated film club. @throws 'usage' */
export function dataOf(files: readonly string[], given: DataFlags): RunInput['data'] {
  const told: Partial<DataOptions> = settingsOf(flags, given, dataOptions);
  if (!files.includes(FILM_CLUB)) return { ...told, files: [...files] };
  const [option] = (Object.keys(flags) as (keyof typeof flags)[]).filter((name) => given[name] !== undefined);
  if (files.length > 1 || option !== undefined)
    throw new DeepTasteError(
      'usage',
      `--data ${FILM_CLUB}: the simulated film club stands alone, found ` +
        `${files.length > 1 ? 'other files' : `"--${nameOf(flags[option])}"`} beside it; a file of that name is ./${FILM_CLUB}`,
    );
  return { simulated: {} };
}

/** The flags that say options of reading: those of one value each. */
export function dataArguments(options: object): string[] {
  return Object.values<SettingFlag>(flags).flatMap((flag) => {
    const value = [flag.at]
      .flat()[0]
      .split('.')
      .reduce<unknown>((inner, key) => (inner as Options)?.[key], options);
    if (value === undefined) return [];
    if (value === null || value === false) return flag.none ? [`--no-${nameOf(flag)}`] : [];
    return [value === true ? `--${nameOf(flag)}` : `--${nameOf(flag)}=${value}`];
  });
}

type Options = Readonly<Record<string, unknown>> | null | undefined;

function marks(text: string): string[] {
  return text.trim() === '' ? [] : commaList(text);
}

/** One format for the time of the rows, or formats by column. */
function dateFormats(text: string, before: unknown): NonNullable<DataOptions['dateFormat']> {
  const named = /^([^%=]+)=(.+)$/.exec(text);
  if (named === null) return text;
  return { ...(typeof before === 'object' ? before : {}), [named[1].trim()]: named[2] };
}

/** The object without its undefined entries. */
export function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
