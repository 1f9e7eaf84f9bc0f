/** What a caller may say about the files of a data set. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { isTimeUnit, timeUnits } from './date-forms.ts';
import { defaultMissing } from './missing-marks.ts';
import { encodingNamed } from './readers/encodings.ts';
import { areRows, type MemoryRows } from './rows-in-memory.ts';

const fileFormats = ['auto', 'csv', 'tsv', 'json', 'parquet', 'recbole', 'movielens', 'libfm', 'lists'] as const;
export type FileFormat = (typeof fileFormats)[number];

const column = z.string().min(1);
const columnOrNone = column.nullable();

/** Which column plays which role; roles left out are guessed, `null` = there is no such column. */
const columnRoles = z.strictObject({
  user: columnOrNone.optional().meta({
    doc: 'column with the user ids; null = the rows name no users; without labels each session counts as one',
  }),
  item: columnOrNone.optional().meta({ doc: 'column with the item ids; null = the rows name no items' }),
  rating: columnOrNone.optional().meta({ doc: 'column with ratings or strengths; null = none' }),
  label: columnOrNone.optional().meta({ doc: 'column with labels of two kinds, such as clicks; null = none' }),
  time: columnOrNone.optional().meta({ doc: 'column with times; null = none' }),
  session: columnOrNone.optional().meta({ doc: 'column with session ids; null = none' }),
  title: columnOrNone.optional().meta({ doc: 'column with the item names to show people; null = none' }),
  context: z
    .array(column)
    .nullable()
    .optional()
    .meta({ doc: 'further columns of the rows to keep as fields; default: all but long texts; null = none' }),
});
export type ColumnRoles = z.output<typeof columnRoles>;

const dateFormatMust = `must be a strptime format such as %d/%m/%Y, or one of ${timeUnits.join(', ')}`;
const dateFormat = z.string().refine((format) => isTimeUnit(format) || /%[a-zA-Z]/.test(format));

/** How a text file is to be read where guessing does not suit, and its cells. */
const fileLayout = {
  format: z.enum(fileFormats).default('auto').meta({ doc: 'file format; auto = from the name and the first lines' }),
  delimiter: z.string().min(1).max(4).optional().meta({ doc: 'column separator of a text file' }),
  header: z.boolean().optional().meta({ doc: 'whether the first line names the columns' }),
  columnNames: z.array(column).min(1).optional().meta({ doc: 'names of the columns of a file without a header' }),
  comment: z.string().min(1).max(4).nullable().optional().meta({
    doc: 'lines that begin with this are left out; null = none; default: # or % when the file begins with such lines',
  }),
  encoding: z
    .string()
    .refine(
      (name) => encodingNamed(name) !== null,
      'must be the name of an encoding, such as windows-1251 or shift_jis',
    )
    .optional()
    .meta({
      doc: 'encoding of text files that are not UTF-8, such as windows-1251 or shift_jis; default: windows-1252',
    }),
  skipBadRows: z.boolean().default(false).meta({ doc: 'count and drop rows that cannot be read' }),
  missing: z
    .array(z.string())
    .default([...defaultMissing])
    .meta({ doc: 'cells that stand for a missing value, without case, beside empty ones; [] = none but empty cells' }),
  decimal: z
    .enum(['.', ','])
    .optional()
    .meta({ doc: 'decimal mark of numbers with thousands apart or currency marks; default: as the cells show' }),
  dateFormat: z
    .union([dateFormat, z.record(z.string().min(1), dateFormat)], { error: dateFormatMust })
    .optional()
    .meta({
      doc: `how times are written: a strptime format such as %d/%m/%Y, or ${timeUnits.join(', ')}; for the time of the rows, or by column`,
    }),
};

/** How ids are taken. */
const idReading = {
  idsAsWritten: z
    .boolean()
    .default(false)
    .meta({ doc: 'keep ids such as 7.0 as they are, where all ids of a column are whole numbers; default: 7' }),
  idsIgnoreCase: z.boolean().default(false).meta({
    doc: 'ids that differ in capitals only, such as addresses, are one, written small; default: they are kept apart',
  }),
};

export const fileOptions = z.strictObject(fileLayout);
export type FileOptions = z.output<typeof fileOptions>;

export const tableOptions = z.strictObject({ ...fileLayout, ...idReading });
export type TableOptions = z.output<typeof tableOptions>;

const file = z.string().min(1, { error: 'must be the path of a file' });

