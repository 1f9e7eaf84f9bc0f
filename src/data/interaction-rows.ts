/** Checks the cells of interaction files and gathers them, file after file, in one table of typed columns. */

import { DeepTasteError } from '../core/errors.ts';
import { counted } from './counted.ts';
import type { Database } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, placeOf, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import type { InteractionRoles } from './roles.ts';

/** The gathered rows; the order of `rowid` is the order of the files. */
export const gatheredRows = 'gathered';

export async function createGatheredRows(database: Database): Promise<void> {
  await database.run(
    `CREATE TABLE ${gatheredRows} (part UTINYINT, u VARCHAR, i VARCHAR, r DOUBLE, t DOUBLE, s VARCHAR, title VARCHAR)`,
  );
}

interface Fault {
  /** SQL condition on the checked table that holds for a bad row. */
  readonly when: string;
  readonly column: ImportedColumn;
  /** What the cell must be. */
  readonly must: string;
}

/**
 * Appends a file's rows as part number `part`.
 * @returns warnings about rows that were skipped
 * @throws DeepTasteError `data`: an empty id, a rating that is not a finite number, a time that is none, with the row
 */
export async function gatherRows(
  database: Database,
  table: ImportedTable,
  roles: InteractionRoles,
  part: number,
  skipBadRows: boolean,
): Promise<string[]> {
  const checked = database.freshName('checked');
  const optional = (column: ImportedColumn | null, sql: (column: ImportedColumn) => string, type: string): string =>
    column ? sql(column) : `CAST(NULL AS ${type})`;
  const time = roles.time ? await sqlAsTime(database, table, roles.time) : 'CAST(NULL AS DOUBLE)';
  await database.run(
    `CREATE TABLE ${checked} AS SELECT ${sqlAsText(roles.user)} AS u, ${sqlAsText(roles.item)} AS i,
       ${optional(roles.rating, sqlAsNumber, 'DOUBLE')} AS r, ${time} AS t,
       ${optional(roles.session, sqlAsText, 'VARCHAR')} AS s, ${optional(roles.title, sqlAsText, 'VARCHAR')} AS title
     FROM ${table.sql}`,
  );
  const faults = possibleFaults(roles);
  const warnings = await checkRows(database, table, checked, faults, skipBadRows);
  const good = warnings.length > 0 ? `WHERE NOT (${faults.map((fault) => fault.when).join(' OR ')})` : '';
  await database.run(`INSERT INTO ${gatheredRows} SELECT ${part}, u, i, r, t, s, title FROM ${checked} ${good}`);
  await database.run(`DROP TABLE ${checked}`);
  return warnings;
}

function possibleFaults(roles: InteractionRoles): Fault[] {
  const faults: Fault[] = [
    { when: "(u IS NULL OR trim(u) = '')", column: roles.user, must: 'a user id' },
    { when: "(i IS NULL OR trim(i) = '')", column: roles.item, must: 'an item id' },
  ];
  // 3.4028235e38 is the largest float32, which is how ratings are kept.
  const notFinite = '(r IS NULL OR NOT isfinite(r) OR abs(r) > 3.4028235e38)';
  if (roles.rating) faults.push({ when: notFinite, column: roles.rating, must: 'a finite number' });
  if (roles.time)
    faults.push({ when: '(t IS NULL OR NOT isfinite(t))', column: roles.time, must: 'a time (a number or ISO 8601)' });
  if (roles.session) faults.push({ when: "(s IS NULL OR trim(s) = '')", column: roles.session, must: 'a session id' });
  return faults;
}

async function checkRows(
  database: Database,
  table: ImportedTable,
  checked: string,
  faults: readonly Fault[],
  skipBadRows: boolean,
): Promise<string[]> {
  const counts = faults.map(
    ({ when }, f) => `count(*) FILTER (${when}) AS n${f}, min(rowid) FILTER (${when}) AS first${f}`,
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
    return `${table.source}: ${rows} skipped because "${fault.column.name}" is not ${fault.must}; first: ${placeOf(table, first)}`;
  });
}

async function badCell(database: Database, table: ImportedTable, fault: Fault, row: number): Promise<DeepTasteError> {
  const [value] = await database.texts(`SELECT ${sqlAsText(fault.column)} FROM ${table.sql} WHERE rowid = ${row}`);
  const found = value === null ? 'nothing' : JSON.stringify(value);
  return new DeepTasteError(
    'data',
    `${placeOf(table, row)}: "${fault.column.name}" must hold ${fault.must}, found ${found}; ` +
      'mend the file, or drop such rows with --skip-bad-rows',
    { path: table.source, row: row + 1, column: fault.column.name },
  );
}

interface TimeEvidence {
  readonly numeric: number;
  readonly temporal: number;
  readonly largest: number | null;
}

/** SQL for a column's times in seconds since 1970; times without an offset are UTC. */
async function sqlAsTime(database: Database, table: ImportedTable, column: ImportedColumn): Promise<string> {
  if (column.storage === 'time') return `CAST(epoch(CAST(${column.sql} AS TIMESTAMP)) AS DOUBLE)`;
  const number = sqlAsNumber(column);
  const temporal = `epoch(TRY_CAST(${sqlAsText(column)} AS TIMESTAMPTZ))`;
  const evidence = await database.row<TimeEvidence>(
    `SELECT count(${number}) AS numeric, ${column.storage === 'text' ? `count(${temporal})` : '0'} AS temporal,
       max(abs(${number})) FILTER (isfinite(${number})) AS largest FROM ${table.sql}`,
  );
  if (evidence.temporal > evidence.numeric) return temporal;
  return `${number} / ${ticksPerSecond(evidence.largest ?? 0)}`;
}

/** The unit of an epoch time follows from its size: seconds stay below 10¹¹ until the year 5138. */
function ticksPerSecond(largest: number): string {
  if (largest >= 1e17) return '1e9';
  if (largest >= 1e14) return '1e6';
  return largest >= 1e11 ? '1e3' : '1.0';
}
