/** The whole state of a training run between two steps; going on from it gives the same bytes as never having stopped. */
import type { NamedTensor, NamedTensors } from '../core/named-tensors.ts';

/** One line of the epoch log. */
export interface EpochRecord {
  /** Model of the stage: differs from the run's model while a pretraining stage runs. */
  readonly model: string;
  /** From 1. */
  readonly epoch: number;
  /** Mean per-example loss. */
  readonly loss: number;
  readonly validation: number | null;
  readonly seconds: number;
  readonly examplesPerSecond: number;
}

export interface TrainingProgress {
  /** Stages finished before the one under way. */
  readonly stagesDone: number;
  /** Epochs of the stage under way that are finished. */
  readonly epochsDone: number;
  /** Steps of the epoch under way that are finished, and the sum of their rows' losses. */
  readonly stepsDone: number;
  readonly lossSum: number;
  readonly bestValidation: number | null;
  readonly bestEpoch: number;
  readonly looksWithoutGain: number;
  /** Of all stages. */
  readonly log: readonly EpochRecord[];
}

export const noProgress: TrainingProgress = {
  stagesDone: 0,
  epochsDone: 0,
  stepsDone: 0,
  lossSum: 0,
  bestValidation: null,
  bestEpoch: 0,
  looksWithoutGain: 0,
  log: [],
};

export interface Checkpoint {
  /** Says data, model, settings and seed (run-identity.ts); a run resumes only from its own. */
  readonly fingerprint: string;
  readonly progress: TrainingProgress;
  /** `weights/…`, `state/…`, `carried/…`, `best/…`, and `stage<n>/…` for finished pretraining stages. */
  readonly tensors: NamedTensors;
  /** Where it was read from, for messages. */
  readonly origin?: string;
}

/** The tensors whose names start with `prefix/`, with the prefix removed. */
export function tensorsUnder(tensors: NamedTensors, prefix: string): NamedTensors {
  const start = `${prefix}/`;
  const inside = [...tensors].filter(([name]) => name.startsWith(start));
  return new Map(inside.map(([name, tensor]) => [name.slice(start.length), tensor]));
}

/** All entries of `groups`, each under its prefix. */
export function joinTensors(groups: Readonly<Record<string, NamedTensors | null>>): NamedTensors {
  const joined = new Map<string, NamedTensor>();
  for (const [prefix, tensors] of Object.entries(groups))
    for (const [name, tensor] of tensors ?? []) joined.set(`${prefix}/${name}`, tensor);
  return joined;
}

/** Where a checkpoint stands: "after epoch 2", "within epoch 3, after step 812". */
export function standing({ epochsDone, stepsDone }: TrainingProgress): string {
  return stepsDone === 0 ? `after epoch ${epochsDone}` : `within epoch ${epochsDone + 1}, after step ${stepsDone}`;
}
