import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BenchmarkResult, runBenchmark } from '../../src/benchmark/benchmark.ts';
import { layerShapes } from '../../src/benchmark/matrix-products.ts';
import { NeumfTraining, skewedInteractions } from '../../src/benchmark/neumf-training.ts';
import { reportMarkdown, reportSections } from '../../src/benchmark/report.ts';
import { interleave, median } from '../../src/benchmark/timing.ts';
import { bench } from '../../src/cli/bench-run.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';

const size = { nUsers: 40, nItems: 30, nInteractions: 300, factors: 8, layers: [16, 8, 4] };
const effort = { burstMs: 0.1, bursts: 3, trainingSeconds: 0.01, rounds: 2, memoryBytes: 65536 };

describe('timing', () => {
  it('takes the middle of the sorted values', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe((2 + 3) / 2);
  });

  it('runs the tasks in turn', () => {
    const order: string[] = [];
    const task = (name: string) => () => order.push(name);
    expect(interleave(2, { a: task('a'), b: task('b') })).toEqual({ a: [1, 3], b: [2, 4] });
    expect(order).toEqual(['a', 'b', 'a', 'b']);
  });
});

describe('skewedInteractions', () => {
  it('is the same for the same seed, distinct, and skewed towards the first users and items', () => {
    const make = (seed: number) => skewedInteractions(size, new RandomStream(seed, 'test'));
    const rows = make(1);
    expect(make(1)).toEqual(rows);
    expect(make(2)).not.toEqual(rows);
    const items = Array.from({ length: size.nUsers }, (_, u) => [
      ...rows.columns.subarray(rows.rowStart[u], rows.rowStart[u + 1]),
    ]);
    for (const each of items) expect(new Set(each).size).toBe(each.length);
    expect(items[0].length + items[1].length).toBeGreaterThan(items[38].length + items[39].length);
    expect(Math.max(...rows.columns)).toBeLessThan(size.nItems);
  });
});

describe('NeumfTraining', () => {
  it('learns, and does the same on one thread and on two', () => {
    const rows = skewedInteractions(size, new RandomStream(1, 'test'));
    const losses = [1, 2].map((threads) => {
      const engine = new Engine({ threads });
      const training = new NeumfTraining(engine, size, rows, 64, 1);
      const first = training.run(5);
      const last = Array.from({ length: 30 }, () => training.run(50)).pop() as number;
      training.free();
      engine.close();
      return [first, last];
    });
    expect(losses[0]).toEqual(losses[1]);
    expect(losses[0][0]).toBeCloseTo(Math.log(2), 1);
    expect(losses[0][1]).toBeLessThan(0.9 * losses[0][0]);
  });
});

