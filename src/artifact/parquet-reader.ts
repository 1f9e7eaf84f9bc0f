/**
 * Typed columns out of the Parquet files of artifacts, in JavaScript alone, so that recommending needs no binary. Values are
 * exact: text is UTF-8 of any content, numbers keep NaN, −0 and infinities, a missing value (null) differs from an empty one.
 * Rows keep their order. Row groups are read one after another, so that memory stays near what the columns themselves take.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decompress } from 'fzstd';
import type { AsyncBuffer, FileMetaData, ParquetReadOptions, SchemaElement } from 'hyparquet';
import { DeepTasteError } from '../core/errors.ts';
import { ioError, systemErrorCode } from '../core/io-error.ts';
import type { ColumnType } from './parquet-writer.ts';

/** The values of a column that is read; null = missing. A missing integer is refused. */
export interface ColumnValues {
  integer: Int32Array;
  number: (number | null)[];
  text: (string | null)[];
  texts: (string[] | null)[];
}

/** A column to read. */
export interface WantedColumn<T extends ColumnType = ColumnType> {
  readonly name: string;
  readonly type: T;
}

// What begins with a byte order mark is an id like others; bytes that are no UTF-8 are none of ours.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/**
 * Reads the named columns of a Parquet file.
 * @throws DeepTasteError `artifact` when it is not Parquet or a column is missing or of another type; `io`
 */
export async function readParquet<const T extends readonly WantedColumn[]>(
  path: string,
  wanted: T,
): Promise<{ [K in keyof T]: ColumnValues[T[K]['type']] }> {
  let file: FileHandle | null = null;
  try {
    file = await open(resolve(path));
    const buffer = asyncBuffer(file, (await file.stat()).size);
    const columns = await readColumns(buffer, path, wanted);
    return columns as { [K in keyof T]: ColumnValues[T[K]['type']] };
  } catch (error) {
    if (error instanceof DeepTasteError || systemErrorCode(error) !== undefined) throw ioError('reading', path, error);
    const reason = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
    const message = `${path}: must be a Parquet table, found otherwise (${reason}); save the artifact again`;
    throw new DeepTasteError('artifact', message, { path }, { cause: error });
  } finally {
    await file?.close();
  }
}

/** Reads of a file that must be as long as the table of contents says. */
function asyncBuffer(file: FileHandle, byteLength: number): AsyncBuffer {
  const read = async (start: number, end: number): Promise<ArrayBuffer> => {
    if (!(start >= 0 && start <= end && end <= byteLength))
      throw new Error(`bytes ${start} to ${end} lie outside of the file`);
    const bytes = new Uint8Array(end - start);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at);
      if (bytesRead === 0) throw new Error(`the file ends at byte ${start + at}`);
      at += bytesRead;
    }
    return bytes.buffer;
  };
  return {
    byteLength,
    slice(start, end = byteLength) {
      const bytes = read(start, end);
      // what the reader asks for ahead it may never wait for: a failure counts where it does
      bytes.catch(() => {});
      return bytes;
    },
  };
}

async function readColumns(
  file: AsyncBuffer,
  path: string,
  wanted: readonly WantedColumn[],
): Promise<ColumnValues[ColumnType][]> {
  // loaded with the first table: commands that read none start faster
  const { parquetMetadataAsync, parquetRead } = await import('hyparquet');
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  const elements = checkedColumns(path, metadata, wanted);
  const nRows = rowsOf(metadata);
  const columns = wanted.map(({ type }) => (type === 'integer' ? new Int32Array(nRows) : new Array(nRows)));
  const places = new Map(wanted.map(({ name }, c) => [name, c]));
  const filled = wanted.map(() => 0);
  const options: ParquetReadOptions = {
    file,
    metadata,
    columns: wanted.map(({ name }) => name),
    compressors: { ZSTD: (input, outputLength) => decompress(input, new Uint8Array(outputLength)) },
    parsers: { stringFromBytes: (bytes) => (bytes === undefined ? bytes : utf8.decode(bytes)) },
    geoparquet: false,
  };
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    let failure: unknown;
    await parquetRead({
      ...options,
      rowStart,
      rowEnd,
      onChunk({ columnName, columnData, rowStart: start }) {
        const c = places.get(columnName);
        if (c === undefined) return;
        // what is thrown here would be nobody's: the caller does not wait for this function
        try {
          const end = start + columnData.length;
          if (end > rowEnd) throw new Error(`a column has ${end} values for ${rowEnd} rows`);
          fill(columns[c], columnData, start, wanted[c], path);
          filled[c] += columnData.length;
        } catch (error) {
          failure ??= error;
        }
      },
    });
    if (failure !== undefined) throw failure;
    rowStart = rowEnd;
  }
  const short = filled.findIndex((n) => n !== nRows);
  if (short >= 0) throw new Error(`column ${elements[short].name} has ${filled[short]} values for ${nRows} rows`);
  return columns;
}

