/** The options that say how data files are read; the same in every command that reads some. */
import { type Command, Option } from 'commander';
import type { DataOptions } from '../data/data-options.ts';
import { commaList, finiteNumber, wholeNumber } from './option-values.ts';

/** What commander makes of the options; `false` comes from `--no-…`. */
export interface DataFlags {
  readonly user?: string | false;
  readonly item?: string | false;
  readonly rating?: string | false;
  readonly label?: string | false;
  readonly positive?: string;
  readonly context?: string[] | false;
  readonly time?: string | false;
  readonly session?: string | false;
  readonly title?: string | false;
  readonly format?: DataOptions['format'];
  readonly delimiter?: string;
  readonly header?: boolean;
  readonly columnNames?: string[];
  readonly comment?: string | false;
  readonly skipBadRows?: true;
  readonly missing?: string[];
  readonly decimal?: DataOptions['decimal'];
  readonly dateFormat?: DataOptions['dateFormat'];
  readonly idsAsWritten?: true;
  readonly items?: string;
  readonly users?: string;
  readonly social?: string;
  readonly socialColumns?: string[];
  readonly minRating?: number;
  readonly kCore?: number;
  readonly duplicates?: DataOptions['duplicates'];
  readonly readMemory?: number;
}

/** The word that stands for the simulated default data instead of a file. */
export const FILM_CLUB = 'film-club';

const formats = ['auto', 'csv', 'tsv', 'json', 'parquet', 'recbole', 'movielens', 'libfm', 'lists'];

export function addDataFlags(command: Command): Command {
  return command
    .optionsGroup('How the files are read (guessed where nothing is said):')
    .option('--user <column>', 'column with the user ids')
    .option('--no-user', 'the rows name no users')
    .option('--item <column>', 'column with the item ids')
    .option('--no-item', 'the rows name no items')
    .option('--rating <column>', 'column with ratings')
    .option('--no-rating', 'there is no rating')
    .option('--label <column>', 'column with labels of two kinds, such as clicks')
    .option('--no-label', 'there are no labels')
    .option('--positive <cell>', 'the label that is 1; every other one is 0')
    .option('--context <a,b,c>', 'further columns of the rows to keep as fields; default: all', commaList)
    .option('--no-context', 'keep no further columns')
    .option('--time <column>', 'column with times')
    .option('--no-time', 'there is no time')
    .option('--session <column>', 'column with session ids')
    .option('--no-session', 'there are no sessions')
    .option('--title <column>', 'column with the item names to show people')
    .option('--no-title', 'there are no item names')
    .addOption(new Option('--format <name>', 'file format').choices(formats))
    .option('--delimiter <text>', 'column separator of text files; \\t is a tab')
    .option('--header', 'the first line names the columns')
    .option('--no-header', 'the first line is data')
    .option('--column-names <a,b,c>', 'names of the columns of files without a header', commaList)
    .option('--comment <text>', 'leave out lines that begin with this; default: # or % when the file begins so')
    .option('--no-comment', 'no line is a comment')
    .option('--skip-bad-rows', 'count and drop rows that cannot be read, instead of refusing the file')
    .option('--missing <a,b,c>', "cells that stand for a missing value; '' = only empty ones", marks)
    .addOption(new Option('--decimal <mark>', 'decimal mark of numbers such as 1.234,50').choices(['.', ',']))
    .option(
      '--date-format <format>',
      'how times are written, e.g. %d/%m/%Y or excel; COLUMN=FORMAT for another column, repeated',
      dateFormats,
    )
    .option('--ids-as-written', 'keep ids such as 7.0, also where all are whole numbers')
    .option('--items <file>', 'file that describes the items')
    .option('--users <file>', 'file that describes the users')
    .option('--social <file>', 'file of edges between users')
    .option(
      '--social-columns <from,to>',
      'its columns: from whom an edge goes, to whom (column1,column2 without a header)',
      commaList,
    )
    .option('--min-rating <x>', 'drop rows rated below', finiteNumber)
    .option('--k-core <n>', 'drop users and items with fewer interactions, until none is left', wholeNumber(1))
    .addOption(
      new Option('--duplicates <which>', 'row of a repeated pair to keep; sum, count: the last, rated by all').choices([
        'last',
        'first',
        'keep',
        'sum',
        'count',
      ]),
    )
    .option('--read-memory <gib>', 'GiB that reading may hold besides the columns; more goes to disk', finiteNumber)
    .optionsGroup('Options:');
}

/** The data options that the flags say; nothing where nothing is said. */
export function dataOptionsOf(flags: DataFlags): Partial<DataOptions> {
  const { format, header, columnNames, skipBadRows, items, users, social, minRating, kCore, duplicates, positive } =
    flags;
  const { readMemory, missing, decimal, dateFormat, idsAsWritten } = flags;
  const columns = defined({
    user: orNull(flags.user),
    item: orNull(flags.item),
    rating: orNull(flags.rating),
    label: orNull(flags.label),
    time: orNull(flags.time),
    context: flags.context === false ? null : flags.context,
    session: orNull(flags.session),
    title: orNull(flags.title),
  });
  return defined({
    format,
    header,
    columnNames,
    skipBadRows,
    items,
    users,
    social,
    minRating,
    duplicates,
    positive,
    readMemory,
    comment: orNull(flags.comment),
    socialColumns: flags.socialColumns as [string, string] | undefined,
    missing,
    decimal,
    dateFormat,
    idsAsWritten,
    delimiter: flags.delimiter?.replaceAll('\\t', '\t'),
    kCore: kCore === undefined ? undefined : { user: kCore, item: kCore },
    columns: Object.keys(columns).length > 0 ? columns : undefined,
  });
}

function marks(text: string): string[] {
  return text.trim() === '' ? [] : commaList(text);
}

/** One format for the time of the rows, or formats by column. */
function dateFormats(text: string, before: DataOptions['dateFormat']): NonNullable<DataOptions['dateFormat']> {
  const named = /^([^%=]+)=(.+)$/.exec(text);
  if (named === null) return text;
  return { ...(typeof before === 'object' ? before : {}), [named[1].trim()]: named[2] };
}

function orNull(column: string | false | undefined): string | null | undefined {
  return column === false ? null : column;
}

/** The object without its undefined entries. */
export function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
