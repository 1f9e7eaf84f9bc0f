/** Models of users and items that make nothing of ratings: what a person should know before such a run. */
import type { Dataset } from '../data/dataset.ts';
import { unusedRatings } from '../data/unused-ratings.ts';
import { findModel } from '../models/index.ts';
import type { RunSettings } from './ranking-settings.ts';

/** Whether a run weighs its rows by their ratings. */
export function usesRatings({ model, config }: Pick<RunSettings, 'model' | 'config'>): boolean {
  return model === 'ials' && Number(config.confidence ?? 0) > 0;
}

/** One line; null where all runs use the ratings, or there is nothing to use. @param runs of the same data */
export function ratingsNote(
  dataset: Pick<Dataset, 'interactions' | 'label'>,
  runs: readonly Pick<RunSettings, 'model' | 'config' | 'data'>[],
): string | null {
  const ignoring = runs.filter((run) => !usesRatings(run));
  if (ignoring.length === 0) return null;
  const [{ data }] = ignoring;
  const names = [...new Set(ignoring.map(({ model }) => findModel(model).title))];
  const who = `${names.join(', ')} ${names.length === 1 ? 'takes' : 'take'} every row as liked`;
  const line = unusedRatings(dataset, 'files' in data ? data : {}, who);
  return line && `${line}, and iALS weighs rows by them (--set confidence=1)`;
}
