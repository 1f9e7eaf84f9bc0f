/** How fast embeddings are propagated over a graph, and LightGCN trains, against the machine's limits and against PyTorch. */
import type { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Effort } from './effort.ts';
import { lightgcnTraining, type PreparedGraph, prepareGraph, propagation } from './graph-propagation.ts';
import { type GraphSize, inventedGraph } from './interaction-graph.ts';
import { type MachineLimits, measureGather } from './machine-limits.ts';
import { besideTorch, type ModelSpeed, speedsOf, type TorchTiming } from './model-speed.ts';
import { TimedTraining } from './timed-training.ts';

export interface GraphSpeed extends ModelSpeed {
  /** The larger of the propagation's arithmetic and its least bytes (every array once a product) at the machine's best, ms. */
  readonly limitMs: number;
  /** What taking all neighbours' rows would take at the machine's rate of random rows from a table of this size, ms. */
  readonly gatherMs: number;
}

/** PyTorch's best setting on a workload, or why there is none. */
export type GraphPeer = (
  workload: 'propagation' | 'training',
  size: GraphSize,
  known: TorchTiming | undefined,
) => Promise<TorchTiming | string>;

const workloads = { propagation, training: lightgcnTraining } as const;
const titles = { propagation: 'LightGCN propagation', training: 'LightGCN training step' } as const;

/** Both workloads forward and backward; the engines in turn. @param machine limits of each engine */
export async function measureGraph(
  engines: readonly Engine[],
  machine: readonly MachineLimits[],
  size: GraphSize,
  effort: Effort,
  random: RandomStream,
  torch: GraphPeer | null,
): Promise<GraphSpeed[]> {
  const graph = prepareGraph(size, inventedGraph(size, random.child('graph')));
  const rows = size.nUsers + size.nItems;
  const gather = engines.map((engine) => measureGather(engine, effort, random, rows));
  const found: GraphSpeed[] = [];
  for (const workload of ['propagation', 'training'] as const) {
    const make = workloads[workload];
    const title = titles[workload];
    const trainings = engines.map(
      (engine) => new TimedTraining(title, engine, make(engine, graph, random.child(workload))),
    );
    const speeds = speedsOf(trainings, effort);
    const timed = torch
      ? await besideTorch(trainings, speeds, effort, (known) => torch(workload, size, known))
      : speeds;
    found.push(...timed.map((speed, n) => ({ ...speed, ...propagationLimits(graph, machine[n], gather[n]) })));
    for (const training of trainings) training.free();
  }
  return found;
}

/** @param gatherBytesPerSecond of rows of 64 floats from a table of the graph's size */
export function propagationLimits(
  { size, taken }: Pick<PreparedGraph, 'size' | 'taken'>,
  machine: MachineLimits,
  gatherBytesPerSecond: number,
): { readonly limitMs: number; readonly gatherMs: number } {
  const products = 2 * size.layers;
  const nonZeros = 2 * taken.columns.length;
  const matrixBytes = (size.nUsers + size.nItems) * size.width * 4;
  const flop = products * 2 * nonZeros * size.width;
  // indices and values, the dense factor and the result
  const bytes = products * (8 * nonZeros + 2 * matrixBytes);
  return {
    limitMs: 1000 * Math.max(flop / machine.flopPerSecond, bytes / machine.copyBytesPerSecond),
    gatherMs: (1000 * products * nonZeros * size.width * 4) / gatherBytesPerSecond,
  };
}
