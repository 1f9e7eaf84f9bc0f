/** The store in tables of SQLite or Postgres: the same queries for both. */
import { randomUUID } from 'node:crypto';
import { AnswerQueue } from './answer-queue.ts';
import { eventCounts, variantCounts } from './counting.ts';
import { migrate } from './migrations.ts';
import type {
  Access,
  Cells,
  EventCount,
  FeedbackEvent,
  Following,
  GivenRecommendation,
  KnownPerson,
  StoredItem,
  StoredKey,
  StoredUser,
  StoredWork,
  VariantCount,
} from './records.ts';
import { hashOfId } from './records.ts';
import { type Database, type Row, type Statement, statement, type Value } from './sql.ts';
import type { Store } from './store.ts';
import { type WatchedDatabase, watchedDatabase } from './store-failure.ts';
import { endWork, takeWork, workOf } from './works.ts';

/** Characters of an answer that is written to see whether the store takes writing: more than a page of a database. */
const TRIAL_SIZE = 20_000;

/** How long an answer waits for others that are written with it; nobody waits for that where one server alone has the store. */
const PAUSE_MS = { sqlite: 20, postgres: 0 } as const;
/** Answers that nobody waits for; beyond them whoever gives one does. */
const MOST_UNWRITTEN = 2_000;

/** Hashes that one statement looks for. */
const HASHES_AT_ONCE = 500;

/** Whom an id stands for after merges. */
const ROOT = 'COALESCE((SELECT merged_into FROM people WHERE id = ?), ?)';

/** 1 for an id of which any table knows, 0 for others, who are most: one look instead of several. */
const IS_KNOWN = `SELECT CASE WHEN EXISTS (SELECT 1 FROM people WHERE id = ?) OR EXISTS (SELECT 1 FROM events WHERE person = ?)
  OR EXISTS (SELECT 1 FROM forgotten WHERE hash = ?) THEN 1 ELSE 0 END AS known`;

/** @throws as {@link migrate} */
export async function openSqlStore(database: Database): Promise<Store> {
  await migrate(database);
  return new SqlStore(watchedDatabase(database));
}

class SqlStore implements Store {
  readonly #database: WatchedDatabase;
  readonly #answers: AnswerQueue;

  constructor(database: WatchedDatabase) {
    this.#database = database;
    this.#answers = new AnswerQueue((statements) => database.run(statements), PAUSE_MS[database.kind]);
  }

  get kind(): string {
    return this.#database.kind;
  }

