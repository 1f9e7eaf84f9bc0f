/** The fingerprint of sequences: what the numbers measured on them belong to. */
import { createHash } from 'node:crypto';
import { firstAppearances } from '../cleaning.ts';
import type { Vocabulary } from '../vocabulary.ts';
import type { Sequences } from './sequences.ts';

/**
 * SHA-256 (hex) of sequences in order: external item ids, ends of the sequences, times. Whose they are is not part of it.
 * It does not depend on the order of the vocabulary. Unknown items (−1) are not allowed.
 */
export function hashSequences(items: Vocabulary, sequences: Sequences): string {
  const { start, time } = sequences;
  const hash = createHash('sha256');
  hash.update(`deeptaste-sequences-1 ${start.length - 1} ${sequences.items.length} ${time !== null}\n`);
  const { newIndex, oldIndex } = firstAppearances(sequences.items, items.size);
  for (const old of oldIndex) {
    const id = Buffer.from(items.idOf(old));
    hash.update(`${id.length}:`).update(id);
  }
  hash
    .update('\n')
    .update(bytes(start))
    .update(bytes(sequences.items.map((item) => newIndex[item])));
  // A sum with 0 turns −0 into 0, which is the same number.
  if (time) hash.update(bytes(time.map((t) => t + 0)));
  return hash.digest('hex');
}

/** Little-endian on every platform that runs WebAssembly engines with shared memory. */
function bytes(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
