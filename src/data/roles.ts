/** Which column of an interactions file plays which role: as told, else from names and values, never silently wrong. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { type ColumnStatistics, columnStatistics, guessKind } from './column-statistics.ts';
import type { ColumnRoles } from './data-options.ts';
import { guessLabel } from './guess-label.ts';
import type { Database } from './readers/database.ts';
import type { ImportedColumn, ImportedTable } from './readers/imported-table.ts';
import { type GuessedRole, isOutcomeName, isSureName, namedFor, nameRank, titleColumns } from './role-names.ts';
import type { ColumnSchema } from './schema.ts';

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
}

type Single = GuessedRole | 'title' | 'label';
type Assignment = { [role in Single]?: ImportedColumn | null };

/** Rows whose values are looked at; roles that a name gives surely are checked on every row when they are read. */
const nSampledRows = 10_000;

/**
 * Rows need not name users and items when they carry labels and no column goes by such a name, or when that is told.
 * @throws DeepTasteError `data`: no user or no item column can be told; a column that is named is not there;
 *   `config`: roles that exclude each other
 */
export async function assignRoles(
  database: Database,
  table: ImportedTable,
  told: ColumnRoles,
): Promise<InteractionRoles> {
  checkTold(told);
  const statistics = await columnStatistics(database, table, nSampledRows);
  const assigned = toldColumns(table, told);
  const guess = new Guess(table, statistics, assigned);
  guess.ids();
  if (assigned.label === undefined && !told.rating) assigned.label = await guessLabel(database, table, assigned);
  if (assigned.label) assigned.rating = null;
  guess.byName();
  if (!table.named) guess.byPosition();
  // Nobody is named: each session is somebody.
  if (told.user === null && !assigned.label && assigned.session) assigned.user = assigned.session;
  checkIds(table, assigned);
  const context = contextColumns(table, statistics, assigned, told);
  return {
    ...{ user: assigned.user ?? null, item: assigned.item ?? null },
    ...{ rating: assigned.rating ?? null, label: assigned.label ?? null },
    ...{ time: assigned.time ?? null, session: assigned.session ?? null, title: assigned.title ?? null },
    ...{ context, contextStatistics: context.map((column) => statistics[table.columns.indexOf(column)]) },
    schema: schemaOf(table, statistics, assigned, told, context),
  };
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
      'data',
      `${table.source}: rows that do not name both users and items must carry a label or a rating; say --label COLUMN`,
      { path: table.source },
    );
  if (user && user === item)
    throw new DeepTasteError(
      'data',
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
): ImportedColumn[] {
  if (context === null) return [];
  if (context)
    return [...new Set(context)].map((name) => {
      const column = table.columns.find((each) => each.name === name);
      if (!column) throw missingColumn(table, name, 'context');
      return column;
    });
  const taken = new Set(Object.values(assigned));
  return table.columns.filter(
    (column, c) =>
      !taken.has(column) && !isOutcomeName(column.name) && guessKind(column, statistics[c]).kind !== 'text',
  );
}

function toldColumns(table: ImportedTable, told: ColumnRoles): Assignment {
  const assigned: Assignment = {};
  for (const role of ['user', 'item', 'rating', 'label', 'time', 'session', 'title'] as const) {
    const name = told[role];
    if (name === undefined) continue;
    const column = name === null ? null : table.columns.find((each) => each.name === name);
    // A title may stand in the file of the items instead; that is looked up there.
    if (column === undefined && role === 'title') continue;
    if (column === undefined) throw missingColumn(table, name!, role);
    assigned[role] = column;
  }
  return assigned;
}

export function missingColumn(
  table: Pick<ImportedTable, 'source' | 'columns'>,
  name: string,
  role: string,
): DeepTasteError {
  const names = table.columns.map((column) => column.name);
  const message = `${table.source}: there is no column "${name}" for ${role}${suggestion(name, names)}`;
  return new DeepTasteError('data', message, { path: table.source, column: name, columns: names });
}

function unknownColumns(table: ImportedTable, missing: readonly string[], session: string | undefined): DeepTasteError {
  const names = table.columns.map((column) => column.name);
  const flags = missing.map((role) => `--${role} COLUMN`).join(' ');
  const none = missing.map((role) => `--no-${role}`).join(' ');
  const hint =
    session !== undefined && missing.includes('user')
      ? ` (--user ${session} makes each session a user)`
      : ` (or --label COLUMN ${none} for labelled rows without)`;
  return new DeepTasteError(
    'data',
    `${table.source}: cannot tell which column holds the ${missing.join(' and the ')}; say ${flags}${hint}; ` +
      `columns: ${names.join(', ')}${headerNote(table)}`,
    { path: table.source, missing, columns: names },
  );
}

