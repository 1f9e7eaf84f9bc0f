/** Size and SHA-256 of files: taken when an artifact is saved, compared when it is loaded. */
import { createHash } from 'node:crypto';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { readPlainText } from '../core/plain-file.ts';
import { MANIFEST_FILE, type ManifestFile, parseManifest } from './manifest.ts';

const PIECE_BYTES = 1024 * 1024;

/** Size and SHA-256 of every file of a folder except the manifest, ordered by name. */
export async function describeFiles(folder: string): Promise<ManifestFile[]> {
  const names = (await readdir(folder)).filter((name) => name !== MANIFEST_FILE).sort();
  const files: ManifestFile[] = [];
  for (const name of names) files.push({ name, ...(await digestFile(join(folder, name))) });
  return files;
}

/**
 * Checks that a folder holds exactly the files of its manifest; names that begin with a dot are the system's and ignored.
 * @throws DeepTasteError `artifact`, naming the file that is missing, foreign, of another size or altered
 */
export async function verifyFolder(folder: string, files: readonly ManifestFile[]): Promise<void> {
  const found = (await readdir(folder)).filter((name) => !name.startsWith('.') && name !== MANIFEST_FILE);
  const known = new Set(files.map(({ name }) => name));
  const foreign = found.sort().find((name) => !known.has(name));
  if (foreign !== undefined) {
    const message = `${join(folder, foreign)}: an artifact must hold only what its manifest lists, found this file beside it`;
    throw new DeepTasteError('artifact', `${message}; move it elsewhere`, { file: foreign, problem: 'extra' });
  }
  for (const file of files) await verifyFile(folder, file);
}

/** Whether a folder is an artifact with all its files, unaltered. */
export async function isWholeArtifact(folder: string): Promise<boolean> {
  try {
    const path = join(folder, MANIFEST_FILE);
    await verifyFolder(folder, parseManifest(await readPlainText(path), path).files);
    return true;
  } catch {
    return false; // whatever is wrong with it
  }
}

/** Checks one file against its manifest. @throws DeepTasteError `artifact` */
export async function verifyFile(folder: string, { name, bytes, sha256 }: ManifestFile): Promise<void> {
  const path = join(folder, name);
  const fail = (problem: string, must: string, found: string) =>
    new DeepTasteError(
      'artifact',
      `${path}: ${must}, found ${found}; the file is ${problem}, restore it from a copy or train again`,
      { file: name, problem },
    );
  const status = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw ioError('reading', path, error);
  });
  if (status === null) throw fail('missing', 'the manifest lists this file', 'none');
  if (status.isSymbolicLink()) throw fail('elsewhere', 'must be a file of the folder itself', 'a symbolic link');
  if (!status.isFile()) throw fail('missing', 'the manifest lists this file', 'something else of that name');
  if (status.size !== bytes)
    throw fail(status.size < bytes ? 'truncated' : 'altered', `must have ${bytes} bytes`, `${status.size}`);
  if ((await digestFile(path)).sha256 !== sha256)
    throw fail('altered', 'must have the SHA-256 of its manifest', 'another');
}

async function digestFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const piece = new Uint8Array(PIECE_BYTES);
  let bytes = 0;
  try {
    const file = await open(path, 'r');
    try {
      for (;;) {
        const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, null);
        if (bytesRead === 0) break;
        hash.update(piece.subarray(0, bytesRead));
        bytes += bytesRead;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw ioError('reading', path, error);
  }
  return { bytes, sha256: hash.digest('hex') };
}
