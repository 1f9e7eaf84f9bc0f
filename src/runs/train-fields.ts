/** One run of a model over feature fields: train it on a split, measure it, make it a recommender. */
import { callParts, checkCall, trainingHooks } from '../core/call-checks.ts';
import type { Progress } from '../core/progress.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Result } from '../evaluation/result.ts';
import { parseModelOptions } from '../examples/model-options.ts';
import { findModelOf } from '../models/index.ts';
import type { Recommender } from '../recommender/recommender.ts';
import { checkCrosses, continuedFieldData, type FieldData } from '../tasks/prepare-fields.ts';
import type { FieldRunSettings } from '../tasks/row-settings.ts';
import { rowsTask } from '../tasks/rows.ts';
import type { TrainingHooks } from '../training/train.ts';
import { type Run, trainRun } from './train-run.ts';

export interface TrainFieldsOptions extends TrainingHooks {
  readonly engine: Engine;
  readonly data: FieldData;
  readonly settings: Pick<
    FieldRunSettings,
    'model' | 'config' | 'training' | 'refit' | 'evaluation' | 'features' | 'task' | 'seed'
  > & {
    /** Train anew on all rows after the measurement; true by default. */
    readonly final?: boolean;
  };
  readonly progress?: Progress;
  /** A recommender from which training goes on with the rows of the data: see docs/going-on.md. */
  readonly from?: Recommender;
  /** Is given the run whenever there is something to lose: trained before it is measured, measured before it is trained anew. */
  readonly keep?: (run: FieldRun) => Promise<void>;
}

/** Predicted rows, or ranked items; `result` is null when the split has no test part. */
export type FieldRun = Run<Result>;

const trainParts = {
  engine: callParts.engine,
  data: callParts.fieldData,
  settings: callParts.fieldSettings,
  ...trainingHooks,
  from: callParts.recommender,
} satisfies Record<keyof TrainFieldsOptions, unknown>;

/** @throws 'config': an option; 'data': labels or rows that do not fit; 'numeric': a loss that is not finite; 'usage': interrupted */
export async function trainFieldRecommender(options: TrainFieldsOptions): Promise<FieldRun> {
  checkCall('trainFieldRecommender', options, trainParts);
  const { data: given, settings, from, ...hooks } = options;
  const data = from ? continuedFieldData(given, settings, from.parts) : given;
  const { model, config, training, refit, final, seed } = settings;
  checkCrosses(model, parseModelOptions(findModelOf('rows', model), config), data);
  return trainRun({
    ...hooks,
    from: from?.parts,
    task: rowsTask(data, settings),
    model,
    config,
    training,
    refit,
    final,
    seed,
  });
}
