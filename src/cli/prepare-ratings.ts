/** Runs of models of users and items that predict ratings: reads the data and says what was found. */
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import type { Progress } from '../core/progress.ts';
import { shellWord } from '../core/shell-word.ts';
import type { Split } from '../data/dataset.ts';
import { pairsOnly, prepareSplit } from '../tasks/prepare-split.ts';
import type { RunSettings } from '../tasks/ranking-settings.ts';
import { ratingTask } from '../tasks/rating.ts';
import type { TrainingRatings } from '../tasks/training-ratings.ts';
import { type Circumstances, notePairs, type PreparedData, rowDataDocument } from './prepared-run.ts';

export async function prepareRatings(
  [first]: readonly RunSettings[],
  progress: Progress,
  { stored }: Circumstances = {},
): Promise<PreparedData<'pairs'>> {
  const split = await loadNoted(first, progress);
  const { dataset, train, description } = split;
  const about = rowDataDocument(split, dataset.warnings);
  return ({ model, evaluation, seed }) => ({
    task: ratingTask(split, { evaluation, seed, stored: stored && trainedRatings(stored, evaluation) }, model),
    dataName: dataset.name,
    data: about,
    document: { task: 'rating' },
    measures: 'rows',
    metrics: evaluation.metrics,
    split: description.method,
    unit: 'rows',
    next: (path) =>
      `deeptaste recommend ${shellWord(path)} --user ${shellWord(dataset.users.idOf(train.userIndex[0]))}`,
  });
}

/** Mean and range of the training of a saved run. */
function trainedRatings({ info }: RecommenderParts, { clip }: RunSettings['evaluation']): TrainingRatings | undefined {
  return info.rating && { offset: info.rating.offset, ratingRange: clip === false ? null : info.rating.range };
}

async function loadNoted(settings: RunSettings, progress: Progress): Promise<Split> {
  const task = progress.start('reading the data');
  const split = pairsOnly(await prepareSplit(settings, progress, 'examples'), { ratings: true });
  notePairs(split, 'ratings', progress, task);
  return split;
}
