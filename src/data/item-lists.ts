/** Files with one row a user (or session) that lists its items: such rows become one for each item. */
import { counted } from './counted.ts';
import type { ColumnRoles } from './data-options.ts';
import { type Database, sqlText } from './readers/database.ts';
import type { ImportedColumn, ImportedTable } from './readers/imported-table.ts';
import { isItemListName, isKnownColumnName, namedFor, nameRank } from './role-names.ts';

/** How the items stand in a cell. */
type ListForm = { readonly by: 'list' | 'brackets' } | { readonly by: 'separator'; readonly separator: string };

/** The table with a row for each listed item, in the order of the lists; the table itself where no column lists items. */
export async function unnestItemLists(
  database: Database,
  table: ImportedTable,
  told: ColumnRoles,
): Promise<ImportedTable> {
  const column = candidate(table, told);
  const form = column && (await listForm(database, table, column, told.item === column.name));
  if (!column || !form) return table;
  const beside = await listsBeside(database, table, column, form);
  const lists = new Map<ImportedColumn, string>([
    [column, sqlAsList(column, form)],
    ...beside.map((each): [ImportedColumn, string] => [each, sqlAsList(each, form)]),
  ]);
  const select = table.columns.map((each) =>
    lists.has(each) ? `unnest(${lists.get(each)}) AS ${each.sql}` : each.sql,
  );
  const sql = database.freshName('listed');
  const columns = table.columns.map((each): ImportedColumn => {
    if (!lists.has(each)) return each;
    const { separator: _s, numbers: _n, unreadNumbers: _u, ...rest } = each;
    const one: ImportedColumn = { ...rest, storage: 'text', kind: each.kind === 'multi' ? null : each.kind };
    return each === column ? { ...one, listed: true } : one;
  });
  const names = columns.map(({ sql: name }) => name).join(', ');
  await database.run(
    `CREATE TABLE ${sql} AS SELECT ${names} FROM
       (SELECT rowid AS list_row, generate_subscripts(${lists.get(column)}, 1) AS list_place, ${select.join(', ')} FROM ${table.sql})
     ORDER BY list_row, list_place`,
  );
  const files = [];
  for (const { path, firstRow } of table.files) {
    const before = await database.row<{ n: number }>(
      `SELECT coalesce(sum(coalesce(len(${lists.get(column)}), 0)), 0)::BIGINT AS n FROM ${table.sql} WHERE rowid < ${firstRow}`,
    );
    files.push({ path, firstRow: before.n });
  }
  const { n } = await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`);
  const { n: nEmpty } = await database.row<{ n: number }>(
    `SELECT count(*) AS n FROM ${table.sql} WHERE coalesce(len(${lists.get(column)}), 0) = 0`,
  );
  await database.drop(table.sql);
  const note = `${table.source}: "${column.name}" lists items: ${counted(table.nRows, 'row')} become ${n}, one for each item`;
  const empty = nEmpty > 0 ? `; ${counted(nEmpty, 'list')} without items left out` : '';
  const { isView: _, ...shape } = table;
  return { ...shape, sql, columns, files, nRows: n, warnings: [...table.warnings, note + empty] };
}

function candidate(table: ImportedTable, told: ColumnRoles): ImportedColumn | undefined {
  if (told.item === null) return undefined;
  const find = (name: string | undefined): ImportedColumn | undefined =>
    table.columns.find((each) => each.name === name);
  if (told.item !== undefined) return find(told.item);
  const names = table.columns.map(({ name }) => name).filter((name) => name !== told.user && name !== told.session);
  const named = namedFor('item', names);
  return named.length > 0 ? find(named[0]) : find(names.find(isItemListName));
}

const nSampled = 1000;

/** Null: the cells are single items. */
async function listForm(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  isTold: boolean,
): Promise<ListForm | null> {
  if (column.storage === 'list') return { by: 'list' };
  if (column.storage !== 'text') return null;
  if (column.kind === 'multi') return { by: 'separator', separator: column.separator ?? ' ' };
  const cells = (
    (await database.texts(
      `SELECT ${column.sql} FROM (SELECT ${column.sql} FROM ${table.sql} WHERE ${column.sql} IS NOT NULL LIMIT ${nSampled})`,
    )) as string[]
  ).map((cell) => cell.trim());
  if (cells.length === 0) return null;
  const isBracketed = (cell: string): boolean =>
    /^\[.*\]$/s.test(cell) || /^\{[^:]*\}$/s.test(cell) || /^\([^()]*,[^()]*\)$/s.test(cell);
  if (cells.every(isBracketed)) return { by: 'brackets' };
  if (
    isTold ? !isItemListName(column.name) : namedFor('item', [column.name]).length > 0 && !isItemListName(column.name)
  )
    return null;
  for (const separator of ['|', ';', ',', ' ']) {
    const listing = cells.filter((cell) => cell.includes(separator));
    const tokens = listing
      .flatMap((cell) => cell.split(separator).map((each) => each.trim()))
      .filter((each) => each !== '');
    // titles hold blanks and commas too: ids hold no blank, and those between blanks are numbered
    const areIds = tokens.every((token) => /^[\p{L}\p{N}_.:/#-]+$/u.test(token));
    const areNumbered = tokens.filter((token) => /\d/.test(token)).length >= 0.8 * tokens.length;
    const enough = areNumbered ? 0.5 : separator === ' ' ? Number.POSITIVE_INFINITY : 0.8;
    if (areIds && listing.length >= enough * cells.length) return { by: 'separator', separator };
  }
  return null;
}

/** SQL for a cell as a list of texts. */
function sqlAsList(column: ImportedColumn, form: ListForm): string {
  const { sql } = column;
  if (form.by === 'list') return sql;
  if (form.by === 'separator') {
    const parts = `string_split(${sql}, ${sqlText(form.separator)})`;
    return `list_filter(list_transform(${parts}, lambda part: trim(part)), lambda part: part <> '')`;
  }
  // quoted texts (which may hold commas), or what stands between commas and blanks
  const parts = `regexp_extract_all(${sql}, '''[^'']*''|"[^"]*"|[^][{}()[:space:],''"]+')`;
  return `list_transform(${parts}, lambda part: trim(part, '''"'))`;
}

/** Other lists that are about the same items: of the same objects, or (times, ratings) of the same length in every row. */
async function listsBeside(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  form: ListForm,
): Promise<ImportedColumn[]> {
  const storage = form.by === 'list' ? 'list' : 'text';
  const others = table.columns.filter((each) => each !== column && each.storage === storage);
  const likely = others.filter((each) =>
    form.by === 'list'
      ? (column.parent !== undefined && each.parent === column.parent) || isSeveralOfKnown(each.name)
      : isSeveralOfAnswers(each.name),
  );
  if (likely.length === 0) return [];
  const length = (each: ImportedColumn): string => `len(${sqlAsList(each, form)})`;
  const tests = likely.map(
    (each, c) =>
      `coalesce(bool_and(${length(each)} IS NOT DISTINCT FROM ${length(column)}), false)${form.by === 'list' ? '' : ` AND max(${length(each)}) > 1`} AS n${c}`,
  );
  const row = await database.row<Record<string, boolean>>(`SELECT ${tests.join(', ')} FROM ${table.sql}`);
  return likely.filter((_, c) => row[`n${c}`]);
}

/** Ratings or times, in the plural too. */
function isSeveralOfAnswers(name: string): boolean {
  const names = [name, name.replace(/s$/i, '')];
  return names.some((each) => nameRank('rating', each) >= 0 || nameRank('time', each) >= 0);
}

function isSeveralOfKnown(name: string): boolean {
  return isKnownColumnName(name) || isKnownColumnName(name.replace(/s$/i, ''));
}
