/** A trial of a study: settings, and how far they were trained. Plain data, as the journal keeps it. */
import type { TrialSettings } from './model-space.ts';
import type { Point } from './sampler.ts';

/** Why a trial is made: a model as it is without tuning; a baseline that is there in any case; a proposal of the sampler. */
export type TrialKind = 'default' | 'baseline' | 'sampled';

/** The validation metric after an epoch, higher is better. */
export type Look = readonly [epoch: number, value: number];

export interface TrialStart {
  /** From 1, in the order of their beginning. */
  readonly number: number;
  readonly model: string;
  readonly kind: TrialKind;
  /** What was searched, by address. */
  readonly point: Point;
  readonly settings: TrialSettings;
  /** Epochs that its training may take; null of models that are fitted at once. */
  readonly epochs: number | null;
}

/**
 * new: not trained yet; paused: at a rung, waiting for promotion, or out of time; finished: trained to its own end; stopped: ended for
 * lack of promise; failed: ended by an error.
 */
export type TrialStatus = 'new' | 'paused' | 'finished' | 'stopped' | 'failed';

export const untrained = {
  status: 'new',
  reason: null,
  epochsDone: 0,
  ownEpochs: 0,
  looks: [],
  value: null,
  bestEpoch: 0,
  seconds: 0,
} as const satisfies Omit<Trial, keyof TrialStart>;

/** The part of a training that is done without a pause, and how it ended. */
export interface SegmentOutcome {
  readonly status: Exclude<TrialStatus, 'new'>;
  /** Why it was stopped, paused before a rung, or failed. */
  readonly reason: string | null;
  /** Epochs trained so far, of pretraining stages too; 1 for what is fitted at once. */
  readonly epochsDone: number;
  /** Epochs of the model itself. */
  readonly ownEpochs: number;
  readonly looks: readonly Look[];
  /** The best validation metric, higher is better; null before the first look. */
  readonly value: number | null;
  /** Epoch of that. */
  readonly bestEpoch: number;
  /** Training and validation, of this part alone. */
  readonly seconds: number;
}

export interface Trial extends TrialStart, Omit<SegmentOutcome, 'status' | 'seconds'> {
  readonly status: TrialStatus;
  /** Training and validation, of all parts. */
  readonly seconds: number;
}

/** The best value up to an epoch; null before the first look. */
export function bestUntil(looks: readonly Look[], epoch: number): number | null {
  let best: number | null = null;
  for (const [at, value] of looks) if (at <= epoch && (best === null || value > best)) best = value;
  return best;
}

/** Best first; trials without a value are left out. */
export function ranked<T extends Pick<Trial, 'value' | 'number'>>(
  trials: readonly T[],
): (T & { readonly value: number })[] {
  return trials
    .filter((trial): trial is T & { readonly value: number } => trial.value !== null)
    .sort((a, b) => b.value - a.value || a.number - b.number);
}
