/** Whether a column named like titles holds the names of items: a headline differs from row to row of one item, a name does not. */
import { shellWord } from '../core/shell-word.ts';
import { counted } from './counted.ts';
import type { Assignment } from './guess-roles.ts';
import type { Database } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsText } from './readers/imported-table.ts';

/** Names are mended now and then; a column where more items than this share have several is none of names. */
const largestShare = 0.2;

/** One item may have been renamed. */
const fewestUnlike = 2;

/** Rows that are looked at. */
const nLookedAt = 1_000_000;

interface TitleCheck {
  /** The column that was taken for titles but holds none. */
  readonly noTitle: ImportedColumn | null;
  readonly notes: readonly string[];
}

/** @param isTold a column that the caller named stays, with a note */
export async function checkTitles(
  database: Database,
  table: ImportedTable,
  { item, title }: Assignment,
  isTold: boolean,
): Promise<TitleCheck> {
  if (!item || !title) return { noTitle: null, notes: [] };
  const { several, unlike } = await database.row<{ several: number; unlike: number }>(
    `SELECT count(*) AS several, count(*) FILTER (names > 1) AS unlike FROM
       (SELECT count(title) AS n, count(DISTINCT trim(title)) AS names FROM
         (SELECT ${sqlAsText(item)} AS item, ${sqlAsText(title)} AS title FROM ${table.sql} LIMIT ${nLookedAt})
        GROUP BY item)
     WHERE n > 1`,
  );
  if (unlike === 0) return { noTitle: null, notes: [] };
  const differs = `"${title.name}" differs from row to row of ${unlike} of ${counted(several, 'item')} with several rows`;
  if (isTold || unlike < fewestUnlike || unlike <= largestShare * several)
    return { noTitle: null, notes: [`${table.source}: ${differs}; the first one is shown as the item's name`] };
  const note = `${table.source}: ${differs}: not the names of items (say --title ${shellWord(title.name)} if they are, --context ${shellWord(title.name)} to use it as a field)`;
  return { noTitle: title, notes: [note] };
}
