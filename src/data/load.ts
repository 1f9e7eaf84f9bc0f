/** From files to a data set: read, assign roles, check, clean, encode, describe users and items. */
import { basename } from 'node:path';
import { DeepTasteError } from '../core/errors.ts';
import { type CleanedRows, cleanRows } from './clean-rows.ts';
import { planContext } from './context-plan.ts';
import {
  type ColumnRoles,
  type DataOptions,
  parseDataOptions,
  type ResolvedDataOptions,
  tableOptions,
} from './data-options.ts';
import type { Dataset, FieldTable } from './dataset.ts';
import { encodeRows, type PresentColumns } from './encoded-rows.ts';
import { hashInteractions } from './interaction-hash.ts';
import { createGatheredRows, type GatheringPlan, gatherRows } from './interaction-rows.ts';
import { labelNote, labelRule } from './labels.ts';
import { Database } from './readers/database.ts';
import { importFiles } from './readers/import.ts';
import type { ImportedTable } from './readers/imported-table.ts';
import { assignRoles, type InteractionRoles, missingColumn } from './roles.ts';
import type { ColumnSchema, Schema } from './schema.ts';
import { siblingFiles } from './sibling-files.ts';
import { noFields, readSideInformation } from './side-information.ts';
import { readSocialGraph } from './social-graph.ts';
import { ratingCopies, suspicions } from './suspicions.ts';
import { Vocabulary } from './vocabulary.ts';

/** Files whose rows form one part of the data set, e.g. the given test rows. */
export interface PartFiles {
  readonly name: string;
  readonly files: readonly string[];
}

/** A data set with the part that each of its rows came from. */
export interface LoadedParts {
  readonly dataset: Dataset;
  readonly part: Uint8Array; // [length of the interactions]
  /** What was read; the files' tables are gone unless they were to be kept. */
  readonly read: readonly ReadPart[];
}

/** What reading one part's files showed. */
export interface ReadPart {
  readonly table: ImportedTable;
  readonly roles: InteractionRoles;
  readonly warnings: readonly string[];
}

/**
 * Reads a data set. Cleaning, in this order: bad rows are refused or skipped, of repeated pairs one is kept, rows rated
 * below `minRating` go, then the k-core. Vocabularies are in the order of first appearance among the kept rows.
 * @throws DeepTasteError `config`: an option; `data`: a file
 * @example await loadDataset({ files: ['ratings.csv'], minRating: 4, kCore: { user: 5, item: 5 } })
 */
export async function loadDataset(options: DataOptions): Promise<Dataset> {
  const resolved = parseDataOptions(options);
  return Database.use(async (database) => {
    const loaded = await loadParts(database, [{ name: 'interactions', files: resolved.files }], resolved);
    return loaded.dataset;
  });
}

/**
 * Reads several sets of files into one data set with shared vocabularies. A rating, time or session column that some
 * part lacks is left out. Repeated pairs are looked for within each part.
 * @param moreItemIds items to add to the vocabulary although no row has them (listed candidates)
 * @param keepTables keep the files' tables as long as the database lives; else each goes as soon as its rows are gathered
 */
export async function loadParts(
  database: Database,
  parts: readonly PartFiles[],
  options: ResolvedDataOptions,
  moreItemIds: readonly string[] = [],
  keepTables = false,
): Promise<LoadedParts> {
  const { read, plan } = await readParts(database, parts, options, keepTables);
  const present = presentColumns(read, plan);
  const unnamed = (['user', 'item'] as const).filter((role) => read[0].roles[role] === null);
  const rowsAreExamples = plan.label !== null || unnamed.length > 0;
  const cleaned = cleanRows(await encodeRows(database, present), options, rowsAreExamples, unnamed);
  const users = new Vocabulary(cleaned.userIds);
  const items = new Vocabulary([...new Set([...cleaned.itemIds, ...moreItemIds])]);
  const side = await describeEntities(database, options, read[0], users, items, cleaned);
  const dataset = {
    ...{ name: options.name ?? nameOf(read[0].table.source), users, items, interactions: cleaned.interactions },
    ...{ userFields: side.userFields, itemFields: side.itemFields, social: side.social },
    schema: { columns: [...interactionSchema(read[0].roles, plan), ...side.schema.columns] },
    ...(plan.label && { label: { column: plan.label.column, positive: plan.label.positive } }),
    ...(unnamed.length > 0 && { unnamed }),
    hash: hashInteractions(users, items, cleaned.interactions),
  };
  const warnings = [
    ...read.flatMap((each) => each.warnings),
    ...lostColumns(read, parts, plan),
    ...cleaned.warnings,
    ...side.warnings,
  ];
  return { dataset: { ...dataset, warnings: [...warnings, ...suspicions(dataset)] }, part: cleaned.part, read };
}

