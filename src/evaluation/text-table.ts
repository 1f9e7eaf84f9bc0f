/**
 * Tables for terminals: columns aligned by how wide the text is shown, not by its number of code units. Cells and headers may be
 * names of any content: controls are escaped, long ones cut.
 */
import { shownName, withoutControls } from '../core/shown.ts';

export interface TextColumn {
  readonly header: string;
  readonly align: 'left' | 'right';
  readonly cells: readonly string[];
}

/** Lines of the table: header, rule, one a row. Columns stand two spaces apart; no spaces at the ends of lines. */
export function textTable(given: readonly TextColumn[]): { header: string; rule: string; rows: string[] } {
  const columns = given.map(({ header, align, cells }) => ({
    header: shownName(header),
    align,
    cells: cells.map(shownName),
  }));
  const widths = columns.map((column) => columnWidth(column));
  const line = (cellOf: (column: TextColumn) => string) =>
    columns
      .map((column, c) => pad(cellOf(column), widths[c], column.align))
      .join('  ')
      .trimEnd();
  const nRows = columns[0]?.cells.length ?? 0;
  return {
    header: line((column) => column.header),
    rule: '─'.repeat(tableWidth(columns)),
    rows: Array.from({ length: nRows }, (_, row) => line((column) => column.cells[row])),
  };
}

/** Terminal columns that the table takes. */
export function tableWidth(columns: readonly TextColumn[]): number {
  return columns.reduce((sum, column) => sum + columnWidth(column), 0) + 2 * Math.max(0, columns.length - 1);
}

function columnWidth({ header, cells }: TextColumn): number {
  return cells.reduce((widest, cell) => Math.max(widest, displayWidth(cell)), displayWidth(header));
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + space : space + text;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** East Asian wide and full-width characters, and emoji, take two columns. */
const wide =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}])/u;
const invisible = /^[\p{Mark}\p{Control}\p{Format}]+$/u;

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  return wide.test(grapheme) ? 2 : invisible.test(grapheme) ? 0 : 1;
}

/** The text in lines of at most `width` columns, broken between words; a longer word stands alone. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (last >= 0 && displayWidth(lines[last]) + 1 + displayWidth(word) <= width) lines[last] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Columns with their cells wrapped, each to its room; a row takes as many lines as its longest cell. */
function wrapColumns(columns: readonly TextColumn[], rooms: readonly number[]): TextColumn[] {
  const wrapped = columns.map(({ cells }, c) => cells.map((cell) => wrapText(cell, rooms[c])));
  const nLines = (columns[0]?.cells ?? []).map((_, row) => Math.max(...wrapped.map((cells) => cells[row].length)));
  return columns.map((column, c) => ({
    ...column,
    cells: nLines.flatMap((n, row) => Array.from({ length: n }, (_, line) => wrapped[c][row][line] ?? '')),
  }));
}

/**
 * Columns wrapped between words so that the table keeps to `width` as far as words allow: the first stays as it is, those between
 * have a quarter of the width at most, the last has the rest.
 */
export function wrapTable(columns: readonly TextColumn[], width: number): TextColumn[] {
  const isInner = (c: number): boolean => c > 0 && c < columns.length - 1;
  const quarter = Math.max(16, Math.floor(width / 4));
  const inner = wrapColumns(
    columns,
    columns.map((_, c) => (isInner(c) ? quarter : Number.POSITIVE_INFINITY)),
  );
  const before = tableWidth([...inner.slice(0, -1), { header: '', align: 'left', cells: [] }]);
  const room = Math.max(16, width - before);
  return wrapColumns(
    columns,
    columns.map((_, c) => (isInner(c) ? quarter : c === 0 ? Number.POSITIVE_INFINITY : room)),
  );
}

/** The text, or its beginning and … when it is wider than `width`. Controls are escaped, of blanks of any kind one is left. */
export function fitText(text: string, width: number): string {
  // a text of many megabytes is not looked at to its end
  const line = withoutControls(text.slice(0, 16 * (width + 1)).replace(/\s+/gu, ' '));
  if (displayWidth(line) <= width) return line;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(line)) {
    used += graphemeWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
