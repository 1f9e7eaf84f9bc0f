/** Any table that the readers know → a checked log of decisions. */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { quotedName } from '../../core/shown.ts';
import { type ColumnStatistics, columnStatistics, type GuessedKind } from '../../data/column-statistics.ts';
import { fileOptions } from '../../data/data-options.ts';
import { type Cell, Database } from '../../data/readers/database.ts';
import { importFiles } from '../../data/readers/import.ts';
import {
  type ImportedColumn,
  type ImportedTable,
  placeOf,
  sqlAsNumber,
  sqlAsText,
} from '../../data/readers/imported-table.ts';
import { isIndexName } from '../../data/readers/row-counters.ts';
import { settleKinds } from '../../data/side-information.ts';
import { TimeColumns } from '../../data/time-cells.ts';
import { checkDecisions } from './check-decisions.ts';
import type { ContextColumn, Decisions } from './decisions.ts';
import { assignLogRoles, logRoles } from './log-roles.ts';
import { NumberedTexts } from './numbered-texts.ts';

export const logOptions = fileOptions.extend({
  columns: logRoles.prefault({}).meta({ doc: 'which column plays which role' }),
  behaviour: z.string().min(1).optional().meta({
    doc: 'beginning of the names of columns with the probabilities of all actions in the log, e.g. p_ for p_red, p_blue',
  }),
  rewardRange: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, 'must be the lowest and the highest reward')
    .optional()
    .meta({ doc: 'lowest and highest reward that there can be; others are refused. Default: any number' }),
  numbers: z
    .array(z.string().min(1))
    .default([])
    .meta({ doc: 'columns of numbers that policies are given by; one that ends with * stands for all that begin so' }),
});
export type LogOptions = z.input<typeof logOptions>;

/**
 * Reads logged decisions (CSV, TSV, JSON, Parquet …; plain or gzip). Rows keep the order of the files.
 * @param files paths or globs
 * @throws DeepTasteError `config`: an option, a role that no column plays; `data`: a file, or a row that cannot be of such a log
 */
export async function readDecisions(files: readonly string[], options: LogOptions = {}): Promise<Decisions> {
  const { columns: told, behaviour, rewardRange, numbers, ...layout } = parseOptions(logOptions, options, 'log');
  return Database.use(async (database) => {
    const table = await importFiles(database, files, layout);
    const found = assignLogRoles(table, told);
    const column = (name: string): ImportedColumn => {
      const at = table.columns.find((each) => each.name === name);
      if (at) return at;
      throw new DeepTasteError(
        'config',
        `${table.source}: there must be a column ${quotedName(name)}, found ${table.columns.map((each) => each.name).join(', ')}`,
        { column: name },
      );
    };
    const ofPolicies = numbers.flatMap((name) => expanded(table, name));
    const isOfPolicy = (name: string) =>
      ofPolicies.includes(name) || (behaviour !== undefined && name.startsWith(behaviour));
    const statistics = await columnStatistics(database, table);
    const times = new TimeColumns(database, table, layout.dateFormat);
    const notes = [...table.warnings];

    const action = await readTexts(database, table, column(found.action as string), 'action');
    const reward = await readNumbers(database, table, column(found.reward as string));
    const propensity = await readNumbers(database, table, column(found.propensity as string));
    const lists = await readLists(database, table, found, told.list !== undefined && told.list !== null, column, notes);
    const position = await readPositions(database, table, found.position, column);
    const time = found.time === undefined ? null : await readTime(database, table, times, column(found.time));
    const roles = Object.values(found);
    const isOpen = (name: string) => !roles.includes(name) && !told.context?.includes(name);
    const others = table.columns.filter(
      (each) =>
        (told.context ? told.context.includes(each.name) : !roles.includes(each.name) && !isOfPolicy(each.name)) &&
        !(each.countsRows && isIndexName(each)),
    );
    for (const name of told.context ?? []) column(name);
    const context = told.context === null ? [] : await readContext(database, table, others, statistics, times, notes);
    const actions = [
      ...action.texts,
      ...unloggedActions(table, [...numbers, ...(behaviour ? [`${behaviour}*`] : [])], action.texts, isOpen),
    ];
    const columnsOfNumbers = new Map<string, Float64Array>();
    for (const name of ofPolicies) columnsOfNumbers.set(name, await readNumbers(database, table, column(name)));
    const decisions: Decisions = {
      source: table.source,
      length: table.nRows,
      actions,
      action: action.index,
      reward,
      propensity,
      behaviour:
        behaviour === undefined ? null : await readBehaviour(database, table, actions, action.texts.length, behaviour),
      positions: position?.texts ?? [],
      position: position?.index ?? null,
      list: lists?.index ?? null,
      nLists: lists?.texts.length ?? 0,
      time,
      context,
      numbers: columnsOfNumbers,
      notes,
    };
    const range = rewardRange ? { low: rewardRange[0], high: rewardRange[1] } : null;
    checkDecisions(decisions, (row) => placeOf(table, row), range);
    return decisions;
  });
}

