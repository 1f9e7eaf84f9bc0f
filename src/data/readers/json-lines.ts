/**
 * JSON lines of which some may be malformed. DuckDB's own way of ignoring errors may swallow the good line after a bad
 * one, so every line is looked at by itself.
 */
import { counted } from '../counted.ts';
import { type Database, sqlText } from './database.ts';
import { importDelimited } from './delimited-text.ts';
import type { SourceFile } from './files.ts';
import type { FileTable, ImportedColumn } from './imported-table.ts';
import { lineLayout } from './token-rows.ts';

export function holdsJsonLines(source: SourceFile): boolean {
  return !/^\ufeff?\s*\[/.test(source.head.toString('utf8'));
}

/** The lines that are JSON objects; the others are counted in a warning. */
export async function importValidLines(database: Database, source: SourceFile): Promise<FileTable> {
  const lines = await importDelimited(database, source, lineLayout('json'), true);
  const valid = `(json_valid(c0) AND json_type(CASE WHEN json_valid(c0) THEN c0 END) = 'OBJECT')`;
  const bad = await database.row<{ n: number; first: number }>(
    `SELECT count(*) AS n, min(rowid) AS first FROM ${lines.sql} WHERE c0 IS NOT NULL AND NOT ${valid}`,
  );
  const objects = database.freshName('objects');
  await database.run(`CREATE TABLE ${objects} AS SELECT CAST(c0 AS JSON) AS o FROM ${lines.sql} WHERE ${valid}`);
  const columns = await keysOf(database, objects);
  const sql = database.freshName('file');
  const select = columns.map(({ pointer, column }) => {
    const value =
      column.storage === 'list'
        ? `TRY_CAST(json_extract(o, ${pointer}) AS VARCHAR[])`
        : `nullif(json_extract_string(o, ${pointer}), '')`;
    return `${value} AS ${column.sql}`;
  });
  await database.run(`CREATE TABLE ${sql} AS SELECT ${select.join(', ') || 'NULL AS c0'} FROM ${objects}`);
  const { n } = await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`);
  const rows = counted(bad.n, 'row');
  const skipped = `${source.path}: ${rows} skipped; the first is at line ${bad.first + 1} (not a JSON object)`;
  const warnings = bad.n > 0 ? [...lines.warnings, skipped] : lines.warnings;
  return { ...lines, sql, nRows: n, columns: columns.map(({ column }) => column), standard: false, warnings };
}

interface Key {
  /** JSON pointer to the key's value, as an SQL literal. */
  readonly pointer: string;
  readonly column: ImportedColumn;
}

/** Every key that some object has, in the order of first appearance. */
async function keysOf(database: Database, objects: string): Promise<Key[]> {
  const names = await database.texts(
    `SELECT k FROM (SELECT unnest(json_keys(o)) AS k, rowid AS r FROM ${objects}) GROUP BY k ORDER BY min(r), k`,
  );
  const keys: Key[] = [];
  for (const [c, name] of (names as string[]).entries()) {
    const pointer = sqlText(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    const { list } = await database.row<{ list: boolean | null }>(
      `SELECT bool_or(json_type(o, ${pointer}) = 'ARRAY') AS list FROM ${objects}`,
    );
    keys.push({ pointer, column: { name, sql: `c${c}`, storage: list ? 'list' : 'text', kind: null } });
  }
  return keys;
}
