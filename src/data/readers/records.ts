/** Splits the first lines of a text file into cells, to find out how the file is laid out. The reading itself is DuckDB's. */

/** At most `limit` records. With `quote`, a quoted cell may hold delimiters, doubled quotes and line ends. */
export function splitRecords(text: string, delimiter: string, quote: boolean, limit: number): string[][] {
  const records: string[][] = [];
  let at = 0;
  while (at < text.length && records.length < limit) {
    const cells: string[] = [];
    for (;;) {
      const cell = quote && text[at] === '"' ? quotedCell(text, at, delimiter) : plainCell(text, at, delimiter);
      cells.push(cell.value);
      at = cell.end;
      if (!text.startsWith(delimiter, at)) break;
      at += delimiter.length;
    }
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    if (cells.length > 1 || cells[0] !== '') records.push(cells);
  }
  return records;
}

interface CellEnd {
  readonly value: string;
  readonly end: number;
}

function plainCell(text: string, start: number, delimiter: string): CellEnd {
  let end = start;
  while (end < text.length && text[end] !== '\n' && text[end] !== '\r' && !text.startsWith(delimiter, end)) end++;
  return { value: text.slice(start, end), end };
}

function quotedCell(text: string, start: number, delimiter: string): CellEnd {
  let value = '';
  let end = start + 1;
  // a quote after a backslash, with more of the cell to come, shows that backslashes escape
  let escapes = false;
  for (; end < text.length; end++) {
    if (text[end] !== '"') {
      value += text[end];
      continue;
    }
    const isDoubled = text[end + 1] === '"';
    escapes ||= text[end - 1] === '\\' && !isDoubled && !endsCell(text, end + 1, delimiter);
    if (escapes && text[end - 1] === '\\') value += text[end];
    else if (isDoubled) value += text[end++];
    else break;
  }
  return { value, end: end + 1 };
}

function endsCell(text: string, at: number, delimiter: string): boolean {
  return at >= text.length || text[at] === '\n' || text[at] === '\r' || text.startsWith(delimiter, at);
}

/** True for what a number looks like in a text file. */
export function looksNumeric(cell: string): boolean {
  return /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(cell);
}
