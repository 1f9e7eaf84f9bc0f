/** The outcome of one evaluation: each metric with its interval, the values of each user, and the protocol behind them. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import { cutoffsOf, type Metric } from './metric-name.ts';
import { type Catalogue, type MetricValues, metricValues } from './metric-values.ts';
import { type Protocol, protocolSchema } from './protocol.ts';
import type { RankCounts } from './rank-counts.ts';
import { resultNotes } from './result-notes.ts';
import { type BootstrapOptions, bootstrapIntervals } from './statistics/bootstrap.ts';
import type { UserColumn } from './statistics/resampling.ts';
import { parseTaskMetrics } from './task-metrics.ts';
import { type TraitName, type Traits, traitNames } from './traits.ts';

const absentAsNaN = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);

const summarySchema = z.strictObject({
  mean: absentAsNaN.meta({ doc: 'null in JSON, NaN in memory: undefined for every user' }),
  low: z.number().nullable().meta({ doc: 'lower end of the interval; null where the metric has no values of users' }),
  high: z.number().nullable(),
  nUsers: z.int().nonnegative().meta({ doc: 'users for whom the metric is defined' }),
});

/** The form that is stored as JSON; the values of users are stored as columns beside it. */
export const evaluationJsonSchema = z.strictObject({
  protocol: protocolSchema,
  level: z.number().meta({ doc: 'share of resampled means between low and high' }),
  metrics: z.record(z.string(), summarySchema),
  seconds: z.number().meta({ doc: 'time that scoring and ranking took' }),
  notes: z
    .array(z.string())
    .optional()
    .meta({ doc: 'metrics that are left out, and why; lists shorter than asked for' }),
});

export type MetricSummary = z.output<typeof summarySchema>;
export type EvaluationJson = z.input<typeof evaluationJsonSchema>;

export interface EvaluationResult extends z.output<typeof evaluationJsonSchema> {
  /** External ids of the users evaluated [U]. */
  readonly users: readonly string[];
  /** Metric → value of each user [U], NaN where undefined. Metrics of whole runs (coverage, gini) are absent. */
  readonly perUser: Readonly<Record<string, Float64Array>>;
  /** Metric → weight of each user in its mean [U]; only for weighted metrics (gauc). */
  readonly weights: Readonly<Record<string, Float64Array>>;
  /** How many training rows and friends each user has [U]; absent of sequences, and of runs that were saved without. */
  readonly traits?: Traits;
}

export interface SummariseOptions extends BootstrapOptions {
  readonly metrics: readonly string[];
  /** The record, less what is counted here. Its tie rule is the one applied. */
  readonly protocol: Omit<Protocol, 'cutoffs' | 'nUsers'>;
  /** Dense user index → external id. */
  readonly userId: (userIndex: number) => string;
  readonly seconds: number;
  /** Draws of the bootstrap. */
  readonly stream: RandomStream;
  /** Needed by coverage, novelty, diversity and gini. */
  readonly catalogue?: Catalogue | null;
}

/**
 * Metrics, bootstrap intervals over users and the protocol record from rank counts. Throws `data` when no user was evaluated
 * and `config` for metrics that cannot be computed from them.
 */
export function summarise(counts: RankCounts, options: SummariseOptions): EvaluationResult {
  const { protocol, stream, seconds, userId, resamples, level = 0.95, catalogue = null } = options;
  const metrics = parseTaskMetrics(options.metrics, 'ranking');
  const nUsers = counts.users.length;
  if (nUsers === 0)
    throw new DeepTasteError(
      'data',
      `evaluate: the ${protocol.part} part must hold items of at least one user, found none; choose another split`,
    );
  const values = metricValues(counts, metrics, protocol.tieRule, catalogue);
  return {
    protocol: { ...protocol, cutoffs: cutoffsOf(metrics), nUsers, ...takenBefore(counts) },
    level,
    metrics: summaries(values, nUsers, stream, { resamples, level }),
    seconds,
    users: Array.from(counts.users, userId),
    ...userValues(values),
    ...notesOf(metrics, values, catalogue),
  };
}

/** How many of the relevant items lists leave out; nothing where none is. */
export function takenBefore({ isMiss, relevantItems }: RankCounts): Pick<Protocol, 'takenBefore'> {
  const n = isMiss?.reduce((sum, miss) => sum + (miss === 1 ? 1 : 0), 0) ?? 0;
  return n > 0 ? { takenBefore: { n, of: relevantItems.length } } : {};
}

/** What there is to say about the metrics of a ranking; nothing where all are what their names say. */
export function notesOf(
  metrics: readonly Metric[],
  values: ReadonlyMap<string, MetricValues>,
  catalogue: Catalogue | null,
): Pick<EvaluationResult, 'notes'> {
  if (catalogue === null) return {};
  const { nItems, categories } = catalogue;
  const notes = resultNotes(metrics, values, { nItems, hasCategories: categories !== null, unit: 'users' });
  return notes.length > 0 ? { notes } : {};
}

