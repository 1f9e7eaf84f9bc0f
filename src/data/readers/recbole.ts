/** RecBole's atomic files: tab-separated, the header gives each column as `name:type` (recbole.io, "Atomic Files"). */
import { DeepTasteError } from '../../core/errors.ts';
import type { LayoutColumn } from './layout.ts';

const types = ['token', 'token_seq', 'float', 'float_seq'];

export function isRecboleHeader(line: string): boolean {
  return line.split('\t').every((cell) => /^[^:]+:(token|token_seq|float|float_seq)$/.test(cell.trim()));
}

/** @throws DeepTasteError `data`: a header cell is not `name:type` */
export function parseRecboleHeader(path: string, line: string): LayoutColumn[] {
  return line.split('\t').map((cell) => {
    const match = /^([^:]+):([a-z_]+)$/.exec(cell.trim());
    if (!match || !types.includes(match[2])) {
      const message = `${path}: header cells must read name:type with type ${types.join(', ')}, found "${cell}"`;
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
