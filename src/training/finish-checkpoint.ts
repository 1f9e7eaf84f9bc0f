/** Ends a training at its checkpoint: the best weights so far, without another step. */
import { DeepTasteError } from '../core/errors.ts';
import { type Checkpoint, standing, tensorsUnder } from './checkpoint.ts';
import { checkFingerprint } from './run-identity.ts';
import type { TrainOutcome } from './train-outcome.ts';

/**
 * @param stages pretraining stages, which must be over
 * @throws 'config' for a checkpoint of another run; 'usage' when the model itself has not begun to be trained
 */
export function finishCheckpoint(
  checkpoint: Checkpoint,
  fingerprint: string,
  { keepBest }: { readonly keepBest: boolean },
  stages: number,
): TrainOutcome {
  checkFingerprint(checkpoint, fingerprint, 'finish');
  const { progress, tensors, origin = 'the checkpoint' } = checkpoint;
  const { stagesDone, bestEpoch, bestValidation, epochsDone, log } = progress;
  if (stagesDone < stages)
    throw new DeepTasteError(
      'usage',
      `--finish: the model itself must have been trained for an epoch, found ${origin} ${standing(progress)} of pretraining ` +
        `stage ${stagesDone + 1} of ${stages}; go on with --resume`,
    );
  const best = keepBest ? tensorsUnder(tensors, 'best') : new Map();
  const isBestKept = best.size > 0;
  return {
    weights: isBestKept ? best : tensorsUnder(tensors, 'weights'),
    log,
    bestEpoch: isBestKept ? bestEpoch : epochsDone,
    bestValidation,
    cutOff: null,
    finishedAt: standing(progress),
    trainedSeconds: log.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}
