/** Several models of sequences on the same split, measured alike. */

import { callParts, checkCall } from '../core/call-checks.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import type { Contender } from './compare.ts';
import { type SequenceRun, type TrainSequencesOptions, trainSequenceRecommender } from './train-sequences.ts';

export interface ComparedSequenceRun {
  readonly model: string;
  readonly seed: number;
  readonly run: SequenceRun & { readonly result: EvaluationResult };
}

export interface CompareSequencesRequest {
  readonly engine: Engine;
  readonly split: SequenceSplit;
  readonly contenders: readonly Contender[];
  readonly seeds: readonly number[];
  readonly evaluation?: TrainSequencesOptions['evaluation'];
  readonly refit?: boolean;
  readonly progress?: Progress;
  /** Called after each run, e.g. to print it or to let go of it. */
  readonly onRun?: (run: ComparedSequenceRun) => void;
}

const compareParts = {
  engine: callParts.engine,
  split: callParts.sequenceSplit,
  contenders: callParts.contenders,
  seeds: callParts.seeds,
  evaluation: callParts.object,
  refit: callParts.flag,
  progress: callParts.progress,
  onRun: callParts.method,
} satisfies Record<keyof CompareSequencesRequest, unknown>;

/** Trains and measures every contender with every seed, one after the other. */
export async function compareSequenceModels(request: CompareSequencesRequest): Promise<ComparedSequenceRun[]> {
  checkCall('compareSequenceModels', request, compareParts);
  const { engine, split, contenders, seeds, evaluation, refit, progress = silent } = request;
  const runs: ComparedSequenceRun[] = [];
  for (const { model, config, training } of contenders)
    for (const seed of seeds) {
      const run = await trainSequenceRecommender({
        engine,
        split,
        model,
        config,
        training,
        evaluation,
        refit,
        seed,
        final: false,
        progress,
      });
      if (run.result === null) continue;
      runs.push({ model, seed, run: { ...run, result: run.result } });
      request.onRun?.(runs[runs.length - 1]);
    }
  return runs;
}
