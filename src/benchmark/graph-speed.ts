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
      (engine) => new TimedTraining(title, engine, (used) => make(used, graph, random.child(workload))),
    );
    const speeds = speedsOf(trainings, effort, machine);
    const timed = torch
      ? await besideTorch(trainings, speeds, effort, (known) => torch(workload, size, known))
      : speeds;
    found.push(...timed.map((speed, n) => ({ ...speed, gatherMs: gatherMs(graph, gather[n]) })));
    for (const training of trainings) training.free();
  }
  return found;
}

/** @param gatherBytesPerSecond of rows of 64 floats from a table of the graph's size */
function gatherMs({ size, taken }: PreparedGraph, gatherBytesPerSecond: number): number {
  const rows = 2 * size.layers * 2 * taken.columns.length;
  return (1000 * rows * size.width * 4) / gatherBytesPerSecond;
}
