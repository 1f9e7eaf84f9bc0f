/** From the gathered rows to typed arrays over dense indices. */
import type { Progress } from '../core/progress.ts';
import { type PresentContext, readContext } from './context-columns.ts';
import type { Interactions } from './dataset.ts';
import { gatheredRows } from './interaction-rows.ts';
import type { Database, TypedColumn } from './readers/database.ts';
import { Vocabulary } from './vocabulary.ts';

/** All rows of all parts, before cleaning. Ids are in the order of their first appearance. */
export interface EncodedRows {
  readonly interactions: Interactions;
  /** [length] which part each row belongs to. */
  readonly part: Uint8Array;
  readonly users: Vocabulary;
  readonly items: Vocabulary;
  /** The first name that a row gives its item; null = no row has one. */
  readonly titles: readonly (string | null)[] | null;
}

export interface PresentColumns {
  readonly rating: boolean;
  readonly time: boolean;
  readonly session: boolean;
  readonly title: boolean;
  readonly context: readonly PresentContext[];
  /** How many parts there are. */
  readonly nParts: number;
}

/** From so many rows on, reading tells how far it is. */
const MANY_ROWS = 1_000_000;

/**
 * Gives ids their numbers and writes the rows, in chunks as DuckDB reads them, to their places in the columns: beyond the columns
 * themselves (user and item 4 bytes each, time 8 …) and the ids this takes no memory.
 */
export async function encodeRows(
  database: Database,
  present: PresentColumns,
  { idsIgnoreCase }: { readonly idsIgnoreCase: boolean },
  progress?: Progress,
): Promise<EncodedRows> {
  const { n } = await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${gatheredRows}`);
  const task = n >= MANY_ROWS ? progress?.start('reading rows', n, 'rows') : undefined;
  task?.update(0, 'counting users');
  await dictionary(database, 'user_ids', 'u', 'u');
  task?.update(0, 'counting items');
  await dictionary(database, 'item_ids', 'i', 'i');
  // A session belongs to its user, whether the file numbers sessions for each user or for all.
  if (present.session) await dictionary(database, 'session_ids', 'u, s', 'u, s');
  const { interactions, part } = await encodeColumns(database, present, n, (done) => task?.update(done, 'reading'));
  const context = present.context.length > 0 && { context: await readContext(database, present.context, n) };
  const ids = async (query: string): Promise<Vocabulary> =>
    new Vocabulary(await database.textList(query), { ignoresCase: idsIgnoreCase });
  const encoded = {
    interactions: { ...interactions, ...context },
    part,
    users: await ids('SELECT CAST(u AS VARCHAR) FROM user_ids ORDER BY idx'),
    items: await ids('SELECT CAST(i AS VARCHAR) FROM item_ids ORDER BY idx'),
    titles: present.title ? await firstTitles(database) : null,
  };
  for (const table of ['user_ids', 'item_ids', ...(present.session ? ['session_ids'] : [])]) await database.drop(table);
  task?.end(`${n} rows`);
  return encoded;
}

async function encodeColumns(
  database: Database,
  present: PresentColumns,
  n: number,
  onRows: (done: number) => void,
): Promise<{ interactions: Interactions; part: Uint8Array }> {
  const userIndex = new Int32Array(n);
  const itemIndex = new Int32Array(n);
  const part = new Uint8Array(n);
  const rating = present.rating ? new Float32Array(n) : null;
  const time = present.time ? new Float64Array(n) : null;
  const session = present.session ? new Int32Array(n) : null;
  const targets: [string, TypedColumn | null][] = [
    ['user_ids.idx', userIndex],
    ['item_ids.idx', itemIndex],
    ['g.part', present.nParts > 1 ? part : null],
    ['g.r', rating],
    ['g.t', time],
    ['session_ids.idx', session],
  ];
  const used = targets.filter((each): each is [string, TypedColumn] => each[1] !== null);
  await database.scatter(
    `SELECT g.rowid, ${used.map(([sql]) => sql).join(', ')} FROM ${gatheredRows} g
     JOIN user_ids USING (u) JOIN item_ids USING (i)
     ${session ? 'JOIN session_ids ON session_ids.u = g.u AND session_ids.s = g.s' : ''}`,
    used.map(([, target]) => target),
    onRows,
  );
  return { interactions: { length: n, userIndex, itemIndex, rating, time, session }, part };
}

/** A table of the distinct keys with `idx` counting them in the order of their first appearance. */
async function dictionary(database: Database, name: string, key: string, groupBy: string): Promise<void> {
  await database.run(
    `CREATE TABLE ${name} AS SELECT ${key}, CAST(row_number() OVER (ORDER BY min(rowid)) - 1 AS INTEGER) AS idx
     FROM ${gatheredRows} GROUP BY ${groupBy}`,
  );
}

function firstTitles(database: Database): Promise<(string | null)[]> {
  return database.texts(
    `SELECT arg_min(title, g.rowid) FILTER (title IS NOT NULL) FROM ${gatheredRows} g JOIN item_ids USING (i)
     GROUP BY item_ids.idx ORDER BY item_ids.idx`,
  );
}
