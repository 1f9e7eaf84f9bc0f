/** The fingerprint of a data set: what the numbers measured on it belong to. */
import { createHash, type Hash } from 'node:crypto';
import { firstAppearances } from './cleaning.ts';
import type { Interactions } from './dataset.ts';
import type { ValueColumn } from './value-columns.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Values that are hashed at once, so that no column is copied as a whole. */
const PIECE = 65_536;

/**
 * SHA-256 (hex) of the interactions in order: external ids, ratings (float32), times (float64), sessions (in the order
 * of their first appearance), context columns. It depends neither on the file's format nor on the order of the vocabularies.
 */
export function hashInteractions(users: Vocabulary, items: Vocabulary, interactions: Interactions): string {
  const { length, rating, time, session } = interactions;
  const hash = createHash('sha256');
  hash.update(`deeptaste-interactions-1 ${length} ${rating !== null} ${time !== null} ${session !== null}\n`);
  hashIds(hash, users, interactions.userIndex);
  hashIds(hash, items, interactions.itemIndex);
  // A sum with 0 turns −0 into 0, which is the same number.
  if (rating) hashNumbers(hash, new Float32Array(PIECE), rating.length, (row) => rating[row] + 0);
  if (time) hashNumbers(hash, new Float64Array(PIECE), time.length, (row) => time[row] + 0);
  if (session) {
    const { newIndex } = firstAppearances(session, 1 + session.reduce((a, b) => Math.max(a, b), -1));
    hashNumbers(hash, new Int32Array(PIECE), session.length, (row) => newIndex[session[row]]);
  }
  for (const column of interactions.context ?? []) hashColumn(hash, column);
  return hash.digest('hex');
}

/** The ids in the order of their first appearance, each with its length, then the row's places in that list. */
function hashIds(hash: Hash, vocabulary: Vocabulary, index: Int32Array): void {
  hashTexts(hash, vocabulary.size, (old) => vocabulary.idOf(old), index);
}

function hashTexts(hash: Hash, size: number, textOf: (index: number) => string, index: Int32Array): void {
  const { newIndex, oldIndex } = firstAppearances(index, size);
  let waiting: Buffer[] = [];
  for (const old of oldIndex) {
    const text = Buffer.from(textOf(old));
    waiting.push(Buffer.from(`${text.length}:`), text);
    if (waiting.length < 8192) continue;
    hash.update(Buffer.concat(waiting));
    waiting = [];
  }
  hash.update(Buffer.concat(waiting)).update('\n');
  hashNumbers(hash, new Int32Array(PIECE), index.length, (row) => newIndex[index[row]]);
}

/** Numbers 0 … n−1 as the bytes of an array of the given type. */
function hashNumbers(
  hash: Hash,
  piece: Int32Array | Float32Array | Float64Array,
  n: number,
  numberAt: (row: number) => number,
): void {
  for (let start = 0; start < n; start += piece.length) {
    const length = Math.min(piece.length, n - start);
    for (let k = 0; k < length; k++) piece[k] = numberAt(start + k);
    hash.update(bytes(piece.subarray(0, length)));
  }
}

/** A context column: name, kind and cells; missing cells are an empty text or the one NaN. */
function hashColumn(hash: Hash, column: ValueColumn): void {
  hash.update(`context ${column.kind} ${JSON.stringify(column.name)}\n`);
  if (!('values' in column)) {
    const { value } = column;
    hashNumbers(hash, new Float64Array(PIECE), value.length, (row) =>
      Number.isNaN(value[row]) ? Number.NaN : value[row] + 0,
    );
    return;
  }
  if (column.kind === 'multi') {
    hash.update(bytes(column.rowStart));
    if (column.weight) hash.update(bytes(column.weight));
  }
  const missing = column.values.length;
  hashTexts(
    hash,
    missing + 1,
    (value) => (value === missing ? '' : column.values[value]),
    column.index.map((value) => (value < 0 ? missing : value)),
  );
}

/** Little-endian on every platform that runs WebAssembly engines with shared memory. */
function bytes(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
