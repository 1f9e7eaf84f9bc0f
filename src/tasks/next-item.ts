/** The task of saying what comes next in a session or a history: models learn from sequences. */
import { ITEM_COUNTS, type RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import { float32Tensor, type NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import {
  afterHistories,
  allHistories,
  continuedSequences,
  joinedHistories,
} from '../data/continued/continued-sequences.ts';
import { holdsOutEvents, wholeSequenceSplit } from '../data/sequences/make-split.ts';
import { itemSupport } from '../data/sequences/select-sequences.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import { noFields } from '../data/side-information.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { nextItemMetrics } from '../evaluation/next-item/summarise-events.ts';
import type { HeldOutPart } from '../evaluation/ranking.ts';
import { parseTaskMetrics } from '../evaluation/task-metrics.ts';
import type { SequenceScorer } from '../scoring/sequence-scorer.ts';
import { continuationOfSequences } from './continuation.ts';
import {
  evaluateSequences,
  nextItemProtocol,
  nextItemValidator,
  type SequenceEvaluationOptions,
} from './evaluate-next-items.ts';
import type { Task } from './task.ts';
import { asSeen, userHistories } from './user-histories.ts';

export interface NextItemTaskOptions {
  readonly evaluation: Omit<SequenceEvaluationOptions, 'seed' | 'kernels' | 'part'> & {
    /** What early stopping looks at, where the split has a validation part; 'mrr@20' by default. */
    readonly validationMetric?: string;
  };
  readonly seed: number;
  /** Whether the model is fitted at once, without epochs; default: no. Asked where training goes on. */
  readonly isFitted?: boolean;
}

/** @throws 'config' for a metric of another task, and where a model is fitted to sequences that a saved run does not keep */
export function nextItemTask(split: SequenceSplit, options: NextItemTaskOptions): Task<'sequences', EvaluationResult> {
  const { evaluation, isFitted = false } = options;
  const { metrics: asked = nextItemMetrics, validationMetric = 'mrr@20' } = evaluation;
  parseTaskMetrics([...asked, validationMetric], 'next-item');
  const { train, former } = split;
  if (former && isFitted && former.histories === null)
    throw new DeepTasteError(
      'config',
      "from: a model that is fitted at once needs all sequences, and a saved run keeps none of sessions that are nobody's; " +
        'train it anew on all rows',
    );
  const isWhole = !holdsOutEvents(split);
  const again = (other: (() => SequenceSplit) | null) => other && nextItemTask(other(), options);
  return {
    name: 'next-item',
    form: 'sequences',
    identity: { data: split.hash, split: split.description },
    testSplit: () => nextItemProtocol(split, evaluation).split,
    continuation: continuationOfSequences(split),
    training: {},
    nTrained: train.items.length,
    nRows: isWhole ? train.items.length : split.whole().sequences.items.length,
    data: () => {
      if (!former?.histories) return train;
      return isFitted ? allHistories(train, former.histories) : afterHistories(train, former.histories);
    },
    validator: () => nextItemValidator(split, evaluation, validationMetric) ?? undefined,
    validation: {
      metric: validationMetric,
      advice: '--validation-days N, or --validation FILE with a given split, holds one out',
    },
    isMeasured: split.test !== null,
    measure: (engine, scorer, progress, part) => evaluateNoted(engine, scorer, split, options, progress, part),
    withoutValidation: () => again(split.withoutValidation),
    whole: () => again(isWhole ? null : () => wholeSequenceSplit(split)),
    about: () => ({
      schema: { columns: [] },
      data: { name: split.name, hash: split.hash, nInteractions: train.items.length + (former?.nInteractions ?? 0) },
    }),
    parts: (weights) => {
      const { items, itemFields } = split;
      const { users, seen: own } = asSeen(userHistories(split));
      const seen = joinedHistories(former?.histories ?? null, own);
      return { weights: withCounts(weights, split), users, userFields: noFields(users.size), items, itemFields, seen };
    },
  };
}

/**
 * A split for a training that goes on with it. @param former the parts of a recommender of a model of sequences
 * @throws 'config' for another recommender, or when one has histories of users and the other sessions
 */
export function continuedSequenceSplit(split: SequenceSplit, former: RecommenderParts): SequenceSplit {
  if (!former.weights.has(ITEM_COUNTS))
    throw new DeepTasteError(
      'config',
      `from: the saved run must be of a model of sequences, found "${former.info.model.name}"; train it anew`,
    );
  return continuedSequences(split, former, float32Tensor(former.weights, ITEM_COUNTS, [former.items.size]));
}

/** Ranking every event can take longer than fitting. */
function evaluateNoted(
  engine: Engine,
  scorer: SequenceScorer,
  split: SequenceSplit,
  { evaluation, seed }: NextItemTaskOptions,
  progress: Progress,
  part?: HeldOutPart,
): EvaluationResult {
  const task = progress.start('ranking the next items', undefined, 'events');
  const result = evaluateSequences(scorer, split, {
    ...evaluation,
    part,
    seed,
    kernels: engine.build,
    onProgress: (targets) => task.update(targets),
  });
  task.end();
  return result;
}

function withCounts(weights: NamedTensors, { train, former }: SequenceSplit): NamedTensors {
  const counts = Float32Array.from(itemSupport(train));
  former?.itemCounts.forEach((n, item) => {
    counts[item] += n;
  });
  return new Map([...weights, [ITEM_COUNTS, { shape: [counts.length], data: counts }]]);
}
