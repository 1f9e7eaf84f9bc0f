/** Computes one expression with the kernels, whatever its kind. */
import { type Op, type Tensor, topologicalOrder } from '../../src/engine/expression.ts';
import * as code from '../../src/engine/kernels/opcodes.ts';
import { computeRows } from '../../src/engine/plan/row-plan.ts';
import { RowWork } from '../../src/engine/plan/row-work.ts';
import type { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';

/** The ops of all expressions that this file has computed so far. */
export const opsRun = new Set<Op>();

type Fed = Map<Tensor, Int32Array | Float32Array>;

/**
 * @param given values of all leaves, row-major, of at least `rows` rows
 * @param inBlocks shared tensors are computed by blocks of their rows
 * @returns [rows × size] for batch tensors, [size] for shared ones
 */
export function runExpression(
  engine: Engine,
  y: Tensor,
  given: ReadonlyMap<Tensor, Float64Array>,
  rows: number,
  inBlocks = false,
): Float32Array {
  const all = topologicalOrder([y]);
  for (const { op } of all) opsRun.add(op);
  const leaves = all.filter((tensor) => given.has(tensor));
  const parameters = leaves.filter(({ op }) => op.storage !== undefined);
  const store = new ParameterStore(engine, parameters);
  for (const parameter of parameters) store.write(parameter, given.get(parameter) as Float64Array);
  const fed: Fed = new Map();
  for (const leaf of leaves) {
    const values = (given.get(leaf) as Float64Array).subarray(0, leaf.rows === 'shared' ? leaf.size : rows * leaf.size);
    if (leaf.op.integers) fed.set(leaf, Int32Array.from(values));
    else if (leaf.op.storage === undefined) fed.set(leaf, Float32Array.from(values));
  }
  const result =
    y.rows === 'batch'
      ? computeRows(engine, store, [y], fed, rows, { byBlas: true })[0]
      : runShared(engine, store, y, fed, rows, inBlocks);
  store.free();
  return result;
}

/** A plan of one step without loss and updates; the shared tensor is read where the plan put it. */
function runShared(
  engine: Engine,
  store: ParameterStore,
  y: Tensor,
  fed: Fed,
  rows: number,
  inBlocks: boolean,
): Float32Array {
  const work = new RowWork(engine, store, {
    batchSize: rows,
    fedByCaller: [...fed.keys()],
    kept: [y],
    inBlocks,
    denseGradients: [],
  });
  work.finish();
  const words = engine.i32(work.header, code.PLAN_WORDS);
  words[code.PLAN_SCHEDULE] = work.header;
  words[code.PLAN_N_STEPS] = 1;
  words[code.PLAN_TOTAL_ROWS] = rows;
  for (const [leaf, values] of fed) {
    const { offset } = work.placement.read(leaf);
    engine.bytes(offset, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  engine.run(code.JOB_STEPS, work.header);
  const result = engine.f32(work.placement.read(y).offset, y.size).slice();
  work.placement.free();
  return result;
}
