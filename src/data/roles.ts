/** Which column of an interactions file plays which role: as the caller says, else from names and values, with an error where neither decides. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { type ColumnStatistics, columnStatistics, guessKind } from './column-statistics.ts';
import type { ColumnRoles } from './data-options.ts';
import { guessLabel, labelByPosition, possibleLabels } from './guess-label.ts';
import { type Assignment, joinedColumns, partsOf, RoleGuess, type SingleRole, takenColumns } from './guess-roles.ts';
import type { Database } from './readers/database.ts';
import type { ImportedColumn, ImportedTable } from './readers/imported-table.ts';
import { isIndexName, rowCounterNotes } from './readers/row-counters.ts';
import { isClassName, isOutcomeName } from './role-names.ts';
import type { ColumnSchema } from './schema.ts';
import { checkTitles } from './title-check.ts';
import { unfittingNames } from './unfitting-names.ts';

export interface InteractionRoles {
  /** Null: the rows name no users. */
  readonly user: ImportedColumn | null;
  /** Null: the rows name no items. */
  readonly item: ImportedColumn | null;
  readonly rating: ImportedColumn | null;
  /** Where there is a label, there is no rating. */
  readonly label: ImportedColumn | null;
  readonly time: ImportedColumn | null;
  readonly session: ImportedColumn | null;
  readonly title: ImportedColumn | null;
  /** Further columns that are kept as fields, with statistics of their sampled rows. */
  readonly context: readonly ImportedColumn[];
  readonly contextStatistics: readonly ColumnStatistics[];
  readonly schema: readonly ColumnSchema[];
  /** A column that is named like titles but holds none. */
  readonly noTitle: ImportedColumn | null;
  /** What a person should know of the guesses. */
  readonly notes: readonly string[];
}

/** Rows whose values are looked at; roles that a name gives surely are checked on every row when they are read. */
const nSampledRows = 10_000;

/**
 * Rows need not name users and items when they carry labels and no column goes by such a name, or when that is told.
 * @param anonymousSessions rows with sessions need not name users either
 * @throws DeepTasteError `data`: no user or no item column is found; a column that is named is not there;
 *   `config`: roles that exclude each other
 */
export async function assignRoles(
  database: Database,
  table: ImportedTable,
  told: ColumnRoles,
  anonymousSessions = false,
): Promise<InteractionRoles> {
  checkTold(told);
  const statistics = await columnStatistics(database, table, nSampledRows);
  const assigned = toldColumns(table, statistics, told);
  const guess = new RoleGuess(table, statistics, assigned);
  guess.ids();
  const isOpen = assigned.label === undefined && !told.rating;
  const { label, outcomes, notes } = await guessLabel(database, table, assigned);
  if (isOpen) assigned.label = label;
  if (assigned.label) assigned.rating = null;
  guess.byName();
  if (!table.named) {
    guess.byPosition();
    if (isOpen) assigned.label ??= await labelByPosition(database, table, assigned);
    if (assigned.label) assigned.rating = null;
  }
  if (assigned.time && told.time === undefined) assigned.time = guess.withClock(assigned.time);
  // Nobody is named: each session is somebody.
  const namesNobody = told.user === null || (anonymousSessions && assigned.user === undefined);
  if (namesNobody && !assigned.label && assigned.session) assigned.user = assigned.session;
  checkIds(table, assigned);
  await refuseObjects(database, table, assigned);
  const titles = await checkTitles(database, table, assigned, told.title !== undefined);
  if (titles.noTitle) assigned.title = null;
  const context = contextColumns(table, statistics, assigned, told, outcomes).filter(
    (column) => column !== titles.noTitle || told.context?.includes(column.name),
  );
  const isUndecided = isOpen && table.named && assigned.user && !assigned.label && !assigned.rating;
  const free = table.columns.filter((column) => !Object.values(assigned).includes(column));
  return {
    user: assigned.user ?? null,
    item: assigned.item ?? null,
    rating: assigned.rating ?? null,
    label: assigned.label ?? null,
    time: assigned.time ?? null,
    session: assigned.session ?? null,
    title: assigned.title ?? null,
    context,
    contextStatistics: context.map((column) => statistics[table.columns.indexOf(column)]),
    schema: schemaOf(table, statistics, assigned, told, context),
    noTitle: titles.noTitle,
    notes: [
      ...titles.notes,
      ...rowCounterNotes(table.source, free, context),
      ...(isOpen ? notes : []),
      ...(isUndecided ? await possibleLabels(database, table, free) : []),
      ...(await unfittingNames(database, table, assigned, free)),
    ],
  };
}