async function readParts(
  database: Database,
  parts: readonly PartFiles[],
  options: ResolvedDataOptions,
  keepTables: boolean,
): Promise<{ read: ReadPart[]; plan: GatheringPlan }> {
  const { format, delimiter, header, columnNames, skipBadRows, positive } = options;
  const read: ReadPart[] = [];
  let plan: GatheringPlan = { label: null, context: [] };
  for (const [p, part] of parts.entries()) {
    const table = await importFiles(database, part.files, { format, delimiter, header, columnNames, skipBadRows });
    const roles = await assignRoles(database, table, toldFor(table, options.columns, read[0]?.roles));
    const notes: string[] = [];
    if (p === 0) {
      plan = await gatheringPlan(database, table, roles, positive);
      await createGatheredRows(database, plan);
      if (plan.label) notes.push(...labelNote(table, plan.label, positive));
    }
    const skipped = await gatherRows(database, table, roles, plan, p, skipBadRows);
    const copies = await ratingCopies(database, table, roles);
    const warnings = [...table.warnings, ...notes, ...skipped, ...unusedColumns(table, roles), ...copies];
    read.push({ table, roles, warnings });
    if (!keepTables) await database.run(`DROP TABLE ${table.sql}`);
  }
  return { read, plan };
}

async function gatheringPlan(
  database: Database,
  table: ImportedTable,
  roles: InteractionRoles,
  positive: string | undefined,
): Promise<GatheringPlan> {
  if (positive !== undefined && roles.label === null)
    throw new DeepTasteError('config', 'positive: needs a label column, found none; say --label COLUMN');
  return {
    label: roles.label && (await labelRule(database, table, roles.label, positive)),
    context: await planContext(database, table, roles.context, roles.contextStatistics),
  };
}

/** Held-out files have the first part's label and ids, but may lack the optional columns that were named for it. */
function toldFor(table: ImportedTable, told: ColumnRoles, first: InteractionRoles | undefined): ColumnRoles {
  if (!first) return told;
  const names = new Set(table.columns.map((column) => column.name));
  const { context: _, ...single } = told;
  const kept = Object.entries(single).filter(([, name]) => name === null || names.has(name!));
  return {
    ...Object.fromEntries(kept),
    context: first.context.map((column) => column.name).filter((name) => names.has(name)),
    ...(first.label && { label: first.label.name }),
    ...(first.user === null && { user: null }),
    ...(first.item === null && { item: null }),
  };
}

/** The roles of the columns, with the kinds that the values of all rows gave to context columns. */
function interactionSchema({ schema }: InteractionRoles, { context }: GatheringPlan): ColumnSchema[] {
  return schema.map((column) => {
    const plan = column.role === 'field' ? context.find(({ name }) => name === column.name) : undefined;
    return plan ? { ...column, kind: plan.kind } : column;
  });
}

function unusedColumns(table: ImportedTable, roles: InteractionRoles): string[] {
  const unused = roles.schema.filter((column) => column.role === 'ignore').map((column) => column.name);
  if (unused.length === 0) return [];
  const rest = unused.length > 10 ? ` and ${unused.length - 10} more` : '';
  return [`${table.source}: columns that are not used: ${unused.slice(0, 10).join(', ')}${rest}`];
}

