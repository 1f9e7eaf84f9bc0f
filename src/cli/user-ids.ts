/** `--users FILE`: the ids of users in a table that has a column of them, or one on each line of a text. */
import { open, readFile } from 'node:fs/promises';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { fileOptions } from '../data/data-options.ts';
import { withWholeIds } from '../data/id-cells.ts';
import { Database } from '../data/readers/database.ts';
import { importFiles } from '../data/readers/import.ts';
import { type ImportedColumn, type ImportedTable, sqlAsText } from '../data/readers/imported-table.ts';
import { namedFor } from '../data/role-names.ts';

/** Bytes of a file in which its first line is looked for. */
const HEAD = 1 << 16;

/**
 * The ids in the order of the file.
 * @param column the name of the users' column in the data of the training, null = it had none
 * @throws 'io'; 'usage' for a table without a column of users
 */
export async function readUserIds(path: string, column: string | null): Promise<string[]> {
  const head = await headOf(path);
  const [firstLine] = head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/, 1);
  const names = firstLine.split(/[\t,;|]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  if (isBinary(head) || /^\s*[[{]\s*["{]/.test(firstLine) || userColumn(names, column) !== null)
    return idsOfTable(path, column);
  const lines = (await readFile(path, 'utf8')).replace(/^\ufeff/, '').split(/\r?\n/);
  return lines.map(unquoted).filter((id) => id !== '');
}

async function headOf(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw ioError('reading', path, error);
  }
}

/** Parquet and packed files; UTF-16 too has zeros. */
function isBinary(head: Buffer): boolean {
  return (
    head.includes(0) || (head[0] === 0x1f && head[1] === 0x8b) || head.subarray(0, 4).toString('latin1') === 'PAR1'
  );
}

function unquoted(line: string): string {
  const text = line.trim();
  return /^".*"$/.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text;
}

function userColumn(names: readonly string[], column: string | null): string | null {
  if (column !== null && names.includes(column)) return column;
  const named = namedFor('user', names);
  return named.length === 1 ? named[0] : null;
}

function idsOfTable(path: string, name: string | null): Promise<string[]> {
  return Database.use(async (database) => {
    const imported = await importFiles(database, [path], fileOptions.parse({ missing: [] }));
    const column = columnOf(imported, name);
    const { table } = await withWholeIds(database, imported, [column]);
    const ids = await database.texts(`SELECT ${sqlAsText(column)} FROM ${table.sql} ORDER BY rowid`);
    return ids.flatMap((id) => (id === null ? [] : [id.trim()])).filter((id) => id !== '');
  });
}

function columnOf({ source, columns }: ImportedTable, wanted: string | null): ImportedColumn {
  const names = columns.map(({ name }) => name);
  const name = userColumn(names, wanted);
  const column = columns.find((each) => each.name === name);
  if (column) return column;
  throw new DeepTasteError(
    'usage',
    `--users ${source}: must have a column "${wanted ?? 'user'}", or one id on each line, found the columns ${names.join(', ')}`,
  );
}
