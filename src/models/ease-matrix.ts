/** The matrix that EASE inverts: in the engine's memory in float64, or outside of it in float32 by the system BLAS. */
import { LargeSymmetricMatrix } from '../engine/linalg/large-symmetric-matrix.ts';
import { SymmetricMatrix } from '../engine/linalg/symmetric-matrix.ts';
import type { Engine } from '../engine/runtime/engine.ts';

export type EaseMatrix = SymmetricMatrix | LargeSymmetricMatrix;

/** @param outside only where the engine has a BLAS */
export function easeMatrix(engine: Engine, n: number, outside: boolean): EaseMatrix {
  if (!outside || engine.blas === null) return new SymmetricMatrix(engine, n);
  return new LargeSymmetricMatrix(n, { library: engine.blas, threads: engine.threads });
}

/** Where the n × n float32 numbers made of the upper triangle are kept: of a large matrix in its own place, which they take over. */
export function placeOfWeights({ n, values }: EaseMatrix): Float32Array {
  return values instanceof Float32Array ? values : new Float32Array(n * n);
}
