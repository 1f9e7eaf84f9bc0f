/** The options that say how data files are read; the same in every command that reads some. */
import { type Command, Option } from 'commander';
import type { DataOptions } from '../data/data-options.ts';
import { commaList, finiteNumber, wholeNumber } from './option-values.ts';

/** What commander makes of the options; `false` comes from `--no-…`. */
export interface DataFlags {
  readonly user?: string;
  readonly item?: string;
  readonly rating?: string | false;
  readonly time?: string | false;
  readonly session?: string | false;
  readonly title?: string | false;
  readonly format?: DataOptions['format'];
  readonly delimiter?: string;
  readonly header?: boolean;
  readonly columnNames?: string[];
  readonly skipBadRows?: true;
  readonly items?: string;
  readonly users?: string;
  readonly social?: string;
  readonly minRating?: number;
  readonly kCore?: number;
  readonly duplicates?: DataOptions['duplicates'];
}

/** The word that stands for the simulated default data instead of a file. */
export const FILM_CLUB = 'film-club';

const formats = ['auto', 'csv', 'tsv', 'json', 'parquet', 'recbole', 'movielens', 'libfm', 'lists'];

export function addDataFlags(command: Command): Command {
  return command
    .optionsGroup('How the files are read (guessed where nothing is said):')
    .option('--user <column>', 'column with the user ids')
    .option('--item <column>', 'column with the item ids')
    .option('--rating <column>', 'column with ratings or labels')
    .option('--no-rating', 'there is no rating')
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
    .option('--skip-bad-rows', 'count and drop rows that cannot be read, instead of refusing the file')
    .option('--items <file>', 'file that describes the items')
    .option('--users <file>', 'file that describes the users')
    .option('--social <file>', 'file of edges between users')
    .option('--min-rating <x>', 'drop rows rated below', finiteNumber)
    .option('--k-core <n>', 'drop users and items with fewer interactions, until none is left', wholeNumber(1))
    .addOption(new Option('--duplicates <which>', 'row of a repeated pair to keep').choices(['last', 'first', 'keep']))
    .optionsGroup('Options:');
}

/** The data options that the flags say; nothing where nothing is said. */
export function dataOptionsOf(flags: DataFlags): Partial<DataOptions> {
  const { format, header, columnNames, skipBadRows, items, users, social, minRating, kCore, duplicates } = flags;
  const columns = defined({
    ...{ user: flags.user, item: flags.item },
    ...{ rating: orNull(flags.rating), time: orNull(flags.time) },
    ...{ session: orNull(flags.session), title: orNull(flags.title) },
  });
  return defined({
    ...{ format, header, columnNames, skipBadRows, items, users, social, minRating, duplicates },
    delimiter: flags.delimiter?.replaceAll('\\t', '\t'),
    kCore: kCore === undefined ? undefined : { user: kCore, item: kCore },
    columns: Object.keys(columns).length > 0 ? columns : undefined,
  });
}

function orNull(column: string | false | undefined): string | null | undefined {
  return column === false ? null : column;
}

/** The object without its undefined entries. */
export function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
