/** What a reader of the numbers must know: which metrics have none, and where lists are shorter than was asked for. */
import { cutoffsOf, type Metric } from './metric-name.ts';
import type { MetricValues } from './metric-values.ts';

export interface NoteContext {
  readonly nItems: number;
  /** Whether items have categories, which diversity needs. */
  readonly hasCategories: boolean;
  /** What the metrics have values of. */
  readonly unit: 'users' | 'sequences';
}

/** One sentence each; none when every metric is what its name says. */
export function resultNotes(
  metrics: readonly Metric[],
  values: ReadonlyMap<string, MetricValues>,
  { nItems, hasCategories, unit }: NoteContext,
): string[] {
  const longer = cutoffsOf(metrics).filter((k) => k > nItems);
  const short =
    longer.length > 0 ? [`there are ${nItems} items: lists @${longer.join(', @')} are as long as the catalogue`] : [];
  const absent = metrics.flatMap((metric) => {
    const value = values.get(metric.name);
    if (value === undefined || !isUndefined(value)) return [];
    return [`${metric.name} is left out: ${whyUndefined(metric, hasCategories, unit)}`];
  });
  return [...short, ...absent];
}

function isUndefined(value: MetricValues): boolean {
  return value.perUser === null ? Number.isNaN(value.overall) : value.perUser.every(Number.isNaN);
}

function whyUndefined({ family }: Metric, hasCategories: boolean, unit: NoteContext['unit']): string {
  if (family === 'diversity' && !hasCategories) return 'items have no categorical or multi-valued field (genres …)';
  if (family === 'diversity') return 'no list holds two items whose categories are known';
  if (family === 'auc' || family === 'gauc') return 'nobody has candidates besides the held-out items';
  return `it is undefined for all ${unit}`;
}
