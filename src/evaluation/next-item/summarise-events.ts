/** Metrics of next-item ranks: means over events, intervals over sequences, since the events of one hang together. */
import type { RandomStream } from '../../core/random.ts';
import { type EvaluationResult, summarisedValues, userValues } from '../evaluation-result.ts';
import { cutoffsOf, isLowerBetter, parseMetric } from '../metric-name.ts';
import { type MetricValues, metricValues } from '../metric-values.ts';
import type { Protocol } from '../protocol.ts';
import type { RankCounts } from '../rank-counts.ts';
import { resultNotes } from '../result-notes.ts';
import type { BootstrapOptions } from '../statistics/bootstrap.ts';
import { checkTaskMetric, parseTaskMetrics } from '../task-metrics.ts';
import type { TieRule } from '../tie-groups.ts';
import { type EventRanks, itemOfHistory, unknownItem } from './event-ranks.ts';
import type { TargetEvents } from './target-events.ts';

/** What is usual for sessions. With one relevant item an event, recall is the hit rate. */
export const nextItemMetrics = ['recall@20', 'mrr@20', 'recall@10', 'mrr@10', 'recall@5', 'mrr@5', 'recall@1'] as const;

export interface SummariseEventsOptions extends BootstrapOptions {
  readonly metrics?: readonly string[];
  /** The record, less what is counted here. Its tie rule is the one applied. */
  readonly protocol: Omit<Protocol, 'cutoffs' | 'nUsers' | 'nextItem'>;
  /** What a sequence is called in the values kept of each: its place by default. */
  readonly sequenceId?: (sequence: number) => string;
  readonly seconds: number;
  /** Draws of the bootstrap. */
  readonly stream: RandomStream;
}

/**
 * Means over all events, bootstrap intervals over sequences. The result keeps the mean of each sequence, weighted by its
 * number of events, in the place of the values of users, so that paired tests are over sequences too.
 * @throws DeepTasteError `config`: a metric that ranks do not give
 */
export function summariseEvents(
  ranks: EventRanks,
  targets: TargetEvents,
  options: SummariseEventsOptions,
): EvaluationResult {
  const { protocol, seconds, stream, resamples, level = 0.95, sequenceId = String } = options;
  const metrics = parseTaskMetrics(options.metrics ?? nextItemMetrics, 'next-item');
  const { sequences, nEvents } = evaluatedSequences(targets);
  const perEvent = metricValues(asUsers(ranks, targets), metrics, protocol.tieRule);
  const values = new Map<string, MetricValues>();
  for (const { name } of metrics)
    values.set(name, { perUser: sequenceMeans(perEvent.get(name)!, targets, sequences, nEvents), weights: nEvents });
  const order = orderByRanks(ranks, targets, sequences);
  const { metrics: summaries } = summarisedValues(inOrder(values, order), order.length, stream, { resamples, level });
  const { perUser, weights } = userValues(values);
  const users = Array.from(sequences, sequenceId);
  const notes = resultNotes(metrics, values, {
    nItems: targets.sequences.nItems,
    hasCategories: false,
    unit: 'sequences',
  });
  return {
    protocol: { ...protocol, cutoffs: cutoffsOf(metrics), nUsers: users.length, ...countsOf(ranks) },
    level,
    seconds,
    users,
    metrics: summaries,
    perUser,
    weights,
    ...(notes.length > 0 && { notes }),
  };
}

/**
 * Mean of one metric over all events, higher is better; a miss is 0.
 * @throws DeepTasteError `config`: a metric that ranks do not give
 */
export function meanOverEvents(ranks: EventRanks, targets: TargetEvents, name: string, tieRule: TieRule): number {
  const metric = parseMetric(name);
  checkTaskMetric(metric, 'next-item');
  const { perUser: values } = metricValues(asUsers(ranks, targets), [metric], tieRule).get(metric.name)!;
  const mean = values!.reduce((sum, value) => sum + value, 0) / values!.length;
  return isLowerBetter(metric) ? -mean : mean;
}

function countsOf({ isMiss }: EventRanks): Pick<Protocol, 'nextItem' | 'takenBefore'> {
  const count = (why: number) => isMiss.reduce((n, miss) => n + (miss === why ? 1 : 0), 0);
  const nTakenBefore = count(itemOfHistory);
  return {
    nextItem: { nEvents: isMiss.length, nMisses: count(unknownItem) },
    ...(nTakenBefore > 0 && { takenBefore: { n: nTakenBefore, of: isMiss.length } }),
  };
}

/** Sequences with a target, ascending, and how many targets each has. */
function evaluatedSequences({ sequenceOf, sequences }: TargetEvents): { sequences: Int32Array; nEvents: Float64Array } {
  const count = new Float64Array(sequences.start.length - 1);
  for (const s of sequenceOf) count[s]++;
  const evaluated = Int32Array.from(count.keys()).filter((s) => count[s] > 0);
  return { sequences: evaluated, nEvents: Float64Array.from(evaluated, (s) => count[s]) };
}

/** Each target as a user with one relevant item, which is what the metrics are made for. */
function asUsers({ greater, equal, nCandidates, isMiss }: EventRanks, { item }: TargetEvents): RankCounts {
  const n = item.length;
  return {
    users: Int32Array.from({ length: n }, (_, t) => t),
    rowStart: Int32Array.from({ length: n + 1 }, (_, t) => t),
    relevantItems: item,
    greater,
    equal,
    isMiss,
    nCandidates,
    topItems: null,
    listLength: 0,
  };
}

/** Mean of each sequence over its targets. */
function sequenceMeans(
  value: MetricValues,
  { sequenceOf, sequences }: TargetEvents,
  evaluated: Int32Array,
  nEvents: Float64Array,
): Float64Array {
  const sum = new Float64Array(sequences.start.length - 1);
  value.perUser!.forEach((v, t) => {
    sum[sequenceOf[t]] += v;
  });
  return Float64Array.from(evaluated, (s, n) => sum[s] / nEvents[n]);
}

/**
 * The evaluated sequences in an order that their ranks give, not their places: the same sequences have the same means and
 * intervals, to the last digit, in whatever order their files list them.
 */
function orderByRanks(ranks: EventRanks, { sequenceOf }: TargetEvents, evaluated: Int32Array): Int32Array {
  const { greater, equal, nCandidates, isMiss } = ranks;
  const place = new Map(Array.from(evaluated, (s, n) => [s, n]));
  const targets: number[][] = Array.from(evaluated, () => []);
  sequenceOf.forEach((s, t) => {
    targets[place.get(s)!].push(t);
  });
  const compareTargets = (a: number, b: number): number =>
    isMiss[a] - isMiss[b] || greater[a] - greater[b] || equal[a] - equal[b] || nCandidates[a] - nCandidates[b];
  const compare = (a: number, b: number): number => {
    if (targets[a].length !== targets[b].length) return targets[a].length - targets[b].length;
    for (let t = 0; t < targets[a].length; t++) {
      const difference = compareTargets(targets[a][t], targets[b][t]);
      if (difference !== 0) return difference;
    }
    return a - b;
  };
  return Int32Array.from(evaluated.keys()).sort(compare);
}

function inOrder(values: ReadonlyMap<string, MetricValues>, order: Int32Array): Map<string, MetricValues> {
  const sorted = (column: Float64Array) => Float64Array.from(order, (n) => column[n]);
  return new Map(
    [...values].map(([name, value]) => [
      name,
      value.perUser === null
        ? value
        : { perUser: sorted(value.perUser), weights: value.weights && sorted(value.weights) },
    ]),
  );
}
