/** Training that ended because its epochs ran out while the validation metric was still rising. */
import type { EpochRecord } from './checkpoint.ts';

export interface CutOff {
  /** The setting that ended training. */
  readonly setting: 'training.epochs';
  /** Its value: all these epochs were trained. */
  readonly epochs: number;
  /** Best validation value before the last look, higher is better; null when the last look was the only one. */
  readonly from: number | null;
  /** That of the last look, the best one. */
  readonly to: number;
}

/**
 * Null when training ended otherwise: by patience, with a best epoch before the last one, or without a validation part.
 * @param log the epochs of one stage
 * @param epochs how many it may have had
 */
export function cutOffOf(log: readonly EpochRecord[], epochs: number, bestEpoch: number): CutOff | null {
  const last = log.at(-1);
  if (last === undefined || last.validation === null || last.epoch !== epochs || bestEpoch !== epochs) return null;
  const before = log.slice(0, -1).flatMap(({ validation }) => (validation === null ? [] : [validation]));
  const from = before.length === 0 ? null : before.reduce((a, b) => Math.max(a, b));
  return { setting: 'training.epochs', epochs, from, to: last.validation };
}

/** One line for people. Errors (RMSE, log loss), which are kept with their sign turned, are told as they are. */
export function describeCutOff({ epochs, from, to }: CutOff): string {
  const advice = 'raise --epochs (training.epochs)';
  if (from === null)
    return `training was cut off at epochs = ${epochs}: one look at validation cannot tell whether more would help; ${advice}`;
  const direction = to < 0 ? 'falling' : 'rising';
  const [a, b] = [from, to].map((value) => Math.abs(value).toFixed(4));
  return `training was cut off at epochs = ${epochs}: validation was still ${direction} (${a} → ${b}); ${advice}`;
}