describe('runBenchmark', () => {
  const social = { nUsers: 20, nItems: 30, nLevels: 5, dims: 4, hidden: [4], batchSize: 8, examples: 64 };
  let result: BenchmarkResult;
  beforeAll(async () => {
    result = await runBenchmark({
      threads: 2,
      progress: silent,
      size,
      effort,
      shapes: [layerShapes[2]],
      batchSizes: [32, 16],
      blas: 'off',
      models: {
        deepfm: { small: { fields: 3, rows: 30, factors: 4, hidden: [8, 8], batchSize: 32, examples: 200 } },
        gru4rec: [{ units: 8, batchSize: 4, loss: 'bpr-max' }],
        lstm: { rows: 50, sequences: 2, steps: 3, dims: 4, batchSize: 8, examples: 64 },
        policy: { items: 60, dims: 4, history: 3, batchSize: 8, examples: 64 },
        dscf: { ...social, walks: 2, steps: 3 },
        graphrec: { ...social, cap: 3 },
        sessions: { n: 50, nItems: 40 },
      },
      graph: { nUsers: 30, nItems: 40, nInteractions: 200, layers: 2, width: 8 },
      retrieval: [100, 40_000],
    });
  });

  it('measures every workload on one thread and on two', () => {
    expect(result.machine.map(({ threads }) => threads)).toEqual([1, 2]);
    for (const { blasFlopPerSecond, ...machine } of result.machine) {
      expect(blasFlopPerSecond).toBe(null);
      for (const value of Object.values(machine)) expect(value).toBeGreaterThan(0);
    }
    expect(result.products.map(({ orientation }) => orientation)).toEqual([
      'forward',
      'input gradient',
      'weight gradient',
    ]);
    const peak = result.machine[0].flopPerSecond;
    for (const { flopPerSecond, shareOfPeak } of result.products) expect(shareOfPeak).toBe(flopPerSecond / peak);
    expect(result.training?.speeds.map(({ batchSize, threads }) => [batchSize, threads])).toEqual([
      [32, 1],
      [32, 2],
      [16, 1],
      [16, 2],
    ]);
    for (const { batchSize, stepMs, examplesPerSecond } of result.training?.speeds ?? [])
      expect((stepMs * examplesPerSecond) / 1000).toBeCloseTo(batchSize, 6);
    expect(result.ranking.map(({ model, threads }) => [model, threads])).toEqual([
      ['NeuMF', 1],
      ['NeuMF', 2],
      ['Logistic MF', 1],
      ['Logistic MF', 2],
    ]);
    expect(result.models.map(({ workload, threads }) => [workload, threads])).toEqual([
      ['DeepFM small', 1],
      ['DeepFM small', 2],
      ['GRU4Rec, 8 units, bpr-max', 1],
      ['GRU4Rec, 8 units, bpr-max', 2],
      ['Bi-LSTM with attention', 1],
      ['Bi-LSTM with attention', 2],
      ['Policy gradient, all items', 1],
      ['Policy gradient, all items', 2],
      ['DSCF', 1],
      ['DSCF', 2],
      ['GraphRec', 1],
      ['GraphRec', 2],
    ]);
    for (const { examplesPerSecond } of result.models) expect(examplesPerSecond).toBeGreaterThan(0);
    for (const { limit, shareOfLimit, heldBytes, stepMs } of [...(result.training?.speeds ?? []), ...result.models]) {
      expect(limit.limitMs).toBe(Math.max(limit.arithmeticMs, limit.memoryMs));
      expect(shareOfLimit).toBe(limit.limitMs / stepMs);
      expect(heldBytes).toBeGreaterThan(1000);
    }
    for (const { limit, shareOfLimit, seconds } of result.ranking)
      expect(shareOfLimit).toBe(limit.limitMs / (1000 * seconds));
    const [pair, , dot] = result.ranking.map(({ limit }) => limit.flops);
    // 16 → 8 is computed once a user and once an item; 8 → 4 for every pair
    expect(pair).toBe(size.nUsers * size.nItems * 2 * 8 * 4);
    // the biases are two columns more
    expect(dot).toBe(size.nUsers * size.nItems * 2 * (size.factors + 2));
    expect(result.graph.map(({ workload, threads }) => [workload, threads])).toEqual([
      ['LightGCN propagation', 1],
      ['LightGCN propagation', 2],
      ['LightGCN training step', 1],
      ['LightGCN training step', 2],
    ]);
    for (const { stepMs, shareOfLimit, gatherMs } of result.graph)
      for (const value of [stepMs, shareOfLimit, gatherMs]) expect(value).toBeGreaterThan(0);
    expect(result.retrieval.map(({ nItems, threads }) => [nItems, threads])).toEqual([
      [100, 1],
      [100, 2],
      [40_000, 1],
      [40_000, 2],
    ]);
    for (const { passes } of result.retrieval) expect(passes).toBeGreaterThan(0);
    expect(result.peers).toEqual([]);
  });

  it('is told as complete tables and as a page', () => {
    const sections = reportSections(result);
    expect(sections.length).toBe(7);
    for (const { header, rows } of sections) for (const row of rows) expect(row.length).toBe(header.length);
    const page = reportMarkdown(result, 'deeptaste bench');
    expect(page).toMatch(/^# Speed\n\n`deeptaste bench`\n/);
    for (const { title } of sections) expect(page).toContain(`## ${title}\n`);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('refuses an impossible number of threads', async () => {
    await expect(runBenchmark({ threads: 0, progress: silent })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('bench', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'deeptaste-bench-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const terminal = new Terminal({ quiet: true });

  it.each([
    [['trainig'], {}],
    [[], { rows: 1000 }],
    [[], { python: 'python3' }],
    [[], { tfjs: '.' }],
  ])('refuses %j %j', async (names, request) => {
    await expect(bench(names, request, terminal)).rejects.toMatchObject({ code: 'usage' });
  });

  it('writes the page and the document without paths of this machine', async () => {
    const out = join(folder, 'results');
    await bench(['machine'], { quick: true, threads: 1, write: out }, new Terminal({ quiet: true, json: false }));
    const document = JSON.parse(readFileSync(join(out, 'speed.json'), 'utf8'));
    expect(document).toMatchObject({
      quick: true,
      products: [],
      training: null,
      models: [],
      ranking: [],
      graph: [],
      retrieval: [],
    });
    const page = readFileSync(join(out, 'speed.md'), 'utf8');
    expect(page).toContain('`deeptaste bench machine --quick --threads 1`');
    expect(page + JSON.stringify(document)).not.toContain(folder);
  });

  it('keeps what people wrote about the numbers', async () => {
    const out = join(folder, 'results');
    const page = join(out, 'speed.md');
    const notes = '\n## Reading these numbers\n\nSlow on Sundays.\n';
    writeFileSync(page, `# Speed\n\nold numbers\n${notes}`);
    await bench(['machine'], { quick: true, threads: 1, kernels: 'simd', write: out }, terminal);
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('`deeptaste bench machine --quick --threads 1 --kernels simd`');
    expect(text).toContain('128-bit multiply-adds');
    expect(text.endsWith(notes)).toBe(true);
    expect(text).not.toContain('old numbers');
  });
});
