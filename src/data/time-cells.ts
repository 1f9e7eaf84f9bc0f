/** Times in the cells of files: the form in which a column holds them, given or found from all its cells, and SQL that reads them. */
import { DeepTasteError } from '../core/errors.ts';
import { type DateOrder, dateForms, ISO, isTimeUnit, type TimeUnit } from './date-forms.ts';
import { isForeignDate, type Listopad, listopadLooks, sqlWithEnglishMonth } from './month-names.ts';
import { numberEvidence, readNumbers } from './number-times.ts';
import { type Database, sqlText } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import { dateText, type TimeReading } from './time-reading.ts';

/** How times are written, where the caller says so: for the time of the rows, or by the names of columns. */
type DateFormat = string | Readonly<Record<string, string>>;

/** 1970-01-01 to the end of 2100: times of interactions outside were hardly meant. */
const latest = 4_133_980_800;
/** The year 1000: what is read as earlier was no four-digit year. */
const earliestYear = -30_610_224_000;

/** A cell that is read wrongly in few rows does not decide about an order: at most this share of those that do. */
const strayShare = 0.01;

/** The times of one table's columns; each column is looked at once. */
export class TimeColumns {
  readonly #database: Database;
  readonly #table: ImportedTable;
  readonly #told: DateFormat | undefined;
  readonly #hints: ReadonlyMap<string, DateOrder>;
  readonly #made = new Map<ImportedColumn, Promise<TimeReading>>();

  /** @param hints the order of day, month and year that other files showed, by the names of columns */
  constructor(
    database: Database,
    table: ImportedTable,
    told: DateFormat | undefined,
    hints: ReadonlyMap<string, DateOrder> = new Map(),
  ) {
    this.#database = database;
    this.#table = table;
    this.#told = told;
    this.#hints = hints;
  }

  /**
   * The time of the rows.
   * @throws DeepTasteError `data`: cells that read in more than one way, that are no times, or times outside 1970–2100
   */
  async ofRows(column: ImportedColumn): Promise<TimeReading> {
    const told = typeof this.#told === 'string' ? this.#told : this.#told?.[column.name];
    const reading = await this.#reading(column, told);
    checkSpan(this.#table, column, reading);
    return reading;
  }

  /** A further column. @throws DeepTasteError `data`: as `ofRows`, but for the span */
  async of(column: ImportedColumn): Promise<TimeReading> {
    const told = typeof this.#told === 'object' ? this.#told[column.name] : undefined;
    return this.#reading(column, told);
  }

  /** As `of`; the error as a value. */
  async tryOf(column: ImportedColumn): Promise<TimeReading | DeepTasteError> {
    return this.of(column).catch((error) => {
      if (error instanceof DeepTasteError && error.code === 'data') return error;
      throw error;
    });
  }

  /** The orders of day, month and year that were found, by the names of columns. */
  async orders(): Promise<Map<string, DateOrder>> {
    const orders = new Map<string, DateOrder>();
    for (const [{ name }, made] of this.#made) {
      const reading = await made.catch(() => null);
      if (reading?.order && reading.order !== 'named') orders.set(name, reading.order);
    }
    return orders;
  }

  #reading(column: ImportedColumn, told: string | undefined): Promise<TimeReading> {
    const known = this.#made.get(column);
    if (known) return known;
    const made = this.#read(column, told);
    this.#made.set(column, made);
    return made;
  }

