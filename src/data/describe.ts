/** What a data set holds: the schema with samples, counts, time span and warnings. */
import { type DataOptions, parseDataOptions } from './data-options.ts';
import type { Dataset, Field, FieldTable } from './dataset.ts';
import { describeFields, type FieldDescription } from './describe-features.ts';
import { countHistogram, type HistogramClass, valueHistogram } from './histograms.ts';
import { loadParts } from './load.ts';
import { Database } from './readers/database.ts';
import { type ImportedTable, sqlAsText } from './readers/imported-table.ts';
import type { ColumnSchema } from './schema.ts';
import { describeSocial, type SocialDescription } from './social/statistics.ts';
import { type Spread, spreadOf } from './spread.ts';
import { columnLength, type ValueColumn } from './value-columns.ts';

export interface ColumnDescription extends ColumnSchema {
  /** Up to three different values; empty when the column is not kept in memory. */
  readonly samples: readonly string[];
  /** Cells without a value; null when the column is not kept in memory. */
  readonly nMissing: number | null;
  readonly nDistinct: number | null;
}

/** JSON-able: this is what `deeptaste data --json` prints. */
export interface DataDescription {
  readonly name: string;
  readonly hash: string;
  readonly columns: readonly ColumnDescription[];
  /** What the columns become in models that use fields. */
  readonly fields: readonly FieldDescription[];
  /** 0 when the rows name no users (items). */
  readonly nUsers: number;
  readonly nItems: number;
  readonly nInteractions: number;
  /** Share of all (user, item) pairs that occur; null when the rows do not name both. */
  readonly density: number | null;
  readonly interactionsPerUser: Spread | null;
  readonly interactionsPerItem: Spread | null;
  /** Labels of 0 and 1: the cell that is 1, and the share of rows that are. */
  readonly label: { readonly column: string; readonly positive: string; readonly share: number } | null;
  /** Ratings; null when the rows have labels, or neither. */
  readonly rating: { readonly min: number; readonly mean: number; readonly max: number } | null;
  /** Seconds since 1970 (or the file's own unit), with calendar times where the numbers are such. */
  readonly time: { readonly first: number; readonly last: number; readonly from: string; readonly to: string } | null;
  readonly nSessions: number | null;
  readonly interactionsPerSession: Spread | null;
  /** Edges between users; null where there are none. */
  readonly social: SocialDescription | null;
  /** Users and items by the number of their interactions, ratings, and rows in time; null where there is nothing of the kind. */
  readonly histograms: {
    readonly perUser: readonly HistogramClass[] | null;
    readonly perItem: readonly HistogramClass[] | null;
    readonly rating: readonly HistogramClass[] | null;
    readonly time: readonly HistogramClass[] | null;
  };
  readonly warnings: readonly string[];
}

/**
 * Describes a data set, or files, whose columns are then described as they stand in the files, unused ones too.
 * @throws DeepTasteError `config`, `data`: as `loadDataset`
 */
export async function describeData(input: Dataset | DataOptions): Promise<DataDescription> {
  if ('hash' in input) return describeDataset(input, describeColumns(input));
  const options = parseDataOptions(input);
  return Database.use(async (database) => {
    const files = [{ name: 'interactions', files: options.files }];
    const { dataset, read } = await loadParts(database, files, options, { keepTables: true });
    const inFile = await describeFileColumns(database, read[0].table);
    const inMemory = describeColumns(dataset);
    const columns = inMemory.map((column, c) => (c < inFile.length ? { ...column, ...inFile[c] } : column));
    return describeDataset(dataset, columns);
  }, options.readMemory);
}

function describeDataset(dataset: Dataset, columns: readonly ColumnDescription[]): DataDescription {
  const { users, items, interactions, social, label, unnamed } = dataset;
  const { length, userIndex, itemIndex, rating, time, session } = interactions;
  const [namesUsers, namesItems] = [!unnamed?.includes('user'), !unnamed?.includes('item')];
  const { fields, warnings } = describeFields(dataset);
  return {
    name: dataset.name,
    hash: dataset.hash,
    columns,
    fields,
    nUsers: namesUsers ? users.size : 0,
    nItems: namesItems ? items.size : 0,
    nInteractions: length,
    density: unnamed ? null : distinctPairs(dataset) / (users.size * items.size),
    interactionsPerUser: namesUsers ? spreadOf(countOf(userIndex, users.size)) : null,
    interactionsPerItem: namesItems ? spreadOf(countOf(itemIndex, items.size)) : null,
    label: label && rating ? { ...label, share: ratingSummary(rating).mean } : null,
    rating: rating && !label ? ratingSummary(rating) : null,
    time: time && timeSpan(time),
    nSessions: session && new Set(session).size,
    interactionsPerSession: session && spreadOf(sessionSizes(session)),
    histograms: {
      perUser: namesUsers ? countHistogram(countOf(userIndex, users.size)) : null,
      perItem: namesItems ? countHistogram(countOf(itemIndex, items.size)) : null,
      rating: rating && !label ? valueHistogram(rating) : null,
      time: time && valueHistogram(time),
    },
    social: social && describeSocial(social, users.size, items.size, interactions),
    warnings: [...dataset.warnings, ...warnings],
  };
}

function distinctPairs({ interactions, items }: Dataset): number {
  const { userIndex, itemIndex } = interactions;
  const keys = Float64Array.from(userIndex, (user, row) => user * items.size + itemIndex[row]).sort();
  return keys.reduce((n, key, k) => n + (k === 0 || key !== keys[k - 1] ? 1 : 0), 0);
}

