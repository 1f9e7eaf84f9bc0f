/** From scores of actions to a policy: the best always, or every one ∝ exp(score / temperature). */
import { DeepTasteError } from '../../core/errors.ts';
import { softmaxInto } from '../softmax.ts';

/**
 * @param scores [rows × k], −∞ = never chosen
 * @param temperature 0 = the best alone; of equal scores each the same
 * @throws DeepTasteError `numeric`: a row in which nothing can be chosen
 */
export function scoresToPolicy(scores: Float64Array, k: number, temperature: number, out: Float64Array): void {
  for (let at = 0; at < scores.length; at += k) {
    if (!scores.subarray(at, at + k).some((score) => score > Number.NEGATIVE_INFINITY))
      throw new DeepTasteError(
        'numeric',
        `policy by scores, row ${at / k + 1}: some action must have a score, found none`,
      );
    if (temperature > 0) {
      softmaxInto(scores, out, at, k, 1 / temperature);
      continue;
    }
    let best = Number.NEGATIVE_INFINITY;
    let equal = 0;
    for (let a = 0; a < k; a++) {
      if (scores[at + a] > best) [best, equal] = [scores[at + a], 0];
      if (scores[at + a] === best) equal++;
    }
    for (let a = 0; a < k; a++) out[at + a] = scores[at + a] === best ? 1 / equal : 0;
  }
}
