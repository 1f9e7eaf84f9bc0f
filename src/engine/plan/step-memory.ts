/** How many bytes the plan of a training step takes besides weights and optimizer state, told without making it. */
import { type Tensor, topologicalOrder } from '../expression.ts';
import { gradientsOfMean } from '../gradient.ts';
import * as code from '../kernels/opcodes.ts';
import { RangeAllocator } from '../runtime/allocator.ts';
import type { Engine } from '../runtime/engine.ts';
import { isReduction, kernelCall, type Level, requirements, schedule } from './schedule.ts';
import { tileSize } from './tile-size.ts';
import { rowsKept } from './updates.ts';
import { viewed } from './views.ts';

export interface StepMemoryOptions {
  readonly engine: Pick<Engine, 'threads' | 'blas'>;
  /** Loss of each row, batch [B, 1]. */
  readonly loss: Tensor;
  readonly batchSize: number;
  /** Parameters to update; absent = all that the loss depends on. */
  readonly trainable?: readonly Tensor[];
  /** See RowWorkOptions. */
  readonly inBlocks?: boolean;
  /** Batch rows that outlive the step. */
  readonly carried?: readonly Tensor[];
}

/** Arrays of the batch, sums over it, gradients, the scratch of the threads, and what finds the rows of tables. */
export function stepBytes({ engine, loss, batchSize, trainable, inBlocks, carried = [] }: StepMemoryOptions): number {
  const isTrained = (parameter: Tensor): boolean => trainable?.includes(parameter) ?? true;
  const gradients = gradientsOfMean(loss);
  const dense = [...gradients.dense].filter(([parameter]) => isTrained(parameter));
  const rows = gradients.rows.filter(({ table }) => isTrained(table));
  const kept = [...rowsKept(rows), ...carried];
  const { levels, levelOf } = schedule([loss, ...kept, ...dense.map(([, gradient]) => gradient)]);
  const numbersOfDense = dense.reduce((sum, [{ size }]) => sum + size, 0);
  const lanes = inBlocks ? 0 : code.LANES * numbersOfDense;
  const shared = levels.flatMap((level) => [...level.shared, ...level.reductions]);
  const tile = tileSize(
    engine,
    { batchSize, inBlocks, kept, denseGradients: dense },
    levels.map((level) => level.rows),
  );
  const scratch = engine.threads * Math.max(...levels.map((level) => widestMoment(level, tile, batchSize)));
  return (
    4 * batchSize * numbersOfBatch(levelOf, kept, inBlocks === true) +
    4 * (numbersOfDense + lanes + scratch + sum(shared)) +
    rowsOfTables(rows, batchSize) +
    constantBytes([loss])
  );
}

/** Bytes of the constants, such as the graph, that are part of a plan. */
export function constantBytes(outputs: readonly Tensor[]): number {
  return topologicalOrder(outputs).reduce((total, tensor) => {
    const constant = tensor.op.constant?.(tensor);
    return constant ? total + [constant].flat().reduce((bytes, { byteLength }) => bytes + byteLength, 0) : total;
  }, 0);
}

/** Bytes of what all rows share and is computed once, such as propagated embeddings: parameters, constants and views are none. */
export function sharedBytes(outputs: readonly Tensor[]): number {
  const shared = topologicalOrder(outputs).filter(
    ({ rows, op }) => rows === 'shared' && !op.storage && !op.view && !op.constant,
  );
  return 4 * sum(shared);
}

/** Numbers of a row that outlive its tile: what feeds it, what the optimizer reads, and what a later level needs. */
function numbersOfBatch(levelOf: ReadonlyMap<Tensor, number>, kept: readonly Tensor[], inBlocks: boolean): number {
  const arrays = new Set(kept.map(viewed));
  for (const [user, level] of levelOf) {
    if (isLeaf(user)) arrays.add(user);
    const usedAt = isReduction(user) && !inBlocks ? level - 1 : level;
    for (const tensor of requirements(user).map(viewed))
      if (usedAt > (levelOf.get(tensor) as number)) arrays.add(tensor);
  }
  return sum([...arrays].filter(({ rows }) => rows === 'batch'));
}

function isLeaf(tensor: Tensor): boolean {
  const { storage, constant, view } = tensor.op;
  return tensor.inputs.length === 0 && kernelCall(tensor) === null && !storage && !constant && !view;
}

/**
 * Scratch of one thread, in numbers: the arrays of a tile one after the other, as the plan places them, so that gaps which small
 * arrays leave between large ones are counted.
 */
function widestMoment({ rows }: Level, tile: number, batchSize: number): number {
  const lastUse = new Map<Tensor, number>();
  rows.forEach((tensor, n) => {
    for (const used of requirements(tensor)) lastUse.set(viewed(used), n);
  });
  const scratch = new RangeAllocator(0, Number.MAX_SAFE_INTEGER, 64);
  const tileRows = Math.min(tile, Math.max(1, batchSize));
  const live = new Map<Tensor, number>();
  rows.forEach((tensor, n) => {
    live.set(tensor, scratch.allocate(4 * tileRows * tensor.size));
    for (const [dead, offset] of live)
      if ((lastUse.get(dead) ?? n) <= n) {
        scratch.release(offset);
        live.delete(dead);
      }
  });
  return scratch.highWater / 4;
}

/** Lists by which the gradients of a row of a table are found: a head for each row, a link for each use. */
function rowsOfTables(rows: readonly { readonly table: Tensor; readonly index: Tensor }[], batchSize: number): number {
  const tables = new Map<Tensor, number>();
  for (const { table, index } of rows) tables.set(index, Math.max(tables.get(index) ?? 0, table.shape[0]));
  const heads = [...new Set(tables.values())].reduce((total, n) => total + n, 0);
  const links = [...tables.keys()].reduce(
    (total, { rows: owner, size }) => total + (owner === 'batch' ? batchSize * size : size),
    0,
  );
  return 4 * (heads + links);
}

function sum(tensors: readonly Tensor[]): number {
  return tensors.reduce((total, { size }) => total + size, 0);
}
