/**
 * A trained recommender as a folder that stands alone: it scores without the training data.
 *
 *   manifest.json                    what it is, how it was made, sizes and SHA-256 of the other files
 *   weights.safetensors              the model's parameters
 *   users.parquet, items.parquet     external ids and side information, by dense index
 *   seen.parquet                     the items that each user took in training
 *   held-out.parquet                 the items that each user took in rows that training did not have   (when there are any)
 *   per-user.parquet                 metric values of each evaluated user          (when there are any)
 *   checkpoint.safetensors           optimizer state                               (when training can be resumed)
 *   other names                      attachments, e.g. an epoch log
 */

import type { Stats } from 'node:fs';
import { copyFile, lstat, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { assert, DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import { version } from '../core/version.ts';
import type { FieldTable } from '../data/dataset.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Vocabulary } from '../data/vocabulary.ts';
import { checkFinite } from './fitting.ts';
import { saveFolder } from './folder.ts';
import { checkFolderPath } from './folder-path.ts';
import { restoreInterruptedSave } from './interrupted-save.ts';
import {
  type ArtifactInfo,
  checkedInfo,
  encodeManifest,
  FORMAT,
  FORMAT_VERSION,
  fileNamePattern,
  MANIFEST_FILE,
  type Manifest,
  parseManifest,
} from './manifest.ts';
import { withDuckdb } from './parquet-writer.ts';
import { namedTensors, readSafetensors } from './safetensors-reader.ts';
import { writeSafetensors } from './safetensors-writer.ts';
import {
  type PerUserValues,
  readEntities,
  readPerUser,
  readSeen,
  writeEntities,
  writePerUser,
  writeSeen,
} from './tables.ts';
import { describeFiles, verifyFile, verifyFolder } from './verify-files.ts';

const WEIGHTS_FILE = 'weights.safetensors';
const CHECKPOINT_FILE = 'checkpoint.safetensors';
const USERS_FILE = 'users.parquet';
const ITEMS_FILE = 'items.parquet';
const SEEN_FILE = 'seen.parquet';
const PER_USER_FILE = 'per-user.parquet';
const HELD_OUT_FILE = 'held-out.parquet';
const ownFiles = [
  WEIGHTS_FILE,
  CHECKPOINT_FILE,
  USERS_FILE,
  ITEMS_FILE,
  SEEN_FILE,
  HELD_OUT_FILE,
  PER_USER_FILE,
  MANIFEST_FILE,
];

/** What a trained recommender needs to recommend. */
export interface ArtifactParts {
  readonly weights: NamedTensors;
  readonly users: Vocabulary;
  readonly items: Vocabulary;
  readonly userFields: FieldTable; // one row a user
  readonly itemFields: FieldTable; // one row an item
  /** Row u = the items that user u took in training. */
  readonly seen: SparseRows; // [nUsers, nItems]
  /** Row u = what user u took besides, in rows that training did not have; absent = nothing. */
  readonly heldOut?: SparseRows; // [nUsers, nItems]
  readonly perUser: PerUserValues | null;
}

/** A recommender to save. */
export interface Artifact extends ArtifactParts {
  readonly info: ArtifactInfo;
  /** Optimizer state and counters, when training can be resumed; else null. */
  readonly checkpoint: NamedTensors | null;
  /** Further files by plain name, e.g. `epochs.jsonl`. */
  readonly attachments?: ReadonlyMap<string, string | Uint8Array>;
}

/** A recommender as it was saved. The checkpoint and attachments are read only when asked for. */
export interface LoadedArtifact extends ArtifactParts {
  readonly manifest: Manifest;
  readonly path: string; // absolute
}

/**
 * Saves a recommender as the folder `path`, replacing an artifact that is there; on any failure that one stays.
 * Same contents, same bytes of every file but the manifest, which holds the time.
 * @param created time of making, for the manifest
 * @throws DeepTasteError `usage` when something else is at `path`; `data`, `shape`, `artifact` when a part cannot be saved
 *   as it is; `io`, e.g. disk full
 */
export async function saveArtifact(path: string, artifact: Artifact, created: Date = new Date()): Promise<Manifest> {
  checkParts(artifact);
  const info = checkedInfo(artifact.info);
  return saveFolder(path, async (folder) => {
    const { model, data } = info;
    await writeSafetensors(join(folder, WEIGHTS_FILE), artifact.weights, { model: model.name });
    if (artifact.checkpoint !== null)
      await writeSafetensors(join(folder, CHECKPOINT_FILE), artifact.checkpoint, { model: model.name });
    const tables = await withDuckdb((connection) => writeTables(connection, folder, artifact));
    for (const [name, content] of artifact.attachments ?? []) await writeFileAtomic(join(folder, name), content);
    const manifest: Manifest = {
      format: FORMAT,
      formatVersion: FORMAT_VERSION,
      created: created.toISOString(),
      deeptaste: version,
      ...info,
      data: { ...data, nUsers: artifact.users.size, nItems: artifact.items.size },
      tables,
      files: await describeFiles(folder),
    };
    await writeFileAtomic(join(folder, MANIFEST_FILE), encodeManifest(manifest));
    return manifest;
  });
}

/**
 * Loads a recommender after comparing every file with the manifest.
 * @throws DeepTasteError `not-found` when nothing is at `path`; `artifact` when it is not an artifact, is of a newer format,
 *   or a file is missing, foreign, truncated or altered; `io`
 */
export async function loadArtifact(path: string): Promise<LoadedArtifact> {
  const manifest = await inspectArtifact(path);
  const folder = resolve(path);
  await verifyFolder(folder, manifest.files);
  requireFiles(folder, manifest);
  const weights = namedTensors(await readSafetensors(join(folder, WEIGHTS_FILE)), join(folder, WEIGHTS_FILE));
  checkFinite(weights, join(folder, WEIGHTS_FILE));
  const tables = await readTables(folder, manifest);
  return { manifest, path: folder, weights, ...tables };
}

/**
 * The manifest alone; the other files are not looked at. Where an overwrite was killed between its two renames, the folder that is
 * whole takes its place first.
 * @throws DeepTasteError `not-found`, `artifact`, `io`; `usage` when the path is no text
 */
export async function inspectArtifact(path: string): Promise<Manifest> {
  checkFolderPath(path, 'load');
  const folder = resolve(path);
  const file = join(folder, MANIFEST_FILE);
  try {
    const status = await lstat(file).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' || (await exists(folder)) || !(await restoreInterruptedSave(folder))) throw error;
      return lstat(file);
    });
    checkManifestFile(status, file);
    return parseManifest(await readFile(file, 'utf8'), file);
  } catch (error) {
    throw await unreadable(path, error);
  }
}

