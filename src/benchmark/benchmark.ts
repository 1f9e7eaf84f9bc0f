/** The bench as a whole: which workloads, in which order, on which engines; the result is one document. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { DeepTasteError } from '../core/errors.ts';
import type { KernelBuild } from '../core/kernel-build.ts';
import type { Progress } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import { version } from '../core/version.ts';
import { type BlasChoice, findBlas } from '../engine/runtime/blas.ts';
import { Engine } from '../engine/runtime/engine.ts';
import { type Effort, fullEffort, quickEffort } from './effort.ts';
import { type GraphSpeed, measureGraph } from './graph-speed.ts';
import { type HeapGrowth, measureHeapGrowth } from './heap-growth.ts';
import { type GraphSize, gowalla } from './interaction-graph.ts';
import { type MachineLimits, measureMachine } from './machine-limits.ts';
import { type LayerShape, layerShapes, measureProducts, type ProductSpeed } from './matrix-products.ts';
import { type ModelSizes, type ModelSpeed, measureModels, modelSizes, type TorchPeer } from './model-speed.ts';
import { movielens1m, type NeumfSize, NeumfTraining, skewedInteractions } from './neumf-training.ts';
import { measurePeers, type PeerSpeed, timeGraphInTorch, timeModelInTorch } from './peers.ts';
import { measureRanking, type RankingSpeed } from './ranking-speed.ts';
import { measureRetrieval, type RetrievalSpeed, retrievalSizes } from './retrieval-speed.ts';
import { measureTraining, type TrainingSpeed } from './training-speed.ts';

export const workloads = ['machine', 'products', 'training', 'models', 'ranking', 'graph', 'retrieval'] as const;
export type Workload = (typeof workloads)[number];

export interface BenchmarkOptions {
  /** Default: all. */
  readonly workloads?: readonly Workload[];
  /** Threads to compare with one; default: all the machine offers. */
  readonly threads?: number;
  readonly quick?: boolean;
  /** Run the peers too. */
  readonly peers?: { readonly python: string; readonly tfjs: string };
  /** System BLAS to measure beside WebAssembly; default: the first one found. */
  readonly blas?: BlasChoice;
  /** Build of the kernels; default: the fastest. */
  readonly kernels?: KernelBuild;
  readonly progress: Progress;
  /** Sizes, for tests. */
  readonly size?: NeumfSize;
  readonly shapes?: readonly LayerShape[];
  readonly effort?: Effort;
  readonly batchSizes?: readonly number[];
  readonly models?: ModelSizes;
  readonly graph?: GraphSize;
  readonly retrieval?: readonly number[];
}

export interface BenchmarkResult {
  readonly versions: {
    readonly deeptaste: string;
    readonly node: string;
    readonly kernels: KernelBuild;
    readonly blas: string | null;
  };
  readonly computer: { readonly cpu: string; readonly processors: number; readonly loadBefore: number };
  readonly quick: boolean;
  readonly machine: readonly MachineLimits[];
  readonly products: readonly (ProductSpeed & { readonly shareOfPeak: number })[];
  readonly training: {
    readonly nInteractions: number;
    readonly speeds: readonly TrainingSpeed[];
    readonly heap: HeapGrowth;
  } | null;
  /** Training of the other models. */
  readonly models: readonly ModelSpeed[];
  readonly ranking: readonly RankingSpeed[];
  readonly graph: readonly GraphSpeed[];
  readonly retrieval: readonly RetrievalSpeed[];
  readonly peers: readonly PeerSpeed[];
  readonly peakResidentBytes: number;
}

/** The first one is the headline's; the second one is the paper's. */
const BATCH_SIZES = [2048, 256, 8192];
const PEER_BATCH_SIZES = [2048, 256];

export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const loadBefore = loadavg()[0];
  const threads = options.threads ?? availableParallelism();
  if (!Number.isInteger(threads) || threads < 1)
    throw new DeepTasteError('usage', `bench: --threads must be an integer ≥ 1, got ${threads}`);
  const { kernels } = options;
  const counts = threads === 1 ? [1] : [1, threads];
  const engines = counts.map((count) => new Engine({ threads: count, kernels, blas: 'off' }));
  const { library } = findBlas(options.blas ?? 'auto');
  const withBlas = library ? counts.map((count) => new Engine({ threads: count, kernels, blas: library.path })) : [];
  try {
    const result = await measure(engines, withBlas, options);
    return {
      versions: {
        deeptaste: version,
        node: process.versions.node,
        kernels: engines[0].build,
        blas: library?.title ?? null,
      },
      computer: { cpu: cpus()[0]?.model ?? 'unknown', processors: availableParallelism(), loadBefore },
      quick: options.quick === true,
      ...result,
      peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    };
  } finally {
    for (const engine of [...engines, ...withBlas]) engine.close();
  }
}

async function measure(
  engines: readonly Engine[],
  withBlas: readonly Engine[],
  options: BenchmarkOptions,
): Promise<
  Pick<BenchmarkResult, 'machine' | 'products' | 'training' | 'models' | 'ranking' | 'graph' | 'retrieval' | 'peers'>
