/** Checks the cells of interaction files and gathers them, file after file, in one table of typed columns. */

import { DeepTasteError } from '../core/errors.ts';
import { shellWord } from '../core/shell-word.ts';
import { badNumbers, type ContextPlan, cellText, decimalHint, sqlAsContext } from './context-plan.ts';
import { counted } from './counted.ts';
import { type LabelRule, sqlAsLabel } from './labels.ts';
import { marksText } from './missing-marks.ts';
import type { Database } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, placeOf, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import type { InteractionRoles } from './roles.ts';
import type { TimeColumns } from './time-cells.ts';

/** The gathered rows; the order of `rowid` is the order of the files. */
export const gatheredRows = 'gathered';

/** The user, or item, of all rows when the rows name none. */
const unnamedId = '(unnamed)';

/** How all parts are read alike: as the first one shows. */
export interface GatheringPlan {
  readonly label: LabelRule | null;
  readonly context: readonly ContextPlan[];
  /** True when there is one part only: its rows need not be copied, and ids that are integers stay such. */
  readonly single: boolean;
}

/** The table of parts that are gathered one after the other. */
async function createGatheredRows(
  database: Database,
  { context, single }: GatheringPlan,
  roles: InteractionRoles,
): Promise<void> {
  const more = context.map((column, c) => `, x${c} ${contextType(column)}`);
  const id = (column: ImportedColumn | null): string => (single && column?.whole ? 'BIGINT' : 'VARCHAR');
  await database.run(
    `CREATE TABLE ${gatheredRows} (part UTINYINT, u ${id(roles.user)}, i ${id(roles.item)}, r DOUBLE, t DOUBLE,
       s VARCHAR, title VARCHAR ${more.join('')})`,
  );
}

function contextType({ kind }: ContextPlan): 'DOUBLE' | 'VARCHAR' {
  return kind === 'numeric' || kind === 'time' ? 'DOUBLE' : 'VARCHAR';
}

interface Fault {
  /** SQL condition on the checked table that holds for a bad row. */
  readonly when: string;
  readonly column: ImportedColumn;
  /** What the cell must be. */
  readonly must: string;
}

/**
 * Appends a file's rows as part number `part`. Context columns that the file lacks are missing in all its rows. Where the file
 * is the only part and all its rows are good, the gathered rows are a view of it: nothing is copied, and their `rowid` is its.
 * @returns warnings about rows that were skipped and cells that were taken as missing
 * @throws DeepTasteError `data`: an empty id, a rating that is not a finite number, a label that is neither of the two
 *   known, a time that is none, with the row
 */
export async function gatherRows(
  database: Database,
  table: ImportedTable,
  roles: InteractionRoles,
  plan: GatheringPlan,
  part: number,
  skipBadRows: boolean,
  times: TimeColumns,
): Promise<string[]> {
  const time = roles.time && (await times.ofRows(roles.time));
  const cells = roleCells(roles, plan, time?.sql ?? 'CAST(NULL AS DOUBLE)');
  const more = await contextCells(table, plan, times);
  const faults = possibleFaults(roles, plan, time?.format ?? '');
  const checked = `(SELECT ${cells.join(', ')}, rowid AS place FROM ${table.sql})`;
  const warnings = await checkRows(database, table, checked, faults, skipBadRows);
  const good = warnings.length > 0 ? `WHERE NOT (${faults.map((fault) => fault.when).join(' OR ')})` : '';
  const select = [...cells, ...more].join(', ');
  if (plan.single && warnings.length === 0) {
    const typed = plan.context.map((column, c) => `CAST(x${c} AS ${contextType(column)}) AS x${c}, `);
    const own = `u, i, CAST(r AS DOUBLE) AS r, CAST(t AS DOUBLE) AS t, s, title, ${typed.join('')}rowid`;
    await database.run(
      `CREATE VIEW ${gatheredRows} AS SELECT ${part} AS part, ${own} FROM (SELECT ${select}, rowid FROM ${table.sql})`,
    );
  } else {
    if (part === 0) await createGatheredRows(database, plan, roles);
    await database.run(
      `INSERT INTO ${gatheredRows} SELECT ${part}, * FROM (SELECT ${select} FROM ${table.sql}) ${good}`,
    );
  }
  return [...warnings, ...(await lostNumbers(database, table, plan, part, times))];
}