/** The rows of all groups. */
function rowsOf(metadata: FileMetaData): number {
  const nRows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (nRows >= 0 && nRows < 2 ** 31 && nRows === Number(metadata.num_rows)) return nRows;
  throw new Error(`it states ${metadata.num_rows} rows, and ${nRows} in its groups`);
}

function fill(
  column: Int32Array | unknown[],
  values: ArrayLike<unknown>,
  start: number,
  { type }: WantedColumn,
  path: string,
): void {
  if (column instanceof Int32Array) {
    if (!(values instanceof Int32Array) && Array.from(values).some((value) => typeof value !== 'number'))
      throw new DeepTasteError('artifact', `${path}: an index must not be missing, found null`);
    column.set(values as ArrayLike<number>, start);
    return;
  }
  for (let k = 0; k < values.length; k++) {
    const value = values[k] ?? null;
    if (type === 'texts' && value !== null && (value as unknown[]).some((text) => typeof text !== 'string'))
      throw new DeepTasteError('artifact', `${path}: a text of a list must not be missing, found null`);
    column[start + k] = value;
  }
}

const typeNames: Readonly<Record<ColumnType, string>> = {
  integer: 'INTEGER',
  number: 'DOUBLE',
  text: 'VARCHAR',
  texts: 'VARCHAR[]',
};

/** The type of the column whose description begins at `at`; null = a type that artifacts do not have. */
function typeOf(schema: readonly SchemaElement[], at: number): ColumnType | null {
  const element = schema[at];
  const isText = ({ type, converted_type, logical_type }: SchemaElement) =>
    type === 'BYTE_ARRAY' && (converted_type === 'UTF8' || logical_type?.type === 'STRING');
  const isList = ({ converted_type, logical_type }: SchemaElement) =>
    converted_type === 'LIST' || logical_type?.type === 'LIST';
  if (element.repetition_type === 'REPEATED') return null;
  if (element.num_children === 1 && isList(element)) {
    const [list, text] = [schema[at + 1], schema[at + 2]];
    return list?.repetition_type === 'REPEATED' && list.num_children === 1 && isText(text) ? 'texts' : null;
  }
  if ((element.num_children ?? 0) > 0) return null;
  const { converted_type: converted, logical_type: logical } = element;
  if (isText(element)) return 'text';
  if (element.type === 'DOUBLE') return 'number';
  const isPlain = (converted === undefined || converted === 'INT_32') && (logical?.type ?? 'INTEGER') === 'INTEGER';
  return element.type === 'INT32' && isPlain ? 'integer' : null;
}

function checkedColumns(
  path: string,
  { schema }: FileMetaData,
  wanted: readonly WantedColumn[],
): readonly SchemaElement[] {
  const found = new Map<string, { element: SchemaElement; type: ColumnType | null }>();
  for (let at = 1; at < schema.length; at += sizeOf(schema, at))
    found.set(schema[at].name, { element: schema[at], type: typeOf(schema, at) });
  return wanted.map(({ name, type }) => {
    const column = found.get(name);
    if (column?.type === type) return column.element;
    const is = column === undefined ? 'no such column' : column.type === null ? 'another' : typeNames[column.type];
    const message = `${path}: column "${name}" must be ${typeNames[type]}, found ${is}; save the artifact again`;
    throw new DeepTasteError('artifact', message, { path, column: name });
  });
}

/** Number of elements that describe the column whose description begins at `at`. */
function sizeOf(schema: readonly SchemaElement[], at: number): number {
  let size = 0;
  for (let open = 1; open > 0 && at + size < schema.length; size++) open += (schema[at + size].num_children ?? 0) - 1;
  return size;
}
