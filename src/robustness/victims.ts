/** Victims: models that are trained from scratch on a split, clean or poisoned, as any run trains them. */
import { DeepTasteError } from '../core/errors.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Result } from '../evaluation/result.ts';
import type { Form } from '../examples/forms.ts';
import { formTitles } from '../examples/forms.ts';
import { neighbourhoods } from '../examples/neighbourhoods.ts';
import { findModel } from '../models/index.ts';
import { type Run, trainRun } from '../runs/train-run.ts';
import { type RunSettings, taskOfRun } from '../tasks/ranking-settings.ts';
import { ratingTask } from '../tasks/rating.ts';
import { rankingTaskOf } from '../tasks/task-of-settings.ts';

/** A model with its settings; its seed is that of each training. */
export type Victim = Pick<RunSettings, 'model' | 'task' | 'config' | 'training' | 'evaluation' | 'refit'>;

/** What accuracy is of a victim. */
export const metricOf = ({ evaluation }: Pick<Victim, 'evaluation'>): string => evaluation.metrics[0];

/** @throws DeepTasteError `config`: a model over feature fields, which ranks by rows and not by users and items alone */
export function checkVictim({ model }: Pick<Victim, 'model'>): void {
  const { form } = findModel(model);
  if (form !== 'rows') return;
  throw new DeepTasteError(
    'config',
    `attack: victims must be ${formTitles.pairs} or ${formTitles.sequences}, found ${model}, one of the ${formTitles.rows}; choose another`,
    { model },
  );
}

/**
 * Of audits and of attacks that ask for lists.
 * @throws DeepTasteError `config`: a model whose scores are of listed pairs alone, by which nobody's items are ranked here
 */
export function checkHasLists(where: string, { model }: Pick<Victim, 'model'>): void {
  const { learn } = findModel(model);
  if (learn.by !== 'gradients' || learn.examples !== neighbourhoods) return;
  throw new DeepTasteError(
    'config',
    `${where}: reads the lists of its victim, found ${model}, which rates a pair at a time and ranks no lists; choose another model`,
    { model },
  );
}

/** @param measured whether real people's held-out items are measured, too */
export async function trainVictim(
  engine: Engine,
  split: Split,
  victim: Victim,
  seed: number,
  { measured = true, progress = silent }: { readonly measured?: boolean; readonly progress?: Progress } = {},
): Promise<Run> {
  const { model, config, training, refit } = victim;
  // intervals of metrics that nobody reads would take longer than many a training
  const evaluation = { ...victim.evaluation, metrics: victim.evaluation.metrics.slice(0, 1) };
  const task =
    taskOfRun(victim) === 'rating'
      ? ratingTask(split, { evaluation, seed }, model)
      : rankingTaskOf(split, { model, config, evaluation, seed });
  return trainRun<Form, Result>({
    engine,
    task: measured ? task : { ...task, isMeasured: false },
    model,
    config,
    training,
    seed,
    refit,
    final: false,
    progress,
  });
}
