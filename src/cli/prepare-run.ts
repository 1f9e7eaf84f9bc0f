/** Reads the data of runs and says what was found, whatever their models learn from; then they can be trained. */
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import type { Progress } from '../core/progress.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Form } from '../examples/forms.ts';
import { type AnyRunSettings, formOf, type RunSettingsOf } from '../runs/any-settings.ts';
import { type Run, trainRun } from '../runs/train-run.ts';
import { describeContinuation } from '../tasks/continuation.ts';
import { taskOfRun } from '../tasks/ranking-settings.ts';
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
  pairs: async () => preparePairs,
  sequences: async () => (await import('./prepare-next-items.ts')).prepareNextItems,
  rows: async () => (await import('./prepare-rows.ts')).prepareRows,
};

/** Runs of one task: those of {@link prepareRuns} are apart by it. */
const preparePairs: Preparation<'pairs'> = async (runs, progress, circumstances) => {
  if (taskOfRun(runs[0]) === 'rating')
    return (await import('./prepare-ratings.ts')).prepareRatings(runs, progress, circumstances);
  return (await import('./prepare-ranking.ts')).prepareRanking(runs, progress, circumstances);
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
  const prepared = new Map<string, PreparedData<Form>>();
  const forms = new Set(runs.map((run) => run.form));
  for (const run of runs) {
    if (prepared.has(sharing(run))) continue;
    const prepare = (await preparations[run.form]()) as Preparation<Form>;
    const own = runs.filter((each) => sharing(each) === sharing(run)).map(({ settings }) => settings);
    prepared.set(sharing(run), await prepare(own, progress, { besideModelsOfUsers: forms.size > 1 }));
  }
  return (run) => prepared.get(sharing(run))!(run.settings);
}

/** What runs have in common that share what is read: the form of their settings; of models of users and items the task, too. */
function sharing({ form, settings }: FormedSettings): string {
  return form === 'pairs' ? `${form}/${taskOfRun(settings as RunSettingsOf['pairs'])}` : form;
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
  const { model, config, training, refit, final, seed } = settings;
  return trainRun({ ...hooks, engine, task, model, config, training, refit, final, seed });
}
