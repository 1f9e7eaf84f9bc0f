/** The line files of session data: a sequence a line, or a prefix and its target a line. Ids stand between spaces. */
import { DeepTasteError } from '../../core/errors.ts';
import { ioError } from '../../core/io-error.ts';
import { Database } from '../readers/database.ts';
import { findFiles } from '../readers/files.ts';
import { openSource, requireText, type SourceFile, unpackedBytes } from '../readers/source-file.ts';

/** Lines of ids as one array: line n is `tokens[start[n] … start[n+1])`, each an index into `ids`. */
export interface TokenLines {
  readonly ids: readonly string[]; // in the order of their first appearance
  readonly start: Int32Array; // [lines + 1]
  readonly tokens: Int32Array;
  /** With targets: the id after the tab of each line; else empty. */
  readonly target: Int32Array;
}

/** Ids seen so far; several files may share it. */
export class IdRegister {
  readonly ids: string[] = [];
  readonly #indexOf = new Map<string, number>();

  indexOf(id: string): number {
    const known = this.#indexOf.get(id);
    if (known !== undefined) return known;
    this.#indexOf.set(id, this.ids.length);
    return this.ids.push(id) - 1;
  }
}

/**
 * Reads a file (plain or gzip). Lines end with LF or CRLF; an empty last line is no line.
 * @param targets whether a line reads `id id …<TAB>target`
 * @throws DeepTasteError `data`: no file, an empty line, a missing or second target, an empty prefix; with the line's number
 */
export async function readTokenLines(path: string, targets: boolean, register: IdRegister): Promise<TokenLines> {
  return Database.use(async (database) => {
    const [file] = await findFiles(database, [path]);
    const source = await openSource(database, file);
    requireText(source);
    return tokenLinesOf(source, targets, register);
  });
}

async function tokenLinesOf(source: SourceFile, targets: boolean, register: IdRegister): Promise<TokenLines> {
  const { path } = source;
  const start: number[] = [0];
  const tokens: number[] = [];
  const target: number[] = [];
  await eachLine(source, (line, number) => {
    const [before, after, ...rest] = targets ? line.split('\t') : [line];
    const ids = idsOf(before);
    if (ids.length === 0) throw badLine(path, number, targets ? 'an item before the tab' : 'at least one item', line);
    for (const id of ids) tokens.push(register.indexOf(id));
    start.push(tokens.length);
    if (!targets) return;
    const last = idsOf(after ?? '');
    if (last.length !== 1 || rest.length > 0) throw badLine(path, number, 'one target after one tab', line);
    target.push(register.indexOf(last[0]));
  });
  return {
    ids: register.ids,
    start: Int32Array.from(start),
    tokens: Int32Array.from(tokens),
    target: Int32Array.from(target),
  };
}

function idsOf(text: string): string[] {
  return text.split(' ').filter((id) => id !== '');
}

function badLine(path: string, line: number, must: string, text: string): DeepTasteError {
  const found = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  return new DeepTasteError(
    'data',
    `${path} line ${line}: must hold ${must}, found ${JSON.stringify(found)}; mend the file`,
    {
      path,
      line,
    },
  );
}

async function eachLine(source: SourceFile, visit: (line: string, number: number) => void): Promise<void> {
  const stream = unpackedBytes(source).setEncoding('utf8');
  let rest = '';
  let number = 0;
  const take = (line: string): void => visit(line.endsWith('\r') ? line.slice(0, -1) : line, ++number);
  try {
    for await (const chunk of stream) {
      const text = number === 0 && rest === '' ? (chunk as string).replace(/^\ufeff/, '') : (chunk as string);
      const lines = (rest + text).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) take(line);
    }
  } catch (error) {
    throw error instanceof DeepTasteError ? error : ioError('reading', source.path, error);
  }
  if (rest !== '') take(rest);
}