  async #rows(sql: string, ...values: Value[]): Promise<Row[]> {
    const [rows] = await this.#database.run([statement(sql, ...values)]);
    return rows;
  }

  async identity(): Promise<number> {
    const [{ value }] = await this.#rows(`SELECT value FROM counters WHERE name = 'store'`);
    return Number(value);
  }

  /** Rows that an index finds. */
  async #found(sql: string, ...values: Value[]): Promise<Row[]> {
    const [rows] = await this.#database.lookUp([statement(sql, ...values)]);
    return rows;
  }

  async addEvents(events: readonly FeedbackEvent[]): Promise<readonly FeedbackEvent[]> {
    if (events.length === 0) return [];
    const added = await this.#database.run(
      events.map(({ id, user, item, type, value, time, session, recommendation }) =>
        statement(
          `INSERT INTO events (id, person, item, type, value, time, session, recommendation)
           VALUES (?, COALESCE((SELECT merged_into FROM people WHERE id = ?), ?), ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO NOTHING RETURNING id`,
          ...[id, user, user, item, type, value, time, session, recommendation],
        ),
      ),
    );
    return events.filter((_, n) => added[n].length > 0);
  }

  async person(user: string, limit: number): Promise<KnownPerson> {
    const [{ known }] = await this.#found(IS_KNOWN, user, user, hashOfId(user));
    return known === 1 ? this.#knownPerson(user, limit) : { id: user, ids: [user], fields: {}, events: [] };
  }

  async #knownPerson(user: string, limit: number): Promise<KnownPerson> {
    const [[{ root }], fields, aliases, events] = await this.#database.lookUp([
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
      ids: await this.withoutForgotten(ids),
      fields: fields.length > 0 ? cellsOf(fields[0]) : {},
      events: events.reverse().map(eventOf),
    };
  }

  async eventsOfSession(session: string, limit: number): Promise<FeedbackEvent[]> {
    const rows = await this.#found(
      'SELECT * FROM events WHERE session = ? ORDER BY time DESC, place DESC LIMIT ?',
      session,
      limit,
    );
    return rows.reverse().map(eventOf);
  }

  async eventsAfter(after: number, limit: number): Promise<(FeedbackEvent & { place: number })[]> {
    const rows = await this.#rows('SELECT * FROM events WHERE place > ? ORDER BY place LIMIT ?', after, limit);
    return rows.map((row) => ({ ...eventOf(row), place: Number(row.place) }));
  }

  async user(id: string): Promise<StoredUser | null> {
    const [row] = await this.#found('SELECT id, fields FROM people WHERE id = ? AND merged_into IS NULL', id);
    return row ? userOf(row) : null;
  }

  async putUser({ id, fields }: StoredUser): Promise<void> {
    await this.#database.run([
      statement(
        `INSERT INTO people (id, fields) VALUES (${ROOT}, ?) ON CONFLICT (id) DO UPDATE SET fields = excluded.fields`,
        ...[id, id, JSON.stringify(fields)],
      ),
    ]);
  }

  async deleteUser(id: string): Promise<number> {
    await this.#answers.allSettled();
    const { id: root } = await this.person(id, 0);
    const aliases = await this.#rows('SELECT id FROM people WHERE merged_into = ?', root);
    const ids = [...new Set([id, root, ...aliases.map((row) => row.id as string)])];
    const removed = await this.#database.run([
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
    if (this.kind === 'sqlite') await this.#rows('PRAGMA wal_checkpoint(TRUNCATE)');
    return removed.slice(0, 5).reduce((n, rows) => n + rows.length, 0);
  }

  async mergeUsers(from: string, into: string): Promise<number> {
    const [[[source]], [[target]]] = await Promise.all([
      this.#database.run([statement(`SELECT ${ROOT} AS root`, from, from)]),
      this.#database.run([statement(`SELECT ${ROOT} AS root`, into, into)]),
    ]);
    const [old, root] = [source.root as string, target.root as string];
    if (old === root) return 0;
    const [, , , , moved] = await this.#database.run([
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

  async users(search: string, limit: number): Promise<StoredUser[]> {
    const pattern = `%${search.replace(/[\\%_]/g, '\\$&')}%`;
    const rows = await this.#rows(
      `SELECT id, fields FROM people WHERE merged_into IS NULL AND LOWER(id) LIKE LOWER(?) ESCAPE '\\' ORDER BY id LIMIT ?`,
      pattern,
      limit,
    );
    return rows.map(userOf);
  }

  async nForgotten(): Promise<number> {
    const [{ n }] = await this.#rows('SELECT COUNT(*) AS n FROM forgotten');
    return Number(n);
  }

  async withoutForgotten(ids: readonly string[]): Promise<string[]> {
    const left: string[] = [];
    for (let from = 0; from < ids.length; from += HASHES_AT_ONCE) {
      const some = ids.slice(from, from + HASHES_AT_ONCE);
      const hashes = some.map(hashOfId);
      const places = hashes.map(() => '?').join(', ');
      const rows = await this.#found(`SELECT hash FROM forgotten WHERE hash IN (${places})`, ...hashes);
      const forgotten = new Set(rows.map(({ hash }) => hash));
      left.push(...some.filter((_, n) => !forgotten.has(hashes[n])));
    }
    return left;
  }

  async item(id: string): Promise<StoredItem | null> {
    const [row] = await this.#found('SELECT * FROM items WHERE id = ?', id);
    return row ? itemOf(row) : null;
  }

  async putItem({ id, fields, available, deleted }: Omit<StoredItem, 'version'>): Promise<StoredItem> {
    const [, [row]] = await this.#database.run([
      statement(`UPDATE counters SET value = value + 1 WHERE name = 'items'`),
      statement(
        `INSERT INTO items (id, fields, available, deleted, version)
         VALUES (?, ?, ?, ?, (SELECT value FROM counters WHERE name = 'items'))
         ON CONFLICT (id) DO UPDATE SET fields = excluded.fields, available = excluded.available, deleted = excluded.deleted,
           version = excluded.version
         RETURNING *`,
        ...[id, JSON.stringify(fields), Number(available), Number(deleted)],
      ),
    ]);
    return itemOf(row);
  }

  async itemsAfter(version: number, limit: number): Promise<StoredItem[]> {
    return (await this.#rows('SELECT * FROM items WHERE version > ? ORDER BY version LIMIT ?', version, limit)).map(
      itemOf,
    );
  }

  get mayAnswerBefore(): boolean {
    return this.kind === 'sqlite' && this.#database.isWritten && this.#answers.size < MOST_UNWRITTEN;
  }

  async addRecommendation(given: GivenRecommendation): Promise<void> {
    await this.#answers.add(given.id, insertAnswer(given));
  }

  async recommendation(id: string): Promise<GivenRecommendation | null> {
    await this.#answers.settled(id);
    const [row] = await this.#found('SELECT * FROM recommendations WHERE id = ?', id);
    if (!row) return null;
    const body = JSON.parse(row.body as string) as Omit<GivenRecommendation, 'id' | 'time' | 'user' | 'session'>;
    const [user, session] = [row.person as string | null, row.session as string | null];
    return { ...body, id: row.id as string, time: Number(row.time), user, session };
  }

  async pruneRecommendations(before: number): Promise<number> {
    return (await this.#rows('DELETE FROM recommendations WHERE time < ? RETURNING id', before)).length;
  }

  eventCounts(since: number, stretch: number): Promise<EventCount[]> {
    return eventCounts(this.#database, since, stretch);
  }

  async variantCounts(scenario: string, since: number, following: Following): Promise<VariantCount[]> {
    await this.#answers.allSettled();
    return variantCounts(this.#database, scenario, since, following);
  }

  takeWork(name: string, holder: string, until: number, gone?: string): Promise<boolean> {
    return takeWork(this.#database, name, holder, until, gone);
  }

  endWork(name: string, holder: string, outcome: string): Promise<void> {
    return endWork(this.#database, name, holder, outcome);
  }

  work(name: string): Promise<StoredWork | null> {
    return workOf(this.#database, name);
  }

  async addKey({ id, hash, access, name, created }: StoredKey): Promise<void> {
    await this.#rows(
      'INSERT INTO keys (id, hash, access, name, created) VALUES (?, ?, ?, ?, ?)',
      ...([id, hash, access, name, created] as Value[]),
    );
  }

  async keys(): Promise<StoredKey[]> {
    return (await this.#rows('SELECT * FROM keys ORDER BY created, id')).map((row) => ({
      id: row.id as string,
      hash: row.hash as string,
      access: row.access as Access,
      name: row.name as string,
      created: Number(row.created),
    }));
  }

  async removeKey(id: string): Promise<boolean> {
    return (await this.#rows('DELETE FROM keys WHERE id = ? RETURNING id', id)).length > 0;
  }

  async counts(): Promise<{ events: number; users: number; items: number }> {
    const count = (table: string, where = ''): Statement => statement(`SELECT COUNT(*) AS n FROM ${table} ${where}`);
    const counted = await this.#database.run([
      count('events'),
      count('people', 'WHERE merged_into IS NULL'),
      count('items', 'WHERE deleted = 0'),
    ]);
    const [events, users, items] = counted.map(([{ n }]) => Number(n));
    return { events, users, items };
  }

  async requireWritable(): Promise<void> {
    if (this.#database.isWritten) return;
    const id = `trial-${randomUUID()}`;
    await this.#rows(
      'INSERT INTO recommendations (id, time, body) VALUES (?, 0, ?)',
      ...[id, JSON.stringify('.'.repeat(TRIAL_SIZE))],
    );
    await this.#rows('DELETE FROM recommendations WHERE id = ?', id);
  }

  async close(): Promise<void> {
    await this.#answers.allSettled();
    return this.#database.close();
  }
}

function insertAnswer({ id, time, user, session, ...body }: GivenRecommendation): Statement {
  return statement(
    `INSERT INTO recommendations (id, time, person, session, scenario, variant, body) VALUES (?, ?, ${ROOT}, ?, ?, ?, ?)`,
    ...[id, time, user, user, session, body.scenario, body.variant, JSON.stringify(body)],
  );
}

function cellsOf({ fields }: Row): Cells {
  return JSON.parse(fields as string);
}

function userOf(row: Row): StoredUser {
  return { id: row.id as string, fields: cellsOf(row) };
}

function itemOf(row: Row): StoredItem {
  return {
    id: row.id as string,
    fields: cellsOf(row),
    available: Number(row.available) === 1,
    deleted: Number(row.deleted) === 1,
    version: Number(row.version),
  };
}

function eventOf(row: Row): FeedbackEvent {
  return {
    id: row.id as string,
    user: row.person as string | null,
    item: row.item as string,
    type: row.type as string,
    value: row.value === null ? null : Number(row.value),
    time: Number(row.time),
    session: row.session as string | null,
    recommendation: row.recommendation as string | null,
  };
}
