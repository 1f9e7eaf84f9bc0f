/** The bench's result as sections of rows, for terminals and for the results page. */
import { vectorBits } from '../core/kernel-build.ts';
import type { BenchmarkResult } from './benchmark.ts';
import type { ModelSpeed } from './model-speed.ts';
import type { PeerSpeed } from './peers.ts';

export interface ReportSection {
  readonly title: string;
  readonly header: readonly string[];
  /** First cell: what; the others: numbers. */
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

const giga = (value: number) => (value / 1e9).toFixed(1);
const count = (value: number) => Math.round(value).toLocaleString('en');
const mebi = (bytes: number) => Math.round(bytes / 1024 ** 2).toLocaleString('en');
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

export function reportSections(result: BenchmarkResult): ReportSection[] {
  return [
    machineSection(result),
    ...(result.products.length > 0 ? [productSection(result)] : []),
    ...(result.training ? [trainingSection(result.training)] : []),
    ...(result.models.length > 0 ? [modelSection(result)] : []),
    ...(result.ranking.length > 0 ? [rankingSection(result)] : []),
    ...(result.graph.length > 0 ? [graphSection(result)] : []),
    ...(result.retrieval.length > 0 ? [retrievalSection(result)] : []),
    ...(result.peers.length > 0 ? [peerSection(result.peers)] : []),
  ];
}

/** One line on where the numbers come from. */
export function provenance({ versions, computer, quick, peakResidentBytes }: BenchmarkResult): string {
  const how = quick ? '; quick run, numbers are rough' : '';
  return (
    `deeptaste ${versions.deeptaste}, Node ${versions.node}, ${versions.kernels} kernels, ` +
    `${versions.blas ?? 'no system BLAS'}, ${computer.cpu} ` +
    `(${computer.processors} processors), load before the run ${computer.loadBefore.toFixed(1)}, ` +
    `peak resident memory ${(peakResidentBytes / 1024 ** 2).toFixed(0)} MiB${how}`
  );
}

function machineSection({ machine, versions }: BenchmarkResult): ReportSection {
  return {
    title: 'Limits of the machine',
    header: ['', ...machine.map(({ threads }) => threadsText(threads))],
    rows: [
      [`${vectorBits(versions.kernels)}-bit multiply-adds, GFLOP/s`, ...machine.map((m) => giga(m.flopPerSecond))],
      ...(machine.some((m) => m.blasFlopPerSecond !== null)
        ? [
            [
              'products of the system BLAS, GFLOP/s',
              ...machine.map((m) => (m.blasFlopPerSecond === null ? '' : giga(m.blasFlopPerSecond))),
            ],
          ]
        : []),
      ['copying, read + written, GB/s', ...machine.map((m) => giga(m.copyBytesPerSecond))],
      ['rows of 64 floats from 1.5 MB, GB/s', ...machine.map((m) => giga(m.gatherBytesPerSecond))],
      ['rows of 64 floats from a large table, GB/s', ...machine.map((m) => giga(m.largeGatherBytesPerSecond))],
    ],
    notes: ['Best of many short bursts.'],
  };
}

function productSection({ products }: BenchmarkResult): ReportSection {
  return {
    title: 'Matrix products, one thread',
    header: ['rows × inputs × outputs', 'orientation', 'GFLOP/s', 'of the peak'],
    rows: products.map(({ shape, orientation, flopPerSecond, shareOfPeak }) => [
      shape.join(' × '),
      orientation,
      giga(flopPerSecond),
      percent(shareOfPeak),
    ]),
    notes: [],
  };
}

function trainingSection({ speeds, heap, nInteractions }: NonNullable<BenchmarkResult['training']>): ReportSection {
  const { batchSize, limit, stepMs } = speeds[0];
  return {
    title: 'Training of NeuMF, Adam on touched rows',
    header: [
      'batch',
      'products',
      'threads',
      'examples/s',
      'ms a step',
      'limit, ms',
      'of the limit',
      'by one thread',
      'MiB',
    ],
    rows: speeds.map((speed) => [
      count(speed.batchSize),
      speed.blas ? 'BLAS' : 'WebAssembly',
      `${speed.threads}`,
      count(speed.examplesPerSecond),
      speed.stepMs.toFixed(2),
      ...limitCells(speed),
      `${speed.speedup.toFixed(2)} ×`,
      mebi(speed.heldBytes),
    ]),
    notes: [
      `${count(nInteractions)} interactions with skewed popularity; drawing of negatives included.`,
      `A step of ${count(batchSize)} on one thread: ${(limit.flops / 1e6).toFixed(0)} MFLOP of matrix products take at least ` +
        `${limit.arithmeticMs.toFixed(2)} ms, ${(limit.bytes / 1e6).toFixed(1)} MB of tables ${limit.memoryMs.toFixed(2)} ms; ` +
        `the step takes ${stepMs.toFixed(2)} ms.`,
      limitNote,
      `JavaScript heap without BLAS: 1,000 steps allocate ${count(heap.allocatedBytes)} bytes; after a collection ` +
        `${count(heap.retainedBytes)} bytes more are in use, and ${count(heap.retainedBytesOfTenThousand)} after 10,000 steps more.`,
    ],
  };
}

function modelSection({ models }: BenchmarkResult): ReportSection {
  return {
    title: 'Training of other models',
    header: [
      'model',
      'batch',
      'products',
      'threads',
      'examples/s',
      'ms a step',
      'limit, ms',
      'of the limit',
      'by one thread',
      'MiB',
      'by PyTorch',
      'its setting',
    ],
    rows: models.map(({ workload, torch, ...speed }) => [
      workload,
      count(speed.batchSize),
      speed.blas ? 'BLAS' : 'WebAssembly',
      `${speed.threads}`,
      count(speed.examplesPerSecond),
      speed.stepMs.toFixed(2),
      ...limitCells(speed),
      `${speed.speedup.toFixed(2)} ×`,
      mebi(speed.heldBytes),
      torch ? `${torch.ratio.toFixed(2)} ×` : '',
      torch ? `${torch.setting}, ${count(torch.examplesPerSecond)}/s` : '',
    ]),
    notes: [
      'DeepFM small: 10 fields × 10 numbers, 5,382 rows; wide: 39 fields × 16 numbers, 1,000,000 rows; both 400-400-400 units, Adam on ' +
        'touched rows. GRU4Rec: 37,483 items, shared embedding, 2,048 extra negatives a step, Adagrad on touched rows.',
      'Bi-LSTM: 5 sequences of 10 steps an example, 32 numbers and units, 20,000 rows, Adam on touched rows. Policy gradient: softmax ' +
        'over 100,000 items of 32 numbers, histories of 20, Adam on the whole table.',
      limitNote,
    ],
  };
}

const limitNote =
  'Limit: the larger of the arithmetic of the matrix products at the measured peak of their kind and the least bytes of tables, ' +
  'weights and optimizer state at the measured bandwidth, on as many threads. MiB: memory of the engine that the training holds.';

/** The limit in ms, with what sets it, and its share of the step. */
function limitCells({ limit, shareOfLimit }: Pick<ModelSpeed, 'limit' | 'shareOfLimit'>): [string, string] {
  const by = limit.arithmeticMs >= limit.memoryMs ? 'arithmetic' : 'memory';
  return [`${limit.limitMs.toFixed(2)} (${by})`, percent(shareOfLimit)];
}

function rankingSection({ ranking }: BenchmarkResult): ReportSection {
  return {
    title: 'Ranking of all items for all users',
    header: ['model', 'threads', 'million scores/s', 'seconds', 'of the limit'],
    rows: ranking.map(({ model, threads, scoresPerSecond, seconds, shareOfLimit }) => [
      model,
      `${threads}`,
      (scoresPerSecond / 1e6).toFixed(1),
      seconds.toFixed(3),
      percent(shareOfLimit),
    ]),
    notes: [
      'From the weights to the ten best items of every user, by the kernels alone. Limit: the matrix products of all pairs at the peak.',
    ],
  };
}

function graphSection({ graph }: BenchmarkResult): ReportSection {
  return {
    title: 'Propagation over a graph',
    header: [
      'workload',
      'threads',
      'ms',
      'by one thread',
      'of the limit',
      'of random rows',
      'by PyTorch',
      'its setting',
    ],
    rows: graph.map(({ workload, threads, stepMs, speedup, shareOfLimit, gatherMs, torch, batchSize }) => [
      ...[workload, `${threads}`, stepMs.toFixed(1), `${speedup.toFixed(2)} ×`, percent(shareOfLimit)],
      percent(gatherMs / stepMs),
      torch ? `${torch.ratio.toFixed(2)} ×` : '',
      torch ? `${torch.setting}, ${((1000 * batchSize) / torch.examplesPerSecond).toFixed(1)} ms` : '',
    ]),
    notes: [
      'A graph of the size of Gowalla, three layers, 64 numbers, forward and backward. The training step has 2,048 triples, BPR loss and ' +
        'Adam on all rows. The limit is the larger of the propagation’s arithmetic and its least bytes; of random rows: what it would ' +
        'take to copy every neighbour’s row from a table of this size.',
    ],
  };
}

function retrievalSection({ retrieval }: BenchmarkResult): ReportSection {
  return {
    title: 'The ten best items of one query, exactly',
    header: ['items × 64', 'threads', 'ms a query', 'by one thread', 'ms to read the table', 'readings'],
    rows: retrieval.map(({ nItems, threads, queryMs, speedup, passMs, passes }) => [
      count(nItems),
      `${threads}`,
      queryMs.toFixed(3),
      `${speedup.toFixed(2)} ×`,
      passMs.toFixed(3),
      passes.toFixed(2),
    ]),
    notes: ['A hundred taken items are left out. The table is read by the same threads, timed in turn.'],
  };
}

function peerSection(peers: readonly PeerSpeed[]): ReportSection {
  return {
    title: 'Peers: the same training step',
    header: ['peer', 'batch', 'examples/s', 'deeptaste is faster by', 'with BLAS by', 'setting'],
    rows: peers.map((peer) =>
      'skipped' in peer
        ? [peer.peer, '', 'not run', '', '', peer.skipped]
        : [
            ...[peer.peer, count(peer.batchSize), count(peer.examplesPerSecond), `${peer.ratio.toFixed(2)} ×`],
            peer.ratioWithBlas === null ? 'no BLAS here' : `${peer.ratioWithBlas.toFixed(2)} ×`,
            peer.setting,
          ],
    ),
    notes: ['The best of each peer’s settings, on ready-made batches; deeptaste draws its examples. Timed in turn.'],
  };
}

function threadsText(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}

/** The results page. */
export function reportMarkdown(result: BenchmarkResult, command: string): string {
  return sectionsMarkdown('Speed', command, `${provenance(result)}.`, reportSections(result));
}

export function sectionsMarkdown(
  title: string,
  command: string,
  provenance: string,
  reported: readonly ReportSection[],
): string {
  const sections = reported.map(({ title, header, rows, notes }) =>
    [
      `## ${title}`,
      [header, header.map((_, n) => (n === 0 ? '---' : '---:')), ...rows]
        .map((row) => `| ${row.join(' | ')} |`)
        .join('\n'),
      ...notes,
    ].join('\n\n'),
  );
  return `${[`# ${title}`, `\`${command}\``, provenance, ...sections].join('\n\n')}\n`;
}
