/** Several models on the same split, measured alike. */

import { callParts, checkCall } from '../core/call-checks.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import type { RunSettings } from '../tasks/ranking-settings.ts';
import { type TrainedRun, trainRecommender } from './train-recommender.ts';

/** A model to compare, with its own options and training settings. */
export interface Contender {
  readonly model: string;
  readonly config?: RunSettings['config'];
  readonly training?: RunSettings['training'];
}

export interface ComparedRun {
  readonly model: string;
  readonly seed: number;
  readonly run: TrainedRun & { readonly result: EvaluationResult };
}

export interface CompareRequest {
  readonly engine: Engine;
  readonly split: Split;
  readonly contenders: readonly Contender[];
  readonly seeds: readonly number[];
  readonly evaluation: RunSettings['evaluation'];
  readonly refit?: boolean;
  readonly progress?: Progress;
  /** Called after each run, e.g. to print it or to let go of it. */
  readonly onRun?: (run: ComparedRun) => void;
}

const compareParts = {
  engine: callParts.engine,
  split: callParts.split,
  contenders: callParts.contenders,
  seeds: callParts.seeds,
  evaluation: callParts.evaluation,
  refit: callParts.flag,
  progress: callParts.progress,
  onRun: callParts.method,
} satisfies Record<keyof CompareRequest, unknown>;

/** Trains and measures every contender with every seed, one after the other. */
export async function compareModels(request: CompareRequest): Promise<ComparedRun[]> {
  checkCall('compareModels', request, compareParts);
  const { engine, split, contenders, seeds, evaluation, refit = false, progress = silent } = request;
  const runs: ComparedRun[] = [];
  for (const { model, config = {}, training = {} } of contenders)
    for (const seed of seeds) {
      const settings = { model, config, training, refit, final: false, evaluation, seed };
      const trained = await trainRecommender({ engine, split, settings, progress });
      if (!trained.result) continue;
      const run: ComparedRun = { model, seed, run: { ...trained, result: trained.result } };
      runs.push(run);
      request.onRun?.(run);
    }
  return runs;
}
