/** What is known of users and items beyond the rows: their own files, names in the rows, edges between users. */
import { DeepTasteError } from '../core/errors.ts';
import type { CleanedRows } from './clean-rows.ts';
import { type ResolvedDataOptions, tableOptions } from './data-options.ts';
import type { Dataset, FieldTable } from './dataset.ts';
import type { ReadPart } from './read-parts.ts';
import type { Database } from './readers/database.ts';
import { type InteractionRoles, missingColumn } from './roles.ts';
import type { Schema } from './schema.ts';
import { siblingFiles } from './sibling-files.ts';
import { noFields, readSideInformation } from './side-information.ts';
import { readSocialGraph } from './social/read-edges.ts';
import type { Vocabulary } from './vocabulary.ts';

interface Entities {
  readonly userFields: FieldTable;
  readonly itemFields: FieldTable;
  readonly social: Dataset['social'];
  readonly schema: Schema;
  readonly warnings: readonly string[];
}

/** Reads the files that describe items and users, and the edges between users. */
export async function describeEntities(
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
  const { skipBadRows, comment, encoding, missing, decimal, dateFormat, idsAsWritten, idsIgnoreCase } = options;
  const layout = tableOptions.parse({
    skipBadRows,
    comment,
    encoding,
    missing,
    decimal,
    idsAsWritten,
    idsIgnoreCase,
    // A single format is that of the rows' own times.
    dateFormat: typeof dateFormat === 'object' ? dateFormat : undefined,
  });
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
  const aboutEdges = (['socialColumns', 'socialBothWays', 'socialShuffle'] as const).find(
    (key) => options[key] !== undefined && options[key] !== false,
  );
  if (socialPath === null && aboutEdges)
    throw new DeepTasteError(
      'config',
      `${aboutEdges}: must be about a file of edges between users, found none; name it with --social FILE`,
    );
  const edges = socialPath
    ? await readSocialGraph(database, socialPath, users, layout, {
        told: options.socialColumns?.filter((name) => name !== undefined),
        bothWays: options.socialBothWays,
        shuffle: options.socialShuffle ?? null,
      })
    : null;
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
