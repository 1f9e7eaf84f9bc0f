/** The task of saying what comes next in a session or a history: models learn from sequences. */
import { ITEM_COUNTS } from '../artifact/recommender-parts.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import { holdsOutEvents, wholeSequenceSplit } from '../data/sequences/make-split.ts';
import { itemSupport } from '../data/sequences/select-sequences.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import { noFields } from '../data/side-information.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { nextItemMetrics } from '../evaluation/next-item/summarise-events.ts';
import { parseTaskMetrics } from '../evaluation/task-metrics.ts';
import type { SequenceScorer } from '../scoring/sequence-scorer.ts';
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
}

/** @throws 'config' for a metric of another task */
export function nextItemTask(split: SequenceSplit, options: NextItemTaskOptions): Task<'sequences', EvaluationResult> {
  const { evaluation } = options;
  const { metrics: asked = nextItemMetrics, validationMetric = 'mrr@20' } = evaluation;
  parseTaskMetrics([...asked, validationMetric], 'next-item');
  const { train } = split;
  const isWhole = !holdsOutEvents(split);
  const again = (other: (() => SequenceSplit) | null) => other && nextItemTask(other(), options);
  return {
    name: 'next-item',
    form: 'sequences',
    identity: { data: split.hash, split: split.description },
    testSplit: () => nextItemProtocol(split, evaluation).split,
    training: {},
    nTrained: train.items.length,
    nRows: isWhole ? train.items.length : split.whole().sequences.items.length,
    data: () => train,
    validator: () => nextItemValidator(split, evaluation, validationMetric) ?? undefined,
    isMeasured: split.test !== null,
    measure: (engine, scorer, progress) => evaluateNoted(engine, scorer, split, options, progress),
    withoutValidation: () => again(split.withoutValidation),
    whole: () => again(isWhole ? null : () => wholeSequenceSplit(split)),
    about: () => ({
      schema: { columns: [] },
      data: { name: split.name, hash: split.hash, nInteractions: train.items.length },
    }),
    parts: (weights) => {
      const { items, itemFields } = split;
      const { users, seen } = asSeen(userHistories(split));
      return { weights: withCounts(weights, split), users, userFields: noFields(users.size), items, itemFields, seen };
    },
  };
}

/** Ranking every event can take longer than fitting. */
function evaluateNoted(
  engine: Engine,
  scorer: SequenceScorer,
  split: SequenceSplit,
  { evaluation, seed }: NextItemTaskOptions,
  progress: Progress,
): EvaluationResult {
  const task = progress.start('ranking the next items', undefined, 'events');
  const result = evaluateSequences(scorer, split, {
    ...evaluation,
    seed,
    kernels: engine.build,
    onProgress: (targets) => task.update(targets),
  });
  task.end();
  return result;
}

function withCounts(weights: NamedTensors, { train }: SequenceSplit): NamedTensors {
  const counts = Float32Array.from(itemSupport(train));
  return new Map([...weights, [ITEM_COUNTS, { shape: [counts.length], data: counts }]]);
}
