/** Files that describe users or items → one value for each dense index. */
import { DeepTasteError } from '../core/errors.ts';
import { type ColumnStatistics, columnStatistics, type GuessedKind, guessKind } from './column-statistics.ts';
import { badNumbers, settleTimes } from './context-plan.ts';
import type { TableOptions } from './data-options.ts';
import type { Field, FieldTable } from './dataset.ts';
import { settledIds } from './id-cells.ts';
import { marksNotes } from './missing-marks.ts';
import { measuresNotes, numberNote, unreadNumbersNote } from './number-cells.ts';
import type { Cell, Database } from './readers/database.ts';
import { importFiles } from './readers/import.ts';
import { type ImportedColumn, type ImportedTable, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import { isIndexName, isNameless, rowCounterNotes } from './readers/row-counters.ts';
import { namedFor, normalName, titleColumns } from './role-names.ts';
import { missingColumn } from './roles.ts';
import type { ColumnSchema } from './schema.ts';
import { TimeColumns } from './time-cells.ts';
import type { Vocabulary } from './vocabulary.ts';

interface SideInformation {
  readonly table: FieldTable;
  readonly schema: readonly ColumnSchema[];
  readonly warnings: readonly string[];
}

interface SideRequest {
  readonly path: string;
  readonly owner: 'user' | 'item';
  readonly vocabulary: Vocabulary;
  /** The name of the id column in the interactions, which the file may share. */
  readonly idName: string;
  /** The title column when the caller named it; null = no title. */
  readonly title?: string | null;
}

export function noFields(nRows: number): FieldTable {
  return { nRows, fields: [], title: null };
}

/** @throws DeepTasteError `data`: no id column is found, or no id of the file occurs in the interactions */
export async function readSideInformation(
  database: Database,
  request: SideRequest,
  options: TableOptions,
): Promise<SideInformation> {
  const file = await importFiles(database, [request.path], options);
  const key = keyColumn(file, request);
  const ids = await settledIds(database, file, [key], options);
  const imported = ids.table;
  const rows = await placeRows(database, imported, key, request);
  const others = imported.columns.filter((column) => column !== key && !(column.countsRows && isIndexName(column)));
  const statistics = await columnStatistics(database, imported);
  const times = new TimeColumns(database, imported, options.dateFormat);
  const settled = await settleKinds(
    database,
    imported,
    others,
    others.map((column) => statistics[imported.columns.indexOf(column)]),
    times,
  );
  const { kinds } = settled;
  const title = titleOf(imported, others, kinds, request);
  const fields: Field[] = [];
  for (const [c, column] of others.entries()) {
    const kind: GuessedKind = column === title ? { kind: 'text' } : kinds[c];
    fields.push(await readField(database, imported, column, kind, rows.ofIndex, times));
  }
  const table = { nRows: request.vocabulary.size, fields, title: title?.name ?? null };
  const counters = rowCounterNotes(
    imported.source,
    imported.columns.filter((column) => column !== key),
    [],
  );
  const warnings = [...imported.warnings, ...counters, ...ids.notes, ...rows.warnings, ...settled.notes];
  return { table, schema: schemaOf(imported, key, title, others, kinds, request), warnings };
}

function keyColumn(table: ImportedTable, { owner, idName }: SideRequest): ImportedColumn {
  const byName = (name: string | undefined): ImportedColumn | undefined => table.columns.find((c) => c.name === name);
  const names = table.columns.map((column) => column.name);
  const named = namedFor(owner, names);
  const key =
    byName(idName) ??
    byName(named.length === 1 ? named[0] : undefined) ??
    byName(names.find((n) => normalName(n) === 'id')) ??
    // pandas writes an index, which may be the ids, without a name
    table.columns.find(isNameless);
  if (key) return key;
  if (!table.named) return table.columns[0];
  throw new DeepTasteError(
    'data',
    `${table.source}: cannot tell which column holds the ${owner} ids; name it "${idName}" as in the interactions; ` +
      `columns: ${names.join(', ')}`,
    { path: table.source, columns: names },
  );
}

interface PlacedRows {
  /** [size of the vocabulary] row of the file that describes each index, −1 = none. */
  readonly ofIndex: Int32Array;
  readonly warnings: readonly string[];
}

/** Finds each index's row; of rows with the same id the first counts. */
async function placeRows(
  database: Database,
  table: ImportedTable,
  key: ImportedColumn,
  { owner, vocabulary }: SideRequest,
): Promise<PlacedRows> {
  const ofIndex = new Int32Array(vocabulary.size).fill(-1);
  let nUnknown = 0;
  let nRepeated = 0;
  let nPlaced = 0;
  await database.columns(`SELECT ${sqlAsText(key)} FROM ${table.sql} ORDER BY rowid`, [
    (value, row) => {
      const index = value === null ? undefined : vocabulary.indexOf(value as string);
      if (index === undefined) nUnknown++;
      else if (ofIndex[index] >= 0) nRepeated++;
      else {
        ofIndex[index] = row;
        nPlaced++;
      }
    },
  ]);
  if (nPlaced === 0)
    throw new DeepTasteError(
      'data',
      `${table.source}: none of its ${table.nRows} ids in column "${key.name}" occurs among the ${owner}s of the interactions`,
      { path: table.source, column: key.name },
    );
  const warnings: string[] = [];
  if (nRepeated > 0) warnings.push(`${table.source}: ${nRepeated} rows repeat an id; the first row of each is used`);
  if (nUnknown > 0) warnings.push(`${table.source}: ${nUnknown} ${owner}s without interactions are left out`);
  if (nPlaced < vocabulary.size)
    warnings.push(`${table.source}: ${vocabulary.size - nPlaced} of ${vocabulary.size} ${owner}s are not described`);
  return { ofIndex, warnings };
}

function titleOf(
  table: ImportedTable,
  others: readonly ImportedColumn[],
  kinds: readonly GuessedKind[],
  { owner, title }: SideRequest,
): ImportedColumn | null {
  if (title === null) return null;
  if (title !== undefined) {
    const column = others.find((each) => each.name === title);
    if (!column) throw missingColumn(table, title, 'title');
    return column;
  }
  if (owner === 'user') return null;
  const texts = others.filter((_, c) => kinds[c].kind !== 'numeric');
  const [name] = titleColumns(texts.map((column) => column.name));
  return texts.find((column) => column.name === name) ?? null;
}

/** The kinds of columns as all their cells show them, with notes on how cells are read and which are none. */
export async function settleKinds(
  database: Database,
  table: ImportedTable,
  columns: readonly ImportedColumn[],
  statistics: readonly ColumnStatistics[],
  times: TimeColumns,
): Promise<{ kinds: GuessedKind[]; notes: string[] }> {
  const kinds: GuessedKind[] = [];
  const notes: string[] = [];
  for (const [c, column] of columns.entries()) {
    const guess = guessKind(column, statistics[c]);
    const { kind, notes: ofTimes } = await settleTimes(table, column, guess.kind, times);
    kinds.push(kind === guess.kind ? guess : { kind });
    notes.push(...ofTimes, ...marksNotes(table, column));
    if (kind === 'numeric') notes.push(...numberNote(table, column));
    if (kind === 'categorical') {
      notes.push(...unreadNumbersNote(table, column));
      notes.push(...(await measuresNotes(database, table, column, statistics[c])));
    }
    if (kind === 'numeric' || kind === 'time')
      notes.push(...(await badNumbers(database, table, [{ column, kind }], times)));
  }
  return { kinds, notes };
}

/** A column's cells, moved to the indices that their rows describe. */
export async function readField(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  guess: GuessedKind,
  ofIndex: Int32Array,
  times: TimeColumns,
): Promise<Field> {
  const cells: Cell[] = [];
  const { kind, select, read } = await cellReader(column, guess, times);
  await database.columns(`SELECT ${select} FROM ${table.sql} ORDER BY rowid`, [(value) => cells.push(value)]);
  const at = (row: number) => (row < 0 ? null : read(cells[row]));
  return { name: column.name, kind, values: Array.from(ofIndex, at) } as Field;
}

/** How a column's cells are read: SQL for them, and what becomes of one; times are numbers, seconds. */
export async function cellReader(
  column: ImportedColumn,
  { kind, separator }: GuessedKind,
  times: TimeColumns,
): Promise<CellReader> {
  if (kind === 'numeric' || kind === 'time') {
    const select = kind === 'time' ? (await times.of(column)).sql : sqlAsNumber(column);
    const read = (cell: Cell) => (Number.isFinite(cell) ? (cell as number) : null);
    return { kind: 'numeric', select, read };
  }
  const select = cellText(column);
  if (kind === 'multi') return { kind, select, read: (cell) => splitCell(cell as string | null, column, separator) };
  return { kind: kind === 'text' ? 'text' : 'categorical', select, read: (cell) => cell as string | null };
}

export interface CellReader {
  readonly kind: Field['kind'];
  readonly select: string;
  readonly read: (cell: Cell) => string | number | string[] | null;
}

/** Stands between the members of a list; texts do not hold it. */
const unitSeparator = '\u001f';

function cellText(column: ImportedColumn): string {
  return column.storage === 'list' ? `array_to_string(${column.sql}, '${unitSeparator}')` : sqlAsText(column);
}

/** @param separator any one of its characters separates */
function splitCell(text: string | null, column: ImportedColumn, separator: string | undefined): string[] | null {
  if (text === null) return null;
  const marks = column.storage === 'list' ? unitSeparator : (separator ?? '|');
  const parts = [...marks].reduce((list, mark) => list.flatMap((each) => each.split(mark)), [text]);
  return parts.map((each) => each.trim()).filter((each) => each !== '');
}

function schemaOf(
  table: ImportedTable,
  key: ImportedColumn,
  title: ImportedColumn | null,
  others: readonly ImportedColumn[],
  kinds: readonly GuessedKind[],
  request: SideRequest,
): ColumnSchema[] {
  const { owner } = request;
  return table.columns.map((column) => {
    const guessed = !table.standard;
    if (column === key) return { name: column.name, role: owner, kind: 'id', owner, guessed };
    if (column === title)
      return { name: column.name, role: 'title', kind: 'text', owner, guessed: guessed && request.title === undefined };
    const at = others.indexOf(column);
    if (at < 0) return { name: column.name, role: 'ignore', kind: 'numeric', owner, guessed };
    return { name: column.name, role: 'field', kind: kinds[at].kind, owner, guessed };
  });
}