/** Actions that the log never shows, and columns of probabilities name: `p_blue`, where the others are `p_red` and `p_green`. */
function unloggedActions(
  { columns }: ImportedTable,
  beginnings: readonly string[],
  logged: readonly string[],
  isOpen: (name: string) => boolean,
): string[] {
  const found = beginnings
    .filter((name) => name.endsWith('*'))
    .map((name) => name.slice(0, -1))
    .flatMap((beginning) =>
      columns
        .filter(({ name }) => name.startsWith(beginning) && name.length > beginning.length && isOpen(name))
        .map(({ name }) => name.slice(beginning.length)),
    );
  return [...new Set(found)].filter((action) => !logged.includes(action));
}

/** `new_*`: all columns that begin so. */
function expanded({ source, columns }: ImportedTable, name: string): string[] {
  if (!name.endsWith('*')) return [name];
  const found = columns.map((each) => each.name).filter((each) => each.startsWith(name.slice(0, -1)));
  if (found.length > 0) return found;
  throw new DeepTasteError(
    'config',
    `${source}: there must be columns that begin with ${quotedName(name.slice(0, -1))}, found ${columns.map((each) => each.name).join(', ')}`,
    { column: name },
  );
}

async function readTexts(database: Database, table: ImportedTable, column: ImportedColumn, role: string) {
  const numbered = new NumberedTexts(table.nRows);
  await database.columns(`SELECT ${sqlAsText(column)} FROM ${table.sql} ORDER BY rowid`, [
    (value: Cell, row: number) => {
      if (value === null)
        throw new DeepTasteError(
          'data',
          `${placeOf(table, row)}: the ${role} must be named, found nothing in ${quotedName(column.name)}; leave the row out`,
          { row, column: column.name },
        );
      numbered.set(row, value as string);
    },
  ]);
  return numbered;
}

/** NaN where a cell holds no number. */
async function readNumbers(database: Database, table: ImportedTable, column: ImportedColumn): Promise<Float64Array> {
  const values = new Float64Array(table.nRows);
  await database.numbers(`SELECT coalesce(${sqlAsNumber(column)}, 'nan'::DOUBLE) FROM ${table.sql} ORDER BY rowid`, [
    (chunk, start) => values.set(chunk, start),
  ]);
  return values;
}

/** A column that only looks like one of lists is passed over, and told. */
async function readLists(
  database: Database,
  table: ImportedTable,
  found: { readonly list?: string; readonly position?: string },
  isTold: boolean,
  column: (name: string) => ImportedColumn,
  notes: string[],
): Promise<NumberedTexts | null> {
  if (found.list === undefined || (found.position === undefined && !isTold)) return null;
  const lists = await readTexts(database, table, column(found.list), 'list');
  if (isTold || lists.texts.length < table.nRows) return lists;
  notes.push(`${table.source}: "${found.list}" is another for each row: every row is taken as a decision of its own`);
  return null;
}

