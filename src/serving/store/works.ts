/** Works that one process at a time may do, over one store: a lease that its holder renews, so that a process that dies blocks nobody for long. */
import type { StoredWork } from './records.ts';
import { type Database, statement } from './sql.ts';

export async function takeWork(
  database: Database,
  name: string,
  holder: string,
  until: number,
  gone: string | undefined,
): Promise<boolean> {
  const [rows] = await database.run([
    statement(
      `INSERT INTO works (name, holder, until) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
       WHERE works.until < ? OR works.holder = ? OR works.holder = ? RETURNING holder`,
      ...[name, holder, until, Date.now(), holder, gone ?? holder],
    ),
  ]);
  return rows.length > 0;
}

export async function endWork(database: Database, name: string, holder: string, outcome: string): Promise<void> {
  await database.run([
    statement(
      'UPDATE works SET until = 0, ended = ?, outcome = ? WHERE name = ? AND holder = ?',
      ...[Date.now(), outcome, name, holder],
    ),
  ]);
}

export async function workOf(database: Database, name: string): Promise<StoredWork | null> {
  const [[row]] = await database.run([
    statement('SELECT holder, until, ended, outcome FROM works WHERE name = ?', name),
  ]);
  if (!row) return null;
  return {
    holder: row.holder as string,
    until: Number(row.until),
    ended: row.ended === null ? null : Number(row.ended),
    outcome: row.outcome as string | null,
  };
}
