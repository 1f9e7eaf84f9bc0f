/** Parquet and JSON files, which know their columns and types. */
import { DeepTasteError } from '../../core/errors.ts';
import { type Database, readError, sqlName, sqlText } from './database.ts';
import { literalPattern, type SourceFile, withUnpacked } from './files.ts';
import type { FileTable, ImportedColumn, Storage } from './imported-table.ts';

interface Described {
  readonly column_name: string;
  readonly column_type: string;
}

/** What DuckDB calls a row's place in a Parquet file. */
const ROW_NUMBER = 'file_row_number';

/**
 * A Parquet file is read where it lies, as often as it is asked for: its columns are found quickly, and a copy would take memory.
 * @throws DeepTasteError `data`: the file is not a Parquet file
 */
export async function importParquet(database: Database, source: SourceFile): Promise<FileTable> {
  if (source.head.subarray(0, 4).toString('latin1') !== 'PAR1')
    throw new DeepTasteError('data', `${source.path}: is not a Parquet file (it does not begin with PAR1)`, {
      path: source.path,
    });
  return withUnpacked(source, async (path) => {
    const file = sqlText(literalPattern(path));
    const read = `read_parquet(${file})`;
    try {
      const described = await database.rows<Described>(`DESCRIBE SELECT * FROM ${read}`);
      const isView = !source.gzip && !described.some((d) => d.column_name.toLowerCase() === ROW_NUMBER);
      const from = isView ? `read_parquet(${file}, ${ROW_NUMBER} = true)` : read;
      return await importSelect(database, source, from, described, storageOf, isView);
    } catch (error) {
      throw readError(source.path, error);
    }
  });
}

/** A JSON array of objects, or one object a line. @throws DeepTasteError `data`: neither, or malformed JSON */
export async function importJson(database: Database, source: SourceFile): Promise<FileTable> {
  const options = `compression = '${source.gzip ? 'gzip' : 'uncompressed'}'`;
  const path = sqlText(literalPattern(source.path));
  try {
    const described = await database.rows<Described>(
      `DESCRIBE SELECT * FROM read_json(${path}, sample_size = -1, ${options})`,
    );
    if (described.length === 1 && described[0].column_name === 'json') throw notObjects(source.path);
    // Scalars are read as text, so that 64-bit ids keep all their digits.
    const types = described.map((d) => `${sqlText(d.column_name)}: '${isList(d) ? 'VARCHAR[]' : 'VARCHAR'}'`);
    const read = `read_json(${path}, columns = {${types.join(', ')}}, ${options})`;
    return await importSelect(database, source, read, described, (d) => (isList(d) ? 'list' : 'text'));
  } catch (error) {
    throw readError(source.path, error);
  }
}

function notObjects(path: string): DeepTasteError {
  const message = `${path}: must hold objects with a key for each column, one a line or in an array`;
  return new DeepTasteError('data', message, { path });
}

function isList(described: Described): boolean {
  return described.column_type.endsWith('[]');
}

const wholeTypes = /^(U?(TINY|SMALL)INT|U?INTEGER|BIGINT)$/;

function storageOf(described: Described): Storage {
  const type = described.column_type;
  if (isList(described)) return 'list';
  if (/^(TIMESTAMP|DATE)/.test(type)) return 'time';
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|UINTEGER|FLOAT|DOUBLE|DECIMAL)/.test(type) ? 'number' : 'text';
}

async function importSelect(
  database: Database,
  source: SourceFile,
  read: string,
  described: readonly Described[],
  storage: (described: Described) => Storage,
  isView = false,
): Promise<FileTable> {
  const columns = described.map(
    (d, c): ImportedColumn => ({
      ...{ name: d.column_name, sql: `c${c}`, storage: storage(d), kind: null },
      ...(storage(d) === 'number' && wholeTypes.test(d.column_type) && { whole: true }),
    }),
  );
  const select = columns.map((column) => {
    const name = sqlName(column.name);
    if (column.storage === 'text') return `nullif(CAST(${name} AS VARCHAR), '') AS ${column.sql}`;
    if (column.storage === 'list') return `CAST(${name} AS VARCHAR[]) AS ${column.sql}`;
    return `${name} AS ${column.sql}`;
  });
  const sql = database.freshName('file');
  if (isView) select.push(`${ROW_NUMBER} AS rowid`);
  await database.run(`CREATE ${isView ? 'VIEW' : 'TABLE'} ${sql} AS SELECT ${select.join(', ')} FROM ${read}`);
  const { n } = await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`);
  const table = { sql, source: source.path, nRows: n, columns, named: true, standard: false, warnings: [] };
  return isView ? { ...table, isView } : table;
}
