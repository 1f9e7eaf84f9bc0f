/** Reads the files of each part, gives their columns roles, and gathers their rows. */
import { DeepTasteError } from '../core/errors.ts';
import { planContext } from './context-plan.ts';
import type { ColumnRoles, ResolvedDataOptions } from './data-options.ts';
import type { DateOrder } from './date-forms.ts';
import type { PresentColumns } from './encoded-rows.ts';
import { settledIds } from './id-cells.ts';
import { type GatheringPlan, gatheredRows, gatherRows } from './interaction-rows.ts';
import { unnestItemLists } from './item-lists.ts';
import { labelNote, labelRule } from './labels.ts';
import { clearMarks, marksNotes } from './missing-marks.ts';
import { numberNote, refuseOpenNumbers } from './number-cells.ts';
import type { Database } from './readers/database.ts';
import { importFiles } from './readers/import.ts';
import type { ImportedTable } from './readers/imported-table.ts';
import { isIndexName } from './readers/row-counters.ts';
import { assignRoles, type InteractionRoles } from './roles.ts';
import type { ColumnSchema } from './schema.ts';
import { ratingCopies } from './suspicions.ts';
import { TimeColumns } from './time-cells.ts';

/** Files whose rows form one part of the data set, e.g. the given test rows. */
export interface PartFiles {
  readonly name: string;
  readonly files: readonly string[];
}

/** What reading one part's files showed. */
export interface ReadPart {
  readonly table: ImportedTable;
  readonly roles: InteractionRoles;
  readonly warnings: readonly string[];
}

interface ReadPartsOptions {
  /** Keep the files' tables as long as the database lives. */
  readonly keepTables: boolean;
  /** Rows that name sessions and no users are taken as they are. */
  readonly anonymousSessions: boolean;
}

export async function readParts(
  database: Database,
  parts: readonly PartFiles[],
  options: ResolvedDataOptions,
  { keepTables, anonymousSessions }: ReadPartsOptions,
): Promise<{ read: ReadPart[]; plan: GatheringPlan }> {
  const { format, delimiter, header, columnNames, comment, encoding, skipBadRows, positive } = options;
  const { missing, decimal, dateFormat, idsAsWritten, idsIgnoreCase } = options;
  const layout = {
    format,
    delimiter,
    header,
    columnNames,
    comment,
    encoding,
    skipBadRows,
    missing,
    decimal,
    dateFormat,
    idsAsWritten,
    idsIgnoreCase,
  };
  const orders = new Map<string, DateOrder>();
  const read: ReadPart[] = [];
  let plan: GatheringPlan = { label: null, context: [], single: parts.length === 1 };
  for (const [p, part] of parts.entries()) {
    const imported = await importFiles(database, part.files, layout);
    const told = toldFor(imported, options.columns, read[0]?.roles);
    const unnested = await unnestItemLists(database, imported, told);
    const single = unnested === imported ? imported : await clearMarks(database, unnested, missing);
    const roles = await assignRoles(database, single, told, anonymousSessions);
    const ids = [roles.user, roles.item, roles.session];
    const { table, notes: ofIds } = await settledIds(database, single, ids, options);
    const times = new TimeColumns(database, table, dateFormat, orders);
    const notes: string[] = [...ofIds, ...(p === 0 ? roles.notes : [])];
    if (p === 0) {
      const planned = await gatheringPlan(database, table, roles, positive, times);
      plan = { ...planned.plan, single: plan.single };
      notes.push(...planned.notes);
      notes.push(...unusedTimes(table, roles, plan));
      if (plan.label) notes.push(...labelNote(table, plan.label, positive));
    }
    notes.push(...(await roleNotes(table, roles, times)));
    const skipped = await gatherRows(database, table, roles, plan, p, skipBadRows, times);
    if (p === 0) for (const [name, order] of await times.orders()) orders.set(name, order);
    const copies = await ratingCopies(database, table, roles);
    const warnings = [...table.warnings, ...notes, ...skipped, ...unusedColumns(table, roles), ...copies];
    read.push({ table, roles, warnings });
    if (!keepTables && !plan.single) await database.drop(table.sql);
  }
  return { read, plan };
}

/** Removes what is not needed once the rows are encoded. */
export async function dropRows(database: Database, read: readonly ReadPart[], keepTables: boolean): Promise<void> {
  await database.drop(gatheredRows);
  if (read.length === 1 && !keepTables) await database.drop(read[0].table.sql);
}

async function gatheringPlan(
  database: Database,
  table: ImportedTable,
  roles: InteractionRoles,
  positive: string | undefined,
  times: TimeColumns,
): Promise<{ plan: Omit<GatheringPlan, 'single'>; notes: string[] }> {
  if (positive !== undefined && roles.label === null)
    throw new DeepTasteError('config', 'positive: needs a label column, found none; say --label COLUMN');
  const label = roles.label && (await labelRule(database, table, roles.label, positive));
  const { plans, notes } = await planContext(database, table, roles.context, roles.contextStatistics, times);
  return { plan: { label, context: plans }, notes };
}

