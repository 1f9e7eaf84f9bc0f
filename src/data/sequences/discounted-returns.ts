/** What follows from events: discounted sums of their rewards to the end of their sequence. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Sequences } from './sequences.ts';

/**
 * R_t = Σ_k γ^k r_{t+k} of every event [E], divided by the mean of all of them, so that a learning rate means the same whatever rewards are counted
 * in. Without rewards every event counts 1.
 * @throws 'data': a reward below 0 or none at all that is above; what is only ever pushed away has no end
 */
export function discountedReturns({ start, items, reward }: Sequences, discount: number): Float32Array {
  const wrong = reward?.findIndex((each) => !(each >= 0)) ?? -1;
  if (wrong >= 0)
    throw new DeepTasteError(
      'data',
      `rewards: must be numbers from 0 up, found ${reward?.[wrong]} as rating of event ${wrong + 1}; add a constant, or leave the column out`,
      { event: wrong },
    );
  const returns = new Float64Array(items.length);
  let sum = 0;
  for (let s = 0; s + 1 < start.length; s++)
    for (let event = start[s + 1] - 1; event >= start[s]; event--) {
      const after = event + 1 < start[s + 1] ? returns[event + 1] : 0;
      returns[event] = (reward ? reward[event] : 1) + discount * after;
      sum += returns[event];
    }
  if (items.length > 0 && sum === 0)
    throw new DeepTasteError(
      'data',
      'rewards: some rating must be above 0, found only zeros; leave the column out to count each event as 1',
    );
  return Float32Array.from(returns, (each) => (each * items.length) / sum);
}
