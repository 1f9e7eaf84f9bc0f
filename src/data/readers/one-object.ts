/**
 * JSON files that hold one object in place of rows: a list of rows under one key, the ways in which pandas writes a table (`orient`
 * columns, index, split), and dictionaries of what each user took, `{"u1": ["i1", "i2"]}` or `{"u1": {"i1": 5}}`. DuckDB would make a
 * column of every key.
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { DeepTasteError } from '../../core/errors.ts';
import { counted } from '../counted.ts';
import { isKnownColumnName, namedFor } from '../role-names.ts';
import { type Database, sqlFile, sqlName, sqlText } from './database.ts';
import { type SourceFile, unpackedBytes } from './source-file.ts';

/** Objects of more keys have no column for each. */
const mostColumns = 2000;

/** An entry of the object is a row of `key`, `value` and `place`. */
const ENTRIES = 'entries_of_object';

/** Names of the parts of a split data set. */
const partName = /^(train|test|valid|val|dev|eval)(ing|idation|uation)?[ _-]?(set|data)?$/i;

/** Fewer different numbers are ratings rather than the cells of columns. */
const mostRatings = 20;

/** The rows as SQL that selects them, and what a person should know. */
interface Rows {
  readonly sql: string;
  readonly note: string;
}

/**
 * The rows of such a file, written into a file that lasts as long as the database; null for other files.
 * @throws DeepTasteError `data`: one object of very many keys that is none of these, or one of the parts of a split
 */
export async function rowsOfObject(
  database: Database,
  source: SourceFile,
): Promise<{ readonly source: SourceFile; readonly notes: readonly string[] } | null> {
  const only = await onlyObject(source);
  if (only === null) return null;
  const { nBytes, rows: listed } = only;
  if (listed !== null) return { source: await bytesOf(database, source, listed), notes: [] };
  const objects = `read_json_objects(${sqlFile(source.file)}, format = 'unstructured', maximum_object_size = ${nBytes + 1024},
    compression = '${source.gzip ? 'gzip' : 'uncompressed'}', hive_partitioning = false)`;
  await database.run(
    `CREATE TEMP TABLE ${ENTRIES} AS SELECT *, row_number() OVER () AS place
     FROM (SELECT ${entriesOf('json')} FROM ${objects})`,
  );
  const rows = await foundRows(database, source.path);
  let file: string | null = null;
  if (rows !== null) {
    file = database.temporaryPath();
    await database.run(`COPY (${rows.sql}) TO ${sqlText(file)} (FORMAT json)`);
  }
  await database.run(`DROP TABLE ${ENTRIES}`);
  return rows === null || file === null
    ? null
    : { source: { ...source, file, gzip: false }, notes: [`${source.path}: ${rows.note}`] };
}

/** A copy of some bytes of a file. */
async function bytesOf(database: Database, source: SourceFile, { start, end }: Bytes): Promise<SourceFile> {
  const file = database.temporaryPath();
  await pipeline(
    unpackedBytes(source),
    async function* (chunks: AsyncIterable<Buffer>) {
      let at = 0;
      for await (const chunk of chunks) {
        yield chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
        at += chunk.length;
      }
    },
    createWriteStream(file),
  );
  return { ...source, file, gzip: false };
}

/** SQL for the columns `key` and `value` of an object's entries. */
function entriesOf(json: string): string {
  return `unnest(map_entries(json_transform(${json}, '"MAP(VARCHAR, JSON)"')), recursive := true)`;
}

interface Shape {
  readonly n: number;
  readonly objects: number;
  readonly lists: number;
}

async function foundRows(database: Database, path: string): Promise<Rows | null> {
  const shape = await database.row<Shape>(
    `SELECT count(*) AS n, count(*) FILTER (json_type(value) = 'OBJECT') AS objects,
       count(*) FILTER (json_type(value) = 'ARRAY') AS lists FROM ${ENTRIES}`,
  );
  const keys = (await database.texts(`SELECT key FROM ${ENTRIES} ORDER BY place LIMIT ${mostColumns}`)) as string[];
  refuseParts(path, keys, shape);
  const areNames = areColumnNames(keys);
  const found =
    (keys.includes('columns') && keys.includes('data') ? await splitRows(database) : null) ??
    (keys.includes('schema') && keys.includes('data') ? await tableRows(database) : null) ??
    (shape.n > 0 && shape.objects === shape.n ? await rowsOfObjects(database, shape, keys, areNames) : null) ??
    (shape.n > 1 && shape.lists === shape.n && !areNames ? await listsOfUsers(database) : null);
  if (found === null && shape.n > mostColumns)
    throw new DeepTasteError(
      'data',
      `${path}: must hold objects with a key for each column, one a line or in an array, found one object of ${counted(shape.n, 'key')}`,
      { path },
    );
  return found;
}

