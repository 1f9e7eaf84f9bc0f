/** Runs of models of users and items: reads the data and says what was found. */
import type { Progress } from '../core/progress.ts';
import { shellWord } from '../core/shell-word.ts';
import { continuedSplit } from '../data/continued/continued-split.ts';
import type { Split } from '../data/dataset.ts';
import { pairsOnly, prepareSplit } from '../tasks/prepare-split.ts';
import type { RunSettings } from '../tasks/ranking-settings.ts';
import { ratingsNote, usesRatings } from '../tasks/ratings-note.ts';
import { rankingTaskOf, readsHistories } from '../tasks/task-of-settings.ts';
import { type Circumstances, dataDocument, notePairs, type PreparedData } from './prepared-run.ts';

export async function prepareRanking(
  runs: readonly RunSettings[],
  progress: Progress,
  { from }: Circumstances = {},
): Promise<PreparedData<'pairs'>> {
  const read = await loadNoted(runs[0], progress, runs);
  const split = from ? continuedSplit(read, from) : read;
  const { dataset, description } = split;
  const data = dataDocument(split, dataset.warnings);
  return (settings) => ({
    task: rankingTaskOf(split, settings),
    dataName: dataset.name,
    data,
    document: {},
    measures: 'lists',
    metrics: settings.evaluation.metrics,
    split: description.method,
    unit: 'rows',
    next: (path) => nextCommand(path, split),
  });
}

/**
 * Reads the data and says what was found.
 * @param runs all runs that are made of the data
 */
async function loadNoted(settings: RunSettings, progress: Progress, runs: readonly RunSettings[]): Promise<Split> {
  const task = progress.start('reading the data');
  const prepared = await prepareSplit(settings, progress);
  const note = ratingsNote(prepared.dataset, runs);
  const kept = { ratings: runs.some(usesRatings), times: runs.some(readsHistories) };
  const split = withWarning(pairsOnly(prepared, kept), note);
  notePairs(split, 'interactions', progress, task);
  return split;
}

function withWarning(split: Split, warning: string | null): Split {
  if (warning === null) return split;
  return { ...split, dataset: { ...split.dataset, warnings: [...split.dataset.warnings, warning] } };
}

/** Recommending for somebody who is in the training data. */
function nextCommand(path: string, { dataset, train }: Split): string {
  const user = dataset.users.idOf(train.userIndex[0]);
  return `deeptaste recommend ${shellWord(path)} --user ${shellWord(user)}`;
}
