/** The store in tables of SQLite or Postgres: the same queries for both. */
import { randomUUID } from 'node:crypto';
import { AnswerQueue } from './answer-queue.ts';
import { eventCounts, variantCounts } from './counting.ts';
import { countHeld, dropHeld, heldEvents, heldNamed, holdEvents, pruneHeld } from './held-events.ts';
import { migrate } from './migrations.ts';
import {
  alone,
  deleteUser,
  mergeUsers,
  nForgotten,
  personOf,
  putUser,
  ROOT,
  storedUser,
  usersLike,
  withoutForgotten,
} from './people.ts';
import type {
  Access,
  EventCount,
  FeedbackEvent,
  Following,
  GivenRecommendation,
  HeldEvent,
  KnownPerson,
  StoredItem,
  StoredKey,
  StoredUser,
  StoredWork,
  VariantCount,
} from './records.ts';
import { answerOf, eventOf, itemOf } from './rows.ts';
import { type Database, found, rowsOf, type Statement, statement, type Value } from './sql.ts';
import type { Store } from './store.ts';
import { StoreFailure, type WatchedDatabase, watchedDatabase } from './store-failure.ts';
import { endWork, takeWork, workOf } from './works.ts';

/** Characters of an answer that is written to see whether the store takes writing: more than a page of a database. */
const TRIAL_SIZE = 20_000;

