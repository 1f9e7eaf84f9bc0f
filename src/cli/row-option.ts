/** `--row`: a row by the names of its columns, as one JSON object or as key=value, repeated. */
import { DeepTasteError } from '../core/errors.ts';
import { readTable } from '../data/read-table.ts';

/** @throws 'usage' for what is neither */
export function rowOf(texts: readonly string[]): Record<string, unknown> {
  return Object.assign({}, ...texts.map(cellsOf));
}

/**
 * A row of a file by its number, the first after a header being 1; missing cells are left out.
 * @throws 'usage' for what is no number of a row; as `readTable`
 */
export async function rowOfFile(path: string, texts: readonly string[]): Promise<Record<string, unknown>> {
  const number = Number(texts[0]);
  if (texts.length !== 1 || !Number.isInteger(number) || number < 1)
    throw new DeepTasteError(
      'usage',
      `--row: with --data it must be the number of one row of the file, from 1, found ${texts.join(' ')}; ` +
        'leave --data out to give the cells',
    );
  const { nRows, fields } = await readTable([path]);
  if (number > nRows)
    throw new DeepTasteError('usage', `--row ${number}: ${path} has ${nRows} rows; say a number up to that`);
  const cells = fields.map(({ name, values }) => [name, values[number - 1]] as const);
  return Object.fromEntries(cells.filter(([, cell]) => cell !== null));
}

function cellsOf(text: string): Record<string, unknown> {
  if (text.trimStart().startsWith('{')) return jsonCells(text);
  const at = text.indexOf('=');
  if (at < 1) throw malformed(text, 'neither');
  return { [text.slice(0, at).trim()]: text.slice(at + 1) };
}

function jsonCells(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(text, (error as Error).message);
  }
  const cells = value as Record<string, unknown>;
  const nested = Object.keys(cells).find((key) => isNested(cells[key]));
  if (nested !== undefined) throw malformed(text, `an object in "${nested}"`);
  return cells;
}

/** Lists of plain values are cells, too. */
function isNested(cell: unknown): boolean {
  if (Array.isArray(cell)) return cell.some((part) => typeof part === 'object');
  return typeof cell === 'object' && cell !== null;
}

function malformed(text: string, found: string): DeepTasteError {
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  return new DeepTasteError(
    'usage',
    `--row ${shown}: must be key=value, or a JSON object of texts, numbers and lists, found ${found}; ` +
      `write e.g. --row genre=Comedy --row age=31, or --row '{"genre":["Comedy"],"age":31}'`,
  );
}