/** Manifests are a few kilobytes, with many metrics and fields some hundred. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/** A pipe or a device would never end. */
function checkManifestFile(status: Stats, file: string): void {
  const found = status.isSymbolicLink() ? 'a symbolic link' : !status.isFile() ? 'something else' : null;
  if (found !== null)
    throw new DeepTasteError(
      'artifact',
      `${file}: must be a file of the folder itself, found ${found}; copy the whole folder`,
    );
  if (status.size <= MAX_MANIFEST_BYTES) return;
  throw new DeepTasteError(
    'artifact',
    `${file}: must have at most ${MAX_MANIFEST_BYTES} bytes, found ${status.size}; it is no manifest that deeptaste has written`,
  );
}

/** The optimizer state, or null when the artifact was saved without. @throws DeepTasteError as loadArtifact */
export async function loadCheckpoint(path: string): Promise<NamedTensors | null> {
  const manifest = await inspectArtifact(path);
  const file = manifest.files.find(({ name }) => name === CHECKPOINT_FILE);
  if (file === undefined) return null;
  await verifyFile(resolve(path), file);
  const location = join(resolve(path), CHECKPOINT_FILE);
  return namedTensors(await readSafetensors(location), location);
}

/** An attachment's bytes, or null when the artifact has none of that name. @throws DeepTasteError as loadArtifact */
export async function loadAttachment(path: string, name: string): Promise<Uint8Array | null> {
  const manifest = await inspectArtifact(path);
  const file = manifest.files.find((each) => each.name === name && !ownFiles.includes(name));
  if (file === undefined) return null;
  await verifyFile(resolve(path), file);
  const location = join(resolve(path), name);
  return readFile(location).catch((error: unknown) => {
    throw ioError('reading', location, error);
  });
}

/**
 * Writes an attachment into the artifact at `path`, in place of one of that name; all else stays as it is. On any failure the artifact stays.
 * @throws DeepTasteError as loadArtifact; `io`, e.g. disk full
 */
export async function saveAttachment(path: string, name: string, content: string | Uint8Array): Promise<Manifest> {
  const manifest = await inspectArtifact(path);
  checkAttachmentName(name);
  const former = resolve(path);
  await verifyFolder(former, manifest.files);
  return saveFolder(path, async (folder) => {
    for (const file of manifest.files)
      if (file.name !== name)
        await copyFile(join(former, file.name), join(folder, file.name)).catch((error: unknown) => {
          throw ioError('copying', join(former, file.name), error);
        });
    await writeFileAtomic(join(folder, name), content);
    const changed: Manifest = { ...manifest, files: await describeFiles(folder) };
    await writeFileAtomic(join(folder, MANIFEST_FILE), encodeManifest(changed));
    return changed;
  });
}

