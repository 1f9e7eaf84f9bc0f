/** The names of metrics: `ndcg@10` is family `ndcg` at cutoff 10. The one list of what there is. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';

/** What a metric is computed from: ranks of held-out items, recommended lists, or predicted values of rows. */
export type MetricInput = 'ranks' | 'lists' | 'predictions';

interface MetricFamilyInfo {
  readonly inputs: readonly MetricInput[];
  readonly cutoff: 'required' | 'optional' | 'none';
  readonly better: 'higher' | 'lower';
  readonly doc: string;
}

export const metricFamilies = {
  hr: { inputs: ['ranks'], cutoff: 'required', better: 'higher', doc: 'users with a relevant item among the first k' },
  recall: {
    inputs: ['ranks'],
    cutoff: 'required',
    better: 'higher',
    doc: 'share of the relevant items among the first k',
  },
  precision: { inputs: ['ranks'], cutoff: 'required', better: 'higher', doc: 'share of the first k that is relevant' },
  ndcg: { inputs: ['ranks'], cutoff: 'optional', better: 'higher', doc: 'discounted gain over the best possible one' },
  mrr: { inputs: ['ranks'], cutoff: 'optional', better: 'higher', doc: '1 / rank of the first relevant item' },
  map: { inputs: ['ranks'], cutoff: 'optional', better: 'higher', doc: 'precision at each relevant item, averaged' },
  auc: {
    inputs: ['ranks', 'predictions'],
    cutoff: 'none',
    better: 'higher',
    doc: 'P(relevant scores above irrelevant)',
  },
  gauc: { inputs: ['ranks', 'predictions'], cutoff: 'none', better: 'higher', doc: 'AUC of each user, weighted' },
  coverage: {
    inputs: ['lists'],
    cutoff: 'required',
    better: 'higher',
    doc: 'share of the items recommended to anybody',
  },
  novelty: { inputs: ['lists'], cutoff: 'required', better: 'higher', doc: 'mean self-information of the items, bits' },
  diversity: { inputs: ['lists'], cutoff: 'required', better: 'higher', doc: '1 − similarity of the items of a list' },
  gini: { inputs: ['lists'], cutoff: 'required', better: 'lower', doc: 'unevenness of exposure over the items' },
  logloss: { inputs: ['predictions'], cutoff: 'none', better: 'lower', doc: 'cross entropy of probabilities, nats' },
  rmse: { inputs: ['predictions'], cutoff: 'none', better: 'lower', doc: 'root mean squared error of ratings' },
  mae: { inputs: ['predictions'], cutoff: 'none', better: 'lower', doc: 'mean absolute error of ratings' },
} as const satisfies Record<string, MetricFamilyInfo>;

export type MetricFamily = keyof typeof metricFamilies;

export interface Metric {
  /** Canonical: lower case, `family@k` or `family`. */
  readonly name: string;
  readonly family: MetricFamily;
  /** Null: the whole list. */
  readonly k: number | null;
}

const familyNames = Object.keys(metricFamilies) as MetricFamily[];

/** Reads a metric's name, in any case: `ndcg@10`, `MRR`. Throws `config` for an unknown family or a wrong cutoff. */
export function parseMetric(name: string): Metric {
  const [given, cutoff, ...rest] = name.trim().toLowerCase().split('@');
  const family = familyNames.find((known) => known === given);
  if (family === undefined)
    throw new DeepTasteError('config', `metric: no metric is called "${given}"${suggestion(given, familyNames)}`, {
      name,
    });
  const rule = metricFamilies[family].cutoff;
  if (cutoff === undefined) {
    if (rule === 'required') throw cutoffError(name, 'needs a cutoff, found none', `${family}@10`);
    return { name: family, family, k: null };
  }
  if (rule === 'none') throw cutoffError(name, `takes no cutoff, found "@${cutoff}"`, family);
  const k = Number(cutoff);
  if (rest.length > 0 || !/^\d+$/.test(cutoff) || k < 1 || k > 2 ** 31 - 1)
    throw cutoffError(
      name,
      `needs a whole number ≥ 1 after "@", found "${[cutoff, ...rest].join('@')}"`,
      `${family}@10`,
    );
  return { name: `${family}@${k}`, family, k };
}

function cutoffError(name: string, problem: string, example: string): DeepTasteError {
  return new DeepTasteError('config', `metric "${name}": ${problem}; write "${example}"`, { name });
}

/** Several names, in order; the same metric twice counts once. Throws `config` when the list is empty. */
export function parseMetrics(names: readonly string[]): Metric[] {
  if (names.length === 0)
    throw new DeepTasteError('config', 'metrics: at least one metric is needed, found none; write e.g. "ndcg@10"');
  return [...new Map(names.map((name) => parseMetric(name)).map((metric) => [metric.name, metric])).values()];
}

/** Every family at every cutoff, e.g. (['ndcg', 'hr'], [5, 10]) → ndcg@5, ndcg@10, hr@5, hr@10. */
export function metricsAt(families: readonly MetricFamily[], cutoffs: readonly number[]): string[] {
  return families.flatMap((family) => cutoffs.map((k) => parseMetric(`${family}@${k}`).name));
}

/** The distinct cutoffs of the metrics, ascending: part of the protocol record. */
export function cutoffsOf(metrics: readonly Metric[]): number[] {
  return [...new Set(metrics.map((metric) => metric.k).filter((k) => k !== null))].sort((a, b) => a - b);
}

/** How many best items of each user ranking has to keep for these metrics; 0 when none looks at lists. */
export function requiredListLength(metrics: readonly Metric[]): number {
  return Math.max(0, ...metrics.filter((m) => hasInput(m, 'lists')).map((metric) => metric.k ?? 0));
}

/** Can the metric be computed from this kind of input? */
export function hasInput(metric: Metric, input: MetricInput): boolean {
  return (metricFamilies[metric.family].inputs as readonly MetricInput[]).includes(input);
}

/** False for metrics of whole runs only: how exposure spreads over items is nobody's in particular. */
export function hasUserValues(metric: Metric): boolean {
  return metric.family !== 'coverage' && metric.family !== 'gini';
}

/** True when a smaller value is better (errors, unevenness). */
export function isLowerBetter(metric: Metric): boolean {
  return metricFamilies[metric.family].better === 'lower';
}
