/** Measures a model of sequences on the held-out part of a split. */
import { DeepTasteError } from '../core/errors.ts';
import { RandomStream } from '../core/random.ts';
import { version } from '../core/version.ts';
import type { HeldOutSequences, SequenceSplit } from '../data/sequences/sequence-data.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { rankEvents } from '../evaluation/next-item/rank-events.ts';
import { meanOverEvents, nextItemMetrics, summariseEvents } from '../evaluation/next-item/summarise-events.ts';
import { targetEvents } from '../evaluation/next-item/target-events.ts';
import type { Protocol } from '../evaluation/protocol.ts';
import type { HeldOutPart } from '../evaluation/ranking.ts';
import type { TieRule } from '../evaluation/tie-groups.ts';
import type { SequenceScorer } from '../scoring/sequence-scorer.ts';

export interface SequenceEvaluationOptions {
  readonly part?: HeldOutPart;
  /** 'all' ranks all items where the split lists candidates; 'auto' ranks what it lists. */
  readonly candidates?: 'auto' | 'all';
  readonly metrics?: readonly string[];
  /** 'conservative' by default: a model that scores many items alike gets no credit for it. */
  readonly tieRule?: TieRule;
  /** Whether items already in the sequence are no candidates; 'none' by default: in sessions people come back to items. */
  readonly filter?: 'none' | 'history';
  readonly seed?: number;
  /** Kernel build that computed the scores; 'none' for models that need no engine. */
  readonly kernels?: string;
  readonly onProgress?: (targets: number) => void;
}

/**
 * Ranks the next item at every target of the part: among all items, or among the candidates that the split lists.
 * @throws DeepTasteError `data`: the split has no such part, or other items; `config`: a metric
 */
export function evaluateSequences(
  scorer: SequenceScorer,
  split: SequenceSplit,
  options: SequenceEvaluationOptions = {},
): EvaluationResult {
  const { part = 'test', metrics = nextItemMetrics, filter = 'none', seed = 1, onProgress } = options;
  const heldOut = withCandidates(requirePart(split, part), options.candidates);
  const targets = targetEvents(heldOut);
  const started = performance.now();
  const ranks = rankEvents(scorer, targets, { onProgress, excludeHistory: filter === 'history' });
  return summariseEvents(ranks, targets, {
    metrics,
    protocol: nextItemProtocol(split, options),
    sequenceId: sequenceNames(split, targets.sequences.owner),
    seconds: (performance.now() - started) / 1000,
    stream: new RandomStream(seed, 'bootstrap'),
  });
}

function requirePart(split: SequenceSplit, part: HeldOutPart): HeldOutSequences {
  const heldOut = split[part];
  if (heldOut !== null) return heldOut;
  throw new DeepTasteError('data', `evaluate: the split must have a ${part} part, found none; hold one out`);
}

function withCandidates(heldOut: HeldOutSequences, candidates: 'auto' | 'all' = 'auto'): HeldOutSequences {
  return candidates === 'all' ? { ...heldOut, candidates: null } : heldOut;
}

/** How such an evaluation is made, less what only counting tells. */
export function nextItemProtocol(
  split: SequenceSplit,
  options: SequenceEvaluationOptions,
): Omit<Protocol, 'cutoffs' | 'nUsers' | 'nextItem'> {
  const { part = 'test', tieRule = 'conservative', filter = 'none', seed = 1, kernels = 'none' } = options;
  const heldOut = withCandidates(requirePart(split, part), options.candidates);
  const listed = heldOut.candidates ?? null;
  const { testCandidates } = split.description;
  return {
    data: { name: split.name, hash: split.hash },
    split: testDescription(split),
    part,
    candidates: listed ? { listed: String(testCandidates ?? 'given lists'), n: longestRow(listed.rowStart) } : 'all',
    filter,
    tieRule,
    seed,
    versions: { deeptaste: version, node: process.versions.node, kernels },
  };
}

/**
 * What of the split's description concerns the numbers: how much was trained on, or validated on, changes none by itself. What
 * changes them is which items are candidates (`nItems`) and which of the held-out ones are unknown.
 */
function testDescription({ description }: SequenceSplit): Protocol['split'] {
  const ofTraining = /^(validation|nValidation|nTrain|trainShare|nUnknownValidation|testCandidates|negatives)/;
  return Object.fromEntries(Object.entries(description).filter(([key]) => !ofTraining.test(key))) as Protocol['split'];
}

function longestRow(rowStart: Int32Array): number {
  let longest = 0;
  for (let r = 0; r + 1 < rowStart.length; r++) longest = Math.max(longest, rowStart[r + 1] - rowStart[r]);
  return longest;
}

/** The validation metric of a scorer, higher is better; null when the split has no validation part. */
export function nextItemValidator(
  split: SequenceSplit,
  { filter = 'none', tieRule = 'conservative', candidates }: SequenceEvaluationOptions,
  metric: string,
): ((scorer: SequenceScorer) => number) | null {
  if (split.validation === null) return null;
  const targets = targetEvents(withCandidates(split.validation, candidates));
  return (scorer) =>
    meanOverEvents(rankEvents(scorer, targets, { excludeHistory: filter === 'history' }), targets, metric, tieRule);
}

/** Users' ids where every sequence is another user's, else places. */
function sequenceNames({ users }: SequenceSplit, owner: Int32Array | null): (sequence: number) => string {
  if (users === null || owner === null || new Set(owner).size < owner.length) return String;
  return (sequence) => users.idOf(owner[sequence]);
}