/** How long an answer waits for others that are written with it; nobody waits for that where one server alone has the store. */
const PAUSE_MS = { sqlite: 20, postgres: 0 } as const;
/** Answers that nobody waits for; beyond them whoever gives one does. */
const MOST_UNWRITTEN = 2_000;

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

  async identity(): Promise<number> {
    const [{ value }] = await rowsOf(this.#database, `SELECT value FROM counters WHERE name = 'store'`);
    return Number(value);
  }

  async addEvents(events: readonly FeedbackEvent[]): Promise<readonly FeedbackEvent[]> {
    if (events.length === 0) return [];
    const insertions = events.map(({ id, user, item, type, value, time, session, recommendation }) =>
      statement(
        `INSERT INTO events (id, person, item, type, value, time, session, recommendation)
         VALUES (?, COALESCE((SELECT merged_into FROM people WHERE id = ?), ?), ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO NOTHING RETURNING id`,
        ...[id, user, user, item, type, value, time, session, recommendation],
      ),
    );
    const added = await this.#database.run(insertions).catch((error: unknown) => {
      // the same events in another order are being told
      if (error instanceof StoreFailure && error.gaveWay) return alone(this.#database, insertions);
      throw error;
    });
    return events.filter((_, n) => added[n].length > 0);
  }

  holdEvents(events: readonly HeldEvent[]): Promise<void> {
    return holdEvents(this.#database, events);
  }

  heldEvents(limit: number): Promise<HeldEvent[]> {
    return heldEvents(this.#database, limit);
  }

  heldNamed(ids: readonly string[]): Promise<FeedbackEvent[]> {
    return heldNamed(this.#database, ids);
  }

  dropHeld(ids: readonly string[]): Promise<number> {
    return dropHeld(this.#database, ids);
  }

  nHeld(): Promise<number> {
    return countHeld(this.#database);
  }

  person(user: string, limit: number): Promise<KnownPerson> {
    return personOf(this.#database, user, limit);
  }

  async eventsOfSession(session: string, limit: number): Promise<FeedbackEvent[]> {
    const rows = await found(
      this.#database,
      'SELECT * FROM events WHERE session = ? ORDER BY time DESC, place DESC LIMIT ?',
      session,
      limit,
    );
    return rows.reverse().map(eventOf);
  }

  async eventsAfter(after: number, limit: number): Promise<(FeedbackEvent & { place: number })[]> {
    // an event of a lower place may still be on its way into Postgres, and whoever goes on after a higher one would never see it
    const settled = this.kind === 'postgres' ? [statement('LOCK TABLE events IN SHARE MODE')] : [];
    const rows = await this.#database.run([
      ...settled,
      statement('SELECT * FROM events WHERE place > ? ORDER BY place LIMIT ?', after, limit),
    ]);
    return (rows.at(-1) ?? []).map((row) => ({ ...eventOf(row), place: Number(row.place) }));
  }

  user(id: string): Promise<StoredUser | null> {
    return storedUser(this.#database, id);
  }

  putUser(user: StoredUser): Promise<void> {
    return putUser(this.#database, user);
  }

  async deleteUser(id: string): Promise<number> {
    await this.#answers.allSettled();
    return deleteUser(this.#database, id);
  }

  mergeUsers(from: string, into: string): Promise<number> {
    return mergeUsers(this.#database, from, into);
  }

  users(search: string, limit: number): Promise<StoredUser[]> {
    return usersLike(this.#database, search, limit);
  }

  nForgotten(): Promise<number> {
    return nForgotten(this.#database);
  }

  withoutForgotten(ids: readonly string[]): Promise<string[]> {
    return withoutForgotten(this.#database, ids);
  }

  async item(id: string): Promise<StoredItem | null> {
    const [row] = await found(this.#database, 'SELECT * FROM items WHERE id = ?', id);
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
    return (
      await rowsOf(this.#database, 'SELECT * FROM items WHERE version > ? ORDER BY version LIMIT ?', version, limit)
    ).map(itemOf);
  }

  get mayAnswerBefore(): boolean {
    return this.kind === 'sqlite' && this.#database.isWritten && this.#answers.size < MOST_UNWRITTEN;
  }

  async addRecommendation(given: GivenRecommendation): Promise<void> {
    await this.#answers.add(given.id, insertAnswer(given));
  }

  async recommendation(id: string): Promise<GivenRecommendation | null> {
    await this.#answers.settled(id);
    const [row] = await found(this.#database, 'SELECT * FROM recommendations WHERE id = ?', id);
    return row ? answerOf(row) : null;
  }

  async knownEvents(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const each = ids.map((id) => statement('SELECT id FROM events WHERE id = ?', id));
    return new Set((await this.#database.lookUp(each)).flatMap((rows) => rows.map(({ id }) => id as string)));
  }

  async eventsFollowing(recommendations: readonly string[]): Promise<readonly FeedbackEvent[]> {
    if (recommendations.length === 0) return [];
    const each = recommendations.map((id) => statement('SELECT * FROM events WHERE recommendation = ?', id));
    return (await this.#database.lookUp(each)).flatMap((rows) => rows.map(eventOf));
  }

  async lastPlace(): Promise<number> {
    const [{ place }] = await found(this.#database, 'SELECT MAX(place) AS place FROM events');
    return Number(place ?? 0);
  }

  pruneHeld(before: number): Promise<number> {
    return pruneHeld(this.#database, before);
  }

  async knownRecommendations(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    await Promise.all(ids.map((id) => this.#answers.settled(id)));
    const each = ids.map((id) => statement('SELECT id FROM recommendations WHERE id = ?', id));
    return new Set((await this.#database.lookUp(each)).flatMap((rows) => rows.map(({ id }) => id as string)));
  }

  async recommendationsAfter(
    after: Pick<GivenRecommendation, 'time' | 'id'> | null,
    limit: number,
  ): Promise<GivenRecommendation[]> {
    await this.#answers.allSettled();
    const { time, id } = after ?? { time: 0, id: '' };
    const rows = await rowsOf(
      this.#database,
      'SELECT * FROM recommendations WHERE time > ? OR (time = ? AND id > ?) ORDER BY time, id LIMIT ?',
      ...[time, time, id, limit],
    );
    return rows.map(answerOf);
  }

  async pruneRecommendations(before: number): Promise<number> {
    return (await rowsOf(this.#database, 'DELETE FROM recommendations WHERE time < ? RETURNING id', before)).length;
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
    await rowsOf(
      this.#database,
      'INSERT INTO keys (id, hash, access, name, created) VALUES (?, ?, ?, ?, ?)',
      ...([id, hash, access, name, created] as Value[]),
    );
  }

  async keys(): Promise<StoredKey[]> {
    return (await rowsOf(this.#database, 'SELECT * FROM keys ORDER BY created, id')).map((row) => ({
      id: row.id as string,
      hash: row.hash as string,
      access: row.access as Access,
      name: row.name as string,
      created: Number(row.created),
    }));
  }

  async removeKey(id: string): Promise<boolean> {
    return (await rowsOf(this.#database, 'DELETE FROM keys WHERE id = ? RETURNING id', id)).length > 0;
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
    await rowsOf(
      this.#database,
      'INSERT INTO recommendations (id, time, body) VALUES (?, 0, ?)',
      ...[id, JSON.stringify('.'.repeat(TRIAL_SIZE))],
    );
    await rowsOf(this.#database, 'DELETE FROM recommendations WHERE id = ?', id);
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
