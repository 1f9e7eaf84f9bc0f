/** A run whose data are read and split: what the commands need of it, whatever family its model belongs to. */
import type { Progress } from '../core/progress.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { type AnyRunSettings, isSequenceRun } from '../recommender/any-settings.ts';
import type { Checkpoint, EpochRecord } from '../training/checkpoint.ts';
import type { TrainingAccount } from '../training/training-account.ts';
import type { SavedModel } from './saved-note.ts';

export interface PreparedRun {
  readonly dataName: string;
  /** The data in the document of the run. */
  readonly data: object;
  /** Whether training goes on for epochs, so that it can be stopped and resumed. */
  readonly hasEpochs: boolean;
  readonly train: (engine: Engine, hooks: TrainHooks) => Promise<MeasuredRun>;
}

export interface TrainHooks {
  readonly progress: Progress;
  readonly onProfile?: (profile: PlanProfile, model: string) => void;
  readonly resume?: Checkpoint | null;
  /** Train no further: measure and keep the best weights of `resume`. */
  readonly finish?: boolean;
  readonly onCheckpoint?: (checkpoint: Checkpoint) => Promise<void>;
  /** Least time between two checkpoints within an epoch, where the training can make such. */
  readonly checkpointSeconds?: number;
  /** Is given the run whenever there is something to lose. */
  readonly keep?: (run: MeasuredRun) => Promise<void>;
  readonly signal?: AbortSignal;
}

export interface MeasuredRun {
  /** What tables call the model. */
  readonly title: string;
  /** Null when the split has no test part. */
  readonly result: EvaluationResult | null;
  readonly trainingSeconds: number;
  /** Time of training anew on all rows; 0 where that was not done. */
  readonly finalSeconds: number;
  readonly saved: SavedModel;
  readonly log: readonly EpochRecord[];
  readonly bestEpoch: number;
  readonly account: TrainingAccount;
  /** The kernel build that computed. */
  readonly kernels: string;
  readonly save: (path: string, attachments: ReadonlyMap<string, string>) => Promise<unknown>;
  /** A command that recommends from the saved run. */
  readonly next: (path: string) => string;
}

/** Reads the data and says what was found. @throws 'config', 'data', 'io' */
export async function prepareRun(settings: AnyRunSettings, progress: Progress): Promise<PreparedRun> {
  if (isSequenceRun(settings)) {
    const { prepareSequenceRun } = await import('./sequence-run.ts');
    return prepareSequenceRun(settings, progress);
  }
  const { prepareUserRun } = await import('./user-run.ts');
  return prepareUserRun(settings, progress);
}
