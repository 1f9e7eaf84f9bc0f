/** Postgres as a database of the store, for several servers over one store. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Database, Row, Statement } from './sql.ts';

/** Connections of one process. */
const CONNECTIONS = 10;
/** A server that does not answer within this time is told as such. */
const CONNECT_MS = 5_000;

/** BIGINT: milliseconds and counts fit a number. */
const INT8 = 20;

/** @throws DeepTasteError `io`: the server cannot be reached, or refuses */
export async function postgres(url: string): Promise<Database> {
  const { default: pg } = await import('pg');
  const types = {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === INT8 ? Number : pg.types.getTypeParser(oid as never, format as never),
  };
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    types: types as never,
  });
  // a connection that breaks while nobody uses it: the pool makes another
  pool.on('error', () => {});
  // one that breaks while it is used: its statement says so, and the pool drops it
  pool.on('connect', (client) => client.on('error', () => {}));
  const database: Database = {
    kind: 'postgres',
    async run(statements) {
      const client = await pool.connect();
      try {
        const [only] = statements;
        if (statements.length === 1) return [await rowsOf(client, only)];
        return await inTransaction(client, statements);
      } finally {
        client.release();
      }
    },
    async lookUp(statements) {
      const client = await pool.connect();
      try {
        const rows: Row[][] = [];
        for (const each of statements) rows.push(await rowsOf(client, each));
        return rows;
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
  try {
    await database.run([{ sql: 'SELECT 1 AS one', values: [] }]);
  } catch (cause) {
    await pool.end();
    throw new DeepTasteError(
      'io',
      `store: a Postgres server must answer at ${withoutPassword(url)}, found otherwise (${messageOf(cause)}); start it, or check the address`,
      {},
      { cause },
    );
  }
  return database;
}

type Client = { query(text: string, values?: unknown[]): Promise<{ readonly rows: Row[] }> };

async function inTransaction(client: Client, statements: readonly Statement[]): Promise<Row[][]> {
  await client.query('BEGIN');
  try {
    const rows: Row[][] = [];
    for (const each of statements) rows.push(await rowsOf(client, each));
    await client.query('COMMIT');
    return rows;
  } catch (error) {
    // a connection that broke cannot roll back, and need not; what is told is why
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function rowsOf(client: Client, { sql, values }: Statement): Promise<Row[]> {
  let n = 0;
  const numbered = sql.replace(/\?/g, () => `$${++n}`);
  return (await client.query(numbered, [...values])).rows;
}

/** A refused connection has an empty message and its parts beside it. */
function messageOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  return (inner as Error).message;
}

/** The address as messages may show it. */
export function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^:/@]*):[^@]*@/, '$1:…@');
}
