/** Reads the data of a study, and makes its contestants of its settings. */
import type { Contestant } from '../automl/contestants.ts';
import { DeepTasteError } from '../core/errors.ts';
import { optionMeta } from '../core/option-metas.ts';
import { objectSchema } from '../core/options.ts';
import type { Progress } from '../core/progress.ts';
import { parseMetric } from '../evaluation/metric-name.ts';
import { findModel } from '../models/index.ts';
import type { AnyRunSettings } from '../runs/any-settings.ts';
import { prepareRuns } from './prepare-run.ts';
import type { FormedSettings, PreparedRun } from './prepared-run.ts';
import type { StudyModel, StudySettings } from './study-settings.ts';

/** The data of all models are read; the ratings too where an option that is searched looks at them. */
export async function prepareStudy(
  settings: Pick<StudySettings, 'models'>,
  progress: Progress,
): Promise<(run: FormedSettings) => PreparedRun> {
  const runs = settings.models.map(({ run }) => run);
  const prepare = await prepareRuns([...runs, ...runs.flatMap(lookingAtRatings)], progress);
  for (const run of runs) checkMeasured(prepare(run));
  return prepare;
}

/** @throws 'config' for a metric that is not measured on the test part */
function checkMeasured({ task, metrics }: PreparedRun): void {
  const { metric } = task.validation;
  if (metrics.some((name) => parseMetric(name).name === parseMetric(metric).name)) return;
  throw new DeepTasteError(
    'config',
    `tune: ${metric}, by which trials are chosen, must be measured on the test part, too, found ${metrics.join(', ')}; name it in --metrics`,
  );
}

/** The run with an option that makes something of ratings or counts. */
function lookingAtRatings({ form, settings }: FormedSettings): FormedSettings[] {
  const options = Object.entries(objectSchema(findModel(settings.model).options).shape);
  return options.flatMap(([key, schema]) => {
    const { needs, search } = optionMeta(schema);
    if (needs !== 'values' || key in settings.config) return [];
    return [
      { form, settings: { ...settings, config: { ...settings.config, [key]: search?.at(-1) } } as AnyRunSettings },
    ];
  });
}

export function contestantOf(
  { run, isSearched, ranges }: StudyModel,
  prepare: (run: FormedSettings) => PreparedRun,
): Contestant {
  const { form, settings } = run;
  const { model, config, training } = settings;
  return {
    model,
    isSearched,
    ranges,
    fixed: { config, training },
    task: (own) => prepare({ form, settings: { ...settings, config: own } as AnyRunSettings }).task,
  };
}
