/** Gets a public data set: download beside its place, check, unpack, and only then put it there. */
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { syncFolder, temporarySibling } from '../../core/atomic-file.ts';
import { DeepTasteError } from '../../core/errors.ts';
import { ioError } from '../../core/io-error.ts';
import { suggestion } from '../../core/nearest.ts';
import type { Progress } from '../../core/progress.ts';
import { shellWord } from '../../core/shell-word.ts';
import { extractZip } from '../../core/zip.ts';
import { textTable } from '../../evaluation/text-table.ts';
import type { Terminal } from '../terminal.ts';
import { download } from './download.ts';
import { loadRegistry, type PublicSet } from './registry.ts';

export interface GetOptions {
  readonly dir: string;
  readonly url?: string;
  readonly registry?: string;
  readonly timeout: number;
}

export async function listDataSets(terminal: Terminal, registryFile: string | undefined): Promise<void> {
  const sets = Object.entries(await loadRegistry(registryFile));
  const column = (header: string, cells: string[]) => ({ header, align: 'left' as const, cells });
  const { header, rule, rows } = textTable([
    column(
      'name',
      sets.map(([name]) => name),
    ),
    column(
      'what',
      sets.map(([, { about }]) => about),
    ),
  ]);
  terminal.print([header, rule, ...rows].join('\n'));
  terminal.document({ sets: sets.map(([name, set]) => ({ name, ...set })) });
}

export async function getDataSet(terminal: Terminal, name: string, options: GetOptions): Promise<void> {
  const registry = await loadRegistry(options.registry);
  if (!Object.hasOwn(registry, name))
    throw new DeepTasteError(
      'usage',
      `data get: there is no data set "${name}"${suggestion(name, Object.keys(registry))}`,
    );
  const set = registry[name];
  const url = webAddress(options.url ?? set.url);
  const folder = join(options.dir, name);
  const isThere = await alreadyThere(folder, set);
  if (!isThere) await fetchInto(folder, set, url, options.timeout, await terminal.progress());
  const path = set.interactions === undefined ? null : join(folder, set.interactions);
  terminal.print(`${name} ${isThere ? 'is already' : 'is now'} in ${folder}`);
  if (path !== null) terminal.print(`next: deeptaste data ${shellWord(path)}`);
  const { sha256 = null, md5 = null } = set;
  terminal.document({ name, url, sha256, md5, folder, interactions: path, downloaded: !isThere });
}

function webAddress(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new DeepTasteError('usage', `--url: must be an address that begins with http:// or https://, found "${text}"`);
}

/** @throws 'usage' when something else is there */
async function alreadyThere(folder: string, { interactions }: PublicSet): Promise<boolean> {
  if ((await stat(folder).catch(() => null)) === null) return false;
  const file = interactions === undefined ? folder : join(folder, interactions);
  if ((await stat(file).catch(() => null)) !== null) return true;
  throw new DeepTasteError(
    'usage',
    `data get: ${folder} must be free or hold the data set, found something without ${interactions}; remove it, or choose another --dir`,
  );
}

async function fetchInto(
  folder: string,
  set: PublicSet,
  url: string,
  seconds: number,
  progress: Progress,
): Promise<void> {
  const target = resolve(folder);
  const parent = resolve(folder, '..');
  let temporary: string | undefined;
  let firstMade: string | undefined;
  try {
    firstMade = await mkdir(parent, { recursive: true });
    temporary = temporarySibling(target);
    await mkdir(temporary);
    const file = join(temporary, basename(new URL(url).pathname) || 'download');
    const { sha256, md5 } = set;
    await download({ url, file, sha256, md5, idleSeconds: seconds, progress });
    if (await extractZip(file, temporary, set.files)) await rm(file);
    await rename(temporary, target);
    await syncFolder(parent);
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    if (firstMade !== undefined) await rm(firstMade, { recursive: true, force: true });
    throw ioError('writing', folder, error);
  }
}
