/** The trainings of a retraining: on from the saved run with rows of feedback alone, or anew on the files of the run and these rows. */
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
  /** Of the run, as it was read. */
  readonly parts: RecommenderParts;
  /** From the beginning, on the files of the run and the feedback. */
  readonly anew: boolean;
  /** Where the files of the run are now; absent = where they were. */
  readonly data?: readonly string[];
  readonly epochs?: number;
  readonly set: readonly string[];
}

interface ChosenTraining {
  readonly settings: AnyRunSettings;
  readonly from?: RecommenderParts;
}

/**
 * Trains on a table of feedback, nothing of which is held out.
 * @throws 'usage', 'config' for what cannot be retrained; what training throws
 */
export async function trainOnTold(
  engine: Engine,
  table: string,
  plan: RetrainingPlan,
  progress: Progress,
): Promise<Run> {
  try {
    const { settings: chosen, from } = plan.anew
      ? await trainingAnew(table, plan)
      : await trainingOnwards(table, plan, progress);
    const settings = { ...chosen, split: { method: 'none' }, refit: false } as AnyRunSettings;
    const prepared = await prepareRun(settings, progress, { from });
    return await trainPrepared(engine, prepared, settings, { progress, from });
  } catch (error) {
    // nobody knows the table, and it is gone when this is read
    if (!(error instanceof DeepTasteError) || !error.message.includes(table)) throw error;
    const message = error.message.replaceAll(table, 'the feedback of the store');
    throw new DeepTasteError(error.code, `retrain ${plan.run}: ${message}`, { ...error.details }, { cause: error });
  }
}

async function trainingOnwards(
  table: string,
  { run, parts, epochs, set }: RetrainingPlan,
  progress: Progress,
): Promise<ChosenTraining> {
  // what is said of its files is about other rows
  const quiet: Progress = { ...progress, log: () => {} };
  const isByEpochs = findModel(parts.info.model.name).learn.by === 'gradients';
  const flags = {
    data: [table],
    set: [...set],
    blas: 'auto' as const,
    checkpointSeconds: 0,
    final: true,
    ...(isByEpochs ? { epochs: epochs ?? EPOCHS } : defined({ epochs })),
  };
  return continuedRun(run, flags, quiet, parts);
}

async function trainingAnew(table: string, { run, parts, data, epochs, set }: RetrainingPlan): Promise<ChosenTraining> {
  const stored = await storedSettings(run);
  if (stored === null || !('files' in stored.data))
    throw new DeepTasteError(
      'usage',
      `retrain ${run}: --anew needs a run that was trained on files, found ${stored === null ? 'one without its settings' : 'the simulated film club'}; leave --anew out`,
    );
  const kept = epochs ?? parts.info.final?.epochs ?? undefined;
  const input = {
    ...stored,
    data: { ...stored.data, files: [...(data ?? stored.data.files), table] },
    training: { ...stored.training, ...(kept === undefined ? {} : { epochs: kept }) },
  } as AnyRunInput;
  return { settings: await checkedRun(input, set, `retrain ${run}`) };
}