/** Ids are single values: objects that could not be taken apart are none. */
async function refuseObjects(
  database: Database,
  table: ImportedTable,
  { user, item, session }: Assignment,
): Promise<void> {
  for (const column of [user, item, session]) {
    if (!column || column.storage === 'list') continue;
    const found = column.objects
      ? (
          await database.texts(`SELECT ${column.sql} FROM ${table.sql} WHERE starts_with(${column.sql}, '{') LIMIT 1`)
        )[0]
      : await writtenObject(database, table, column);
    if (found === undefined) continue;
    throw new DeepTasteError(
      'data',
      `${table.source}: ids must be single values, "${column.name}" holds objects (${found}); write the id into a column of its own`,
      { path: table.source, column: column.name },
    );
  }
}

/** The first of the cells when all those at the beginning are objects as JSON or Python writes them, such as `{'id': 7}`. */
async function writtenObject(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
): Promise<string | undefined> {
  const cells = await database.texts(
    `SELECT CAST(${column.sql} AS VARCHAR) FROM ${table.sql} WHERE ${column.sql} IS NOT NULL LIMIT 100`,
  );
  return cells.every((cell) => /^\s*\{\s*["'][^"']*["']\s*:[\s\S]*\}\s*$/.test(cell ?? ''))
    ? (cells[0] ?? undefined)
    : undefined;
}

function checkTold({ rating, label, context, ...others }: ColumnRoles): void {
  if (rating && label)
    throw new DeepTasteError(
      'config',
      `columns: rows have ratings or labels, found both ("${rating}" and "${label}"); leave one of them out`,
    );
  for (const [role, name] of Object.entries({ rating, label, ...others }))
    if (name && context?.includes(name))
      throw new DeepTasteError('config', `columns: "${name}" cannot be the ${role} and context; leave one of them out`);
}

/** Rows name users and items, or say that they do not. */
function checkIds(table: ImportedTable, { user, item, label, rating, session }: Assignment): void {
  const areExamples = label && !user && !item;
  const missing = (['user', 'item'] as const).filter(
    (role) => (role === 'user' ? user : item) === undefined && !areExamples,
  );
  if (missing.length > 0) throw unknownColumns(table, missing, session?.name);
  if (!(user && item) && !label && !rating)
    throw new DeepTasteError(
      'config',
      `${table.source}: rows that do not name both users and items must carry a label or a rating; say --label COLUMN`,
      { path: table.source },
    );
  if (user && user === item)
    throw new DeepTasteError(
      'config',
      `${table.source}: user and item must be different columns, both are "${user.name}"`,
    );
  for (const column of [user, item])
    if (column?.storage === 'list')
      throw new DeepTasteError('data', `${table.source}: ids must be single values, "${column.name}" holds lists`);
}

/** All columns without a role, but long texts and outcomes; or those that were named. */
function contextColumns(
  table: ImportedTable,
  statistics: readonly ColumnStatistics[],
  assigned: Assignment,
  { context }: ColumnRoles,
  outcomes: readonly ImportedColumn[],
): ImportedColumn[] {
  if (context === null) return [];
  if (context)
    return [...new Set(context)].map((name) => {
      const column = table.columns.find((each) => each.name === name);
      if (!column) throw missingColumn(table, name, 'context');
      return column;
    });
  const taken = new Set([...takenColumns(assigned), ...outcomes]);
  return table.columns.filter(
    (column, c) =>
      !taken.has(column) &&
      !isOutcomeName(column.name) &&
      !(column.countsRows && isIndexName(column)) &&
      guessKind(column, statistics[c]).kind !== 'text',
  );
}

