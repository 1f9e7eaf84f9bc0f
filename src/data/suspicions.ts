/** Signs that a data set is not what its owner believes. None of them stops the work. */
import { alikeIds } from './alike-ids.ts';
import type { Dataset, Interactions } from './dataset.ts';
import { eventKinds } from './event-kinds.ts';
import { constantLabel } from './labels.ts';
import type { Database } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import type { InteractionRoles } from './roles.ts';
import { standInIds } from './stand-in-ids.ts';

/** What is to become of the rows. */
interface RowsUse {
  /** The parts are given: users of one row may be tested there. */
  readonly isGiven?: boolean;
  /** Only rows labelled 1 were kept. */
  readonly takenOnly?: boolean;
}

/** One line for each thing in cleaned interactions that looks wrong or limits what can be learned. */
export function suspicions(
  {
    users,
    items,
    interactions,
    label,
    unnamed,
  }: Pick<Dataset, 'users' | 'items' | 'interactions' | 'label' | 'unnamed'>,
  { isGiven = false, takenOnly = false }: RowsUse = {},
): string[] {
  const { length, rating, time } = interactions;
  const lines: string[] = [];
  const isNamed = (role: 'user' | 'item'): boolean => !unnamed?.includes(role);
  if (users.size === 1 && isNamed('user')) lines.push(`all rows are of one user (${users.idOf(0)})`);
  if (items.size === 1 && isNamed('item')) lines.push(`all rows are of one item (${items.idOf(0)})`);
  const isJudged = rating !== null && isConstant(rating) && !(label && takenOnly);
  if (isJudged && label) lines.push(constantLabel(rating[0], length));
  else if (isJudged && length > 1) lines.push(`every rating is ${rating[0]}: ratings tell nothing apart`);
  if (!unnamed && rating?.includes(0) && rating.every((r) => r === 0 || r === 1))
    lines.push(
      label
        ? 'labels are 0 and 1: models of fields predict them; models that rank items for users, and --min-rating 1, keep the rows labelled 1 only'
        : 'ratings are 0 and 1: models of fields predict them; to rank items, minRating 1 keeps the positives only',
    );
  if (length > 1 && time && isConstant(time)) lines.push('all times are equal: splits by time are not possible');
  const nSingle = unnamed || label || isGiven ? 0 : usersWithOneRow(interactions, users.size);
  if (nSingle > 0) lines.push(`${nSingle} of ${users.size} users have a single interaction and cannot be tested`);
  const padded = nPadded(users) + nPadded(items);
  if (padded > 0) lines.push(`${padded} ids begin or end with a space; they are kept as they are`);
  if (!unnamed) lines.push(...eventKinds(interactions));
  if (isNamed('user')) lines.push(...standInIds(users, interactions));
  lines.push(...alikeIds(users, 'user'), ...alikeIds(items, 'item'));
  return lines;
}

function nPadded(ids: Dataset['users']): number {
  let n = 0;
  for (let index = 0; index < ids.size; index++) {
    const id = ids.idOf(index);
    if (id !== id.trim()) n++;
  }
  return n;
}

function isConstant(values: Float32Array | Float64Array): boolean {
  return values.every((value) => value === values[0]);
}

function usersWithOneRow({ userIndex }: Interactions, nUsers: number): number {
  const count = new Int32Array(nUsers);
  for (const user of userIndex) count[user]++;
  return count.reduce((total, n) => total + (n === 1 ? 1 : 0), 0);
}

/** Columns that repeat the rating, value by value or under other numbers: a model that sees them knows the answer. */
export async function ratingCopies(
  database: Database,
  table: ImportedTable,
  roles: InteractionRoles,
): Promise<string[]> {
  const rating = roles.rating ?? roles.label;
  if (rating === null) return [];
  const used = new Set([roles.user, roles.item, roles.time, roles.session, roles.title, rating]);
  const free = table.columns.filter((column) => !used.has(column) && column.storage !== 'list');
  const answer = roles.rating ? sqlAsNumber(rating) : sqlAsText(rating);
  const others = await alikeAtFirst(database, table, free, answer);
  if (others.length === 0) return [];
  const tests = others.map((column, c) => {
    const pairs = `count(DISTINCT (CAST(${column.sql} AS VARCHAR), ${answer}))`;
    const oneToOne = `${pairs} = count(DISTINCT ${answer}) AND ${pairs} = count(DISTINCT CAST(${column.sql} AS VARCHAR))`;
    return `count(DISTINCT ${answer}) > 1 AND count(${column.sql}) = count(*) AND ${oneToOne} AS leak${c}`;
  });
  const row = await database.row<Record<string, boolean>>(`SELECT ${tests.join(', ')} FROM ${table.sql}`);
  return others
    .filter((_, c) => row[`leak${c}`])
    .map(
      (column) =>
        `${table.source}: column "${column.name}" repeats "${rating.name}" ` +
        `(a leak ${roles.context.includes(column) ? 'where it is used as a field: leave it out of the context' : 'if it were used as a feature'})`,
    );
}

/** The columns that repeat the answer in the first rows; the test of all rows, which is slow, is for these. */
async function alikeAtFirst(
  database: Database,
  table: ImportedTable,
  columns: readonly ImportedColumn[],
  answer: string,
): Promise<ImportedColumn[]> {
  const counts = columns.map((column, c) => {
    const cell = `CAST(${column.sql} AS VARCHAR)`;
    return `greatest(count(DISTINCT ${cell}), count(DISTINCT (${cell}, ${answer}))) AS n${c}`;
  });
  const row = await database.row<Record<string, number>>(
    `SELECT ${[`count(DISTINCT ${answer}) AS answers`, ...counts].join(', ')} FROM (SELECT * FROM ${table.sql} LIMIT 1000)`,
  );
  return columns.filter((_, c) => row[`n${c}`] === row.answers);
}
