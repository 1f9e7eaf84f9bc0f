/** Cells such as `="007"`, by which spreadsheets are made to take a number for a text. */
import { type Database, sqlText } from './database.ts';
import type { LayoutColumn } from './layout-column.ts';

/** A cell of a header without its guard. */
export function withoutGuard(cell: string): string {
  return /^="(.*)"$/s.exec(cell)?.[1].replaceAll('""', '"') ?? cell;
}

/** Takes the guards from the cells of a table of texts. Returns what a person should know. */
export async function dropTextGuards(
  database: Database,
  sql: string,
  path: string,
  columns: readonly LayoutColumn[],
): Promise<string[]> {
  const isGuarded = (c: number): string => `(starts_with(c${c}, '="') AND ends_with(c${c}, '"') AND length(c${c}) > 2)`;
  const tests = columns.map((_, c) => `arg_min(c${c}, rowid) FILTER (${isGuarded(c)}) AS c${c}`);
  const examples = await database.row<Record<string, string | null>>(`SELECT ${tests.join(', ')} FROM ${sql}`);
  const guarded = columns.flatMap(({ name }, c) => (examples[`c${c}`] === null ? [] : [{ name, c }]));
  if (guarded.length === 0) return [];
  const cells = guarded.map(({ c }) => {
    const inner = `nullif(replace(substr(c${c}, 3, length(c${c}) - 3), ${sqlText('""')}, ${sqlText('"')}), '')`;
    return `c${c} = CASE WHEN ${isGuarded(c)} THEN ${inner} ELSE c${c} END`;
  });
  await database.run(`UPDATE ${sql} SET ${cells.join(', ')}`);
  const names = guarded.map(({ name }) => JSON.stringify(name)).join(', ');
  return [
    `${path}: ${names}: cells stand in a guard of spreadsheets, such as ${examples[`c${guarded[0].c}`]}; read without`,
  ];
}
