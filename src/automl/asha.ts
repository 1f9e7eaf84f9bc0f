/**
 * Successive halving by epochs with asynchronous promotion. Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht, Talwalkar: A System
 * for Massively Parallel Hyperparameter Tuning. MLSys 2020, algorithm 2. Trainings pause at rungs, R / ηᵏ epochs; of those that reached
 * a rung the best η-th part goes on. Rungs are those of a model: epochs of different models are not alike.
 */
import { bestUntil, type Trial } from './trial.ts';

export interface Halving {
  /** η, one of so many goes on. */
  readonly eta: number;
  /** Rungs below the last one, at most. */
  readonly rungs: number;
}

export const halvingDefaults: Halving = { eta: 4, rungs: 3 };

/**
 * Epochs at which a training pauses, ascending; the last is its end.
 * @param every epochs between two looks at validation: a rung without a look would say nothing
 */
export function rungsOf(epochs: number, every: number, { eta, rungs }: Halving): number[] {
  const found = new Set([epochs]);
  for (let k = 1; k <= rungs && epochs / eta ** k >= 1; k++)
    found.add(Math.min(epochs, every * Math.ceil(epochs / eta ** k / every)));
  return [...found].sort((a, b) => a - b);
}

/**
 * The trial that goes on next: of the highest rung that has one. Null where none is to.
 * @param waiting those that may go on
 * @param trials all, by which their rank is counted
 * @param rungs of each model that has epochs
 */
export function promotion(
  waiting: readonly Trial[],
  trials: readonly Trial[],
  rungs: ReadonlyMap<string, readonly number[]>,
  { eta }: Halving,
): Trial | null {
  const isWaiting = new Set(waiting.map(({ number }) => number));
  const top = Math.max(0, ...[...rungs.values()].map((own) => own.length - 1));
  for (let back = 1; back <= top; back++) {
    const found = [...rungs]
      .flatMap(([model, own]) => promotable(trials, model, own, own.length - 1 - back, eta))
      .filter(({ number }) => isWaiting.has(number));
    found.sort((a, b) => a.number - b.number);
    if (found.length > 0) return found[0];
  }
  return null;
}

/** Paused trials of a model that are among the best at a rung. */
function promotable(
  trials: readonly Trial[],
  model: string,
  rungs: readonly number[],
  rung: number,
  eta: number,
): Trial[] {
  if (rung < 0) return [];
  const reached = trials.flatMap((trial) => {
    if (trial.model !== model || trial.status === 'new' || trial.status === 'failed') return [];
    // what was stopped or ended before the rung counts with what it had
    const isThere = trial.ownEpochs >= rungs[rung] || trial.status === 'stopped' || trial.status === 'finished';
    const value = isThere ? bestUntil(trial.looks, rungs[rung]) : null;
    return value === null ? [] : [{ trial, value }];
  });
  reached.sort((a, b) => b.value - a.value || a.trial.number - b.trial.number);
  return reached
    .slice(0, Math.floor(reached.length / eta))
    .filter(({ trial }) => trial.status === 'paused' && trial.ownEpochs === rungs[rung])
    .map(({ trial }) => trial);
}
