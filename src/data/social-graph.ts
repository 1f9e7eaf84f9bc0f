/** Files of edges between users. */
import { DeepTasteError } from '../core/errors.ts';
import type { TableOptions } from './data-options.ts';
import type { SocialGraph } from './dataset.ts';
import { withWholeIds } from './id-cells.ts';
import type { Database } from './readers/database.ts';
import { importFiles } from './readers/import.ts';
import { type ImportedColumn, type ImportedTable, sqlAsText } from './readers/imported-table.ts';
import { normalName } from './role-names.ts';
import { missingColumn } from './roles.ts';
import type { Vocabulary } from './vocabulary.ts';

const fromNames = [
  'sourceid',
  'source',
  'from',
  'fromid',
  'userid',
  'user',
  'truster',
  'trusterid',
  'follower',
  'followerid',
  'user1',
];
const toNames = [
  'targetid',
  'target',
  'to',
  'toid',
  'friendid',
  'friend',
  'trustee',
  'trusteeid',
  'followee',
  'followed',
  'user2',
];

interface SocialEdges {
  readonly graph: SocialGraph;
  readonly warnings: readonly string[];
}

/** @throws DeepTasteError `data`: the columns of the two ends are not found, or no edge joins two users of the interactions */
export async function readSocialGraph(
  database: Database,
  path: string,
  users: Vocabulary,
  options: TableOptions,
  told?: readonly [string, string],
): Promise<SocialEdges> {
  const file = await importFiles(database, [path], options);
  const [fromColumn, toColumn] = endColumns(file, told);
  const ends = [fromColumn, toColumn];
  const { table, notes } = options.idsAsWritten ? { table: file, notes: [] } : await withWholeIds(database, file, ends);
  const from: number[] = [];
  const to: number[] = [];
  const sources: (number | undefined)[] = [];
  let nOutside = 0;
  await database.columns(`SELECT ${sqlAsText(fromColumn)}, ${sqlAsText(toColumn)} FROM ${table.sql} ORDER BY rowid`, [
    (value) => sources.push(value === null ? undefined : users.indexOf(String(value))),
    (value, row) => {
      const source = sources[row];
      const target = value === null ? undefined : users.indexOf(String(value));
      if (source === undefined || target === undefined) nOutside++;
      else {
        from.push(source);
        to.push(target);
      }
    },
  ]);
  if (from.length === 0)
    throw new DeepTasteError('data', `${path}: none of its ${table.nRows} edges joins two users of the interactions`, {
      path,
    });
  const warnings = [...table.warnings, ...notes];
  if (nOutside > 0) warnings.push(`${path}: ${nOutside} edges to or from users without interactions are left out`);
  return { graph: { from: Int32Array.from(from), to: Int32Array.from(to) }, warnings };
}

function endColumns(table: ImportedTable, told?: readonly [string, string]): [ImportedColumn, ImportedColumn] {
  const { columns } = table;
  if (told) {
    const [from, to] = told.map((name) => {
      const column = columns.find((each) => each.name === name);
      if (!column) throw missingColumn(table, name, 'socialColumns');
      return column;
    });
    return [from, to];
  }
  const find = (names: readonly string[]): ImportedColumn | undefined =>
    names.flatMap((name) => columns.filter((column) => normalName(column.name) === name))[0];
  const from = find(fromNames);
  const to = find(toNames);
  if (from && to) return [from, to];
  // without names, what follows the two ends is a strength or a time
  if (columns.length === 2 || !table.named) return [columns[0], columns[1]];
  const names = columns.map((column) => column.name);
  throw new DeepTasteError(
    'config',
    `${table.source}: edges need a source and a target column; name them "source" and "target", or say --social-columns FROM,TO; columns: ${names.join(', ')}`,
    { path: table.source, columns: names },
  );
}
