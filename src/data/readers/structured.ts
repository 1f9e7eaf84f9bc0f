/** Parquet and JSON files, which know their columns and types. */
import type { DuckDBType } from '@duckdb/node-api';
import { DeepTasteError } from '../../core/errors.ts';
import { type Database, readError, sqlFile, sqlName, sqlText } from './database.ts';
import { isArrayType, isListType, isStructType } from './duckdb-types.ts';
import { hasMark } from './encodings.ts';
import { asTextType, deepestObjects, type FlatColumn, flatColumns, mayHoldObjects } from './flat-columns.ts';
import type { FileTable, ImportedColumn, Storage } from './imported-table.ts';
import { isParquet } from './layout.ts';
import { rowsOfObject } from './one-object.ts';
import { reencoded, requireText, type SourceFile, unpacked } from './source-file.ts';

/** What DuckDB calls a row's place in a Parquet file. */
const ROW_NUMBER = 'file_row_number';

/**
 * A Parquet file is read where it lies, as often as it is asked for: its columns are found quickly, and a copy would take memory.
 * @throws DeepTasteError `data`: the file is not a Parquet file
 */
export async function importParquet(database: Database, packed: SourceFile): Promise<FileTable> {
  if (!isParquet(packed))
    throw new DeepTasteError('data', `${packed.path}: is not a Parquet file (it does not begin with PAR1)`, {
      path: packed.path,
    });
  const source = await unpacked(database, packed);
  const file = sqlFile(source.file);
  const read = `read_parquet(${file}, hive_partitioning = false)`;
  try {
    const described = await database.columnsOf(`SELECT * FROM ${read}`);
    const isView = !described.some(({ name }) => name.toLowerCase() === ROW_NUMBER);
    const from = isView ? `read_parquet(${file}, hive_partitioning = false, ${ROW_NUMBER} = true)` : read;
    if (isView) database.readsLazily(source.path);
    return await importSelect(database, source, from, flatColumns(described), storageOf, isView);
  } catch (error) {
    throw readError(source.path, error);
  }
}

/**
 * A JSON array of objects, or one object a line; or one object that holds one, or a table in another form
 * (one-object.ts).
 * @throws DeepTasteError `data`: none of these, or malformed JSON
 */
export async function importJson(database: Database, given: SourceFile): Promise<FileTable> {
  requireText(given);
  if (/^\s*\[?\s*\{\s*u?'/.test(given.head.toString('latin1', 0, 4096)))
    throw new DeepTasteError(
      'data',
      `${given.path}: objects must be written as JSON, found them as Python shows them ({'name': …}); write them with json.dumps`,
      { path: given.path },
    );
  // DuckDB takes a byte order mark for a part of the text
  const text = hasMark(given.head) ? await reencoded(database, given, 'utf-8') : given;
  const rows = await rowsOfObject(database, text).catch((error) => {
    throw readError(text.path, error);
  });
  const table = await importObjects(database, rows?.source ?? text);
  return rows === null ? table : { ...table, warnings: [...rows.notes, ...table.warnings] };
}

async function importObjects(database: Database, source: SourceFile): Promise<FileTable> {
  const options = `compression = '${source.gzip ? 'gzip' : 'uncompressed'}', hive_partitioning = false`;
  const path = sqlFile(source.file);
  try {
    const described = await database.columnsOf(
      `SELECT * FROM read_json(${path}, sample_size = -1, map_inference_threshold = -1, maximum_depth = ${deepestObjects + 2}, ${options})`,
    );
    if (described.length === 1 && described[0].name === 'json') throw notObjects(source.path);
    // Scalars are read as text, so that 64-bit ids keep all their digits.
    const types = described.map(({ name, type }) => `${sqlText(name)}: ${sqlText(asTextType(type))}`);
    const read = `read_json(${path}, columns = {${types.join(', ')}}, ${options})`;
    const storage = (type: DuckDBType): Storage => (isList(type) ? 'list' : 'text');
    const [only] = described;
    if (described.length === 1 && isListType(only.type) && isStructType(only.type.valueType)) {
      const { entryNames, entryTypes } = only.type.valueType;
      const inner = flatColumns(
        entryNames.map((name, e) => ({ name, type: entryTypes[e] })),
        'object',
      );
      const from = `(SELECT unnest(${sqlName(only.name)}) AS object FROM ${read})`;
      return await importSelect(database, source, from, inner, storage);
    }
    return await importSelect(database, source, read, flatColumns(described), storage);
  } catch (error) {
    throw readError(source.path, error);
  }
}

function notObjects(path: string): DeepTasteError {
  const message = `${path}: must hold objects with a key for each column, one a line or in an array`;
  return new DeepTasteError('data', message, { path });
}

function isList(type: DuckDBType): boolean {
  return isListType(type) || isArrayType(type);
}

const wholeTypes = /^(U?(TINY|SMALL)INT|U?INTEGER|BIGINT)$/;
const floatTypes = /^(FLOAT|DOUBLE)$/;
const integerTypes = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER)$/;

function storageOf(type: DuckDBType): Storage {
  const name = String(type);
  if (isList(type)) return 'list';
  if (/^(TIMESTAMP|DATE)/.test(name)) return 'time';
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|UINTEGER|FLOAT|DOUBLE|DECIMAL)/.test(name) ? 'number' : 'text';
}

async function importSelect(
  database: Database,
  source: SourceFile,
  read: string,
  flat: readonly FlatColumn[],
  storage: (type: DuckDBType) => Storage,
  isView = false,
): Promise<FileTable> {
  const columns = flat.map(
    ({ name, type, parent }, c): ImportedColumn => ({
      name,
      sql: `c${c}`,
      storage: storage(type),
      kind: null,
      ...(storage(type) === 'number' && wholeTypes.test(String(type)) && { whole: true }),
      ...(integerTypes.test(String(type)) && { integer: true }),
      ...(mayHoldObjects(type) && { objects: true }),
      ...(parent !== undefined && { parent }),
    }),
  );
  const select = columns.map((column, c) => {
    const { sql, type } = flat[c];
    if (column.storage === 'text') return `nullif(CAST(${sql} AS VARCHAR), '') AS ${column.sql}`;
    if (column.storage === 'list') return `CAST(${sql} AS VARCHAR[]) AS ${column.sql}`;
    // NaN is how programs without empty cells write that a number is missing.
    if (floatTypes.test(String(type))) return `CASE WHEN NOT isnan(${sql}) THEN ${sql} END AS ${column.sql}`;
    return `${sql} AS ${column.sql}`;
  });
  const sql = database.freshName('file');
  if (isView) select.push(`${ROW_NUMBER} AS rowid`);
  await database.run(`CREATE ${isView ? 'VIEW' : 'TABLE'} ${sql} AS SELECT ${select.join(', ')} FROM ${read}`);
  const { n } = await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`);
  const table = { sql, source: source.path, nRows: n, columns, named: true, standard: false, warnings: [] };
  return isView ? { ...table, isView } : table;
}
