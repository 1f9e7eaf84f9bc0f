/** Cross entropy of predicted probabilities. */
import { checkBinaryLabels, checkLengths, checkNumbers, checkProbabilities } from './prediction-checks.ts';

/**
 * Log loss = −1/n Σ y·ln p + (1−y)·ln(1−p), natural logarithm, p first clipped to [clip, 1 − clip].
 * @param labels 0 or 1 [n]; @param probabilities in [0, 1] [n] (probabilities, not logits)
 * @param clip keeps a confident error finite; 1e-7 as is usual for float32 predictions
 */
export function logLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>, clip = 1e-7): number {
  checkLengths('logloss', labels, probabilities);
  checkBinaryLabels('logloss', labels);
  checkNumbers('logloss', 'probability', probabilities);
  checkProbabilities('logloss', probabilities);
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    const given = probabilities[row];
    const p = Math.min(1 - clip, Math.max(clip, given));
    sum -= Math.log(labels[row] === 1 ? p : 1 - p);
  }
  return sum / labels.length;
}
