/** From rank counts to the values of one metric: per user where the metric has such, else one number for the whole run. */
import { DeepTasteError } from '../core/errors.ts';
import type { FieldTable, Interactions } from '../data/dataset.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Metric } from './metric-name.ts';
import { userAuc } from './metrics/auc.ts';
import { averagePrecision } from './metrics/average-precision.ts';
import { diversity, itemCategories, type SetSimilarity } from './metrics/diversity.ts';
import { coverage, exposure, gini } from './metrics/exposure.ts';
import { hitRate } from './metrics/hit-rate.ts';
import { ndcg } from './metrics/ndcg.ts';
import { novelty } from './metrics/novelty.ts';
import { precision, recall } from './metrics/recall-precision.ts';
import { reciprocalRank } from './metrics/reciprocal-rank.ts';
import { listsOf } from './metrics/recommendation-lists.ts';
import type { RankCounts } from './rank-counts.ts';
import { checkTaskMetric } from './task-metrics.ts';
import { type TieGroups, type TieRule, tieGroups } from './tie-groups.ts';

/** What the metrics beyond accuracy need to know of the items. */
export interface Catalogue {
  readonly nItems: number;
  /** Training interactions of each item [nItems]. */
  readonly itemCounts: Int32Array;
  /** Categories (genres …) of each item; null when the data has none, which leaves diversity undefined. */
  readonly categories: SparseRows | null;
  readonly similarity: SetSimilarity;
}

/** The catalogue of a data set, popularity being counted in the training part. */
export function catalogueOf(
  train: Interactions,
  nItems: number,
  itemFields: FieldTable,
  similarity: SetSimilarity = 'jaccard',
): Catalogue {
  const itemCounts = new Int32Array(nItems);
  for (const item of train.itemIndex) itemCounts[item]++;
  return { nItems, itemCounts, categories: itemCategories(itemFields), similarity };
}

/**
 * Values of a metric. `perUser` [U] has NaN for users for whom it is undefined; the run's value is Σ w·v / Σ w over the
 * others. `weights` null: all 1. `perUser` null: the metric has no per-user values (coverage, gini), `overall` is it.
 */
export type MetricValues =
  | { readonly perUser: Float64Array; readonly weights: Float64Array | null }
  | { readonly perUser: null; readonly overall: number };

/** Computes metrics from one set of rank counts; ties are arranged once for all of them. */
export function metricValues(
  counts: RankCounts,
  metrics: readonly Metric[],
  tieRule: TieRule = 'expected',
  catalogue: Catalogue | null = null,
): Map<string, MetricValues> {
  const groups = tieGroups(counts, tieRule);
  return new Map(metrics.map((metric) => [metric.name, valuesOf(metric, counts, groups, catalogue)]));
}

function valuesOf(metric: Metric, counts: RankCounts, groups: TieGroups, catalogue: Catalogue | null): MetricValues {
  const k = metric.k ?? Number.POSITIVE_INFINITY;
  const plain = (perUser: Float64Array): MetricValues => ({ perUser, weights: null });
  switch (metric.family) {
    case 'hr':
      return plain(hitRate(groups, k));
    case 'recall':
      return plain(recall(groups, k));
    case 'precision':
      return plain(precision(groups, k));
    case 'ndcg':
      return plain(ndcg(groups, k));
    case 'mrr':
      return plain(reciprocalRank(groups, k));
    case 'map':
      return plain(averagePrecision(groups, k));
    case 'auc':
      return plain(userAuc(groups));
    case 'gauc': // there are no impressions in full ranking: a user weighs as many as the relevant items (clicks) held out
      return { perUser: userAuc(groups), weights: Float64Array.from(groups.nRelevant) };
    case 'coverage':
    case 'gini':
    case 'novelty':
    case 'diversity':
      return listValues(metric, counts, catalogue);
    default:
      checkTaskMetric(metric, 'ranking');
      throw new DeepTasteError('config', `metric "${metric.name}": rank counts do not give it; leave it out`);
  }
}

function listValues(metric: Metric, counts: RankCounts, catalogue: Catalogue | null): MetricValues {
  const k = metric.k ?? 0;
  if (catalogue === null)
    throw new DeepTasteError(
      'config',
      `metric "${metric.name}": the catalogue (item counts and categories) is needed, found none; pass catalogueOf(…)`,
    );
  const lists = listsOf(counts, k, catalogue.nItems, metric.name);
  if (metric.family === 'novelty') return { perUser: novelty(lists, k, catalogue.itemCounts), weights: null };
  if (metric.family === 'diversity') {
    const { categories, similarity } = catalogue;
    const perUser = categories
      ? diversity(lists, k, categories, similarity)
      : new Float64Array(lists.nUsers).fill(Number.NaN);
    return { perUser, weights: null };
  }
  const exposures = exposure(lists, k, catalogue.nItems);
  return { perUser: null, overall: metric.family === 'coverage' ? coverage(exposures) : gini(exposures) };
}