/** Positions in ascending order: as numbers where all are. */
async function readPositions(
  database: Database,
  table: ImportedTable,
  name: string | undefined,
  column: (name: string) => ImportedColumn,
): Promise<NumberedTexts | null> {
  if (name === undefined) return null;
  const read = await readTexts(database, table, column(name), 'position');
  const areNumbers = read.texts.every((text) => text.trim() !== '' && Number.isFinite(Number(text)));
  return read.sorted(areNumbers ? (a, b) => Number(a) - Number(b) : (a, b) => (a < b ? -1 : 1));
}

async function readTime(
  database: Database,
  table: ImportedTable,
  times: TimeColumns,
  column: ImportedColumn,
): Promise<Float64Array> {
  const reading = await times.ofRows(column);
  const values = new Float64Array(table.nRows);
  await database.numbers(
    `SELECT coalesce(CAST(${reading.sql} AS DOUBLE), 'nan'::DOUBLE) FROM ${table.sql} ORDER BY rowid`,
    [(chunk, start) => values.set(chunk, start)],
  );
  return values;
}

async function readContext(
  database: Database,
  table: ImportedTable,
  columns: readonly ImportedColumn[],
  statistics: readonly ColumnStatistics[],
  times: TimeColumns,
  notes: string[],
): Promise<ContextColumn[]> {
  const own = columns.map((column) => statistics[table.columns.indexOf(column)]);
  const { kinds, notes: ofKinds } = await settleKinds(database, table, columns, own, times);
  notes.push(...ofKinds);
  const read: ContextColumn[] = [];
  for (const [c, column] of columns.entries()) {
    const kind: GuessedKind['kind'] = kinds[c].kind;
    if (kind === 'text' || kind === 'multi')
      notes.push(`${table.source}: "${column.name}" holds ${kind === 'text' ? 'long texts' : 'lists'}; it is left out`);
    else if (kind === 'numeric') read.push(await numericContext(database, table, column, notes));
    else if (kind === 'time') {
      const { sql } = await times.of(column);
      const value = new Float64Array(table.nRows);
      await database.numbers(
        `SELECT coalesce(CAST(${sql} AS DOUBLE), 'nan'::DOUBLE) FROM ${table.sql} ORDER BY rowid`,
        [(chunk, start) => value.set(chunk, start)],
      );
      read.push({ name: column.name, kind: 'time', value });
    } else read.push(await categoricalContext(database, table, column));
  }
  return read;
}

async function numericContext(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  notes: string[],
): Promise<ContextColumn> {
  const value = await readNumbers(database, table, column);
  const missing = value.reduce((n, each) => n + (Number.isNaN(each) ? 1 : 0), 0);
  if (missing > 0)
    notes.push(
      `${table.source}: "${column.name}" is no number in ${missing} rows; reward models take it as unknown there`,
    );
  return { name: column.name, kind: 'numeric', value };
}

async function categoricalContext(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
): Promise<ContextColumn> {
  const numbered = new NumberedTexts(table.nRows);
  await database.columns(`SELECT ${sqlAsText(column)} FROM ${table.sql} ORDER BY rowid`, [
    (value: Cell, row: number) => numbered.set(row, value as string | null),
  ]);
  return { name: column.name, kind: 'categorical', values: numbered.texts, index: numbered.index };
}

/** [rows × actions] from columns that are named by a common beginning and the action. */
async function readBehaviour(
  database: Database,
  table: ImportedTable,
  actions: readonly string[],
  nLogged: number,
  beginning: string,
): Promise<Float64Array> {
  const all = new Float64Array(table.nRows * actions.length);
  for (const [a, action] of actions.entries()) {
    const column = table.columns.find(({ name }) => name === `${beginning}${action}`);
    // what only another policy takes the log never does
    if (!column && a >= nLogged) continue;
    if (!column)
      throw new DeepTasteError(
        'config',
        `${table.source}: the probabilities of all actions need a column ${quotedName(`${beginning}${action}`)}, found none; ` +
          'give one for every action, or leave --behaviour out',
        { action },
      );
    const values = await readNumbers(database, table, column);
    for (let row = 0; row < values.length; row++) all[row * actions.length + a] = values[row];
  }
  return all;
}
