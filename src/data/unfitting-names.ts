/** Columns that go by the name of ratings or times and hold neither: nothing is made of them, which must not stay unsaid. */
import { shellWord } from '../core/shell-word.ts';
import type { Assignment } from './guess-roles.ts';
import type { Database } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsText } from './readers/imported-table.ts';
import { isRatingName, isVagueTimeName, nameRank } from './role-names.ts';

/** One line for each. @param free the columns without a role */
export async function unfittingNames(
  database: Database,
  table: ImportedTable,
  { rating, label, time }: Assignment,
  free: readonly ImportedColumn[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const column of free) {
    const { name } = column;
    const isTime = time === undefined && nameRank('time', name) >= 0 && !isVagueTimeName(name);
    const isRating = rating === undefined && !label && isRatingName(name);
    if (!(isTime || isRating) || column.storage === 'list') continue;
    const text = `nullif(trim(${sqlAsText(column)}), '')`;
    const [cell] = await database.texts(`SELECT ${text} FROM ${table.sql} WHERE ${text} IS NOT NULL LIMIT 1`);
    if (typeof cell !== 'string') continue;
    const found = JSON.stringify(cell.length > 40 ? `${cell.slice(0, 39)}…` : cell);
    const where = `${table.source}: "${name}" has the name of ${isTime ? 'a time' : 'a rating'}, but its cells, such as ${found}, are`;
    lines.push(
      isTime
        ? `${where} in no form that is read: rows have no times; say --time ${shellWord(name)} --date-format FORMAT, or write them as 2024-01-31`
        : `${where} no numbers: rows have no ratings; write numbers, or say --label ${shellWord(name)} --positive VALUE`,
    );
  }
  return lines;
}
