/** The bench's result as sections of rows, for terminals and for the results page. */
import type { BenchmarkResult } from './benchmark.ts';
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
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

export function reportSections(result: BenchmarkResult): ReportSection[] {
  return [
    machineSection(result),
    ...(result.products.length > 0 ? [productSection(result)] : []),
    ...(result.training ? [trainingSection(result, result.training)] : []),
    ...(result.models.length > 0 ? [modelSection(result)] : []),
    ...(result.ranking.length > 0 ? [rankingSection(result)] : []),
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

function machineSection({ machine }: BenchmarkResult): ReportSection {
  return {
    title: 'Limits of the machine',
    header: ['', ...machine.map(({ threads }) => threadsText(threads))],
    rows: [
      ['128-bit multiply-adds, GFLOP/s', ...machine.map((m) => giga(m.flopPerSecond))],
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

function trainingSection(
  { machine }: BenchmarkResult,
  { speeds, limit, heapBytesPerThousandSteps, nInteractions }: NonNullable<BenchmarkResult['training']>,
): ReportSection {
  const single = speeds[0];
  const gigabytes = (limit.bytes / 1e6).toFixed(1);
  return {
    title: 'Training of NeuMF, Adam on touched rows',
    header: ['batch', 'products', 'threads', 'examples/s', 'ms a step', 'by one thread'],
    rows: speeds.map(({ batchSize, blas, threads, examplesPerSecond, stepMs, speedup }) => [
      count(batchSize),
      blas ? 'BLAS' : 'WebAssembly',
      `${threads}`,
      count(examplesPerSecond),
      stepMs.toFixed(2),
      `${speedup.toFixed(2)} ×`,
    ]),
    notes: [
      `${count(nInteractions)} interactions with skewed popularity; drawing of negatives included.`,
      `A step of ${count(single.batchSize)} at ${giga(machine[0].flopPerSecond)} GFLOP/s: matrix products ` +
        `${limit.arithmeticMs.toFixed(2)} ms, ${gigabytes} MB of tables ${limit.memoryMs.toFixed(2)} ms; ` +
        `one thread takes ${single.stepMs.toFixed(2)} ms, so the limit is ${percent(limit.limitMs / single.stepMs)} of it.`,
      `JavaScript heap allocated by 1,000 steps without BLAS: ${count(heapBytesPerThousandSteps)} bytes.`,
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
      'by one thread',
      'by PyTorch',
      'its setting',
    ],
    rows: models.map(({ workload, batchSize, blas, threads, examplesPerSecond, stepMs, speedup, torch }) => [
      workload,
      count(batchSize),
      blas ? 'BLAS' : 'WebAssembly',
      `${threads}`,
      count(examplesPerSecond),
      stepMs.toFixed(2),
      `${speedup.toFixed(2)} ×`,
      torch ? `${torch.ratio.toFixed(2)} ×` : '',
      torch ? `${torch.setting}, ${count(torch.examplesPerSecond)}/s` : '',
    ]),
    notes: [
      'DeepFM small: 10 fields × 10 numbers, 5,382 rows; wide: 39 fields × 16 numbers, 1,000,000 rows; both 400-400-400 units, Adam on ' +
        'touched rows. GRU4Rec: 37,483 items, shared embedding, 2,048 extra negatives a step, Adagrad on touched rows.',
    ],
  };
}

function rankingSection({ ranking }: BenchmarkResult): ReportSection {
  return {
    title: 'Ranking of all items for all users',
    header: ['model', 'threads', 'million scores/s', 'seconds'],
    rows: ranking.map(({ model, threads, scoresPerSecond, seconds }) => [
      model,
      `${threads}`,
      (scoresPerSecond / 1e6).toFixed(1),
      seconds.toFixed(3),
    ]),
    notes: ['From the weights to the ten best items of every user.'],
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
