/** `deeptaste recommend RUN --users … --out FILE`: lists for many users of the data, as a table in a file. */
import { DeepTasteError } from '../core/errors.ts';
import { shortNumber, shortTime } from '../core/short-text.ts';
import { quotedNames } from '../core/shown.ts';
import { counted } from '../data/counted.ts';
import { UNKNOWN_USER, type UserList } from '../recommender/recommend-all.ts';
import { Recommender } from '../recommender/recommender.ts';
import type { RecommendAllOptions } from '../recommender/request.ts';
import { checkTableFile, writeTable } from './table-file.ts';
import type { OutputColumn, RowSink } from './table-rows.ts';
import type { Terminal } from './terminal.ts';
import { readUserIds } from './user-ids.ts';

export interface ManyRequest extends Omit<RecommendAllOptions, 'users'> {
  /** A file of users, or 'all'. */
  readonly users: string;
  readonly out: string;
  readonly threads?: number;
}

/** Users without a list, by the reason why: how many, and the first few. */
type Skipped = Map<string, { n: number; readonly users: string[] }>;

const NAMED = 5;

const columns: readonly OutputColumn[] = [
  { name: 'user', type: 'text' },
  { name: 'rank', type: 'integer' },
  { name: 'item', type: 'text' },
  { name: 'title', type: 'text' },
  { name: 'score', type: 'float' },
  { name: 'by_popularity', type: 'boolean' },
];

/** @throws 'usage' for a place or a file that cannot be used; 'not-found' when no user is known; 'artifact'; 'io' */
export async function recommendMany(terminal: Terminal, path: string, request: ManyRequest): Promise<void> {
  const { users: source, out, threads, ...options } = request;
  await checkTableFile(out);
  // the same bytes on every machine, and as one user gets them
  const recommender = await Recommender.load(path, { threads, blas: 'off' });
  try {
    const users = source === 'all' ? undefined : await knownUsers(terminal, recommender, source);
    const started = performance.now();
    const lists = recommender.recommendAll({ ...options, users }, await terminal.progress());
    const written = await writeTable(out, columns, (sink) => writeLists(lists, sink));
    const seconds = (performance.now() - started) / 1000;
    const report = { path, model: recommender.model.name, out, ...written, seconds };
    for (const note of skippedNotes(written.skipped)) terminal.note(note);
    terminal.print(manyReport(report));
    terminal.document(manyDocument(report));
  } finally {
    recommender.close();
  }
}

/** Ids of a file, told before the work when some of them are unknown. @throws 'not-found' when all are */
async function knownUsers(terminal: Terminal, { parts }: Recommender, source: string): Promise<string[]> {
  const column = parts.info.schema.columns.find(({ role }) => role === 'user')?.name ?? null;
  const ids = [...new Set(await readUserIds(source, column))];
  const unknown = ids.filter((id) => parts.users.indexOf(id) === undefined);
  if (unknown.length === ids.length && parts.users.size > 0)
    throw new DeepTasteError(
      'not-found',
      `--users ${source}: must name a user of the training data in a column "${column ?? 'user'}" or one on each line, found ` +
        `${ids.length === 0 ? 'none' : `only unknown ${quotedNames(ids)}`}; ids look like ${quotedNames(parts.users.idsFrom(0, 3))}`,
    );
  if (unknown.length > 0)
    terminal.note(
      `warning: ${source}: ${unknown.length} of ${ids.length} users are unknown and left out: ${quotedNames(unknown)}`,
    );
  return ids;
}

async function writeLists(
  lists: AsyncIterable<UserList>,
  sink: RowSink,
): Promise<{ users: number; rows: number; skipped: Skipped }> {
  const skipped: Skipped = new Map();
  let [users, rows] = [0, 0];
  for await (const { user, recommendations, skipped: reason } of lists) {
    if (reason !== null) {
      count(skipped, reason, user);
      continue;
    }
    users++;
    for (const [n, { item, title, score, byPopularity = false }] of recommendations.entries()) {
      await sink.add([user, n + 1, item, title, score, byPopularity]);
      rows++;
    }
  }
  return { users, rows, skipped };
}

function count(skipped: Skipped, reason: string, user: string): void {
  const known = skipped.get(reason) ?? { n: 0, users: [] };
  known.n++;
  if (known.users.length < NAMED) known.users.push(user);
  skipped.set(reason, known);
}

/** Of those that were not told before the work. */
function skippedNotes(skipped: Skipped): string[] {
  const others = [...skipped].filter(([reason]) => reason !== UNKNOWN_USER);
  return others.map(([reason, { n, users }]) => {
    const more = n > users.length ? ', …' : '';
    return `${counted(n, 'user')} left out, each of whom ${reason}: ${users.join(', ')}${more}`;
  });
}

interface ManyReport {
  readonly path: string;
  readonly model: string;
  readonly out: string;
  readonly users: number;
  readonly rows: number;
  readonly skipped: Skipped;
  readonly seconds: number;
}

function manyReport({ out, users, rows, seconds }: ManyReport): string {
  const speed = `${shortNumber(users / seconds)} users/s`;
  return `${out}: ${rows.toLocaleString('en-US')} rows for ${counted(users, 'user')}, ${shortTime(seconds)}, ${speed}`;
}

function manyDocument({ path, model, out, users, rows, skipped, seconds }: ManyReport): object {
  return {
    run: path,
    model,
    path: out,
    users,
    rows,
    skipped: Array.from(skipped, ([reason, { n, users: first }]) => ({ reason, n, users: first })),
    seconds,
    usersPerSecond: users / seconds,
  };
}
