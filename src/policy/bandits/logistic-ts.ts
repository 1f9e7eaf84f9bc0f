/**
 * Thompson sampling with a logistic regression an action (Chapelle & Li 2011, algorithm 3): weights w_i ~ N(m_i, 1 / q_i), each by itself.
 * An example moves the mode to the minimum of ½ Σ q_i (w_i − m_i)² + log loss, and adds p (1 − p) x_i² to q_i. That minimum lies at
 * m + c x / q with one unknown, c = r − σ(xᵀm + c Σ x_i² / q_i), which Newton's method finds.
 *
 * As with LinTS only xᵀw is needed: it is normal with mean xᵀm and variance Σ x_i² / q_i. Differs from the paper: examples of a batch
 * are learned one after another.
 */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { FastRandom } from '../../core/fast-random.ts';
import { banditKind } from './bandit.ts';
import { bestOf } from './best-of.ts';

export const logisticTs = banditKind({
  name: 'logistic-ts',
  title: 'Logistic TS',
  options: z.strictObject({
    precision: z.number().positive().default(1).meta({ doc: 'precision of the weights before anything is seen' }),
    scale: z.number().min(0).default(1).meta({ doc: 'of the drawn deviation: below 1 explores less' }),
  }),
  open({ actions, features }, { precision, scale }, stream) {
    const d = features + 1;
    const random = new FastRandom(stream);
    const mode = new Float64Array(actions * d);
    const precisions = new Float64Array(actions * d).fill(precision);
    const variance = precisions.map((q) => 1 / q);
    const x = new Float64Array(d).fill(1);
    const scores = new Float64Array(actions);
    return {
      choose(context) {
        x.set(context);
        for (let a = 0, at = 0; a < actions; a++) {
          let [mean, spread] = [0, 0];
          for (let i = 0; i < d; i++, at++) {
            mean += x[i] * mode[at];
            spread += x[i] * x[i] * variance[at];
          }
          scores[a] = mean + scale * Math.sqrt(spread) * random.normal();
        }
        return bestOf(scores, random);
      },
      learn(context, action, reward) {
        if (!(reward >= 0 && reward <= 1))
          throw new DeepTasteError(
            'data',
            `logistic-ts: rewards must be from 0 to 1, found ${reward}; take lints for others`,
          );
        x.set(context);
        let [mean, spread] = [0, 0];
        for (let i = 0, at = action * d; i < d; i++, at++) {
          mean += x[i] * mode[at];
          spread += x[i] * x[i] * variance[at];
        }
        const c = stepLength(mean, spread, reward);
        const p = sigmoid(mean + c * spread);
        for (let i = 0, at = action * d; i < d; i++, at++) {
          mode[at] += c * x[i] * variance[at];
          precisions[at] += p * (1 - p) * x[i] * x[i];
          variance[at] = 1 / precisions[at];
        }
      },
    };
  },
});

/** The c for which c = r − σ(mean + c · spread): the right side falls in c, so there is one, in [r − 1, r]. */
export function stepLength(mean: number, spread: number, reward: number): number {
  let [low, high] = [reward - 1, reward];
  let c = reward - sigmoid(mean);
  for (let step = 0; step < 50; step++) {
    const p = sigmoid(mean + c * spread);
    const gap = c - reward + p;
    if (Math.abs(gap) < 1e-12) return c;
    if (gap > 0) high = c;
    else low = c;
    c -= gap / (1 + spread * p * (1 - p));
    // Newton's step may leave the bracket where the sigmoid is flat
    if (!(c > low && c < high)) c = (low + high) / 2;
  }
  return c;
}

function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}
