/** One point of the growth curves: a simulated log of some size is read, trained on and evaluated, each phase with time and memory. */
import { join } from 'node:path';
import { loadSplit } from '../data/splits/split-dataset.ts';
import { Engine } from '../engine/runtime/engine.ts';
import { trainRecommender } from '../runs/train-recommender.ts';
import { pairsOnly } from '../tasks/prepare-split.ts';
import { parseRunSettings } from '../tasks/ranking-settings.ts';

export interface ScalePoint {
  readonly nInteractions: number;
  readonly nUsers: number;
  readonly nItems: number;
  readonly model: string;
  /** Width of the tables. */
  readonly factors: number;
  /** Users for whom all items are ranked. */
  readonly evalUsers: number;
  readonly threads: number;
  /** Examples a step. */
  readonly batchSize: number;
}

/** What a phase took. */
export interface ScalePhase {
  readonly name: 'reading' | 'training' | 'ranking' | 'saving';
  readonly seconds: number;
  /** The process's largest resident memory up to the end of the phase, and that at its end. */
  readonly peakBytes: number;
  readonly residentBytes: number;
}

export interface ScaleResult extends ScalePoint {
  /** Resident memory of the process before it does anything. */
  readonly startBytes: number;
  /** After cleaning: pairs that repeat are dropped. */
  readonly nKept: number;
  readonly nTraining: number;
  readonly nUsersFound: number;
  readonly nItemsFound: number;
  /** Examples of the one epoch: pairs of a taken and another item, or rows with a label. */
  readonly nExamples: number;
  readonly examplesPerSecond: number;
  /** Shared memory of the engine at most. */
  readonly engineBytes: number;
  readonly phases: readonly ScalePhase[];
  readonly recall20: number;
}

/** Reads, trains one epoch, ranks all items for some users, and saves. @param file Parquet with the log */
export async function measureScalePoint(file: string, folder: string, point: ScalePoint): Promise<ScaleResult> {
  const { nInteractions, nUsers, nItems, model, factors, evalUsers, threads, batchSize } = point;
  const phases: ScalePhase[] = [];
  const startBytes = process.memoryUsage().rss;
  let started = performance.now();
  const phase = (name: ScalePhase['name'], seconds = (performance.now() - started) / 1000): void => {
    const peakBytes = process.resourceUsage().maxRSS * 1024;
    phases.push({ name, seconds, peakBytes, residentBytes: process.memoryUsage().rss });
    started = performance.now();
  };
  const data = { files: [file], columns: { context: null } };
  const split = pairsOnly(await loadSplit(data, { method: 'time', validation: 0, test: 0.01 }));
  phase('reading');
  const isPairwise = model === 'bpr-mf' || model === 'lightgcn';
  const settings = parseRunSettings({
    data,
    model,
    config: { factors },
    training: { epochs: 1, negatives: 1, batchSize },
    evaluation: { metrics: ['recall@20'], users: evalUsers },
  });
  const engine = new Engine({ threads, blas: 'off' });
  try {
    const run = await trainRecommender({ engine, split, settings: { ...settings, final: false } });
    const { result, log } = run;
    const trainingSeconds = run.trainingSeconds;
    phase('training', trainingSeconds);
    phase('ranking', result?.seconds ?? 0);
    started = performance.now();
    await run.recommender.save(join(folder, 'artifact'), result);
    phase('saving');
    const nTraining = split.train.length;
    return {
      nInteractions,
      nUsers,
      nItems,
      model,
      factors,
      evalUsers,
      threads,
      batchSize,
      startBytes,
      nKept: split.dataset.interactions.length,
      nTraining,
      nUsersFound: split.dataset.users.size,
      nItemsFound: split.dataset.items.size,
      nExamples: nTraining * (isPairwise ? 1 : 2),
      examplesPerSecond: log[0].examplesPerSecond,
      engineBytes: engine.peakBytes,
      phases,
      recall20: result?.metrics['recall@20'].mean ?? Number.NaN,
    };
  } finally {
    engine.close();
  }
}

/** Bytes of the Parquet file of a simulated log, at most. */
export function logBytes(nInteractions: number): number {
  return nInteractions * 16 + 1024 ** 2;
}