function checkParts({ users, items, userFields, itemFields, seen, heldOut, perUser, attachments }: Artifact): void {
  assert(userFields.nRows === users.size, 'user fields must have one row a user');
  assert(itemFields.nRows === items.size, 'item fields must have one row an item');
  assert(seen.nRows === users.size, 'seen items must have one row a user');
  assert(heldOut === undefined || heldOut.nRows === users.size, 'held-out items must have one row a user');
  for (const [name, values] of perUser?.metrics ?? [])
    assert(values.length === perUser?.userIndex.length, `metric "${name}" must have one value an evaluated user`);
  for (const name of attachments?.keys() ?? []) checkAttachmentName(name);
}

function checkAttachmentName(name: string): void {
  if (fileNamePattern.test(name) && !ownFiles.includes(name.toLowerCase())) return;
  const message = `attachment "${name}": must be a plain file name of letters, digits, dots, dashes, not one of the artifact's own`;
  throw new DeepTasteError('artifact', `${message}; rename it`, { name });
}

async function writeTables(
  connection: DuckDBConnection,
  folder: string,
  parts: ArtifactParts,
): Promise<Manifest['tables']> {
  const users = await writeEntities(connection, join(folder, USERS_FILE), parts.users, parts.userFields);
  const items = await writeEntities(connection, join(folder, ITEMS_FILE), parts.items, parts.itemFields);
  await writeSeen(connection, join(folder, SEEN_FILE), parts.seen);
  if (parts.heldOut && parts.heldOut.columns.length > 0)
    await writeSeen(connection, join(folder, HELD_OUT_FILE), parts.heldOut);
  const { perUser } = parts;
  const metrics = perUser && (await writePerUser(connection, join(folder, PER_USER_FILE), perUser));
  return { users, items, perUser: metrics };
}

async function readTables(folder: string, { tables, data, files }: Manifest) {
  const users = await readEntities(join(folder, USERS_FILE), tables.users);
  const items = await readEntities(join(folder, ITEMS_FILE), tables.items);
  const nUsers = users.vocabulary.size;
  checkSizes(folder, data, nUsers, items.vocabulary.size);
  const perUser = tables.perUser && (await readPerUser(join(folder, PER_USER_FILE), tables.perUser, nUsers));
  return {
    users: users.vocabulary,
    items: items.vocabulary,
    userFields: users.fields,
    itemFields: items.fields,
    seen: await readSeen(join(folder, SEEN_FILE), nUsers, items.vocabulary.size),
    heldOut: files.some(({ name }) => name === HELD_OUT_FILE)
      ? await readSeen(join(folder, HELD_OUT_FILE), nUsers, items.vocabulary.size)
      : undefined,
    perUser,
  };
}

function checkSizes(folder: string, { nUsers, nItems }: Manifest['data'], users: number, items: number): void {
  if (nUsers === users && nItems === items) return;
  const message = `${join(folder, MANIFEST_FILE)}: must state the sizes of its tables, ${users} users and ${items} items`;
  throw new DeepTasteError('artifact', `${message}, found ${nUsers} and ${nItems}; train again`);
}

/** A manifest may be whole and yet not list what every recommender needs. */
function requireFiles(folder: string, { files, tables }: Manifest): void {
  const listed = new Set(files.map(({ name }) => name));
  const needed = [WEIGHTS_FILE, USERS_FILE, ITEMS_FILE, SEEN_FILE, ...(tables.perUser === null ? [] : [PER_USER_FILE])];
  const missing = needed.find((name) => !listed.has(name));
  if (missing === undefined) return;
  const message = `${join(folder, MANIFEST_FILE)}: must list ${missing}, found no such entry`;
  throw new DeepTasteError('artifact', `${message}; restore the artifact from a copy or train again`, {
    file: missing,
  });
}

/** Why there is no manifest to read. */
async function unreadable(path: string, error: unknown): Promise<unknown> {
  const details = { path, file: MANIFEST_FILE };
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOTDIR')
    return new DeepTasteError(
      'artifact',
      `${path}: an artifact must be a folder, found a file; give the folder`,
      details,
    );
  if (code !== 'ENOENT') return ioError('reading', path, error);
  if (await exists(path)) {
    const message = `${path}: an artifact must hold ${MANIFEST_FILE}, found none; give a folder that deeptaste has saved`;
    return new DeepTasteError('artifact', message, details);
  }
  return new DeepTasteError(
    'not-found',
    `${path}: must be a saved artifact, found nothing there; check the path`,
    details,
  );
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
