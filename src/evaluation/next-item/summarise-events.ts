/** Metrics of next-item ranks: means over events, intervals over sequences, since the events of one hang together. */
import { DeepTasteError } from '../../core/errors.ts';
import type { RandomStream } from '../../core/random.ts';
import { type EvaluationResult, summarisedValues } from '../evaluation-result.ts';
import { cutoffsOf, type Metric, parseMetric, parseMetrics } from '../metric-name.ts';
import { type MetricValues, metricValues } from '../metric-values.ts';
import type { Protocol } from '../protocol.ts';
import type { BootstrapOptions } from '../statistics/bootstrap.ts';
import type { TieRule } from '../tie-groups.ts';
import type { EventRanks } from './event-ranks.ts';
import type { TargetEvents } from './target-events.ts';

/** What is usual for sessions. With one relevant item an event, recall is the hit rate. */
export const nextItemMetrics = ['recall@20', 'mrr@20', 'recall@10', 'mrr@10', 'recall@5', 'mrr@5', 'recall@1'] as const;

const families: readonly string[] = ['hr', 'recall', 'precision', 'ndcg', 'mrr', 'map'];

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
  const metrics = parseMetrics(options.metrics ?? nextItemMetrics);
  for (const metric of metrics) requireRankMetric(metric);
  const { sequences, nEvents } = evaluatedSequences(targets);
  const perEvent = metricValues(asUsers(ranks, targets), metrics, protocol.tieRule);
  const values = new Map<string, MetricValues>();
  for (const { name } of metrics)
    values.set(name, {
      perUser: sequenceMeans(perEvent.get(name)!, ranks, targets, sequences, nEvents),
      weights: nEvents,
    });
  const users = Array.from(sequences, sequenceId);
  return {
    protocol: { ...protocol, cutoffs: cutoffsOf(metrics), nUsers: users.length, nextItem: countsOf(ranks) },
    ...{ level, seconds, users },
    ...summarisedValues(values, users.length, stream, { resamples, level }),
  };
}

/** Mean of one metric over all events; a miss is 0. @throws DeepTasteError `config`: a metric that ranks do not give */
export function meanOverEvents(ranks: EventRanks, targets: TargetEvents, name: string, tieRule: TieRule): number {
  const metric = parseMetric(name);
  requireRankMetric(metric);
  const { perUser: values } = metricValues(asUsers(ranks, targets), [metric], tieRule).get(metric.name)!;
  return values!.reduce((sum, value, t) => sum + (ranks.isMiss[t] === 0 ? value : 0), 0) / values!.length;
}

/** @throws DeepTasteError `config` for metrics that are not known, or that the rank of the next item does not give */
export function checkNextItemMetrics(names: readonly string[]): void {
  for (const metric of parseMetrics(names)) requireRankMetric(metric);
}

function countsOf({ isMiss }: EventRanks): NonNullable<Protocol['nextItem']> {
  return { nEvents: isMiss.length, nMisses: isMiss.reduce((n, miss) => n + miss, 0) };
}

function requireRankMetric({ name, family }: Metric): void {
  if (families.includes(family)) return;
  throw new DeepTasteError(
    'config',
    `metric "${name}": the rank of the next item gives ${families.join(', ')}; choose one of these`,
    { metric: name },
  );
}

/** Sequences with a target, ascending, and how many targets each has. */
function evaluatedSequences({ sequenceOf, sequences }: TargetEvents): { sequences: Int32Array; nEvents: Float64Array } {
  const count = new Float64Array(sequences.start.length - 1);
  for (const s of sequenceOf) count[s]++;
  const evaluated = Int32Array.from(count.keys()).filter((s) => count[s] > 0);
  return { sequences: evaluated, nEvents: Float64Array.from(evaluated, (s) => count[s]) };
}

/** Each target as a user with one relevant item, which is what the metrics are made for. */
function asUsers({ greater, equal, nCandidates }: EventRanks, { item }: TargetEvents) {
  const n = item.length;
  return {
    users: Int32Array.from({ length: n }, (_, t) => t),
    rowStart: Int32Array.from({ length: n + 1 }, (_, t) => t),
    ...{ relevantItems: item, greater, equal, nCandidates, topItems: null, listLength: 0 },
  };
}

/** Mean of each sequence over its targets; a miss is 0, however large the cutoff. */
function sequenceMeans(
  value: MetricValues,
  { isMiss }: EventRanks,
  { sequenceOf, sequences }: TargetEvents,
  evaluated: Int32Array,
  nEvents: Float64Array,
): Float64Array {
  const sum = new Float64Array(sequences.start.length - 1);
  value.perUser!.forEach((v, t) => {
    if (isMiss[t] === 0) sum[sequenceOf[t]] += v;
  });
  return Float64Array.from(evaluated, (s, n) => sum[s] / nEvents[n]);
}
