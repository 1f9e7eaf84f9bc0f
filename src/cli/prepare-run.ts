/** Reads the data of runs and says what was found, whatever their models learn from; then they can be trained. */
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import type { Progress } from '../core/progress.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Form } from '../examples/forms.ts';
import { type AnyRunSettings, formOf, type RunSettingsOf } from '../runs/any-settings.ts';
import { type Run, trainRun } from '../runs/train-run.ts';
import { describeContinuation } from '../tasks/continuation.ts';
import type { TrainingHooks } from '../training/train.ts';
import type { Circumstances, FormedSettings, PreparedData, PreparedRun } from './prepared-run.ts';

/**
 * Reads the data and says what was found.
 * @param runs of models that learn from data of one form; data and split are those of the first
 */
type Preparation<F extends Form> = (
  runs: readonly RunSettingsOf[F][],
  progress: Progress,
  circumstances?: Circumstances,
) => Promise<PreparedData<F>>;

const preparations: { readonly [F in Form]: () => Promise<Preparation<F>> } = {
  pairs: async () => (await import('./prepare-ranking.ts')).prepareRanking,
  sequences: async () => (await import('./prepare-next-items.ts')).prepareNextItems,
  rows: async () => (await import('./prepare-rows.ts')).prepareRows,
};

/** Reads the data of a run and says what was found. @throws 'config', 'data', 'io' */
export async function prepareRun(
  settings: AnyRunSettings,
  progress: Progress,
  circumstances: Circumstances = {},
): Promise<PreparedRun> {
  const prepare = (await preparations[formOf(settings)]()) as Preparation<Form>;
  const prepared = (await prepare([settings], progress, circumstances))(settings);
  const { continuation } = prepared.task;
  if (continuation) progress.log(describeContinuation(continuation, prepared.unit));
  return prepared;
}

/** The same of several runs, of which those whose settings have one form share what is read. */
export async function prepareRuns(
  runs: readonly FormedSettings[],
  progress: Progress,
): Promise<(run: FormedSettings) => PreparedRun> {
  const prepared = new Map<Form, PreparedData<Form>>();
  const forms = new Set(runs.map((run) => run.form));
  for (const form of forms) {
    const prepare = (await preparations[form]()) as Preparation<Form>;
    const own = runs.filter((run) => run.form === form).map(({ settings }) => settings);
    prepared.set(form, await prepare(own, progress, { besideModelsOfUsers: forms.size > 1 }));
  }
  return ({ form, settings }) => prepared.get(form)!(settings);
}

export interface RunHooks extends TrainingHooks {
  /** A saved recommender from which training goes on. */
  readonly from?: RecommenderParts;
  readonly progress: Progress;
  readonly keep?: (run: Run) => Promise<void>;
}

export function trainPrepared(
  engine: Engine,
  { task }: PreparedRun,
  settings: AnyRunSettings,
  hooks: RunHooks,
): Promise<Run> {
  const { model, config, training, final, seed } = settings;
  const refit = 'refit' in settings && settings.refit;
  return trainRun({ ...hooks, engine, task, model, config, training, refit, final, seed });
}
