/** `--row`: a row by the names of its columns, as one JSON object or as key=value, repeated. */
import { DeepTasteError } from '../core/errors.ts';

/** @throws 'usage' for what is neither */
export function rowOf(texts: readonly string[]): Record<string, unknown> {
  return Object.assign({}, ...texts.map(cellsOf));
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