/** True for names of which so many are known that they are those of columns, though some user or item may have such a name too. */
function areColumnNames(names: readonly string[]): boolean {
  const haveIds = namedFor('user', names).length > 0 && namedFor('item', names).length > 0;
  return haveIds || names.filter(isKnownColumnName).length * 2 >= names.length;
}

/** @throws DeepTasteError `data`: `{"train": […], "test": […]}` */
function refuseParts(path: string, keys: readonly string[], { n, objects, lists }: Shape): void {
  const parts = keys.filter((key) => partName.test(key));
  if (parts.length < 2 || objects + lists < n || !parts.some((key) => /^train/i.test(key))) return;
  const found = parts.map((key) => JSON.stringify(key)).join(' and ');
  throw new DeepTasteError(
    'data',
    `${path}: must hold rows of one kind, found one object of ${found}; write each into a file of its own, and say --data for that of ` +
      'training and --test FILE (split.test) for that of testing',
    { path, parts },
  );
}

/** `{"columns": ["user", "item"], "data": [["u1", "i1"]]}`. */
async function splitRows(database: Database): Promise<Rows | null> {
  const texts = await database.texts(
    `SELECT unnest(json_transform(value, '["VARCHAR"]')) FROM ${ENTRIES} WHERE key = 'columns' AND json_type(value) = 'ARRAY'`,
  );
  const names = texts.map(String);
  const data = `(SELECT unnest(json_transform(value, '["JSON"]')) AS cells FROM ${ENTRIES} WHERE key = 'data' AND json_type(value) = 'ARRAY')`;
  const { n, fitting } = await database.row<{ n: number; fitting: number }>(
    `SELECT count(*) AS n, count(*) FILTER (json_type(cells) = 'ARRAY' AND json_array_length(cells) = ${names.length}) AS fitting FROM ${data}`,
  );
  if (n === 0 || names.length === 0 || fitting < n || new Set(names).size < names.length) return null;
  const cells = names.map((name, c) => `list[${c + 1}] AS ${sqlName(name)}`);
  return {
    sql: `SELECT ${cells.join(', ')} FROM (SELECT json_transform(cells, '["JSON"]') AS list FROM ${data})`,
    note: 'holds "columns" and "data", as pandas writes a table with orient="split"; read so',
  };
}

/** `{"schema": {…}, "data": [{"user": "u1", "item": "i1"}]}`. */
async function tableRows(database: Database): Promise<Rows | null> {
  const data = `(SELECT unnest(json_transform(value, '["JSON"]')) AS value FROM ${ENTRIES} WHERE key = 'data' AND json_type(value) = 'ARRAY')`;
  const { n, objects, alike } = await database.row<{ n: number; objects: number; alike: number }>(
    `SELECT count(*) AS n, count(*) FILTER (json_type(value) = 'OBJECT') AS objects, count(DISTINCT json_keys(value)) AS alike FROM ${data}`,
  );
  if (n === 0 || objects < n || alike !== 1) return null;
  const keys = (await database.texts(`SELECT unnest(json_keys(value)) FROM (FROM ${data} LIMIT 1)`)) as string[];
  const note = 'holds "schema" and "data", as pandas writes a table with orient="table"; read so';
  return { sql: `SELECT ${cellsOf(keys)} FROM (SELECT ${asMap} AS map FROM ${data})`, note };
}

/** SQL for an object as a map, and for its values as columns. */
const asMap = `json_transform(value, '"MAP(VARCHAR, JSON)"')`;

function cellsOf(keys: readonly string[]): string {
  return keys.map((key) => `map[${sqlText(key)}] AS ${sqlName(key)}`).join(', ');
}

interface Cells {
  /** Cells, those that are empty, and those that are no numbers, no yes and no, and not empty. */
  readonly n: number;
  readonly empty: number;
  readonly others: number;
  readonly different: number;
}

async function rowsOfObjects(
  database: Database,
  { n }: Shape,
  keys: readonly string[],
  areNames: boolean,
): Promise<Rows | null> {
  const { alike } = await database.row<{ alike: number }>(
    `SELECT count(DISTINCT json_keys(value)) AS alike FROM ${ENTRIES}`,
  );
  const inner = (await database.texts(
    `SELECT unnest(json_keys(value)) FROM (SELECT value FROM ${ENTRIES} ORDER BY place LIMIT 1)`,
  )) as string[];
  const isIndex = alike === 1 && inner.length > 0 && inner.every((key) => /^\d+$/.test(key)) && n <= mostColumns;
  if (areNames) return isIndex ? rowsOfColumns(keys) : null;
  const pairs = `(SELECT key AS who, place, ${entriesOf('value')} FROM ${ENTRIES})`;
  const isText = `json_type(value) = 'VARCHAR' AND TRY_CAST(json_extract_string(value, '$') AS DOUBLE) IS NULL`;
  const cells = await database.row<Cells>(
    `SELECT count(*) AS n, count(*) - count(nullif(json_type(value), 'NULL')) AS empty, count(DISTINCT CAST(value AS VARCHAR)) AS different,
       count(*) FILTER (json_type(value) IN ('OBJECT', 'ARRAY') OR (${isText})) AS others FROM ${pairs}`,
  );
  if (isIndex && holdColumns(keys, inner, cells)) return rowsOfColumns(keys);
  if (n < 2) return null;
  if (alike === 1 && inner.some(isKnownColumnName) && (areColumnNames(inner) || cells.others > 0))
    return {
      sql: `SELECT ${cellsOf(inner)} FROM (SELECT ${asMap} AS map FROM ${ENTRIES} ORDER BY place)`,
      note: 'holds an object for each row, as pandas writes a table with orient="index"; its keys are left out',
    };
  if (cells.others > 0 || cells.n === cells.empty) return null;
  const left = cells.empty > 0 ? `; ${counted(cells.empty, 'item')} without a rating left out` : '';
  return {
    sql: `SELECT who AS "user", key AS item, value AS rating FROM ${pairs} WHERE json_type(value) <> 'NULL' ORDER BY place`,
    note: `holds an object for each key; keys are taken for users, what stands in theirs for items and ratings${left}`,
  };
}

