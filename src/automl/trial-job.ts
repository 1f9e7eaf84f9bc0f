/** A part of the training of a trial, as it is given to whoever trains it: plain data, so that another process can. */
import type { TrialSettings } from './model-space.ts';
import type { Look, SegmentOutcome } from './trial.ts';

export interface TrialJob {
  readonly number: number;
  readonly model: string;
  readonly settings: TrialSettings;
  readonly seed: number;
  /** Whether it is fitted at once: then it cannot pause. */
  readonly isFitted: boolean;
  /** Epochs of the model itself that were trained before, and at which training is to pause; null = at its own end. */
  readonly from: number;
  readonly until: number | null;
  /** Looks of the other trainings of the model, for their median; null = it is not to be stopped for lack of promise. */
  readonly others: readonly (readonly Look[])[] | null;
  /** Training is paused after so long; null = never. */
  readonly seconds: number | null;
  /** Where its checkpoint is kept: `<path>.partial`. */
  readonly path: string;
}

/** What trains trials. */
export interface TrialTrainer {
  /** @throws DeepTasteError `usage` when it was interrupted; what fails otherwise is an outcome */
  train(job: TrialJob, signal: AbortSignal): Promise<SegmentOutcome>;
}
