/** Events that are held back: they stand beside the others until they are released or dropped. */
import type { FeedbackEvent, HeldEvent } from './records.ts';
import { type Database, found, rowsOf, type Statement, statement } from './sql.ts';

export async function holdEvents(database: Database, events: readonly HeldEvent[]): Promise<void> {
  if (events.length === 0) return;
  await database.run(
    events.map(({ event, reason, held }) =>
      statement(
        'INSERT INTO held (id, person, session, item, reason, held, body) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
        ...[event.id, event.user, event.session, event.item, reason, held, JSON.stringify(event)],
      ),
    ),
  );
}

export async function heldEvents(database: Database, limit: number): Promise<HeldEvent[]> {
  const rows = await found(database, 'SELECT * FROM held ORDER BY held DESC, id LIMIT ?', limit);
  return rows.map(({ reason, held, body }) => ({
    event: JSON.parse(body as string) as FeedbackEvent,
    reason: reason as string,
    held: Number(held),
  }));
}

export async function countHeld(database: Database): Promise<number> {
  const [{ n }] = await rowsOf(database, 'SELECT COUNT(*) AS n FROM held');
  return Number(n);
}

/** Those of the ids that are there. */
export async function heldNamed(database: Database, ids: readonly string[]): Promise<FeedbackEvent[]> {
  if (ids.length === 0) return [];
  const each = ids.map((id) => statement('SELECT body FROM held WHERE id = ?', id));
  return (await database.lookUp(each)).flatMap((rows) =>
    rows.map(({ body }) => JSON.parse(body as string) as FeedbackEvent),
  );
}

/** @returns how many were there */
export async function dropHeld(database: Database, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const gone = await database.run(ids.map((id) => statement('DELETE FROM held WHERE id = ? RETURNING id', id)));
  return gone.reduce((n, rows) => n + rows.length, 0);
}

/** The sessions of people, by what counts and by what is held: what else was done in them is theirs. @param ids all that they ever had */
export function sessionsOf(ids: readonly string[]): Statement {
  const places = ids.map(() => '?').join(', ');
  return statement(
    `SELECT session FROM events WHERE person IN (${places}) AND session IS NOT NULL
     UNION SELECT session FROM held WHERE person IN (${places}) AND session IS NOT NULL`,
    ...ids,
    ...ids,
  );
}

/** Of people, and of their sessions before it was known whose they were. @param ids all that they ever had */
export function deleteHeldOf(ids: readonly string[]): Statement {
  const sessions = sessionsOf(ids);
  return statement(
    `DELETE FROM held WHERE person IN (${ids.map(() => '?').join(', ')}) OR (person IS NULL AND session IN (${sessions.sql})) RETURNING id`,
    ...ids,
    ...sessions.values,
  );
}

/** Those held before a time. @returns how many */
export async function pruneHeld(database: Database, before: number): Promise<number> {
  return (await rowsOf(database, 'DELETE FROM held WHERE held < ? RETURNING id', before)).length;
}
