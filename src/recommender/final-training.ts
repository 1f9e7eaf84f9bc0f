/**
 * What comes out of a run is for use: after the model has been chosen and measured without the held-out rows, it is trained anew on
 * all rows that the data hold. One rule for models of users and items, of sequences and over fields.
 */
import { z } from 'zod';
import type { FinalRecord } from '../artifact/manifest.ts';
import type { Progress } from '../core/progress.ts';
import type { TrainOutcome } from '../training/train-outcome.ts';

export const finalSetting = z.boolean().default(true).meta({
  doc: 'after the measurement, train anew on all rows of the data for use, the held-out ones too; false: keep the measured model',
});

/** A run that can be saved: trained, perhaps measured, perhaps trained anew. */
export interface Finished<R, E> {
  /** For use. */
  readonly recommender: R;
  /** The one that `result` is about; the same as `recommender` where nothing was trained anew. */
  readonly measured: R;
  /** Null when nothing was measured. */
  readonly result: E | null;
  /** How `recommender` was trained anew; null when it is the measured one. */
  readonly final: FinalRecord | null;
  /** Time of training anew. */
  readonly finalSeconds: number;
}

export interface Finishing<R, E> {
  readonly trained: R;
  /** Null when nothing is to be measured. */
  readonly measure: ((recommender: R) => E) | null;
  /** The recommender with its measurement on record. */
  readonly withResult: (recommender: R, result: E) => R;
  /** Null when the training had all rows already, or the measured model is asked for. */
  readonly trainAnew: ((measured: R) => Promise<R>) | null;
  readonly record: FinalRecord;
  /** Is given what there is to lose: the trained model before it is measured, the measured one before it is trained anew. */
  readonly keep?: (run: Finished<R, E>) => Promise<void>;
}

/** @throws whatever measuring or training throws; what `keep` was given before is good */
export async function measureAndFinish<R, E>(finishing: Finishing<R, E>): Promise<Finished<R, E>> {
  const { trained, measure, withResult, trainAnew, keep } = finishing;
  const unmeasured = { recommender: trained, measured: trained, result: null, final: null, finalSeconds: 0 };
  if (measure !== null || trainAnew !== null) await keep?.(unmeasured);
  const result = measure === null ? null : measure(trained);
  const measured = result === null ? trained : withResult(trained, result);
  const run = { recommender: measured, measured, result, final: null, finalSeconds: 0 };
  if (trainAnew === null) return run;
  if (result !== null) await keep?.(run);
  const started = performance.now();
  const recommender = await trainAnew(measured);
  return { ...run, recommender, final: finishing.record, finalSeconds: (performance.now() - started) / 1000 };
}

/** Names the work on all rows as such. */
export function finalProgress(progress: Progress, { nRows, epochs }: FinalRecord): Progress {
  const rows = nRows.toLocaleString('en-US');
  const howLong = epochs === null ? '' : `, ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`;
  progress.log(`training anew on all ${rows} rows for use${howLong}`);
  return {
    start: (label, total, unit) => progress.start(`all rows: ${label}`, total, unit),
    log: (line) => progress.log(line),
  };
}

/** Epochs after which the measured weights were kept. */
export function epochsToRepeat({ bestEpoch }: Pick<TrainOutcome, 'bestEpoch'>): number {
  return Math.max(1, bestEpoch);
}

/** Checkpoints and profiles are those of the training that is measured. */
export function withoutHooks<
  O extends {
    readonly onCheckpoint?: unknown;
    readonly resume?: unknown;
    readonly finish?: unknown;
    readonly onProfile?: unknown;
  },
>(options: O): O {
  return { ...options, onCheckpoint: undefined, resume: null, finish: undefined, onProfile: undefined };
}
