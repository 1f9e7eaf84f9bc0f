/** Computes batch tensors for given rows, without training: user and item representations, scores of listed pairs. */
import { DeepTasteError } from '../../core/errors.ts';
import { shapeError, type Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import type { ParameterStore } from '../runtime/parameter-store.ts';
import type { Place } from './place.ts';
import { RowWork } from './row-work.ts';

const CHUNK = 8192;
/** Below so much arithmetic, some 0.2 ms, one thread is done before others have woken up. */
const ALONE_FLOPS = 1e7;

export interface RowPlanOptions {
  /** Shared tensors are computed by blocks of their rows on all threads. */
  readonly inBlocks?: boolean;
  /**
   * Products go to a system BLAS where there is one. By default they do not: a library may compute a row in another way at
   * another place of the batch, and what is predicted for a row must not depend on its neighbours.
   */
  readonly byBlas?: boolean;
  /** All rows in one run, however many: what they share is computed once, and by blocks. Only of `computeRows`. */
  readonly atOnce?: boolean;
}

/**
 * Values of `outputs` for n rows. Equal rows get equal bytes, whatever n and their place, unless an output depends on a sum over
 * the batch or on other rows.
 * @param fed leaves with their values: Int32Array for indices and lists, Float32Array [n × size] for inputs
 * @returns one array [n × size] for each output
 * @throws 'shape' for an output that is shared, or values that do not fit n rows
 */
export function computeRows(
  engine: Engine,
  store: ParameterStore,
  outputs: readonly Tensor[],
  fed: ReadonlyMap<Tensor, Int32Array | Float32Array>,
  n: number,
  options: RowPlanOptions = {},
): Float32Array[] {
  checkShapes(outputs, fed, n);
  const { atOnce = false, inBlocks = atOnce } = options;
  const capacity = Math.max(1, atOnce ? n : Math.min(CHUNK, n));
  const plan = new RowPlan(engine, store, outputs, [...fed.keys()], capacity, { ...options, inBlocks });
  const results = outputs.map((output) => new Float32Array(n * output.size));
  for (let from = 0; from < n; from += plan.capacity) {
    const rows = Math.min(plan.capacity, n - from);
    for (const [leaf, values] of fed)
      plan.feed(leaf, leaf.rows === 'shared' ? values : values.subarray(from * leaf.size, (from + rows) * leaf.size));
    plan.run(rows);
    outputs.forEach((output, k) => {
      plan.read(output, rows, results[k].subarray(from * output.size));
    });
  }
  plan.free();
  return results;
}

/** A plan that computes batch tensors, made once and run often. */
export class RowPlan {
  /** Rows of one run at most. */
  readonly capacity: number;
  readonly #engine: Engine;
  readonly #work: RowWork;
  /** Arithmetic of the products; other work is taken for as much again of small ones. */
  readonly #flopsOfRow: number;

  /** @param leaves index and input leaves that the caller feeds before each run */
  constructor(
    engine: Engine,
    store: ParameterStore,
    outputs: readonly Tensor[],
    leaves: readonly Tensor[],
    capacity: number,
    { inBlocks = false, byBlas = false }: RowPlanOptions = {},
  ) {
    this.#engine = engine;
    this.capacity = capacity;
    this.#work = new RowWork(engine, store, {
      batchSize: capacity,
      fedByCaller: leaves,
      kept: outputs,
      denseGradients: [],
      inBlocks,
      ownProducts: !byBlas,
    });
    this.#work.finish();
    this.#flopsOfRow = this.#work.flopsOfStep / capacity;
    const words = engine.i32(this.#work.header, code.PLAN_WORDS);
    words[code.PLAN_SCHEDULE] = this.#work.header;
    words[code.PLAN_N_STEPS] = 1;
  }

  /** Values of the first rows of a leaf. */
  feed(leaf: Tensor, values: Int32Array | Float32Array): void {
    const { offset } = this.#work.placement.read(leaf);
    if (leaf.op.integers) this.#engine.i32(offset, values.length).set(values);
    else this.#engine.f32(offset, values.length).set(values);
  }

  run(rows: number): void {
    this.#engine.i32(this.#work.header, code.PLAN_WORDS)[code.PLAN_TOTAL_ROWS] = rows;
    if (rows * this.#flopsOfRow < ALONE_FLOPS) this.#engine.runAlone(code.JOB_STEPS, this.#work.header);
    else this.#engine.run(code.JOB_STEPS, this.#work.header);
  }

  /** Where an output lies, for jobs that read it there. */
  placeOf(output: Tensor): Place {
    return this.#work.placement.read(output);
  }

  /** Copies the first rows of an output. */
  read(output: Tensor, rows: number, target: Float32Array): void {
    copyOut(this.#engine, this.#work.placement.read(output), output.size, rows, target);
  }

  free(): void {
    this.#work.placement.free();
  }
}

function checkShapes(outputs: readonly Tensor[], fed: ReadonlyMap<Tensor, Int32Array | Float32Array>, n: number): void {
  for (const output of outputs)
    if (output.rows !== 'batch') throw shapeError('computeRows', 'outputs must be batch tensors', [output]);
  for (const [leaf, { length }] of fed) {
    const wanted = leaf.rows === 'shared' ? leaf.size : n * leaf.size;
    if (length !== wanted)
      throw new DeepTasteError('shape', `computeRows: ${leaf} needs ${wanted} values for ${n} rows, got ${length}`);
  }
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
