/** From the gathered table of texts to typed arrays over dense indices. */
import { type PresentContext, readContext } from './context-columns.ts';
import type { Interactions } from './dataset.ts';
import { gatheredRows } from './interaction-rows.ts';
import type { Database } from './readers/database.ts';

/** All rows of all parts, before cleaning. Ids are in the order of their first appearance. */
export interface EncodedRows {
  readonly interactions: Interactions;
  /** [length] which part each row belongs to. */
  readonly part: Uint8Array;
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** The first name that a row gives its item; null = no row has one. */
  readonly titles: readonly (string | null)[] | null;
}

export interface PresentColumns {
  readonly rating: boolean;
  readonly time: boolean;
  readonly session: boolean;
  readonly title: boolean;
  readonly context: readonly PresentContext[];
}

export async function encodeRows(database: Database, present: PresentColumns): Promise<EncodedRows> {
  await dictionary(database, 'user_ids', 'u', 'u');
  await dictionary(database, 'item_ids', 'i', 'i');
  // A session belongs to its user, whether the file numbers sessions for each user or for all.
  if (present.session) await dictionary(database, 'session_ids', 'u, s', 'u, s');
  const { n } = await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${gatheredRows}`);
  const userIndex = new Int32Array(n);
  const itemIndex = new Int32Array(n);
  const part = new Uint8Array(n);
  const rating = present.rating ? new Float32Array(n) : null;
  const time = present.time ? new Float64Array(n) : null;
  const session = present.session ? new Int32Array(n) : null;
  const targets: [string, Int32Array | Uint8Array | Float32Array | Float64Array | null][] = [
    ['user_ids.idx', userIndex],
    ['item_ids.idx', itemIndex],
    ['g.part', part],
    ['g.r', rating],
    ['g.t', time],
    ['session_ids.idx', session],
  ];
  const used = targets.filter(([, target]) => target !== null);
  await database.numbers(
    `SELECT ${used.map(([sql]) => sql).join(', ')} FROM ${gatheredRows} g JOIN user_ids USING (u) JOIN item_ids USING (i)
     ${session ? 'JOIN session_ids ON session_ids.u = g.u AND session_ids.s = g.s' : ''} ORDER BY g.rowid`,
    used.map(
      ([, target]) =>
        (chunk, start) =>
          target!.set(chunk, start),
    ),
  );
  const context = present.context.length > 0 && { context: await readContext(database, present.context, n) };
  const titles = present.title ? await firstTitles(database) : null;
  // what follows works on the arrays, and needs the memory
  await database.run(`DROP TABLE ${gatheredRows}`);
  return {
    ...{ interactions: { length: n, userIndex, itemIndex, rating, time, session, ...context }, part },
    userIds: (await database.texts('SELECT u FROM user_ids ORDER BY idx')) as string[],
    itemIds: (await database.texts('SELECT i FROM item_ids ORDER BY idx')) as string[],
    titles,
  };
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
