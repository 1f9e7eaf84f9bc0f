/** RecBole's atomic files: the header gives each column as `name:type` (recbole.io, "Atomic Files"). */
import { DeepTasteError } from '../../core/errors.ts';
import type { LayoutColumn } from './layout-column.ts';

const types = ['token', 'token_seq', 'float', 'float_seq'];

/** What may separate the columns; RecBole's own files use tabs, its option field_separator allows others. */
const separators = ['\t', ',', ';', '|', ' '] as const;

/** The separator of a header `name:type…`, given or detected; null when the line is no such header. */
export function recboleDelimiter(line: string, told?: string): string | null {
  const isHeader = (delimiter: string): boolean =>
    cellsOf(line, delimiter).every((cell) => /^[^:,\t]+:(token|token_seq|float|float_seq)$/.test(cell));
  return (told === undefined ? separators : [told]).find(isHeader) ?? null;
}

/** Blanks at both ends, and several where a blank separates, do not count. */
function cellsOf(line: string, delimiter: string): string[] {
  const cells = delimiter === ' ' ? line.trim().split(/[ \t]+/) : line.split(delimiter);
  return cells.map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
}

/** @throws DeepTasteError `data`: a header cell is not `name:type` */
export function parseRecboleHeader(path: string, line: string, delimiter: string): LayoutColumn[] {
  return cellsOf(line, delimiter).map((cell) => {
    const match = /^([^:]+):([a-z_]+)$/.exec(cell);
    if (!match || !types.includes(match[2])) {
      const message =
        `${path}: header cells must read name:type with type ${types.join(', ')}, found "${cell}"; ` +
        'if another character separates the columns, say --delimiter';
      throw new DeepTasteError('data', message, { path, cell });
    }
    return columnOf(match[1], match[2]);
  });
}

function columnOf(name: string, type: string): LayoutColumn {
  // A title is a sequence of words to RecBole, but one text to a reader.
  if (/(^|_)(title|name)$/.test(name)) return { name, kind: 'text' };
  if (type === 'float') return { name, kind: /time/.test(name) ? 'time' : 'numeric' };
  if (type === 'token') return { name, kind: /_id$/.test(name) ? 'id' : 'categorical' };
  return { name, kind: 'multi', separator: ' ' };
}