/** SQL of the role columns, in the order of the gathered table. */
function roleCells(roles: InteractionRoles, { label, single }: GatheringPlan, time: string): string[] {
  const optional = (column: ImportedColumn | null, sql: (column: ImportedColumn) => string, type: string): string =>
    column ? sql(column) : `CAST(NULL AS ${type})`;
  const id = (column: ImportedColumn | null): string => {
    if (column === null) return `'${unnamedId}'`;
    return single && column.whole ? `CAST(${column.sql} AS BIGINT)` : sqlAsText(column);
  };
  const rating = roles.label && label ? sqlAsLabel(roles.label, label) : optional(roles.rating, sqlAsNumber, 'DOUBLE');
  return [
    `${id(roles.user)} AS u`,
    `${id(roles.item)} AS i`,
    `${rating} AS r`,
    `${time} AS t`,
    `${optional(roles.session, sqlAsText, 'VARCHAR')} AS s`,
    `${optional(roles.title, sqlAsText, 'VARCHAR')} AS title`,
  ];
}

function contextColumn(table: ImportedTable, { name }: ContextPlan): ImportedColumn | undefined {
  return table.columns.find((column) => column.name === name);
}

async function contextCells(table: ImportedTable, { context }: GatheringPlan, times: TimeColumns): Promise<string[]> {
  const cells: string[] = [];
  for (const [c, plan] of context.entries()) {
    const column = contextColumn(table, plan);
    cells.push(`${column ? await sqlAsContext(column, plan, times) : 'NULL'} AS x${c}`);
  }
  return cells;
}

/** Warnings about cells of numbers and times that were taken as missing; looked for where fewer were read than stand there. */
async function lostNumbers(
  database: Database,
  table: ImportedTable,
  { context }: GatheringPlan,
  part: number,
  times: TimeColumns,
): Promise<string[]> {
  const columns = context.flatMap((plan, c) => {
    const column = plan.kind === 'numeric' || plan.kind === 'time' ? contextColumn(table, plan) : undefined;
    return column ? [{ kind: plan.kind, column, c }] : [];
  });
  if (columns.length === 0) return [];
  const counts = (sql: (c: number, column: ImportedColumn) => string): string =>
    columns.map(({ c, column }) => `count(${sql(c, column)}) AS n${c}`).join(', ');
  const there = await database.row<Record<string, number>>(
    `SELECT ${counts((_, column) => cellText(column))} FROM ${table.sql}`,
  );
  const read = await database.row<Record<string, number>>(
    `SELECT ${counts((c) => `x${c}`)} FROM ${gatheredRows} WHERE part = ${part}`,
  );
  const lost = columns.filter(({ c }) => there[`n${c}`] > read[`n${c}`]);
  return badNumbers(database, table, lost, times);
}

function possibleFaults(roles: InteractionRoles, { label, single }: GatheringPlan, timeFormat: string): Fault[] {
  const faults: Fault[] = [];
  const empty = (name: string, { whole }: ImportedColumn): string =>
    single && whole ? `(${name} IS NULL)` : `(${name} IS NULL OR trim(${name}) = '')`;
  if (roles.user) faults.push({ when: empty('u', roles.user), column: roles.user, must: 'a user id' });
  if (roles.item) faults.push({ when: empty('i', roles.item), column: roles.item, must: 'an item id' });
  if (roles.label && label) faults.push({ when: '(r IS NULL)', column: roles.label, must: labelMust(label) });
  // 3.4028235e38 is the largest float32, which is how ratings are kept.
  const notFinite = '(r IS NULL OR NOT isfinite(r) OR abs(r) > 3.4028235e38)';
  if (roles.rating) faults.push({ when: notFinite, column: roles.rating, must: 'a finite number' });
  if (roles.time)
    faults.push({ when: '(t IS NULL OR NOT isfinite(t))', column: roles.time, must: `a time (${timeFormat})` });
  if (roles.session) faults.push({ when: "(s IS NULL OR trim(s) = '')", column: roles.session, must: 'a session id' });
  return faults;
}

function labelMust({ positive, negative }: LabelRule): string {
  return negative === null ? 'a label' : `a label, "${positive}" or "${negative}"`;
}

