/** People in the tables of the store: what describes them, merges, and that they are forgotten. */
import { deleteHeldOf, sessionsOf } from './held-events.ts';
import { hashOfId, type KnownPerson, type StoredUser } from './records.ts';
import { cellsOf, eventOf, userOf } from './rows.ts';
import { type Database, found, type Row, rowsOf, type Statement, statement } from './sql.ts';

/** Hashes that one statement looks for. */
const HASHES_AT_ONCE = 500;

/** Whom an id stands for after merges. */
export const ROOT = 'COALESCE((SELECT merged_into FROM people WHERE id = ?), ?)';

/** 1 for an id of which any table knows, 0 for others, who are most: one look instead of several. */
const IS_KNOWN = `SELECT CASE WHEN EXISTS (SELECT 1 FROM people WHERE id = ?) OR EXISTS (SELECT 1 FROM events WHERE person = ?)
  OR EXISTS (SELECT 1 FROM forgotten WHERE hash = ?) THEN 1 ELSE 0 END AS known`;

export async function personOf(database: Database, user: string, limit: number): Promise<KnownPerson> {
  const [{ known }] = await found(database, IS_KNOWN, user, user, hashOfId(user));
  return known === 1 ? knownPerson(database, user, limit) : { id: user, ids: [user], fields: {}, events: [] };
}

async function knownPerson(database: Database, user: string, limit: number): Promise<KnownPerson> {
  const [[{ root }], fields, aliases, events] = await database.lookUp([
    statement(`SELECT ${ROOT} AS root`, user, user),
    statement(`SELECT fields FROM people WHERE id = ${ROOT}`, user, user),
    statement(`SELECT id FROM people WHERE merged_into = ${ROOT} ORDER BY id`, user, user),
    statement(
      `SELECT * FROM events WHERE person = ${ROOT} ORDER BY time DESC, place DESC LIMIT ?`,
      ...[user, user, limit],
    ),
  ]);
  const ids = [root as string, ...aliases.map(({ id }) => id as string)];
  return {
    id: root as string,
    ids: await withoutForgotten(database, ids),
    fields: fields.length > 0 ? cellsOf(fields[0]) : {},
    events: events.reverse().map(eventOf),
  };
}

export async function storedUser(database: Database, id: string): Promise<StoredUser | null> {
  const [row] = await found(database, 'SELECT id, fields FROM people WHERE id = ? AND merged_into IS NULL', id);
  return row ? userOf(row) : null;
}

export async function putUser(database: Database, { id, fields }: StoredUser): Promise<void> {
  await database.run([
    statement(
      `INSERT INTO people (id, fields) VALUES (${ROOT}, ?) ON CONFLICT (id) DO UPDATE SET fields = excluded.fields`,
      ...[id, id, JSON.stringify(fields)],
    ),
  ]);
}

export async function deleteUser(database: Database, id: string): Promise<number> {
  const { id: root } = await personOf(database, id, 0);
  const aliases = await rowsOf(database, 'SELECT id FROM people WHERE merged_into = ?', root);
  const ids = [...new Set([id, root, ...aliases.map((row) => row.id as string)])];
  const sessions = sessionsOf(ids);
  const ofSessions = `WHERE session IN (${sessions.sql}) AND person IS NULL RETURNING id`;
  const [sessionAnswers, sessionEvents, held, events, answers, people] = await alone(database, [
    // what was done and shown in the person's sessions before it was known whose they were
    statement(`DELETE FROM recommendations ${ofSessions}`, ...sessions.values),
    statement(`DELETE FROM events ${ofSessions}`, ...sessions.values),
    deleteHeldOf(ids),
    statement(`DELETE FROM events WHERE person = ${ROOT} RETURNING id`, id, id),
    statement(`DELETE FROM recommendations WHERE person = ${ROOT} RETURNING id`, id, id),
    statement(`DELETE FROM people WHERE id = ${ROOT} OR merged_into = ${ROOT} RETURNING id`, id, id, id, id),
    ...ids.map(forget),
  ]);
  // ids that were merged in after the look above
  const more = people.map((row) => row.id as string).filter((each) => !ids.includes(each));
  if (more.length > 0) await database.run([deleteHeldOf(more), ...more.map(forget)]);
  if (database.kind === 'sqlite') await rowsOf(database, 'PRAGMA wal_checkpoint(TRUNCATE)');
  return [sessionAnswers, sessionEvents, held, events, answers, people].reduce((n, rows) => n + rows.length, 0);
}