  async #read(column: ImportedColumn, told: string | undefined): Promise<TimeReading> {
    if (told !== undefined) return readTold(this.#database, this.#table, column, told);
    if (column.storage === 'time') {
      const sql = `CAST(epoch(CAST(${column.sql} AS TIMESTAMP)) AS DOUBLE)`;
      return {
        sql,
        format: 'times',
        order: null,
        told: false,
        ...(await spanOf(this.#database, this.#table, sql)),
        notes: [],
      };
    }
    const evidence = await numberEvidence(this.#database, this.#table, column);
    if (evidence.numeric * 2 >= evidence.cells) return readNumbers(this.#database, this.#table, column, evidence);
    return readTexts(this.#database, this.#table, column, this.#hints.get(column.name));
  }
}

function cell(column: ImportedColumn): string {
  return `nullif(trim(${sqlAsText(column)}), '')`;
}

async function spanOf(
  database: Database,
  table: ImportedTable,
  sql: string,
): Promise<{ first: number | null; last: number | null }> {
  const finite = `FILTER (isfinite(${sql}))`;
  return database.row(`SELECT min(${sql}) ${finite} AS first, max(${sql}) ${finite} AS last FROM ${table.sql}`);
}

function checkSpan(table: ImportedTable, column: ImportedColumn, { first, last, format, told }: TimeReading): void {
  if (told || format === 'counter' || first === null || last === null || (first >= 0 && last < latest)) return;
  throw new DeepTasteError(
    'data',
    `${table.source}: "${column.name}": times must lie between 1970 and 2100, found ${dateText(first)} to ${dateText(last)} ` +
      `(read as ${format}); say how they are written with --date-format (dateFormat), e.g. --date-format ` +
      `${/^[a-z]+$/.test(format) ? 'counter for numbers that only tell an order' : `${sqlText(format)} to take them as they are`}`,
    { path: table.source, column: column.name, first, last },
  );
}

/** @throws DeepTasteError `config`: a format that strptime does not know; `data`: no cell fits */
async function readTold(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  told: string,
): Promise<TimeReading> {
  const sql = isTimeUnit(told)
    ? sqlOfUnit(column, told)
    : sqlOfFormats(await cellOfForm(database, table, column, told), [told]);
  const span = await spanOf(database, table, sql).catch((error) => {
    const reason = (error as Error).message.split('\n')[0].replace(/^[A-Z][A-Za-z ]* Error: /, '');
    throw new DeepTasteError('config', `dateFormat: ${JSON.stringify(told)} is no format of strptime: ${reason}`);
  });
  if (span.first === null) {
    const [example] = await database.texts(
      `SELECT ${cell(column)} FROM ${table.sql} WHERE ${cell(column)} IS NOT NULL LIMIT 1`,
    );
    if (example !== undefined)
      throw new DeepTasteError(
        'data',
        `${table.source}: "${column.name}": no cell reads as ${told}, found ${JSON.stringify(example)}; say another --date-format`,
        { path: table.source, column: column.name },
      );
  }
  return { sql, format: told, order: null, told: true, ...span, notes: [] };
}

/** SQL for the cells; months of other languages by their English names where the form names months. */
async function cellOfForm(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  format: string,
): Promise<string> {
  if (!/%[bBh]/.test(format)) return cell(column);
  const cells = await database.texts(
    `SELECT DISTINCT t FROM (SELECT ${cell(column)} AS t FROM ${table.sql} LIMIT ${nLookedAt}) WHERE t IS NOT NULL`,
  );
  return cells.some((each) => isForeignDate(each!)) ? inEnglish(database, table, column) : cell(column);
}

/**
 * SQL for the cells with their months by English names.
 * @throws DeepTasteError `data`: listopad without another month that says whether it is October or November
 */
async function inEnglish(database: Database, table: ImportedTable, column: ImportedColumn): Promise<string> {
  const text = cell(column);
  const has = (look: string): string => `coalesce(bool_or(regexp_matches(${text}, ${sqlText(`(?i)${look}`)})), FALSE)`;
  const { itself, october, november } = await database.row<Record<keyof typeof listopadLooks, boolean>>(
    `SELECT ${has(listopadLooks.itself)} AS itself, ${has(listopadLooks.october)} AS october, ${has(listopadLooks.november)} AS november FROM ${table.sql}`,
  );
  if (itself && october === november)
    throw new DeepTasteError(
      'data',
      `${table.source}: "${column.name}": listopad is November in Polish and Czech and October in Croatian, and ` +
        `${october ? 'the column has months of both' : 'no other month of the column says which'}; write months as numbers`,
      { path: table.source, column: column.name },
    );
  const listopad: Listopad = october ? 'October' : 'November';
  return sqlWithEnglishMonth(text, listopad);
}

function sqlOfUnit(column: ImportedColumn, unit: TimeUnit): string {
  const number = sqlAsNumber(column);
  if (unit === 'iso') return sqlOfFormats(cell(column), [ISO]);
  if (unit === 'days') return `${number} * 86400`;
  if (unit === 'excel') return `round((${number} - 25569) * 86400, 3)`;
  const ticks = { seconds: '1.0', milliseconds: '1e3', microseconds: '1e6', nanoseconds: '1e9', counter: '1.0' };
  return `${number} / ${ticks[unit]}`;
}

/** SQL for the seconds of a text; NULL where no format fits, and for years before 1000. */
function sqlOfFormats(text: string, formats: readonly string[]): string {
  // A four-digit year would read "24" as the year 24.
  const others = formats
    .filter((format) => format !== ISO)
    .sort((a, b) => Number(b.includes('%y')) - Number(a.includes('%y')));
  const parts = [
    ...(formats.includes(ISO) ? [`epoch(TRY_CAST(${text} AS TIMESTAMPTZ))`] : []),
    ...(others.length > 0 ? [`epoch(try_strptime(${text}, [${others.map(sqlText).join(', ')}]))`] : []),
  ];
  const seconds = parts.length === 1 ? parts[0] : `coalesce(${parts.join(', ')})`;
  // DuckDB's specials ("infinity") are no times.
  return `CASE WHEN ${seconds} >= ${earliestYear} AND ${seconds} < 1e12 THEN ${seconds} END`;
}

/** Rows that are looked at for forms; forms of later rows are looked for among what these do not read. */
const nLookedAt = 20_000;

async function readTexts(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  hint: DateOrder | undefined,
): Promise<TimeReading> {
  const written = cell(column);
  let text = written;
  const formats = new Map<DateOrder, Set<string>>();
  let unread = 'TRUE';
  let found: Readings | null = null;
  for (let round = 0; round < 4; round++) {
    const cells = await database.texts(
      `SELECT DISTINCT t FROM (SELECT ${written} AS t FROM ${table.sql} WHERE ${written} IS NOT NULL AND ${unread} LIMIT ${nLookedAt})`,
    );
    if (!addForms(formats, cells as string[])) break;
    if (text === written && cells.some((each) => isForeignDate(each!))) text = await inEnglish(database, table, column);
    found = await countReadings(database, table, { written, text }, formats);
    if (found.nUnread === 0) break;
    unread = `coalesce(${found.readings.map(({ sql }) => sql).join(', ')}) IS NULL`;
  }
  if (found === null || found.readings.every(({ n }) => n === 0)) throw await noDates(database, table, column, written);
  const reading = chosen(table, column, found, hint);
  const example = reading.example;
  const notes =
    reading.formats.length === 1 && reading.formats[0] === ISO
      ? []
      : [`read as ${reading.formats.join(' or ')}, e.g. ${example.cell} = ${dateText(example.seconds)}`];
  const { sql, order, first, last } = reading;
  return { sql, format: reading.formats.join(' or '), order, told: false, first, last, notes };
}

function addForms(formats: Map<DateOrder, Set<string>>, cells: readonly string[]): boolean {
  let isNew = false;
  for (const each of cells)
    for (const { order, format } of dateForms(each)) {
      const known = formats.get(order) ?? new Set();
      isNew ||= !known.has(format);
      formats.set(order, known.add(format));
    }
  return isNew;
}

interface Reading {
  readonly order: DateOrder;
  readonly formats: readonly string[];
  readonly sql: string;
  /** Cells that it reads. */
  readonly n: number;
  readonly first: number | null;
  readonly last: number | null;
  readonly example: { readonly cell: string; readonly seconds: number };
}

interface Readings {
  readonly readings: readonly Reading[];
  readonly nUnread: number;
  /** [a][b] cells that reading a reads and b does not. */
  readonly alone: readonly (readonly number[])[];
  /** Cells that the readings give different times. */
  readonly nDifferent: number;
  /** One of them with its time by each reading. */
  readonly different: { readonly cell: string; readonly seconds: readonly (number | null)[] } | null;
}

/** SQL for the cells as they stand in the file, and as strptime reads them. */
interface Cells {
  readonly written: string;
  readonly text: string;
}

async function countReadings(
  database: Database,
  table: ImportedTable,
  { written, text }: Cells,
  formats: ReadonlyMap<DateOrder, ReadonlySet<string>>,
): Promise<Readings> {
  const named = [...(formats.get('named') ?? [])];
  const open = (['dmy', 'mdy', 'ymd'] as const).filter((order) => formats.has(order));
  const ways: { order: DateOrder; formats: string[] }[] =
    open.length === 0
      ? [{ order: 'named', formats: named }]
      : open.map((order) => ({ order, formats: [...formats.get(order)!, ...named] }));
  const sqls = ways.map((way) => sqlOfFormats('t', way.formats));
  const each = ways.map((_, k) => `e${k}`);
  const differs = each.length === 1 ? 'FALSE' : `greatest(${each}) <> least(${each})`;
  const select = [
    `count(t) AS n, count(*) FILTER (t IS NOT NULL AND coalesce(${each}, NULL) IS NULL) AS unread`,
    `count(*) FILTER (${differs}) AS different, min(w) FILTER (${differs}) AS cell`,
    ...each.flatMap((e, k) => [
      `count(${e}) AS n${k}, min(${e}) AS first${k}, max(${e}) AS last${k}, arg_min(w, ${e}) AS example${k}`,
      `arg_min(${e}, w) FILTER (${differs} AND ${e} IS NOT NULL) AS at${k}`,
      ...each.map((other, j) => `count(*) FILTER (${e} IS NOT NULL AND ${other} IS NULL) AS alone${k}_${j}`),
    ]),
  ];
  const cells = `(SELECT w, t, ${sqls.map((sql, k) => `${sql} AS e${k}`).join(', ')} FROM (SELECT ${written} AS w, ${text} AS t FROM ${table.sql}))`;
  const row = await database.row<Record<string, number>>(`SELECT ${select.join(', ')} FROM ${cells}`);
  const readings = ways.map((way, k): Reading => {
    const example = { cell: String(row[`example${k}`]), seconds: row[`first${k}`] };
    const range = { first: row[`first${k}`] ?? null, last: row[`last${k}`] ?? null };
    return { ...way, sql: sqlOfFormats(text, way.formats), n: row[`n${k}`], ...range, example };
  });
  return {
    readings,
    nUnread: row.unread,
    alone: each.map((_, k) => each.map((__, j) => row[`alone${k}_${j}`])),
    nDifferent: row.different,
    different:
      row.different > 0 ? { cell: String(row.cell), seconds: each.map((_, k) => row[`at${k}`] ?? null) } : null,
  };
}

/** The reading that the values show. @throws DeepTasteError `data`: they do not */
function chosen(table: ImportedTable, column: ImportedColumn, found: Readings, hint: DateOrder | undefined): Reading {
  const { readings, alone } = found;
  const beats = (a: number, b: number): boolean => alone[a][b] > 0 && alone[b][a] <= strayShare * alone[a][b];
  const left = readings.map((_, k) => k).filter((k) => readings[k].n > 0 && !readings.some((__, j) => beats(j, k)));
  const hinted = left.find((k) => readings[k].order === hint);
  if (left.length === 1) return readings[left[0]];
  if (hinted !== undefined) return readings[hinted];
  if (found.nDifferent === 0 && left.every((a) => left.every((b) => alone[a][b] === 0))) return readings[left[0]];
  const where = `${table.source}: "${column.name}"`;
  const details = { path: table.source, column: column.name };
  const formatsOf = (k: number): string => readings[k].formats.find((format) => !/^ISO/.test(format))!;
  const advice = left.map((k) => `--date-format ${sqlText(formatsOf(k))}`).join(' or ');
  if (left.length === 0 || left.some((a) => left.some((b) => alone[a][b] > 0)))
    throw new DeepTasteError(
      'data',
      `${where}: dates must stand in one order, found cells that read as ${readings.map(({ formats }) => formats[0]).join(' only, and others as ')} ` +
        'only; mend the file, or say how they are written with --date-format (dateFormat)',
      details,
    );
  const ways = left.map((k) => `${dateText(found.different!.seconds[k] ?? Number.NaN)} as ${formatsOf(k)}`);
  throw new DeepTasteError(
    'data',
    `${where}: dates must show which part is the day, the month and the year, but all cells read in ${left.length} ways: ` +
      `${found.different!.cell} is ${ways.join(', or ')}; say which with ${advice} (dateFormat)`,
    { ...details, cell: found.different!.cell, formats: left.map(formatsOf) },
  );
}

async function noDates(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  text: string,
): Promise<DeepTasteError> {
  const [found] = await database.texts(`SELECT ${text} FROM ${table.sql} WHERE ${text} IS NOT NULL LIMIT 1`);
  const isClock = /^\d{1,2}:\d{2}/.test(found ?? '');
  const advice = isClock
    ? 'it holds times of day: name the column of the dates too, as in --time date+time, or say --no-time'
    : "say how they are written with --date-format (dateFormat), e.g. --date-format '%d/%m/%Y', or say --no-time";
  return new DeepTasteError(
    'data',
    `${table.source}: "${column.name}" must hold times (numbers, ISO 8601, or dates in a usual form), found ${JSON.stringify(found ?? '')}; ${advice}`,
    { path: table.source, column: column.name },
  );
}