/** Dates in a further column of rows that have no time: the order of the rows may stand there. */
function unusedTimes(table: ImportedTable, { time, schema }: InteractionRoles, { context }: GatheringPlan): string[] {
  const dates = context.filter(({ kind }) => kind === 'time');
  if (time !== null || dates.length !== 1 || schema.some(({ role }) => role === 'time')) return [];
  const [{ name }] = dates;
  return [
    `${table.source}: "${name}" holds dates but is not taken for the time of the rows; --time ${name} says that it is`,
  ];
}

/** How the cells of the roles are read, where that is not plain; and which cells of fields stand for missing values. */
async function roleNotes(table: ImportedTable, roles: InteractionRoles, times: TimeColumns): Promise<string[]> {
  const time = roles.time && (await times.ofRows(roles.time));
  if (roles.rating) refuseOpenNumbers(table, roles.rating);
  return [
    ...(time?.notes ?? []).map((note) => `${table.source}: "${roles.time!.name}": ${note}`),
    ...(roles.rating ? numberNote(table, roles.rating) : []),
    ...[...roles.context, ...(roles.title ? [roles.title] : [])].flatMap((column) => marksNotes(table, column)),
  ];
}

/** Held-out files have the first part's label and ids, but may lack the optional columns that were named for it. */
function toldFor(table: ImportedTable, told: ColumnRoles, first: InteractionRoles | undefined): ColumnRoles {
  if (!first) return told;
  const names = new Set(table.columns.map((column) => column.name));
  const { context: _, ...single } = told;
  const isThere = (name: string): boolean => names.has(name) || name.split('+').every((part) => names.has(part.trim()));
  const kept = Object.entries(single).filter(([, name]) => name === null || isThere(name!));
  return {
    ...Object.fromEntries(kept),
    context: first.context.map((column) => column.name).filter((name) => names.has(name)),
    ...(first.label && { label: first.label.name }),
    ...(first.user === null && { user: null }),
    ...(first.item === null && { item: null }),
    ...(first.noTitle && { title: null }),
  };
}

/** The roles of the columns, with the kinds that the values of all rows gave to context columns. */
export function interactionSchema({ schema }: InteractionRoles, { context }: GatheringPlan): ColumnSchema[] {
  return schema.map((column) => {
    const plan = column.role === 'field' ? context.find(({ name }) => name === column.name) : undefined;
    return plan ? { ...column, kind: plan.kind } : column;
  });
}

function unusedColumns(table: ImportedTable, roles: InteractionRoles): string[] {
  const isTold = ({ name }: ColumnSchema): boolean =>
    name === roles.noTitle?.name ||
    table.columns.some((column) => column.name === name && column.countsRows && isIndexName(column));
  const unused = roles.schema.filter((column) => column.role === 'ignore' && !isTold(column)).map(({ name }) => name);
  if (unused.length === 0) return [];
  const rest = unused.length > 10 ? ` and ${unused.length - 10} more` : '';
  return [`${table.source}: columns that are not used: ${unused.slice(0, 10).join(', ')}${rest}`];
}

const optionalRoles = ['rating', 'time', 'session', 'title'] as const;

export function presentColumns(read: readonly ReadPart[], plan: GatheringPlan): PresentColumns {
  const inAll = (role: 'rating' | 'time' | 'session'): boolean => read.every(({ roles }) => roles[role] !== null);
  return {
    rating: plan.label !== null || inAll('rating'),
    time: inAll('time'),
    session: inAll('session'),
    title: read.some(({ roles }) => roles.title !== null),
    nParts: read.length,
    context: plan.context.flatMap((each, c) =>
      read.every((part) => holdsColumn(part, each.name)) ? [{ ...each, c }] : [],
    ),
  };
}

function holdsColumn({ table }: ReadPart, name: string): boolean {
  return table.columns.some((column) => column.name === name);
}

export function lostColumns(read: readonly ReadPart[], parts: readonly PartFiles[], plan: GatheringPlan): string[] {
  const lost = (what: string, isThere: (part: ReadPart) => boolean): string[] => {
    const having = parts.filter((_, p) => isThere(read[p])).map((part) => part.name);
    if (having.length === 0 || having.length === parts.length) return [];
    return [`the ${what} column is left out: only ${having.join(' and ')} has one`];
  };
  return [
    ...optionalRoles.slice(0, 3).flatMap((role) => lost(role, ({ roles }) => roles[role] !== null)),
    ...plan.context.flatMap(({ name }) => lost(`"${name}"`, (part) => holdsColumn(part, name))),
  ];
}