function forget(id: string): Statement {
  return statement(
    'INSERT INTO forgotten (hash, time) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING',
    hashOfId(id),
    Date.now(),
  );
}

export async function mergeUsers(database: Database, from: string, into: string): Promise<number> {
  const both = [from, from, into, into];
  const [, , , moved] = await alone(database, [
    statement(`INSERT INTO people (id, fields) VALUES (${ROOT}, '{}') ON CONFLICT (id) DO NOTHING`, into, into),
    statement(`INSERT INTO people (id, fields) VALUES (${ROOT}, '{}') ON CONFLICT (id) DO NOTHING`, from, from),
    statement(
      // what describes the old id stays where nothing describes the new one
      `UPDATE people SET fields = (SELECT fields FROM people WHERE id = ${ROOT}) WHERE id = ${ROOT} AND fields = '{}'`,
      ...both,
    ),
    statement(
      `UPDATE events SET person = ${ROOT} WHERE person = ${ROOT} AND ${ROOT} <> ${ROOT} RETURNING id`,
      ...[into, into, from, from, ...both],
    ),
    statement(
      `UPDATE recommendations SET person = ${ROOT} WHERE person = ${ROOT} AND ${ROOT} <> ${ROOT}`,
      ...[into, into, from, from, ...both],
    ),
    // the last one: what the others ask for changes with it
    statement(
      `UPDATE people SET merged_into = ${ROOT}, fields = '{}' WHERE (id = ${ROOT} OR merged_into = ${ROOT}) AND ${ROOT} <> ${ROOT}`,
      ...[into, into, from, from, from, from, ...both],
    ),
  ]);
  return moved.length;
}

/**
 * In one transaction, while nobody else tells of people: whom an id stands for is asked within it, or two merges at once make a circle,
 * and an event that is on its way keeps an id that was merged or deleted. SQLite has one writer at a time by itself.
 */
export async function alone(database: Database, statements: readonly Statement[]): Promise<Row[][]> {
  if (database.kind === 'sqlite') return database.run(statements);
  const locked = statement('LOCK TABLE people, events, recommendations IN SHARE ROW EXCLUSIVE MODE');
  return (await database.run([locked, ...statements])).slice(1);
}

export async function usersLike(database: Database, search: string, limit: number): Promise<StoredUser[]> {
  const pattern = `%${search.replace(/[\\%_]/g, '\\$&')}%`;
  const rows = await rowsOf(
    database,
    `SELECT id, fields FROM people WHERE merged_into IS NULL AND LOWER(id) LIKE LOWER(?) ESCAPE '\\' ORDER BY id LIMIT ?`,
    pattern,
    limit,
  );
  return rows.map(userOf);
}

export async function nForgotten(database: Database): Promise<number> {
  const [{ n }] = await rowsOf(database, 'SELECT COUNT(*) AS n FROM forgotten');
  return Number(n);
}

export async function withoutForgotten(database: Database, ids: readonly string[]): Promise<string[]> {
  const left: string[] = [];
  for (let from = 0; from < ids.length; from += HASHES_AT_ONCE) {
    const some = ids.slice(from, from + HASHES_AT_ONCE);
    const hashes = some.map(hashOfId);
    const places = hashes.map(() => '?').join(', ');
    const rows = await found(database, `SELECT hash FROM forgotten WHERE hash IN (${places})`, ...hashes);
    const forgotten = new Set(rows.map(({ hash }) => hash));
    left.push(...some.filter((_, n) => !forgotten.has(hashes[n])));
  }
  return left;
}
