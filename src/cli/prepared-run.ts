/** A run whose data are read and split: what the commands need of it, whatever its task. */
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import type { Progress, ProgressTask } from '../core/progress.ts';
import type { Split } from '../data/dataset.ts';
import type { Form } from '../examples/forms.ts';
import type { AnyRunSettings, RunSettingsOf } from '../runs/any-settings.ts';
import type { Run } from '../runs/train-run.ts';
import type { Task } from '../tasks/task.ts';
import type { SavedModel } from './saved-note.ts';

/** What the data are prepared for. */
export interface Circumstances {
  /** A recommender that is to be measured on them: what was made of the data of its training is not made anew. */
  readonly stored?: RecommenderParts;
  /** A recommender from which training goes on with the data. */
  readonly from?: RecommenderParts;
  /** Models of users stand beside those over fields: only users with training rows are ranked for. */
  readonly besideModelsOfUsers?: boolean;
}

export interface PreparedRun {
  readonly task: Task;
  readonly dataName: string;
  /** The data in the document of the run, and what else stands there. */
  readonly data: object;
  readonly document: object;
  /** Whether lists of items are measured, or predictions of rows. */
  readonly measures: 'lists' | 'rows';
  /** What runs of these data are measured by. */
  readonly metrics: readonly string[];
  /** How the rows were split. */
  readonly split: string;
  /** What a row of the data is called. */
  readonly unit: SavedModel['unit'];
  /** A command that asks the saved run for something. */
  next(path: string): string;
}

/** Data that are read: a run of each of the settings for which they were. */
export type PreparedData<F extends Form> = (settings: RunSettingsOf[F]) => PreparedRun;

/** Settings of a run, and the form that they have: of the model's data, or of a ranking that models of all forms are asked for. */
export interface FormedSettings {
  readonly form: Form;
  readonly settings: AnyRunSettings;
}

/** What a document says of the data. */
export function dataDocument({ dataset }: Split, warnings: readonly string[]) {
  const { name, hash, users, items, interactions } = dataset;
  return { name, hash, nUsers: users.size, nItems: items.size, nInteractions: interactions.length, warnings };
}

/** Says what was read, and the warnings. @param unit what a row is called, in the plural */
export function notePairs(
  { dataset, train, validation, test }: Split,
  unit: string,
  progress: Progress,
  task: ProgressTask,
): void {
  const [nTrain, nValidation, nTest] = [train, validation, test].map((part) => part?.length ?? 0);
  task.end(
    `${dataset.name}, ${dataset.users.size} users × ${dataset.items.size} items, ` +
      `${nTrain} training + ${nValidation} validation + ${nTest} test ${unit}`,
  );
  for (const warning of dataset.warnings) progress.log(`warning: ${warning}`);
}

/** What a document of predicted rows says of the data. */
export function rowDataDocument(split: Split, warnings: readonly string[]): object {
  const { warnings: told, ...about } = dataDocument(split, warnings);
  return { ...about, nTraining: split.train.length, warnings: told };
}

export function savedModel({ task, split, unit }: PreparedRun, { final, result, nTrained }: Run): SavedModel {
  return { final, isMeasured: result !== null, split, nRows: task.nRows, nTrained, unit };
}
