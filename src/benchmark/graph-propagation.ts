/**
 * LightGCN from the engine's ops on an invented graph: propagation forward and backward alone, and whole training steps with BPR
 * loss, L2 of the batch's layer-0 rows and Adam on all rows (He et al., SIGIR 2020, section 3.3).
 */
import type { RandomStream } from '../core/random.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import * as o from '../engine/ops/index.ts';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import { RowPlan } from '../engine/plan/row-plan.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../engine/runtime/sampler.ts';
import { normalisedAdjacency } from '../layers/interaction-graph.ts';
import type { GraphSize } from './interaction-graph.ts';
import { type StepCost, updateBytes } from './step-limit.ts';
import type { TrainingSteps } from './timed-training.ts';

export const BATCH = 2048;
const DEVIATION = 0.1;
const L2 = 1e-4;

/** A graph with what is made from it once. */
export interface PreparedGraph {
  readonly size: GraphSize;
  readonly taken: SparseRows;
  readonly adjacency: Tensor;
}

export function prepareGraph(size: GraphSize, taken: SparseRows): PreparedGraph {
  const adjacency = o.sparseMatrix('adjacency', normalisedAdjacency(taken, size.nItems), { symmetric: true });
  return { size, taken, adjacency };
}

const normalValues = (n: number, random: RandomStream) =>
  Float32Array.from({ length: n }, () => DEVIATION * random.normal());

/** Arithmetic and least bytes of a propagation forward and back: of every product the matrix, its dense factor and the result once. */
export function propagationCost({ size, taken }: Pick<PreparedGraph, 'size' | 'taken'>): StepCost {
  const products = 2 * size.layers;
  const nonZeros = 2 * taken.columns.length;
  const matrixBytes = (size.nUsers + size.nItems) * size.width * 4;
  return { flops: products * 2 * nonZeros * size.width, bytes: products * (8 * nonZeros + 2 * matrixBytes) };
}

/** The propagation and the update of all rows by Adam. */
export function lightgcnCost(graph: Pick<PreparedGraph, 'size' | 'taken'>): StepCost {
  const { flops, bytes } = propagationCost(graph);
  const { nUsers, nItems, width } = graph.size;
  return { flops, bytes: bytes + updateBytes((nUsers + nItems) * width, 2) };
}

/**
 * One run is Y = propagation of E, and the gradient of ½ ‖Y‖² with respect to E: the propagation of Y back. A product of two rows
 * asks for both.
 */
export function propagation(engine: Engine, graph: PreparedGraph, random: RandomStream): TrainingSteps {
  const { nUsers, nItems, width, layers } = graph.size;
  const e = o.parameter('E', [nUsers + nItems, width]);
  const store = new ParameterStore(engine, [e]);
  store.write(e, normalValues(e.size, random));
  const y = o.propagate(graph.adjacency, e, layers);
  const dx = y.op.gradient(y, y)[2] as Tensor;
  const index = o.indexInput('node');
  const asked = o.rowDot(o.gatherRows(y, index), o.gatherRows(dx, index));
  const plan = new RowPlan(engine, store, [asked], [index], 1, { inBlocks: true });
  plan.feed(index, Int32Array.of(0));
  return {
    batchSize: 1,
    cost: propagationCost(graph),
    run: (steps) => {
      for (let n = 0; n < steps; n++) plan.run(1);
    },
    free: () => {
      plan.free();
      store.free();
    },
  };
}

/** The loss of a batch of triples (user, taken item, other item). */
export function lightgcnLoss(
  { size: { nUsers, nItems, layers }, adjacency }: PreparedGraph,
  e: Tensor,
  [user, taken, other]: readonly Tensor[],
): Tensor {
  const items = { first: nUsers, count: nItems };
  const parts = [
    { index: user, first: 0, count: nUsers },
    { index: taken, ...items },
    { index: other, ...items },
  ];
  const rowsOf = (matrix: Tensor) => parts.map(({ index, ...part }) => o.gatherRows(matrix, index, part));
  const wanted = o.markedRows(parts, nUsers + nItems);
  const [u, i, j] = rowsOf(o.propagate(adjacency, e, layers, { wanted }));
  const squares = rowsOf(e).map((row) => o.rowDot(row, row));
  const ranking = o.negativeLogSigmoid(o.subtract(o.rowDot(u, i), o.rowDot(u, j)));
  return o.add(ranking, o.affine(squares.reduce(o.add), L2 / 2));
}

export function lightgcnTraining(engine: Engine, graph: PreparedGraph, random: RandomStream): TrainingSteps {
  const { nUsers, nItems, width } = graph.size;
  const { rowStart, columns } = graph.taken;
  const e = o.parameter('E', [nUsers + nItems, width]);
  const store = new ParameterStore(engine, [e]);
  store.write(e, normalValues(e.size, random));
  const users = new Int32Array(columns.length);
  for (let u = 0; u < nUsers; u++) users.fill(u, rowStart[u], rowStart[u + 1]);
  const sampler = new SamplerRecord(engine, {
    users,
    items: columns,
    nUsers,
    nItems,
    rowStart,
    columns,
    negatives: 1,
    reject: true,
    popularityExponent: 0,
    key: random.child('examples').key,
  });
  const leaves = ['user', 'taken', 'other'].map((name) => o.indexInput(name));
  const batchSize = Math.min(BATCH, sampler.rowsPairwise);
  const plan = new StepPlan({
    engine,
    store,
    loss: lightgcnLoss(graph, e, leaves),
    batchSize,
    totalRows: sampler.rowsPairwise,
    feed: sampler.pairwise(leaves[0], leaves[1], leaves[2]),
    optimizer: optimizerOptions.parse({ name: 'adam', learningRate: 0.001 }),
    totalSteps: 1_000_000,
    inBlocks: true,
  });
  const stepsOfEpoch = Math.max(1, Math.floor(sampler.rowsPairwise / batchSize));
  let next = 0;
  return {
    batchSize,
    cost: lightgcnCost(graph),
    run: (steps) => {
      for (let left = steps; left > 0; ) {
        const first = next % stepsOfEpoch;
        const count = Math.min(left, stepsOfEpoch - first);
        plan.run(Math.floor(next / stepsOfEpoch), first, count);
        next += count;
        left -= count;
      }
    },
    free: () => {
      plan.free();
      sampler.free();
      store.free();
    },
  };
}