/** True for cells under numbers that are the rows of columns with unknown names, rather than what users think of numbered items. */
function holdColumns(keys: readonly string[], inner: readonly string[], { others, different }: Cells): boolean {
  if (keys.every((key) => /^\d+$/.test(key))) return false;
  const countRows = inner.every((key, row) => key === String(row));
  return others > 0 || (countRows && different > mostRatings);
}

function rowsOfColumns(keys: readonly string[]): Rows {
  const columns = keys.map(
    (key) => `unnest(map_values((SELECT ${asMap} FROM ${ENTRIES} WHERE key = ${sqlText(key)}))) AS ${sqlName(key)}`,
  );
  const note = 'holds an object for each column, as pandas writes a table with orient="columns"; read so';
  return { sql: `SELECT ${columns.join(', ')}`, note };
}

async function listsOfUsers(database: Database): Promise<Rows | null> {
  const { others } = await database.row<{ others: number }>(
    `SELECT count(*) FILTER (json_type(item) IN ('OBJECT', 'ARRAY')) AS others
     FROM (SELECT unnest(json_transform(value, '["JSON"]')) AS item FROM ${ENTRIES})`,
  );
  if (others > 0) return null;
  return {
    sql: `SELECT key AS "user", value AS items FROM ${ENTRIES} WHERE json_array_length(value) > 0 ORDER BY place`,
    note: 'holds a list for each key; keys are taken for users, lists for their items',
  };
}

/** Bytes from `start` to before `end`. */
interface Bytes {
  readonly start: number;
  readonly end: number;
}

/**
 * The length of a file that is one object and nothing else, and where the list of objects lies that it holds and nothing else; null for
 * other files. It is read to the end of its first object.
 */
async function onlyObject(source: SourceFile): Promise<{ nBytes: number; rows: Bytes | null } | null> {
  if (!/^\s*\{/.test(source.head.toString('latin1', 0, 4096))) return null;
  const end = new ObjectEnd();
  const bytes = unpackedBytes(source);
  try {
    for await (const chunk of bytes) if (!end.read(chunk as Buffer)) return null;
  } finally {
    bytes.destroy();
  }
  return end.isOver ? { nBytes: end.nBytes, rows: end.rows } : null;
}

const [BACKSLASH, QUOTE, BLANK, COMMA] = [92, 34, 32, 44];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [91, 93, 123, 125];

/** Finds out whether anything follows an object, and whether it is one list of objects under one key. */
class ObjectEnd {
  nBytes = 0;
  isOver = false;
  #depth = 0;
  #inText = false;
  #isEscaped = false;
  #hasMore = false;
  #hasRows = false;
  #list = { start: -1, end: -1 };

  get rows(): Bytes | null {
    return this.#hasRows && !this.#hasMore ? this.#list : null;
  }

  /** False when something follows the object. */
  read(chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#inText) {
        if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#inText = false;
      } else if (this.isOver) {
        if (byte > BLANK) return false;
      } else if (byte === QUOTE) this.#inText = true;
      else if (byte === OBJECT || byte === LIST) this.#open(byte, this.nBytes + at);
      else if (byte === OBJECT_END || byte === LIST_END) this.#close(this.nBytes + at);
      else if (byte === COMMA && this.#depth === 1) this.#hasMore = true;
    }
    this.nBytes += chunk.length;
    return true;
  }

  #open(byte: number, place: number): void {
    if (this.#depth === 1 && byte === LIST) this.#list.start = place;
    if (this.#depth === 2 && byte === OBJECT && this.#list.start >= 0) this.#hasRows = true;
    this.#depth++;
  }

  #close(place: number): void {
    this.#depth--;
    if (this.#depth === 1) this.#list.end = place + 1;
    this.isOver = this.#depth === 0;
  }
}
