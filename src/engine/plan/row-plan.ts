/** Computes batch tensors for given rows, without training: user and item representations, scores of listed pairs. */
import { DeepTasteError } from '../../core/errors.ts';
import { shapeError, type Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import type { ParameterStore } from '../runtime/parameter-store.ts';
import { RowWork } from './row-work.ts';

const CHUNK = 8192;

/**
 * Values of `outputs` for n rows.
 * @param fed leaves with their values: Int32Array for indices, Float32Array [n × size] for inputs
 * @returns one array [n × size] for each output
 * @throws 'shape' for an output that is shared, or values that do not fit n rows
 */
export function computeRows(
  engine: Engine,
  store: ParameterStore,
  outputs: readonly Tensor[],
  fed: ReadonlyMap<Tensor, Int32Array | Float32Array>,
  n: number,
): Float32Array[] {
  checkShapes(outputs, fed, n);
  const batchSize = Math.max(1, Math.min(CHUNK, n));
  const leaves = [...fed.keys()];
  const work = new RowWork(engine, store, {
    batchSize,
    fedByCaller: leaves,
    kept: outputs,
    denseGradients: [],
    header: (header) => header + code.PLAN_INVERSE_ROWS * 4,
  });
  work.finish();
  const { placement, header } = work;
  const words = engine.i32(header, code.PLAN_WORDS);
  words[code.PLAN_SCHEDULE] = header;
  words[code.PLAN_N_STEPS] = 1;
  const results = outputs.map((output) => new Float32Array(n * output.size));
  for (let from = 0; from < n; from += batchSize) {
    const rows = Math.min(batchSize, n - from);
    words[code.PLAN_TOTAL_ROWS] = rows;
    for (const leaf of leaves) {
      const values = (fed.get(leaf) as Int32Array).subarray(from * leaf.size, (from + rows) * leaf.size);
      const target = placement.read(leaf).offset;
      (leaf.op === 'index' ? engine.i32(target, values.length) : engine.f32(target, values.length)).set(values);
    }
    engine.run(code.JOB_STEPS, header);
    outputs.forEach((output, k) => {
      copyOut(engine, placement.read(output), output.size, rows, results[k].subarray(from * output.size));
    });
  }
  placement.free();
  return results;
}

function checkShapes(outputs: readonly Tensor[], fed: ReadonlyMap<Tensor, Int32Array | Float32Array>, n: number): void {
  for (const output of outputs)
    if (output.rows !== 'batch') throw shapeError('computeRows', 'outputs must be batch tensors', [output]);
  for (const [leaf, { length }] of fed)
    if (length !== n * leaf.size)
      throw new DeepTasteError(
        'shape',
        `computeRows: ${leaf} needs ${n * leaf.size} values for ${n} rows, got ${length}`,
      );
}

function copyOut(
  engine: Engine,
  place: { offset: number; stride: number },
  width: number,
  rows: number,
  target: Float32Array,
): void {
  if (place.stride === width) {
    target.set(engine.f32(place.offset, rows * width));
    return;
  }
  for (let r = 0; r < rows; r++) target.set(engine.f32(place.offset + r * place.stride * 4, width), r * width);
}
