/** Several models on the same split, measured alike. */

import { callParts, checkCall } from '../core/call-checks.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { Split } from '../data/dataset.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import type { RunSettings } from '../tasks/ranking-settings.ts';
import {
  type TrainedRun,
  type TrainSequencesOptions,
  trainRecommender,
  trainSequenceRecommender,
} from './train-recommender.ts';

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

interface SharedRequest {
  readonly engine: Engine;
  readonly contenders: readonly Contender[];
  readonly seeds: readonly number[];
  readonly refit?: boolean;
  readonly progress?: Progress;
  /** Called after each run, e.g. to print it or to let go of it. */
  readonly onRun?: (run: ComparedRun) => void;
}

/** Models of users and items, that rank. */
export interface CompareRankingsRequest extends SharedRequest {
  readonly split: Split;
  readonly evaluation: RunSettings['evaluation'];
}

/** Models of sequences; what is not said of their evaluation has its default. */
export interface CompareSequencesRequest extends SharedRequest {
  readonly split: SequenceSplit;
  readonly evaluation?: TrainSequencesOptions['evaluation'];
}

export type CompareRequest = CompareRankingsRequest | CompareSequencesRequest;

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

/**
 * Trains and measures every contender with every seed, one after the other.
 * @throws DeepTasteError `usage`: a wrong call; and what the trainings throw
 */
export async function compareModels(request: CompareRequest): Promise<ComparedRun[]> {
  const more = isOfSequences(request) ? { split: callParts.sequenceSplit, evaluation: callParts.object } : {};
  checkCall('compareModels', request, { ...compareParts, ...more });
  const { engine, contenders, seeds, refit = false, progress = silent, onRun } = request;
  const runs: ComparedRun[] = [];
  for (const { model, config = {}, training = {} } of contenders)
    for (const seed of seeds) {
      const settings = { model, config, training, refit, final: false, seed };
      const run = isOfSequences(request)
        ? await trainSequenceRecommender({
            engine,
            progress,
            ...settings,
            split: request.split,
            evaluation: request.evaluation,
          })
        : await trainRecommender({
            engine,
            progress,
            split: request.split,
            settings: { ...settings, evaluation: request.evaluation },
          });
      if (run.result === null) continue;
      runs.push({ model, seed, run: { ...run, result: run.result } });
      onRun?.(runs[runs.length - 1]);
    }
  return runs;
}

function isOfSequences(request: CompareRequest): request is CompareSequencesRequest {
  const { split } = (request ?? {}) as Partial<CompareRequest>;
  return typeof split === 'object' && split !== null && 'whole' in split;
}
