/** A run whose data are read and split: what the commands need of it, whatever its task. */
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
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

/** What a document of predicted rows says of the data. */
export function rowDataDocument({ dataset, train }: Split, warnings: readonly string[]): object {
  return {
    name: dataset.name,
    hash: dataset.hash,
    nUsers: dataset.users.size,
    nItems: dataset.items.size,
    nInteractions: dataset.interactions.length,
    nTraining: train.length,
    warnings,
  };
}

export function savedModel({ task, split, unit }: PreparedRun, { final, result, nTrained }: Run): SavedModel {
  return { final, isMeasured: result !== null, split, nRows: task.nRows, nTrained, unit };
}
