/** The tables of the store. A change of them is a new entry at the end; entries that were released stay as they are. */
import { DeepTasteError } from '../../core/errors.ts';
import { type Database, statement } from './sql.ts';

/** Each migration: statements; `{serial}` is a number that the database counts up by itself, `{random}` any number, `{body.X}` the text X of the JSON `body`. */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE events (
      place {serial}, id TEXT NOT NULL UNIQUE, person TEXT, item TEXT NOT NULL, type TEXT NOT NULL, value DOUBLE PRECISION,
      time BIGINT NOT NULL, session TEXT, recommendation TEXT)`,
    'CREATE INDEX events_of_person ON events (person, time)',
    'CREATE INDEX events_of_session ON events (session, time)',
    'CREATE TABLE people (id TEXT PRIMARY KEY, fields TEXT NOT NULL, merged_into TEXT)',
    'CREATE INDEX people_merged ON people (merged_into)',
    `CREATE TABLE items (
      id TEXT PRIMARY KEY, fields TEXT NOT NULL, available INTEGER NOT NULL, deleted INTEGER NOT NULL, version BIGINT NOT NULL)`,
    'CREATE INDEX items_by_version ON items (version)',
    'CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)',
    `INSERT INTO counters (name, value) VALUES ('items', 0)`,
    `CREATE TABLE recommendations (
      id TEXT PRIMARY KEY, time BIGINT NOT NULL, person TEXT, session TEXT, body TEXT NOT NULL)`,
    'CREATE INDEX recommendations_by_time ON recommendations (time)',
    'CREATE INDEX recommendations_of_person ON recommendations (person)',
    'CREATE INDEX recommendations_of_session ON recommendations (session)',
    `CREATE TABLE keys (
      id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, access TEXT NOT NULL, name TEXT NOT NULL, created BIGINT NOT NULL)`,
    'CREATE TABLE forgotten (hash TEXT PRIMARY KEY, time BIGINT NOT NULL)',
  ],
  [
    'CREATE TABLE works (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until BIGINT NOT NULL, ended BIGINT, outcome TEXT)',
    'ALTER TABLE recommendations ADD COLUMN scenario TEXT',
    'ALTER TABLE recommendations ADD COLUMN variant TEXT',
    'UPDATE recommendations SET scenario = {body.scenario}, variant = {body.variant}',
    'CREATE INDEX recommendations_of_scenario ON recommendations (scenario, time)',
    'CREATE INDEX events_of_recommendation ON events (recommendation)',
    'CREATE INDEX events_by_time ON events (time)',
    `INSERT INTO counters (name, value) VALUES ('store', {random})`,
  ],
  [
    `CREATE TABLE held (
      id TEXT PRIMARY KEY, person TEXT, session TEXT, item TEXT NOT NULL, reason TEXT NOT NULL, held BIGINT NOT NULL, body TEXT NOT NULL)`,
    'CREATE INDEX held_by_time ON held (held)',
    'CREATE INDEX held_of_person ON held (person)',
  ],
];

const serial = { sqlite: 'INTEGER PRIMARY KEY AUTOINCREMENT', postgres: 'BIGSERIAL PRIMARY KEY' } as const;
const random = { sqlite: 'ABS(RANDOM() % 1000000000000)', postgres: '(RANDOM() * 1000000000000)::BIGINT' } as const;
const bodyText = { sqlite: `json_extract(body, '$.$1')`, postgres: `(body::json ->> '$1')` } as const;

function inDialect(sql: string, kind: Database['kind']): string {
  return sql
    .replace('{serial}', serial[kind])
    .replace('{random}', random[kind])
    .replace(/\{body\.(\w+)\}/g, (_, name: string) => bodyText[kind].replace('$1', name));
}

/**
 * Brings the tables to the newest version; several processes may do so at once.
 * @throws DeepTasteError `config`: the tables were made by a newer version
 */
export async function migrate(database: Database): Promise<void> {
  const locked = database.kind === 'postgres' ? [statement('SELECT pg_advisory_xact_lock(727274)')] : [];
  await database.run([
    ...locked,
    statement('CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, time BIGINT NOT NULL)'),
  ]);
  for (;;) {
    const [[row]] = await database.run([statement('SELECT COALESCE(MAX(version), 0) AS version FROM migrations')]);
    const version = Number(row.version);
    if (version > MIGRATIONS.length)
      throw new DeepTasteError(
        'config',
        `store: its tables must be of version ${MIGRATIONS.length} at most, found ${version}: a newer deeptaste made them; update deeptaste`,
      );
    if (version === MIGRATIONS.length) return;
    try {
      await database.run([
        ...locked,
        statement('INSERT INTO migrations (version, time) VALUES (?, ?)', version + 1, Date.now()),
        ...MIGRATIONS[version].map((sql) => statement(inDialect(sql, database.kind))),
      ]);
    } catch (error) {
      // another process may have made this step in the meantime
      const [[now]] = await database.run([statement('SELECT COALESCE(MAX(version), 0) AS version FROM migrations')]);
      if (Number(now.version) <= version) throw error;
    }
  }
}
