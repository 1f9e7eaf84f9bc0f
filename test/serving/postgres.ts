/** The Postgres server of tests, at 127.0.0.1:5432 unless DEEPTASTE_POSTGRES says otherwise. */
import pg from 'pg';

export const postgresServer = process.env.DEEPTASTE_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** The address of another database of that server. */
export const addressOf = (database: string): string => postgresServer.replace(/\/[^/]*$/, `/${database}`);

/** @returns whether the server is there and has done it */
export async function onPostgres(sql: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: postgresServer, connectionTimeoutMillis: 3000 });
  try {
    await client.connect();
    await client.query(sql);
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
