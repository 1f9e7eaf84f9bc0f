/** Models of users and items that make nothing of ratings: what a person should know before such a run. */
import type { Dataset } from '../data/dataset.ts';
import { findModel } from '../models/index.ts';
import type { RunSettings } from './settings.ts';

/** Whether a run weighs its rows by their ratings. */
export function usesRatings({ model, config }: Pick<RunSettings, 'model' | 'config'>): boolean {
  return model === 'ials' && Number(config.confidence ?? 0) > 0;
}

/** One line; null where there are no ratings that differ, or where somebody has said what is to be done with them. */
export function ratingsNote(
  { interactions, label }: Pick<Dataset, 'interactions' | 'label'>,
  runs: readonly Pick<RunSettings, 'model' | 'config' | 'data'>[],
): string | null {
  const { rating } = interactions;
  const ignoring = runs.filter((run) => !usesRatings(run));
  if (rating === null || label || ignoring.length === 0 || saysWhatCounts(ignoring[0])) return null;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of rating) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(low < high)) return null;
  const names = [...new Set(ignoring.map(({ model }) => findModel(model).title))].join(', ');
  return (
    `ratings ${low} to ${high} are not used: ${names} takes every row as liked; ${threshold(low, high, areCounts(ignoring[0]))}, ` +
    'and iALS weighs rows by them (--set confidence=1)'
  );
}

function saysWhatCounts({ data }: Pick<RunSettings, 'data'>): boolean {
  return 'files' in data && data.minRating !== undefined;
}

function areCounts({ data }: Pick<RunSettings, 'data'>): boolean {
  return 'files' in data && (data.duplicates === 'sum' || data.duplicates === 'count');
}

/** Of opinions, on scales up to 10, the upper ones are liking; of counts two show it. */
function threshold(low: number, high: number, areCounts: boolean): string {
  const from = high <= 10 && !areCounts ? Math.max(Math.ceil(low + 1), Math.ceil(high * 0.8)) : 2;
  return `--min-rating ${Math.min(from, high)} keeps those of ${Math.min(from, high)} and more`;
}