/** The part of a result that follows from the values of users (or of whatever is drawn as a whole by the bootstrap). */
export function summarisedValues(
  values: Map<string, MetricValues>,
  nUsers: number,
  stream: RandomStream,
  options: BootstrapOptions,
): Pick<EvaluationResult, 'metrics' | 'perUser' | 'weights'> {
  return { metrics: summaries(values, nUsers, stream, options), ...userValues(values) };
}

/** The columns of a result: values, and weights where a metric has some. */
export function userValues(values: Map<string, MetricValues>): Pick<EvaluationResult, 'perUser' | 'weights'> {
  const perUser: Record<string, Float64Array> = {};
  const weights: Record<string, Float64Array> = {};
  for (const [name, value] of values) {
    if (value.perUser === null) continue;
    perUser[name] = value.perUser;
    if (value.weights !== null) weights[name] = value.weights;
  }
  return { perUser, weights };
}

function summaries(
  values: Map<string, MetricValues>,
  nUsers: number,
  stream: RandomStream,
  options: BootstrapOptions,
): Record<string, MetricSummary> {
  const summary: Record<string, MetricSummary> = {};
  const resampled: { name: string; column: UserColumn }[] = [];
  for (const [name, value] of values) {
    summary[name] = { mean: value.perUser === null ? value.overall : Number.NaN, low: null, high: null, nUsers };
    if (value.perUser !== null) resampled.push({ name, column: { values: value.perUser, weights: value.weights } });
  }
  const columns = resampled.map(({ column }) => column);
  const intervals = columns.length === 0 ? [] : bootstrapIntervals(columns, stream, options);
  resampled.forEach(({ name, column }, i) => {
    const { mean, low, high } = intervals[i];
    const nDefined = column.values.reduce((n, value) => n + (Number.isNaN(value) ? 0 : 1), 0);
    const isDefined = !Number.isNaN(mean);
    summary[name] = { mean, low: isDefined ? low : null, high: isDefined ? high : null, nUsers: nDefined };
  });
  return summary;
}

/** The result without the values of users, ready for JSON.stringify. */
export function toJson({ protocol, level, metrics, seconds, notes }: EvaluationResult): EvaluationJson {
  const number = (value: number) => (Number.isNaN(value) ? null : value);
  const summaries = Object.entries(metrics).map(([name, s]) => [name, { ...s, mean: number(s.mean) }]);
  return { protocol, level, metrics: Object.fromEntries(summaries), seconds, ...(notes && { notes }) };
}

/** Column → its values [U]: `user` (external ids), each metric by name, `NAME:weight` beside weighted metrics, `trait:NAME`. */
export type UserColumns = Readonly<Record<string, readonly string[] | Float64Array>>;

const weightSuffix = ':weight';
const traitPrefix = 'trait:';

/** The values of users as columns of one table, for Parquet and the like. */
export function toColumns({ users, perUser, weights, traits = {} }: EvaluationResult): UserColumns {
  const weightColumns = Object.entries(weights).map(([name, values]) => [`${name}${weightSuffix}`, values]);
  const traitColumns = Object.entries(traits).map(([name, counts]) => [traitPrefix + name, Float64Array.from(counts)]);
  return { user: users, ...perUser, ...Object.fromEntries([...weightColumns, ...traitColumns]) };
}

/** The inverse of toJson and toColumns. Throws `artifact` when they are malformed or do not belong together. */
export function fromStored(json: unknown, columns: UserColumns): EvaluationResult {
  const parsed = evaluationJsonSchema.safeParse(json);
  if (!parsed.success)
    throw new DeepTasteError(
      'artifact',
      `evaluation: the stored result must have the form of this version, found ${z.prettifyError(parsed.error)}; evaluate again`,
    );
  const { user: users, ...numeric } = columns;
  const perUser: Record<string, Float64Array> = {};
  const weights: Record<string, Float64Array> = {};
  const traits: Partial<Record<TraitName, Int32Array>> = {};
  for (const [name, values] of Object.entries(numeric)) {
    if (!(values instanceof Float64Array)) throw malformedColumns(`column "${name}" of another type`);
    const trait = traitNames.find((known) => name === traitPrefix + known);
    if (trait) traits[trait] = Int32Array.from(values);
    else if (name.endsWith(weightSuffix)) weights[name.slice(0, -weightSuffix.length)] = values;
    else perUser[name] = values;
  }
  const { nUsers } = parsed.data.protocol;
  if (users === undefined || users instanceof Float64Array) throw malformedColumns('no column "user" of ids');
  for (const [name, values] of Object.entries(columns))
    if (values.length !== nUsers) throw malformedColumns(`${values.length} rows in "${name}" instead of ${nUsers}`);
  return { ...parsed.data, users, perUser, weights, ...(Object.keys(traits).length > 0 && { traits }) };
}

function malformedColumns(found: string): DeepTasteError {
  return new DeepTasteError(
    'artifact',
    `evaluation: the values of users must be one id and numbers for each user, found ${found}; evaluate again`,
  );
}