> {
  const { progress, size = movielens1m, shapes = layerShapes } = options;
  const effort = options.effort ?? (options.quick ? quickEffort : fullEffort);
  const wanted = new Set(options.workloads ?? workloads);
  const random = new RandomStream(1, 'bench');
  progress.log('limits of the machine');
  // every other number is compared with these, so they are always measured
  const machine = measureMachine(engines, withBlas, effort, random);
  let products: ProductSpeed[] = [];
  if (wanted.has('products')) {
    progress.log('matrix products');
    products = measureProducts(engines[0], shapes, effort, random);
  }
  const training = wanted.has('training') ? trainingPart(engines, withBlas, options, effort, machine) : null;
  if (wanted.has('models')) progress.log('training of DeepFM, GRU4Rec, Bi-LSTM, policy gradient, DSCF and GraphRec');
  const models = wanted.has('models')
    ? await measureModels(
        [...engines, ...withBlas],
        options.models ?? modelSizes,
        effort,
        random,
        torchOf(engines, options),
        machine,
      )
    : [];
  if (wanted.has('ranking')) progress.log('ranking of all items for all users');
  const ranking = wanted.has('ranking') ? measureRanking(engines, size, effort, random, machine) : [];
  const graph = wanted.has('graph') ? await graphPart(engines, machine, options, effort, random) : [];
  if (wanted.has('retrieval')) progress.log('the best items of one query');
  const retrieval = wanted.has('retrieval')
    ? measureRetrieval(engines, options.retrieval ?? retrievalSizes, effort, random)
    : [];
  const peers = options.peers ? await peersPart(engines, withBlas, options, effort, options.peers) : [];
  const peak = machine[0].flopPerSecond;
  return {
    machine,
    products: products.map((product) => ({ ...product, shareOfPeak: product.flopPerSecond / peak })),
    training,
    models,
    ranking,
    graph,
    retrieval,
    peers,
  };
}

function trainingPart(
  engines: readonly Engine[],
  withBlas: readonly Engine[],
  options: BenchmarkOptions,
  effort: Effort,
  machine: readonly MachineLimits[],
): BenchmarkResult['training'] {
  const { progress, size = movielens1m, batchSizes = BATCH_SIZES } = options;
  progress.log('training of NeuMF');
  const interactions = skewedInteractions(size, new RandomStream(1, 'bench/interactions'));
  const speeds = measureTraining([...engines, ...withBlas], size, interactions, batchSizes, effort, machine);
  const engine = engines[engines.length - 1];
  const training = new NeumfTraining(engine, size, interactions, Math.min(...batchSizes), 1);
  const heap = measureHeapGrowth((steps) => training.run(steps));
  training.free();
  return { nInteractions: interactions.columns.length, speeds, heap };
}

async function graphPart(
  engines: readonly Engine[],
  machine: readonly MachineLimits[],
  { peers, quick, progress, graph = gowalla }: BenchmarkOptions,
  effort: Effort,
  random: RandomStream,
): Promise<GraphSpeed[]> {
  progress.log('LightGCN');
  const request = peers && {
    python: peers.python,
    threads: engines.map(({ threads }) => threads),
    eagerOnly: quick === true,
  };
  return measureGraph(
    engines,
    machine,
    graph,
    effort,
    random.child('graph'),
    (request ?? null) &&
      ((workload, size, known) => {
        progress.log(`PyTorch, LightGCN ${workload}`);
        return timeGraphInTorch(request as NonNullable<typeof request>, workload, size, known);
      }),
  );
}

/** How the other models' steps are timed in PyTorch; null when no peers are asked for. */
function torchOf(engines: readonly Engine[], { peers, quick, progress }: BenchmarkOptions): TorchPeer | null {
  if (!peers) return null;
  const request = { python: peers.python, threads: engines.map(({ threads }) => threads), eagerOnly: quick === true };
  return (workload, size, known) => {
    progress.log(`PyTorch, ${workload} ${JSON.stringify(size)}`);
    return timeModelInTorch(request, workload, size, known);
  };
}

async function peersPart(
  engines: readonly Engine[],
  withBlas: readonly Engine[],
  options: BenchmarkOptions,
  effort: Effort,
  { python, tfjs }: { readonly python: string; readonly tfjs: string },
): Promise<PeerSpeed[]> {
  const interactions = skewedInteractions(movielens1m, new RandomStream(1, 'bench/interactions'));
  const found: PeerSpeed[] = [];
  for (const batchSize of options.batchSizes ?? PEER_BATCH_SIZES) {
    const trainingOn = (engine: Engine) => new NeumfTraining(engine, movielens1m, interactions, batchSize, 1);
    const [plain, blas] = [engines, withBlas].map((each) => fastest(each.map(trainingOn), effort));
    const seconds = effort.trainingSeconds;
    const peers = await measurePeers({
      python,
      tfjs,
      batchSize,
      seconds,
      rounds: Math.min(3, effort.rounds),
      threads: engines.map(({ threads }) => threads),
      eagerOnly: options.quick === true,
      onlyTorch: found.length > 0,
      ours: () => (plain as NeumfTraining).rate(seconds),
      oursWithBlas: blas && (() => blas.rate(seconds)),
      progress: options.progress,
    });
    plain?.free();
    blas?.free();
    found.push(...peers);
  }
  return found;
}

/** As of the peers, the best of our settings takes part; null of none. The others are freed. */
function fastest(candidates: readonly NeumfTraining[], effort: Effort): NeumfTraining | null {
  for (const candidate of candidates) candidate.stepsFor(effort.trainingSeconds);
  const trials = candidates.map((candidate) => candidate.rate(effort.trainingSeconds));
  const best = candidates[trials.indexOf(Math.max(...trials))];
  for (const candidate of candidates) if (candidate !== best) candidate.free();
  return best ?? null;
}
