import { describe, expect, it } from 'vitest';
import type { BenchmarkResult } from '../../src/benchmark/benchmark.ts';
import { provenance, reportMarkdown, reportSections } from '../../src/benchmark/report.ts';

const machine = {
  threads: 1,
  flopPerSecond: 60e9,
  blasFlopPerSecond: 200e9,
  copyBytesPerSecond: 40e9,
  gatherBytesPerSecond: 45e9,
  largeGatherBytesPerSecond: 20e9,
};
const limit = { flops: 132e6, bytes: 12.2e6, arithmeticMs: 2.2, memoryMs: 0.27, limitMs: 2.2 };
const speed = {
  threads: 1,
  blas: false,
  batchSize: 2048,
  examplesPerSecond: 512_000,
  stepMs: 4,
  speedup: 1,
  heldBytes: 33 * 2 ** 20,
  limit,
  shareOfLimit: 0.55,
};
const byMemory = { ...limit, arithmeticMs: 0.1, memoryMs: 1, limitMs: 1 };
const result: BenchmarkResult = {
  versions: { deeptaste: '1.2.3', node: '24.0.0', kernels: 'relaxed', blas: 'OpenBLAS' },
  computer: { cpu: 'a processor', processors: 2, loadBefore: 0.26 },
  quick: false,
  machine: [machine, { ...machine, threads: 2, flopPerSecond: 110e9, blasFlopPerSecond: null }],
  products: [{ shape: [256, 64, 32], orientation: 'forward', flopPerSecond: 54e9, shareOfPeak: 0.9 }],
  training: {
    nInteractions: 1_000_209,
    speeds: [speed],
    heap: { allocatedBytes: 61_234, retainedBytes: 0, retainedBytesOfTenThousand: 1234 },
  },
  models: [
    { ...speed, workload: 'A model', torch: { setting: 'eager 1t', examplesPerSecond: 256_000, ratio: 2 } },
    { ...speed, workload: 'Another', limit: byMemory, shareOfLimit: 0.25, torch: null },
  ],
  ranking: [{ model: 'NeuMF', threads: 2, scoresPerSecond: 11.5e6, seconds: 1.5, limit, shareOfLimit: 0.4 }],
  graph: [],
  retrieval: [],
  peers: [],
  peakResidentBytes: 512 * 2 ** 20,
};

describe('reportSections', () => {
  const sections = new Map(reportSections(result).map((section) => [section.title, section]));
  const cells = (title: string, row: number) => sections.get(title)?.rows[row];

  it('tells the peaks, of the BLAS too where there is one', () => {
    expect(cells('Limits of the machine', 0)).toEqual(['128-bit multiply-adds, GFLOP/s', '60.0', '110.0']);
    expect(cells('Limits of the machine', 1)).toEqual(['products of the system BLAS, GFLOP/s', '200.0', '']);
    const without = { ...result, machine: [{ ...machine, blasFlopPerSecond: null }] };
    expect(reportSections(without)[0].rows.length).toBe(4);
  });

  it('tells the limit, what sets it, its share and the memory of each training', () => {
    const title = 'Training of NeuMF, Adam on touched rows';
    expect(cells(title, 0)).toEqual([
      ...['2,048', 'WebAssembly', '1', '512,000', '4.00', '2.20 (arithmetic)', '55 %', '1.00 ×', '33'],
    ]);
    const model = ['2,048', 'WebAssembly', '1', '512,000', '4.00'];
    expect(sections.get('Training of other models')?.rows).toEqual([
      ['A model', ...model, '2.20 (arithmetic)', '55 %', '1.00 ×', '33', '2.00 ×', 'eager 1t, 256,000/s'],
      ['Another', ...model, '1.00 (memory)', '25 %', '1.00 ×', '33', '', ''],
    ]);
    expect(cells('Ranking of all items for all users', 0)).toEqual(['NeuMF', '2', '11.5', '1.500', '40 %']);
  });

  it('tells garbage and growth of the heap apart', () => {
    const notes = sections.get('Training of NeuMF, Adam on touched rows')?.notes.join('\n');
    expect(notes).toContain('1,000 steps allocate 61,234 bytes; after a collection 0 bytes more');
    expect(notes).toContain('1,234 after 10,000 steps more');
    expect(notes).toContain('132 MFLOP of matrix products take at least 2.20 ms, 12.2 MB of tables 0.27 ms');
  });

  it('has as many cells in every row as in the header', () => {
    for (const { header, rows } of sections.values()) for (const row of rows) expect(row.length).toBe(header.length);
  });
});

describe('reportMarkdown', () => {
  it('is a page of tables under the command and the machine', () => {
    const page = reportMarkdown(result, 'deeptaste bench');
    expect(
      page.startsWith('# Speed\n\n`deeptaste bench`\n\ndeeptaste 1.2.3, Node 24.0.0, relaxed kernels, OpenBLAS'),
    ).toBe(true);
    expect(page).toContain('| NeuMF | 2 | 11.5 | 1.500 | 40 % |');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(provenance({ ...result, quick: true })).toMatch(/peak resident memory 512 MiB; quick run/);
  });
});
