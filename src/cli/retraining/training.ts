/** The trainings of a retraining: on from the saved run with rows of feedback alone, or anew on the files of the run and these rows. */
import { inspectArtifact } from '../../artifact/artifact.ts';
import type { RecommenderParts } from '../../artifact/recommender-parts.ts';
import { DeepTasteError } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import { findModel } from '../../models/index.ts';
import type { AnyRunInput, AnyRunSettings } from '../../runs/any-settings.ts';
import { storedSettings } from '../../runs/run-record.ts';
import type { Run } from '../../runs/train-run.ts';
import { checkedRun } from '../checked-run.ts';
import { continuedRun } from '../continued-run.ts';
import { defined } from '../data-flags.ts';
import { prepareRun, trainPrepared } from '../prepare-run.ts';

/** Passes over the new rows, where training goes on with them. */
const EPOCHS = 5;

export interface RetrainingPlan {
  readonly run: string;
  /** From the beginning, on the files of the run and the feedback. */
  readonly anew: boolean;
  /** Where the files of the run are now; absent = where they were. */
  readonly data?: readonly string[];
  readonly epochs?: number;
  readonly set: readonly string[];
}

export interface ChosenTraining {
  readonly settings: AnyRunSettings;
  readonly from?: RecommenderParts;
}

/**
 * The settings of a training on a table of feedback, nothing of which is held out.
 * @throws 'usage', 'config' for what cannot be retrained
 */
export async function trainingOn(table: string, plan: RetrainingPlan, progress: Progress): Promise<ChosenTraining> {
  const chosen = plan.anew ? await trainingAnew(table, plan) : await trainingOnwards(table, plan, progress);
  return { ...chosen, settings: { ...chosen.settings, split: { method: 'none' }, refit: false } as AnyRunSettings };
}

async function trainingOnwards(
  table: string,
  { run, epochs, set }: RetrainingPlan,
  progress: Progress,
): Promise<ChosenTraining> {
  // what is said of its files is about other rows
  const quiet: Progress = { ...progress, log: () => {} };
  const isByEpochs = findModel((await inspectArtifact(run)).model.name).learn.by === 'gradients';
  const flags = {
    data: [table],
    set: [...set],
    blas: 'auto' as const,
    checkpointSeconds: 0,
    final: true,
    ...(isByEpochs ? { epochs: epochs ?? EPOCHS } : defined({ epochs })),
  };
  return continuedRun(run, flags, quiet);
}

async function trainingAnew(table: string, { run, data, epochs, set }: RetrainingPlan): Promise<ChosenTraining> {
  const stored = await storedSettings(run);
  if (stored === null || !('files' in stored.data))
    throw new DeepTasteError(
      'usage',
      `retrain ${run}: --anew needs a run that was trained on files, found ${stored === null ? 'one without its settings' : 'the simulated film club'}; leave --anew out`,
    );
  const { final } = await inspectArtifact(run);
  const kept = epochs ?? final?.epochs ?? undefined;
  const input = {
    ...stored,
    data: { ...stored.data, files: [...(data ?? stored.data.files), table] },
    training: { ...stored.training, ...(kept === undefined ? {} : { epochs: kept }) },
  } as AnyRunInput;
  return { settings: await checkedRun(input, set, `retrain ${run}`) };
}

export async function trainOn(engine: Engine, training: ChosenTraining, progress: Progress): Promise<Run> {
  const { settings, from } = training;
  const prepared = await prepareRun(settings, progress, { from });
  return trainPrepared(engine, prepared, settings, { progress, from });
}
