/** Sparse matrices as words in the shared memory. */
import * as code from '../kernels/opcodes.ts';
import { blockStarts, type SparseMatrix } from '../ops/sparse-matrix.ts';
import type { Engine } from '../runtime/engine.ts';
import type { Place } from './place.ts';

/** Copies a matrix into the engine's memory; the place is that of its record. */
export function placeSparse(engine: Engine, allocate: (bytes: number) => number, matrix: SparseMatrix): Place {
  const copy = (values: Int32Array | Float32Array): number => {
    const address = allocate(values.byteLength + 64);
    engine.bytes(address, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return address;
  };
  const record = allocate(code.SPARSE_WORDS * 4);
  const words = new Int32Array(code.SPARSE_WORDS);
  words[code.SPARSE_ROW_START] = copy(matrix.rowStart);
  words[code.SPARSE_COLUMNS] = copy(matrix.columns);
  words[code.SPARSE_VALUES] = copy(matrix.values);
  words[code.SPARSE_BLOCKS] = copy(blockStarts(matrix));
  engine.i32(record, code.SPARSE_WORDS).set(words);
  return { offset: record, mode: code.ABSOLUTE, stride: 0 };
}
