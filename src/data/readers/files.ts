/** From the names that a caller gives to files that exist. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DeepTasteError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { type Database, sqlText } from './database.ts';

/**
 * The files that match, each pattern's in the order of their names. A path may lead into a zip archive: `ml.zip/ratings.csv`.
 * @throws DeepTasteError `data`: nothing matches, or the path is a folder
 */
export async function findFiles(database: Database, patterns: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const pattern of patterns) found.push(...(await findOne(database, pattern)));
  return found;
}

async function findOne(database: Database, pattern: string): Promise<string[]> {
  const info = await stat(pattern).catch(() => null);
  if (info?.isDirectory())
    throw new DeepTasteError('data', `${pattern}: is a folder; name a file in it, or a glob such as ${pattern}/*.csv`, {
      path: pattern,
    });
  if (info || (await archiveMember(pattern))) return [pattern];
  if (/[*?[]/.test(pattern)) {
    // DuckDB takes a leading ~ for the home folder
    const own = pattern.startsWith('~') ? `./${pattern}` : pattern;
    const files = await database.texts(`SELECT file FROM glob(${sqlText(own)}) ORDER BY file`);
    if (files.length > 0) return files as string[];
    throw new DeepTasteError('data', `${pattern}: no file matches`, { path: pattern });
  }
  throw new DeepTasteError('data', await missingMessage(pattern), { path: pattern });
}

async function missingMessage(path: string): Promise<string> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => null);
  if (names === null) return `${path}: there is no folder ${folder}`;
  const close = nearest(basename(path), names);
  return `${path}: there is no such file${close === undefined ? '' : `; did you mean ${join(folder, close)}?`}`;
}

interface ArchiveMember {
  readonly archive: string;
  readonly member: string;
}

/** The parts of a path that leads into a zip archive; null when it does not. */
export async function archiveMember(path: string): Promise<ArchiveMember | null> {
  for (const match of path.matchAll(/\.zip[/\\]/gi)) {
    const archive = path.slice(0, match.index + '.zip'.length);
    const member = path.slice(match.index + match[0].length).replaceAll('\\', '/');
    const info = member === '' ? null : await stat(archive).catch(() => null);
    if (info?.isFile()) return { archive, member };
  }
  return null;
}
