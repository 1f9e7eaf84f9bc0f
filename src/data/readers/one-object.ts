/**
 * JSON files that hold one object in place of rows: the ways in which pandas writes a table (`orient` columns, index, split), and
 * dictionaries of what each user took, `{"u1": ["i1", "i2"]}` or `{"u1": {"i1": 5}}`. DuckDB would make a column of every key.
 */
import { DeepTasteError } from '../../core/errors.ts';
import { counted } from '../counted.ts';
import { isKnownColumnName } from '../role-names.ts';
import { type Database, sqlFile, sqlName, sqlText } from './database.ts';
import { type SourceFile, unpackedBytes } from './source-file.ts';

/** Objects of more keys have no column for each. */
const mostColumns = 2000;

/** An entry of the object is a row of `key`, `value` and `place`. */
const ENTRIES = 'entries_of_object';

/** The rows as SQL that selects them, and what a person should know. */
interface Rows {
  readonly sql: string;
  readonly note: string;
}

/**
 * The rows of such a file, written one a line into a file that lasts as long as the database; null for other files.
 * @throws DeepTasteError `data`: one object of very many keys that is none of these
 */
export async function rowsOfObject(
  database: Database,
  source: SourceFile,
): Promise<{ readonly source: SourceFile; readonly note: string } | null> {
  const nBytes = await lengthOfOnlyObject(source);
  if (nBytes === null) return null;
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
    : { source: { ...source, file, gzip: false }, note: `${source.path}: ${rows.note}` };
}

/** SQL for the columns `key` and `value` of an object's entries. */
function entriesOf(json: string): string {
  return `unnest(map_entries(json_transform(${json}, '"MAP(VARCHAR, JSON)"')), recursive := true)`;
}

interface Shape {
  readonly n: number;
  readonly objects: number;
  readonly lists: number;
  /** Keys that are whole numbers. */
  readonly numbered: number;
}

async function foundRows(database: Database, path: string): Promise<Rows | null> {
  const shape = await database.row<Shape>(
    `SELECT count(*) AS n, count(*) FILTER (json_type(value) = 'OBJECT') AS objects,
       count(*) FILTER (json_type(value) = 'ARRAY') AS lists,
       count(*) FILTER (regexp_full_match(key, '[0-9]+')) AS numbered FROM ${ENTRIES}`,
  );
  const keys = (await database.texts(`SELECT key FROM ${ENTRIES} ORDER BY place LIMIT ${mostColumns}`)) as string[];
  const areNames = keys.some(isKnownColumnName);
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

async function rowsOfObjects(
  database: Database,
  { n, numbered }: Shape,
  keys: readonly string[],
  areNames: boolean,
): Promise<Rows | null> {
  const { alike } = await database.row<{ alike: number }>(
    `SELECT count(DISTINCT json_keys(value)) AS alike FROM ${ENTRIES}`,
  );
  const inner = (await database.texts(
    `SELECT unnest(json_keys(value)) FROM (SELECT value FROM ${ENTRIES} ORDER BY place LIMIT 1)`,
  )) as string[];
  const isIndex = inner.length > 0 && inner.every((key) => /^\d+$/.test(key));
  if (alike === 1 && isIndex && numbered < n && n <= mostColumns) {
    const columns = keys.map(
      (key) => `unnest(map_values((SELECT ${asMap} FROM ${ENTRIES} WHERE key = ${sqlText(key)}))) AS ${sqlName(key)}`,
    );
    const note = 'holds an object for each column, as pandas writes a table with orient="columns"; read so';
    return { sql: `SELECT ${columns.join(', ')}`, note };
  }
  if (areNames || n < 2) return null;
  if (alike === 1 && inner.some(isKnownColumnName)) {
    return {
      sql: `SELECT ${cellsOf(inner)} FROM (SELECT ${asMap} AS map FROM ${ENTRIES} ORDER BY place)`,
      note: 'holds an object for each row, as pandas writes a table with orient="index"; its keys are left out',
    };
  }
  const pairs = `(SELECT key AS who, place, ${entriesOf('value')} FROM ${ENTRIES})`;
  const { others, named } = await database.row<{ others: number; named: number }>(
    `SELECT count(*) FILTER (json_type(value) NOT IN ('UBIGINT', 'BIGINT', 'DOUBLE')) AS others, count(*) AS named FROM ${pairs}`,
  );
  if (others > 0 || named === 0) return null;
  return {
    sql: `SELECT who AS "user", key AS item, value AS rating FROM ${pairs} ORDER BY place`,
    note: 'holds an object for each key; keys are taken for users, what stands in theirs for items and ratings',
  };
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

/** The bytes of a file that is one object and nothing else; null for others. It is read to the end of its first object. */
async function lengthOfOnlyObject(source: SourceFile): Promise<number | null> {
  if (!/^\s*\{/.test(source.head.toString('latin1', 0, 4096))) return null;
  const end = new ObjectEnd();
  const bytes = unpackedBytes(source);
  try {
    for await (const chunk of bytes) if (!end.read(chunk as Buffer)) return null;
  } finally {
    bytes.destroy();
  }
  return end.isOver ? end.nBytes : null;
}

const [BACKSLASH, QUOTE, BLANK] = [92, 34, 32];

/** Finds out whether anything follows an object. */
class ObjectEnd {
  nBytes = 0;
  isOver = false;
  #depth = 0;
  #inText = false;
  #isEscaped = false;

  /** False when something follows the object. */
  read(chunk: Buffer): boolean {
    this.nBytes += chunk.length;
    for (const byte of chunk) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#inText) {
        if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#inText = false;
      } else if (this.isOver) {
        if (byte > BLANK) return false;
      } else if (byte === QUOTE) this.#inText = true;
      else if (byte === 123 || byte === 91) this.#depth++;
      else if (byte === 125 || byte === 93) this.isOver = --this.#depth === 0;
    }
    return true;
  }
}