function countOf(index: Int32Array, size: number): Int32Array {
  const count = new Int32Array(size);
  for (const value of index) count[value]++;
  return count;
}

function sessionSizes(session: Int32Array): Int32Array {
  const nSessions = 1 + session.reduce((a, b) => Math.max(a, b), -1);
  return countOf(session, nSessions).filter((n) => n > 0);
}

function ratingSummary(rating: Float32Array): NonNullable<DataDescription['rating']> {
  const bounds = rating.reduce((b, r) => ({ min: Math.min(b.min, r), max: Math.max(b.max, r), sum: b.sum + r }), {
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    sum: 0,
  } as { min: number; max: number; sum: number });
  return { min: bounds.min, mean: bounds.sum / rating.length, max: bounds.max };
}

function timeSpan(time: Float64Array): NonNullable<DataDescription['time']> {
  const first = time.reduce((a, b) => Math.min(a, b));
  const last = time.reduce((a, b) => Math.max(a, b));
  return { first, last, from: calendar(first, last), to: calendar(last, last) };
}

/** Small numbers are counters of the file's own, not seconds since 1970. */
function calendar(time: number, largest: number): string {
  return largest >= 1e8 && Math.abs(time) <= 8.64e12 ? new Date(time * 1000).toISOString() : String(time);
}

/** The columns as the data set holds them; those it does not hold have no samples. */
function describeColumns(dataset: Dataset): ColumnDescription[] {
  return dataset.schema.columns.map((column) => ({ ...column, ...summaryOf(dataset, column) }));
}

type Summary = Pick<ColumnDescription, 'samples' | 'nMissing' | 'nDistinct'>;

function summaryOf(dataset: Dataset, column: ColumnSchema): Summary {
  const { users, items, interactions, userFields, itemFields } = dataset;
  if (column.role === 'user') return { samples: users.idsFrom(0, 3), nMissing: 0, nDistinct: users.size };
  if (column.role === 'item') return { samples: items.idsFrom(0, 3), nMissing: 0, nDistinct: items.size };
  const values = { rating: interactions.rating, time: interactions.time, session: interactions.session };
  const own = column.role in values ? values[column.role as keyof typeof values] : null;
  if (own) {
    const distinct = new Set<number>(own as Iterable<number>);
    return { samples: [...distinct].slice(0, 3).map(String), nMissing: 0, nDistinct: distinct.size };
  }
  if (column.role === 'label' && interactions.rating) return labelSummary(dataset);
  if (column.owner === 'interaction') {
    const context = interactions.context?.find(({ name }) => name === column.name);
    return context ? summaryOfContext(context) : { samples: [], nMissing: null, nDistinct: null };
  }
  const table = column.owner === 'user' ? userFields : itemFields;
  const field = fieldNamed(table, column.name);
  return field ? summaryOfField(field) : { samples: [], nMissing: null, nDistinct: null };
}

function labelSummary({ interactions }: Dataset): Summary {
  const distinct = new Set(interactions.rating);
  return { samples: [...distinct].map(String), nMissing: 0, nDistinct: distinct.size };
}

function summaryOfContext(column: ValueColumn): Summary {
  const rows = columnLength(column);
  const texts = new Map<string, number>();
  let nMissing = 0;
  for (let row = 0; row < rows; row++) {
    const text = cellOf(column, row);
    if (text === null) nMissing++;
    else texts.set(text, row);
  }
  return { samples: [...texts.keys()].slice(0, 3), nMissing, nDistinct: texts.size };
}

function cellOf(column: ValueColumn, row: number): string | null {
  if (column.kind === 'categorical') return column.index[row] < 0 ? null : column.values[column.index[row]];
  if (column.kind !== 'multi') return Number.isNaN(column.value[row]) ? null : String(column.value[row]);
  const [start, end] = [column.rowStart[row], column.rowStart[row + 1]];
  if (start === end) return null;
  return Array.from(column.index.subarray(start, end), (index) => column.values[index]).join('|');
}

function fieldNamed(table: FieldTable, name: string): Field | undefined {
  return table.fields.find((field) => field.name === name);
}

function summaryOfField(field: Field): Summary {
  const texts: string[] = [];
  for (const value of field.values)
    if (value !== null) texts.push(Array.isArray(value) ? value.join('|') : String(value));
  const distinct = new Set(texts);
  return {
    samples: [...distinct].slice(0, 3),
    nMissing: field.values.length - texts.length,
    nDistinct: distinct.size,
  };
}

/** Each column of the interactions as it stands in the files. */
async function describeFileColumns(database: Database, table: ImportedTable): Promise<Summary[]> {
  const select = table.columns.map((column, c) => {
    const text = sqlAsText(column);
    return `count(*) - count(${text}) AS missing${c}, count(DISTINCT ${text}) AS distinct${c}`;
  });
  const row = await database.row<Record<string, number>>(`SELECT ${select.join(', ')} FROM ${table.sql}`);
  const summaries: Summary[] = [];
  for (const [c, column] of table.columns.entries()) {
    const text = sqlAsText(column);
    const samples = await database.texts(
      `SELECT v FROM (SELECT ${text} AS v, rowid AS r FROM ${table.sql} WHERE ${text} IS NOT NULL LIMIT 10000)
       GROUP BY v ORDER BY min(r) LIMIT 3`,
    );
    summaries.push({ samples: samples as string[], nMissing: row[`missing${c}`], nDistinct: row[`distinct${c}`] });
  }
  return summaries;
}
