/** What stands above the table in a text file: blank lines, comments, Excel's `sep=;`. */

import { isKnownColumnName } from '../role-names.ts';

export interface Preamble {
  /** Lines before the table. */
  readonly nLines: number;
  readonly nComments: number;
  /** The separator that a line `sep=;` states. */
  readonly delimiter?: string;
  /** What begins a comment in this file; null = there are none. */
  readonly comment: string | null;
  /** The last comment without its mark, which may name the columns. */
  readonly lastComment: string | null;
  /** Whether DuckDB must not see these lines, though it skips them: a quote would begin a cell, another line end would be taken for the file's. */
  readonly mustBeCut: boolean;
  /** The text from the table on. */
  readonly body: string;
}

/** Marks that begin a comment when the first lines of a file begin with them. */
const usualMarks = ['#', '%'] as const;

/**
 * @param text the start of the file, without a byte order mark
 * @param told the text that begins a comment, null = there are no comments; undefined = to be detected
 */
export function readPreamble(text: string, told: string | null | undefined): Preamble {
  const lines = text.split('\n');
  const comment = told === undefined ? findMark(lines) : told;
  let nLines = 0;
  let nComments = 0;
  let delimiter: string | undefined;
  let lastComment: string | null = null;
  for (const line of lines) {
    const stated = nLines === nComments ? separatorOf(line) : null;
    if (stated !== null) delimiter = stated;
    else if (comment !== null && line.startsWith(comment)) {
      lastComment = line.slice(comment.length).trim();
      nComments++;
    } else if (line.trim() !== '') break;
    nLines++;
  }
  const above = lines.slice(0, nLines);
  const endsInReturn = (line: string | undefined): boolean => line?.endsWith('\r') === true;
  const isUnlike =
    nLines < lines.length - 1 && above.some((line) => endsInReturn(line) !== endsInReturn(lines[nLines]));
  const mustBeCut = isUnlike || above.some((line) => line.includes('"'));
  const body = lines.slice(nLines).join('\n');
  return { nLines, nComments, delimiter, comment, lastComment, mustBeCut, body };
}

/** The mark of the first line, when it is not one of the rows. */
function findMark(lines: readonly string[]): string | null {
  const [first, ...rest] = lines.filter((line) => line.trim() !== '' && !isSeparatorLine(line));
  const mark = usualMarks.find((each) => first?.startsWith(each));
  const next = rest.find((line) => mark !== undefined && !line.startsWith(mark));
  if (mark === undefined || next === undefined) return null;
  // `#fun,u1` above `film,u2` is a row; `#user,item` names the columns
  const separators = (line: string): string => line.replace(/[^,;|\t]/g, '');
  const isAsWide = separators(first) !== '' && separators(first) === separators(next);
  // `#,user,item` is a header whose first column counts the rows
  if (isAsWide && /^.[,;|\t]/.test(first)) return null;
  const isRow = isAsWide && /^.[^\s#%]/.test(first);
  const hasNames = first
    .slice(mark.length)
    .split(/[,;|\t]/)
    .some((cell) => isKnownColumnName(cell));
  return isRow && !hasNames ? null : mark;
}

function isSeparatorLine(line: string): boolean {
  return separatorOf(line) !== null;
}

/** `sep=;`, as Excel writes and reads it; a tab may be written as `\t`. */
function separatorOf(line: string): string | null {
  const match = /^"?sep=(\\t|[^"\r\n]{1,4}?)"?\r?$/i.exec(line);
  return match && (match[1] === '\\t' ? '\t' : match[1]);
}