function headerNote(table: ImportedTable): string {
  if (!table.named) return ' (the file has no header)';
  return table.hasHeader ? ' (if these are data, say --no-header)' : '';
}

/** Fills the roles that nobody told. */
class Guess {
  readonly #table: ImportedTable;
  readonly #statistics: readonly ColumnStatistics[];
  readonly #assigned: Assignment;

  constructor(table: ImportedTable, statistics: readonly ColumnStatistics[], assigned: Assignment) {
    this.#table = table;
    this.#statistics = statistics;
    this.#assigned = assigned;
  }

  get #free(): ImportedColumn[] {
    const taken = new Set(Object.values(this.#assigned));
    return this.#table.columns.filter((column) => !taken.has(column));
  }

  ids(): void {
    for (const role of ['user', 'item'] as const) if (this.#assigned[role] === undefined) this.#nameId(role);
  }

  byName(): void {
    for (const role of ['rating', 'time', 'session'] as const)
      if (this.#assigned[role] === undefined) this.#assigned[role] = this.#fitting(role);
    if (this.#assigned.title === undefined) {
      const [name] = titleColumns(this.#free.map((column) => column.name));
      this.#assigned.title = this.#free.find((column) => column.name === name && !this.#isNumeric(column));
    }
  }

  #nameId(role: 'user' | 'item'): void {
    const found = namedFor(
      role,
      this.#free.map((column) => column.name),
    ).sort((a, b) => nameRank(role, a) - nameRank(role, b));
    if (found.length > 1 && !isSureName(role, found[0]))
      throw new DeepTasteError(
        'data',
        `${this.#table.source}: several columns may hold the ${role} (${found.join(', ')}); say --${role} COLUMN`,
        { path: this.#table.source, candidates: found },
      );
    this.#assigned[role] = this.#free.find((column) => column.name === found[0]);
  }

  /** The free column with the best name for the role whose values do not contradict it. */
  #fitting(role: 'rating' | 'time' | 'session'): ImportedColumn | undefined {
    return this.#free
      .filter((column) => nameRank(role, column.name) >= 0)
      .sort((a, b) => nameRank(role, a.name) - nameRank(role, b.name))
      .find((column) => role === 'session' || isSureName(role, column.name) || this.#holds(role, column));
  }

  #of(column: ImportedColumn): ColumnStatistics {
    return this.#statistics[this.#table.columns.indexOf(column)];
  }

  #isNumeric(column: ImportedColumn): boolean {
    const { nValues, nNumeric } = this.#of(column);
    return nValues > 0 && nNumeric * 2 >= nValues;
  }

  #isTemporal(column: ImportedColumn): boolean {
    const { nValues, nTemporal } = this.#of(column);
    return nValues > 0 && nTemporal * 2 >= nValues;
  }

  #holds(role: 'rating' | 'time', column: ImportedColumn): boolean {
    return this.#isNumeric(column) || (role === 'time' && this.#isTemporal(column));
  }

  /** Files without a header of two to four columns hold user, item and then a rating and a time, by custom. */
  byPosition(): void {
    const { columns } = this.#table;
    const { user, item } = this.#assigned;
    if (user !== undefined || item !== undefined || columns.length < 2 || columns.length > 4) return;
    this.#assigned.user = columns[0];
    this.#assigned.item = columns[1];
    for (const column of columns.slice(2)) {
      if (Object.values(this.#assigned).includes(column)) continue;
      const role = this.#isEpochTime(column) || this.#isTemporal(column) ? 'time' : 'rating';
      if (this.#assigned[role] === undefined && this.#holds(role, column)) this.#assigned[role] = column;
    }
  }

  /** Whole numbers that are seconds (or finer) between 1973 and 2286. */
  #isEpochTime(column: ImportedColumn): boolean {
    const { minimum, allWhole } = this.#of(column);
    return this.#isNumeric(column) && allWhole && minimum !== null && minimum >= 1e8;
  }
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
    const role = (Object.keys(assigned) as Single[]).find((each) => assigned[each] === column);
    const owner = 'interaction';
    if (role) return { name, role, kind: roleKinds[role], owner, guessed: told[role] !== name && !table.standard };
    const { kind } = guessKind(column, statistics[c]);
    return { name, role: context.includes(column) ? 'field' : 'ignore', kind, owner, guessed: false };
  });
}

const roleKinds = {
  ...({ user: 'id', item: 'id', rating: 'numeric', label: 'categorical' } as const),
  ...({ time: 'time', session: 'id', title: 'text' } as const),
} as const;