const optionalRoles = ['rating', 'time', 'session', 'title'] as const;

function presentColumns(read: readonly ReadPart[], plan: GatheringPlan): PresentColumns {
  const inAll = (role: 'rating' | 'time' | 'session'): boolean => read.every(({ roles }) => roles[role] !== null);
  return {
    ...{ rating: plan.label !== null || inAll('rating'), time: inAll('time'), session: inAll('session') },
    title: read.some(({ roles }) => roles.title !== null),
    context: plan.context.flatMap((each, c) =>
      read.every((part) => holdsColumn(part, each.name)) ? [{ ...each, c }] : [],
    ),
  };
}

function holdsColumn({ table }: ReadPart, name: string): boolean {
  return table.columns.some((column) => column.name === name);
}

function lostColumns(read: readonly ReadPart[], parts: readonly PartFiles[], plan: GatheringPlan): string[] {
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

function nameOf(path: string): string {
  return basename(path)
    .replace(/\.gz$/, '')
    .replace(/\.[^.]+$/, '');
}

interface Entities {
  readonly userFields: FieldTable;
  readonly itemFields: FieldTable;
  readonly social: Dataset['social'];
  readonly schema: Schema;
  readonly warnings: readonly string[];
}

/** Reads the files that describe items and users, and the edges between users. */
async function describeEntities(
  database: Database,
  options: ResolvedDataOptions,
  { table, roles }: ReadPart,
  users: Vocabulary,
  items: Vocabulary,
  cleaned: CleanedRows,
): Promise<Entities> {
  const beside = siblingFiles(table.source);
  const path = (told: string | null | undefined, sibling: string | undefined): string | null =>
    told === undefined ? (sibling ?? null) : told;
  const layout = tableOptions.parse({ skipBadRows: options.skipBadRows });
  const itemPath = path(options.items, beside.items);
  const title = roles.title === null ? options.columns.title : undefined;
  if (itemPath === null && title) throw missingColumn(table, title, 'title');
  if (itemPath !== null && roles.item === null) throw nothingToDescribe(itemPath, 'item');
  const itemRequest = { owner: 'item', vocabulary: items, idName: roles.item?.name ?? 'item', title } as const;
  const itemSide = itemPath && (await readSideInformation(database, { path: itemPath, ...itemRequest }, layout));
  const userPath = path(options.users, beside.users);
  if (userPath !== null && roles.user === null) throw nothingToDescribe(userPath, 'user');
  const userRequest = { owner: 'user', vocabulary: users, idName: roles.user?.name ?? 'user' } as const;
  const userSide = userPath && (await readSideInformation(database, { path: userPath, ...userRequest }, layout));
  const socialPath = path(options.social, beside.social);
  const edges = socialPath ? await readSocialGraph(database, socialPath, users, layout) : null;
  const sides = [itemSide, userSide].filter((side) => side !== null && side !== '');
  return {
    userFields: userSide ? userSide.table : noFields(users.size),
    itemFields: withTitles(itemSide ? itemSide.table : noFields(items.size), roles, cleaned),
    social: edges?.graph ?? null,
    schema: { columns: sides.flatMap((side) => side.schema) },
    warnings: [...sides.flatMap((side) => side.warnings), ...(edges?.warnings ?? [])],
  };
}

function nothingToDescribe(path: string, role: 'user' | 'item'): DeepTasteError {
  const message = `${path}: describes ${role}s, but the rows name none; say --${role} COLUMN, or leave the file out`;
  return new DeepTasteError('config', message, { path });
}

/** Adds the item names that stand in the interactions themselves, unless the items' own file names them. */
function withTitles(table: FieldTable, roles: InteractionRoles, { titles }: CleanedRows): FieldTable {
  if (titles === null || roles.title === null || table.title !== null) return table;
  const { name } = roles.title;
  const values = Array.from({ length: table.nRows }, (_, index) => titles[index] ?? null);
  const others = table.fields.filter((field) => field.name !== name);
  return { ...table, fields: [{ name, kind: 'text', values }, ...others], title: name };
}