async function checkRows(
  database: Database,
  table: ImportedTable,
  checked: string,
  faults: readonly Fault[],
  skipBadRows: boolean,
): Promise<string[]> {
  const counts = faults.map(
    ({ when }, f) => `count(*) FILTER (${when}) AS n${f}, min(place) FILTER (${when}) AS first${f}`,
  );
  const row = await database.row<Record<string, number>>(`SELECT ${counts.join(', ')} FROM ${checked}`);
  const found = faults
    .map((fault, f) => ({ fault, n: row[`n${f}`], first: row[`first${f}`] }))
    .filter(({ n }) => n > 0)
    .sort((a, b) => a.first - b.first);
  if (found.length === 0) return [];
  if (!skipBadRows) throw await badCell(database, table, found[0].fault, found[0].first);
  const anyFault = faults.map((fault) => fault.when).join(' OR ');
  const left = await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${checked} WHERE NOT (${anyFault})`);
  if (left.n === 0)
    throw new DeepTasteError('data', `${table.source}: at least one row must be readable, all ${table.nRows} are bad`, {
      path: table.source,
    });
  return found.map(({ fault, n, first }) => {
    const rows = counted(n, 'row');
    const { name, marks } = fault.column;
    const held = marks ? ` (marks of missing values: ${marksText(marks)})` : '';
    return `${table.source}: ${rows} skipped because "${name}" is not ${fault.must}${held}; first: ${placeOf(table, first)}`;
  });
}

async function badCell(database: Database, table: ImportedTable, fault: Fault, row: number): Promise<DeepTasteError> {
  const [value] = await database.texts(`SELECT ${sqlAsText(fault.column)} FROM ${table.sql} WHERE rowid = ${row}`);
  const mark = value === null ? fault.column.marks?.find(({ firstRow }) => firstRow === row) : undefined;
  const isId = / id$/.test(fault.must);
  const hint = mark
    ? ` (it stands for a missing value; ${isId ? 'if it is an id' : 'if it is none'}, say --missing with the marks that are, or --missing '')`
    : fault.must.startsWith('a finite number')
      ? decimalHint([value]) + scaleHint(value) + sizeHint(value)
      : fault.must.startsWith('a time')
        ? '; --date-format says how times are written'
        : '';
  const advice = (await holdsNoNumber(database, table, fault))
    ? `no cell of the column is a number: say --no-rating to leave it out, or --label ${shellWord(fault.column.name)} --positive ` +
      `${shellWord(value ?? 'CELL')} to set the cell that counts`
    : 'mend the file, or drop such rows with --skip-bad-rows';
  const found = mark ? `the mark ${JSON.stringify(mark.mark)}` : value === null ? 'nothing' : JSON.stringify(value);
  return new DeepTasteError(
    'data',
    `${placeOf(table, row)}: "${fault.column.name}" must hold ${fault.must}, found ${found}${hint}; ${advice}`,
    { path: table.source, row: row + 1, column: fault.column.name },
  );
}

/** Of a number that is one, but too large. */
function sizeHint(cell: string | null): string {
  return cell !== null && Number.isFinite(Number(cell)) && Math.abs(Number(cell)) > 3.4028235e38
    ? ' (ratings are kept as float32, which ends at 3.4e38)'
    : '';
}

/** Advice where opinions stand on several scales. */
function scaleHint(cell: string | null): string {
  const isScale = cell !== null && /^\s*\d+([.,]\d+)?\s*(\/|out of|of|von|sur|de)\s*\d+\s*$/i.test(cell);
  return isScale ? ' (ratings such as 4/5 are read where all are of one scale up to 3, 4, 5, 6, 7, 10, 20 or 100)' : '';
}

/** True where a column was taken for ratings by its name alone. */
async function holdsNoNumber(database: Database, table: ImportedTable, { must, column }: Fault): Promise<boolean> {
  if (!must.startsWith('a finite number')) return false;
  const { n, words } = await database.row<{ n: number; words: number }>(
    `SELECT count(${sqlAsNumber(column)}) AS n, count(*) FILTER (regexp_matches(${sqlAsText(column)}, '^[^0-9]*$')) AS words FROM ${table.sql}`,
  );
  return n === 0 && words > 0;
}
