/** Chance: every slate alike. */
import { z } from 'zod';
import { FastRandom } from '../../core/fast-random.ts';
import { learnerKind } from './learner.ts';

/** Draws k different numbers below n, in the order of the draw, each such list alike. @param pool [n], written over; the first k are the draw */
export function drawDifferent(pool: Int32Array, k: number, random: FastRandom): Int32Array {
  for (let item = 0; item < pool.length; item++) pool[item] = item;
  for (let place = 0; place < k; place++) {
    const from = place + random.below(pool.length - place);
    const kept = pool[from];
    pool[from] = pool[place];
    pool[place] = kept;
  }
  return pool.subarray(0, k);
}

export const uniform = learnerKind({
  name: 'uniform',
  title: 'Uniform',
  options: z.strictObject({}),
  open({ place: { actions, slate }, random: stream }) {
    const random = new FastRandom(stream);
    const pool = new Int32Array(actions);
    return {
      choose({ n }, shown) {
        for (let person = 0; person < n; person++) shown.set(drawDifferent(pool, slate, random), person * slate);
      },
      learn() {},
    };
  },
});
