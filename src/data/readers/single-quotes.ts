/** Text files whose cells stand in single quotes, as MySQL dumps them: `'7','It''s','4'`. */

const nSampled = 50;

/** What separates the cells when they stand in single quotes, one row a line; null when they do not. @param delimiters to choose from */
export function singleQuotedBy(text: string, whole: boolean, delimiters: readonly string[]): string | null {
  if (!/(^|[^\w])'[^'\r\n]*'/m.test(text.slice(0, 4096))) return null;
  const lines = text.split(/\r?\n/);
  if (!whole) lines.pop();
  const rows = lines.filter((line) => line.trim() !== '').slice(0, nSampled);
  // the header may do without
  const cells = rows.length > 1 ? rows.slice(1) : rows;
  return delimiters.find((each) => cells.every((row) => isQuotedRow(row, each))) ?? null;
}

/** True for a row of several cells of which half or more stand in single quotes, and none holds one otherwise. */
function isQuotedRow(row: string, delimiter: string): boolean {
  const apart = delimiter.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
  const quoted = `'(?:[^'\\\\]|''|\\\\.)*'`;
  const cell = new RegExp(`(${quoted}|(?:(?!${apart})[^'])*)(${apart}|$)`, 'y');
  let nCells = 0;
  let nQuoted = 0;
  for (;;) {
    const match = cell.exec(row);
    if (!match) return false;
    nCells++;
    if (match[1].startsWith("'")) nQuoted++;
    if (match[2] === '') return nCells > 1 && nQuoted * 2 >= nCells;
  }
}

/**
 * A line with double quotes in their place.
 * @param wasInQuotes the line begins inside a quoted cell
 */
export function withDoubleQuotes(line: string, delimiter: string, wasInQuotes = false): string {
  let text = '';
  let inQuotes = wasInQuotes;
  let isStart = !wasInQuotes;
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    const next = line[at + 1];
    if (
      inQuotes &&
      (character === "'" || character === '\\') &&
      (next === "'" || (character === '\\' && next === '\\'))
    ) {
      text += next;
      at++;
    } else if (character === "'" && (inQuotes || isStart)) {
      inQuotes = !inQuotes;
      text += '"';
    } else text += inQuotes && character === '"' ? '""' : character;
    isStart = !inQuotes && line.startsWith(delimiter, at - delimiter.length + 1);
  }
  return text;
}
