/** What comes out of a training. */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { EpochRecord } from './checkpoint.ts';
import type { CutOff } from './cut-off.ts';

export interface TrainOutcome {
  readonly weights: NamedTensors;
  readonly log: readonly EpochRecord[];
  /** Epoch (from 1) whose weights were kept; 0 for models with a solver. */
  readonly bestEpoch: number;
  readonly bestValidation: number | null;
  /** Set when the epochs ran out while validation was still rising. */
  readonly cutOff: CutOff | null;
  /** Where training stood when it was ended by hand. */
  readonly finishedAt?: string;
  /** Time of the training that a checkpoint is from. */
  readonly trainedSeconds?: number;
}