const rows = z.custom<MemoryRows>(areRows, 'must be a list of objects, or an iterable of them');

export const dataOptions = z.strictObject({
  files: z.array(file).default([]).meta({ doc: 'files with the interactions; globs are expanded' }),
  interactions: rows
    .optional()
    .meta({ doc: 'rows in memory instead of files: a list, or an async iterable, of objects' }),
  items: z
    .union([file, rows])
    .nullable()
    .optional()
    .meta({ doc: 'file that describes the items; null = do not look for one' }),
  users: z
    .union([file, rows])
    .nullable()
    .optional()
    .meta({ doc: 'file that describes the users; null = do not look for one' }),
  social: file.nullable().optional().meta({ doc: 'file of edges between users; null = do not look for one' }),
  socialColumns: z.tuple([column, column, column.optional()]).optional().meta({
    doc: 'columns of the social file: from whom an edge goes, to whom, and perhaps its weight; column1, column2 … without a header',
  }),
  socialBothWays: z
    .boolean()
    .default(false)
    .meta({ doc: 'edges of the social file count both ways, as between friends; default: as they are written' }),
  socialShuffle: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .optional()
    .meta({
      doc: 'seed of edges between anybody in place of the real ones, everybody with as many as before: a control of what friends tell; default: the real ones',
    }),
  ...fileLayout,
  ...idReading,
  columns: columnRoles.prefault({}).meta({ doc: 'which column plays which role' }),
  minRating: z.number().optional().meta({ doc: 'rows rated below are dropped; the kept ones are positives' }),
  positive: z.string().min(1).optional().meta({ doc: 'the cell of the label column that is 1; every other one is 0' }),
  duplicates: z.enum(['last', 'first', 'distinct', 'keep', 'sum', 'count']).optional().meta({
    doc: 'which row of a repeated pair is kept: the last, the first, one for each distinct rating, all; sum, count = the last, with the sum of the ratings or the number of rows as its rating; default: the last, or all where rows carry labels to be predicted',
  }),
  kCore: z
    .union(
      [
        z.strictObject({
          user: z.int().min(0).default(0).meta({ doc: 'fewest interactions of a kept user' }),
          item: z.int().min(0).default(0).meta({ doc: 'fewest interactions of a kept item' }),
        }),
        z
          .int()
          .min(0)
          .transform((fewest) => ({ user: fewest, item: fewest })),
      ],
      { error: 'must be a whole number from 0, or { user, item }' },
    )
    .optional()
    .meta({ doc: 'drop rare users and items until none is left; a number stands for both' }),
  readMemory: z
    .number()
    .min(0.25)
    .max(4096)
    .optional()
    .meta({ doc: 'GiB that reading may hold besides the columns; default: a sixth of the memory, from 1 to 4' }),
  name: z.string().min(1).optional().meta({ doc: 'name of the data set; default: the first file' }),
});

/** Options as a caller writes them. */
export type DataOptions = z.input<typeof dataOptions>;
/** Options with their defaults filled in. */
export type ResolvedDataOptions = Omit<z.output<typeof dataOptions>, 'interactions' | 'items' | 'users'> & {
  readonly items?: string | null;
  readonly users?: string | null;
};

/** Options of files; rows in memory have become files before. @throws DeepTasteError `config` */
export function parseDataOptions(options: DataOptions): ResolvedDataOptions {
  const resolved = checkedDataOptions(options);
  if (areRows(resolved.interactions) || areRows(resolved.items) || areRows(resolved.users))
    throw new DeepTasteError('config', 'data options: rows in memory cannot be used here; write them to a file');
  return resolved as ResolvedDataOptions;
}

/** What a caller says, which may hold rows. @throws DeepTasteError `config` */
export function checkedDataOptions(options: DataOptions): z.output<typeof dataOptions> {
  if (Array.isArray(options))
    throw new DeepTasteError(
      'config',
      'data options: must be an object, found a list; give rows as { interactions: [ … ] }',
    );
  const resolved = parseOptions(dataOptions, options, 'data options');
  const hasRows = resolved.interactions !== undefined;
  if (hasRows && resolved.files.length > 0)
    throw new DeepTasteError('config', 'data options: give either "files" or rows as "interactions", found both');
  if (!hasRows && resolved.files.length === 0)
    throw new DeepTasteError(
      'config',
      'data options: "files" must name a file, or "interactions" hold rows, found neither',
    );
  return resolved;
}
