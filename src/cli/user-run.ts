/** Runs of models of users and items. */
import type { Progress } from '../core/progress.ts';
import { shellWord } from '../core/shell-word.ts';
import type { Split } from '../data/dataset.ts';
import { findModel } from '../models/index.ts';
import { pairsOnly, prepareSplit } from '../recommender/prepare-split.ts';
import { ratingsNote, usesRatings } from '../recommender/ratings-note.ts';
import type { RunSettings } from '../recommender/settings.ts';
import { type TrainedRun, trainRecommender } from '../recommender/train-recommender.ts';
import type { Checkpoint } from '../training/checkpoint.ts';
import type { MeasuredRun, PreparedRun } from './prepared-run.ts';

export async function prepareUserRun(settings: RunSettings, progress: Progress): Promise<PreparedRun> {
  const split = await loadNoted(settings, progress);
  const { dataset } = split;
  return {
    dataName: dataset.name,
    data: {
      ...{ name: dataset.name, hash: dataset.hash, nUsers: dataset.users.size, nItems: dataset.items.size },
      ...{ nInteractions: dataset.interactions.length, warnings: dataset.warnings },
    },
    hasEpochs: findModel(settings.model).learn.by === 'gradients',
    async train(engine, { resume, finish, progress, onProfile, onCheckpoint, keep, signal }) {
      const run = await trainRecommender({
        engine,
        split,
        settings,
        progress,
        onProfile,
        onCheckpoint,
        signal,
        finish,
        // a checkpoint of another training is refused by its fingerprint before its progress is looked at
        resume: resume as Checkpoint | null,
        keep: keep && ((run) => keep(measuredRun(run, split, engine.build))),
      });
      return measuredRun(run, split, engine.build);
    },
  };
}

function measuredRun(run: TrainedRun, split: Split, kernels: string): MeasuredRun {
  const { recommender, result, trainingSeconds, finalSeconds, final, log, bestEpoch, account } = run;
  return {
    title: recommender.model.title,
    result,
    trainingSeconds,
    finalSeconds,
    log,
    bestEpoch,
    account,
    kernels,
    saved: {
      final,
      isMeasured: result !== null,
      split: split.description.method,
      nRows: split.dataset.interactions.length,
      nTrained: split.train.length,
      unit: 'rows',
    },
    save: (path, attachments) => recommender.save(path, result, attachments),
    next: (path) => nextCommand(path, split),
  };
}

/**
 * Reads the data and says what was found.
 * @param runs all runs that are made of the data; default: the one of the settings
 */
export async function loadNoted(
  settings: RunSettings,
  progress: Progress,
  runs: readonly RunSettings[] = [settings],
): Promise<Split> {
  const task = progress.start('reading the data');
  const prepared = await prepareSplit(settings, progress);
  const note = ratingsNote(prepared.dataset, runs);
  const split = withWarning(pairsOnly(prepared, runs.some(usesRatings)), note);
  const { dataset, train, validation, test } = split;
  const [nTrain, nValidation, nTest] = [train, validation, test].map((part) => part?.length ?? 0);
  task.end(
    `${dataset.name}, ${dataset.users.size} users × ${dataset.items.size} items, ` +
      `${nTrain} training + ${nValidation} validation + ${nTest} test interactions`,
  );
  for (const warning of dataset.warnings) progress.log(`warning: ${warning}`);
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
