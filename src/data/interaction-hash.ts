/** The fingerprint of a data set: what the numbers measured on it belong to. */
import { createHash, type Hash } from 'node:crypto';
import { renumber } from './cleaning.ts';
import type { Interactions } from './dataset.ts';
import type { ValueColumn } from './value-columns.ts';
import type { Vocabulary } from './vocabulary.ts';

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
  if (rating) hash.update(bytes(rating.map((r) => r + 0)));
  if (time) hash.update(bytes(time.map((t) => t + 0)));
  if (session) hash.update(bytes(renumber(session, 1 + session.reduce((a, b) => Math.max(a, b), -1)).column));
  for (const column of interactions.context ?? []) hashColumn(hash, column);
  return hash.digest('hex');
}

/** The ids in the order of their first appearance, each with its length, then the row's places in that list. */
function hashIds(hash: Hash, vocabulary: Vocabulary, index: Int32Array): void {
  hashTexts(hash, vocabulary.ids, index);
}

function hashTexts(hash: Hash, texts: readonly string[], index: Int32Array): void {
  const { column, oldIndex } = renumber(index, texts.length);
  for (const old of oldIndex) {
    const text = Buffer.from(texts[old]);
    hash.update(`${text.length}:`).update(text);
  }
  hash.update('\n').update(bytes(column));
}

/** A context column: name, kind and cells; missing cells are an empty text or the one NaN. */
function hashColumn(hash: Hash, column: ValueColumn): void {
  hash.update(`context ${column.kind} ${JSON.stringify(column.name)}\n`);
  if (!('values' in column)) {
    hashNumbers(hash, column.value);
    return;
  }
  if (column.kind === 'multi') {
    hash.update(bytes(column.rowStart));
    if (column.weight) hash.update(bytes(column.weight));
  }
  const missing = column.values.length;
  hashTexts(
    hash,
    [...column.values, ''],
    column.index.map((value) => (value < 0 ? missing : value)),
  );
}

/** As float64, with one NaN and without −0; block by block, for columns may be long. */
function hashNumbers(hash: Hash, values: Float32Array | Float64Array): void {
  const block = new Float64Array(Math.min(values.length, 65_536));
  for (let from = 0; from < values.length; from += block.length) {
    const n = Math.min(block.length, values.length - from);
    for (let k = 0; k < n; k++) block[k] = Number.isNaN(values[from + k]) ? Number.NaN : values[from + k] + 0;
    hash.update(bytes(block.subarray(0, n)));
  }
}

/** Little-endian on every platform that runs WebAssembly engines with shared memory. */
function bytes(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
