/** People in the tables of the store: what describes them, merges, and that they are forgotten. */
import { hashOfId, type KnownPerson, type StoredUser } from './records.ts';
import { cellsOf, eventOf, userOf } from './rows.ts';
import { type Database, found, rowsOf, statement } from './sql.ts';

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
  const removed = await database.run([
    // what was done and shown in the person's sessions before it was known whose they were
    statement(
      `DELETE FROM recommendations WHERE session IN (SELECT session FROM events WHERE person = ? AND session IS NOT NULL)
       AND person IS NULL RETURNING id`,
      root,
    ),
    statement(
      `DELETE FROM events WHERE session IN (SELECT session FROM events WHERE person = ? AND session IS NOT NULL)
       AND person IS NULL RETURNING id`,
      root,
    ),
    statement('DELETE FROM events WHERE person = ? RETURNING id', root),
    statement('DELETE FROM recommendations WHERE person = ? RETURNING id', root),
    statement('DELETE FROM people WHERE id = ? OR merged_into = ? RETURNING id', root, root),
    ...ids.map((each) =>
      statement(
        'INSERT INTO forgotten (hash, time) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING',
        hashOfId(each),
        Date.now(),
      ),
    ),
  ]);
  if (database.kind === 'sqlite') await rowsOf(database, 'PRAGMA wal_checkpoint(TRUNCATE)');
  return removed.slice(0, 5).reduce((n, rows) => n + rows.length, 0);
}

export async function mergeUsers(database: Database, from: string, into: string): Promise<number> {
  const [[[source]], [[target]]] = await Promise.all([
    database.run([statement(`SELECT ${ROOT} AS root`, from, from)]),
    database.run([statement(`SELECT ${ROOT} AS root`, into, into)]),
  ]);
  const [old, root] = [source.root as string, target.root as string];
  if (old === root) return 0;
  const [, , , , moved] = await database.run([
    statement(`INSERT INTO people (id, fields) VALUES (?, '{}') ON CONFLICT (id) DO NOTHING`, root),
    statement(`INSERT INTO people (id, fields) VALUES (?, '{}') ON CONFLICT (id) DO NOTHING`, old),
    statement(
      // what describes the old id stays where nothing describes the new one
      `UPDATE people SET fields = (SELECT fields FROM people WHERE id = ?) WHERE id = ? AND fields = '{}'`,
      ...[old, root],
    ),
    statement(`UPDATE people SET merged_into = ?, fields = '{}' WHERE id = ? OR merged_into = ?`, root, old, old),
    statement('UPDATE events SET person = ? WHERE person = ? RETURNING id', root, old),
    statement('UPDATE recommendations SET person = ? WHERE person = ?', root, old),
  ]);
  return moved.length;
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