function toldColumns(table: ImportedTable, statistics: readonly ColumnStatistics[], told: ColumnRoles): Assignment {
  const assigned: Assignment = {};
  for (const role of ['user', 'item', 'rating', 'label', 'time', 'session', 'title'] as const) {
    const name = told[role];
    if (name === undefined) continue;
    const byName = (wanted: string): ImportedColumn | undefined => table.columns.find((each) => each.name === wanted);
    const column =
      name === null ? null : (byName(name) ?? (role === 'time' ? toldParts(table, statistics, name) : undefined));
    // A title may stand in the file of the items instead; that is looked up there, and no other column is taken for it.
    if (column === undefined && role === 'title') {
      assigned.title = null;
      continue;
    }
    if (column === undefined) throw missingColumn(table, name!, role);
    assigned[role] = column;
  }
  return assigned;
}

/** `date+time`: the columns of a date and of a time of day. */
function toldParts(
  table: ImportedTable,
  statistics: readonly ColumnStatistics[],
  name: string,
): ImportedColumn | undefined {
  const parts = name.split('+').map((part) => table.columns.find((each) => each.name === part.trim()));
  const [day, clock] = parts;
  if (parts.length !== 2 || !day || !clock) return undefined;
  return joinedColumns(day, clock, statistics[table.columns.indexOf(clock)]);
}

export function missingColumn(
  table: Pick<ImportedTable, 'source' | 'columns'>,
  name: string,
  role: string,
): DeepTasteError {
  const names = table.columns.map((column) => column.name);
  const [part, ...parts] = names.filter((each) => each.startsWith(`${name}.`));
  const objects = `; it holds objects: name one of ${[part, ...parts].slice(0, 10).join(', ')}`;
  const hint = part === undefined ? suggestion(name, names) : objects;
  const message = `${table.source}: there is no column "${name}" for ${role}${hint}`;
  return new DeepTasteError('config', message, { path: table.source, column: name, columns: names });
}

function unknownColumns(table: ImportedTable, missing: readonly string[], session: string | undefined): DeepTasteError {
  const names = table.columns.map((column) => column.name);
  const flags = missing.map((role) => `--${role} COLUMN`).join(' ');
  const none = missing.map((role) => `--no-${role}`).join(' ');
  const hint =
    session !== undefined && missing.includes('user')
      ? ` (models of sequences take sessions without users as they are, "deeptaste models" lists them; for all others, ` +
        `--user ${session} makes each session a user)`
      : ` (or --label COLUMN ${none} for labelled rows without)`;
  const apart =
    names.length === 1 && table.hasHeader ? '; if the cells are separated by something else, say --delimiter' : '';
  const outcome = names.find(isClassName);
  const almost =
    outcome === undefined
      ? ''
      : `; "${outcome}" is no label, for it does not hold two different values: say --label ${outcome} to see which, ` +
        `or --rating ${outcome} ${none} to predict it as a number`;
  return new DeepTasteError(
    'config',
    `${table.source}: cannot tell which column holds the ${missing.join(' and the ')}; say ${flags}${hint}${almost}; ` +
      `columns: ${names.join(', ')}${headerNote(table)}${apart}`,
    { path: table.source, missing, columns: names },
  );
}

function headerNote(table: ImportedTable): string {
  if (!table.named) return ' (the file has no header)';
  return table.hasHeader ? ' (if these are data, say --no-header)' : '';
}

function schemaOf(
  table: ImportedTable,
  statistics: readonly ColumnStatistics[],
  assigned: Assignment,
  told: ColumnRoles,
  context: readonly ImportedColumn[],
): ColumnSchema[] {
  return table.columns.map((column, c) => {
    const { name } = column;
    const role = (Object.keys(assigned) as SingleRole[]).find((each) => partsOf(assigned[each]).includes(column));
    const owner = 'interaction';
    if (role)
      return {
        name,
        role,
        kind: roleKinds[role],
        owner,
        guessed: told[role] !== assigned[role]!.name && !table.standard,
      };
    const { kind } = guessKind(column, statistics[c]);
    return { name, role: context.includes(column) ? 'field' : 'ignore', kind, owner, guessed: false };
  });
}

const roleKinds = {
  ...({ user: 'id', item: 'id', rating: 'numeric', label: 'categorical' } as const),
  ...({ time: 'time', session: 'id', title: 'text' } as const),
} as const;
