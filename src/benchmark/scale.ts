/** Growth curves: time and memory of training for more and more interactions, and for more and more items, on simulated logs. */
import { fork } from 'node:child_process';
import { rm, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { DeepTasteError, type ErrorCode } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { makeTemporaryFolder } from '../core/temporary-folder.ts';
import { version } from '../core/version.ts';
import { writeInteractionLog } from '../data/simulated/interaction-log.ts';
import { checkMemory, engineBytes, type MemoryEstimate } from '../examples/memory-estimate.ts';
import { pairMemory, pairSettings } from '../examples/pairs.ts';
import { bprMf } from '../models/bpr-mf.ts';
import type { ScaleMessage } from './scale-child.ts';
import { logBytes, type ScalePoint, type ScaleResult } from './scale-point.ts';

export interface ScaleOptions {
  readonly quick?: boolean;
  readonly threads?: number;
  readonly progress: Progress;
  /** Curves, for tests. */
  readonly curves?: ScaleCurves;
}

export interface ScaleCurves {
  readonly interactions: readonly ScalePoint[];
  readonly items: readonly ScalePoint[];
  readonly models: readonly ScalePoint[];
  readonly graphs: readonly ScalePoint[];
}

/** A run that is not made: what the estimate says of it. */
export interface ScaleFit {
  readonly model: string;
  readonly nInteractions: number;
  readonly nItems: number;
  readonly factors: number;
  readonly optimizer: string;
  readonly bytes: number;
  /** What the refusal says would fit; null = it fits. */
  readonly advice: string | null;
}

export interface ScaleReport {
  readonly versions: { readonly deeptaste: string; readonly node: string };
  readonly computer: { readonly cpu: string; readonly processors: number; readonly memoryBytes: number };
  readonly quick: boolean;
  readonly interactions: readonly ScaleResult[];
  readonly items: readonly ScaleResult[];
  readonly models: readonly ScaleResult[];
  readonly graphs: readonly ScaleResult[];
  readonly fits: readonly ScaleFit[];
}

/** Users grow with interactions, a hundred each; items stay. Then items grow while the rest stays. */
export function scaleCurves(quick: boolean, threads: number): ScaleCurves {
  const point = (
    nInteractions: number,
    nUsers: number,
    nItems: number,
    more: Partial<ScalePoint> = {},
  ): ScalePoint => ({
    nInteractions,
    nUsers,
    nItems,
    model: 'bpr-mf',
    factors: 16,
    evalUsers: 1000,
    threads,
    batchSize: 8192,
    ...more,
  });
  const sizes = quick ? [1e5, 1e6] : [1e5, 1e6, 1e7, 1e8];
  const items = quick ? [1e4, 1e5] : [1e4, 1e5, 1e6, 1e7];
  const forItems = quick ? 1e6 : 2e7;
  return {
    interactions: sizes.map((n) => point(n, n / 100, 20_000)),
    items: items.map((nItems) => point(forItems, 200_000, nItems, { evalUsers: 100 })),
    models: ['bpr-mf', 'mf', 'neumf'].map((model) => point(quick ? 1e5 : 1e6, 10_000, 20_000, { model })),
    // a step costs the whole graph, so few steps; of 1.25 · 10⁷ interactions 10⁷ different pairs are left
    graphs: (quick ? [1e5] : [1.25e6, 1.25e7]).map((n) =>
      point(n, n / 100, 20_000, { model: 'lightgcn', batchSize: quick ? 8192 : 262_144 }),
    ),
  };
}

export async function measureScale({ quick = false, progress, ...options }: ScaleOptions): Promise<ScaleReport> {
  const threads = options.threads ?? availableParallelism();
  const curves = options.curves ?? scaleCurves(quick, threads);
  const measured = new Map<string, ScaleResult>();
  const measure = async (points: readonly ScalePoint[]): Promise<ScaleResult[]> => {
    const results: ScaleResult[] = [];
    for (const point of points) {
      const key = JSON.stringify(point);
      const result = measured.get(key) ?? (await measureInFolder(point, progress));
      measured.set(key, result);
      results.push(result);
    }
    return results;
  };
  return {
    versions: { deeptaste: version, node: process.versions.node },
    computer: { cpu: cpus()[0]?.model ?? 'unknown', processors: availableParallelism(), memoryBytes: totalmem() },
    quick,
    interactions: await measure(curves.interactions),
    items: await measure(curves.items),
    models: await measure(curves.models),
    graphs: await measure(curves.graphs),
    fits: fitsOf(threads),
  };
}

/** Writes the log, measures in a process of its own, and removes all files. */
async function measureInFolder(point: ScalePoint, progress: Progress): Promise<ScaleResult> {
  const { nInteractions, nUsers, nItems, model } = point;
  const { bavail, bsize } = await statfs(tmpdir());
  if (bavail * bsize < 2 * logBytes(nInteractions))
    throw new DeepTasteError(
      'io',
      `bench: ${tmpdir()} must have ${gibibytes(2 * logBytes(nInteractions))} free for a log of ${nInteractions} ` +
        `interactions, found ${gibibytes(bavail * bsize)}; make room, set TMPDIR, or use --quick`,
    );
  const folder = makeTemporaryFolder('scale');
  try {
    const file = join(folder, 'log.parquet');
    const task = progress.start(`${model}: ${count(nInteractions)} interactions, ${count(nItems)} items`);
    await writeInteractionLog(file, { nInteractions, nUsers, nItems });
    const result = await inChild(file, folder, point);
    const peak = Math.max(...result.phases.map(({ peakBytes }) => peakBytes));
    task.end(`${count(result.examplesPerSecond)} examples/s, peak ${gibibytes(peak)}`);
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function inChild(file: string, folder: string, point: ScalePoint): Promise<ScaleResult> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const child = fork(new URL(`./scale-child.${extension}`, import.meta.url), [file, folder, JSON.stringify(point)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    let complaint = '';
    let answer: ScaleMessage | null = null;
    child.stderr?.on('data', (text) => {
      complaint += text;
    });
    child.on('message', (message) => {
      answer = message as ScaleMessage;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (answer && 'result' in answer) resolve(answer.result);
      else if (answer) reject(new DeepTasteError(answer.code as ErrorCode, answer.message));
      else reject(new DeepTasteError('memory', childFailure(point, complaint, signal ?? `code ${code}`)));
    });
  });
}

/** A process that says nothing was ended by the system, or ran out of memory. */
function childFailure(point: ScalePoint, complaint: string, end: string): string {
  const said = complaint.split('\n').find((line) => /(fatal|error)/i.test(line)) ?? 'without a word';
  return (
    `bench: the process of ${point.nInteractions} interactions and ${point.nItems} items must end by itself, found ${end} ` +
    `(${said.trim()}); free memory, or use --quick`
  );
}

/** Sizes at the limit of WebAssembly's memory. */
function fitsOf(threads: number): ScaleFit[] {
  const verdict = (nInteractions: number, nItems: number, factors: number, optimizer: 'adam' | 'adagrad'): ScaleFit => {
    const sizes = { nUsers: 1_000_000, nItems };
    const config = bprMf.options.parse({ factors });
    const training = pairSettings.parse({
      ...bprMf.trainingDefaults,
      optimizer: { ...bprMf.trainingDefaults.optimizer, name: optimizer },
    });
    const engine = { threads, blas: null };
    const estimate = pairMemory(bprMf, { engine, config, training, sizes, nInteractions, rows: null });
    const bytes = engineBytes(estimate);
    return { model: bprMf.name, nInteractions, nItems, factors, optimizer, bytes, advice: adviceOn(estimate) };
  };
  return [
    verdict(100_000_000, 20_000, 16, 'adam'),
    verdict(100_000_000, 20_000, 64, 'adam'),
    verdict(500_000_000, 20_000, 16, 'adam'),
    verdict(20_000_000, 10_000_000, 16, 'adam'),
    verdict(20_000_000, 10_000_000, 32, 'adam'),
    verdict(20_000_000, 10_000_000, 32, 'adagrad'),
    verdict(20_000_000, 10_000_000, 64, 'adagrad'),
  ];
}

function adviceOn(estimate: MemoryEstimate): string | null {
  try {
    checkMemory(estimate);
    return null;
  } catch (error) {
    return (error as Error).message.split('4.0 GiB; ')[1] ?? (error as Error).message;
  }
}

export function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(2)} GiB`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
