/**
 * The plainest reward model: the mean reward of each action, drawn to the mean of all rows as if that had been seen `weight` times.
 *
 *   q̂(x, a) = (Σ r of a + weight · r̄) / (n of a + weight)
 */
import type { Decisions } from '../log/decisions.ts';
import type { RewardModel } from './reward-model.ts';

export function meanRewards({ action, reward, actions }: Decisions, weight = 1): RewardModel {
  return {
    name: 'mean',
    async fit(rows) {
      const sum = new Float64Array(actions.length);
      const count = new Float64Array(actions.length);
      let total = 0;
      for (const row of rows) {
        sum[action[row]] += reward[row];
        count[action[row]]++;
        total += reward[row];
      }
      const mean = total / rows.length;
      const expected = sum.map((s, a) => (s + weight * mean) / (count[a] + weight));
      return {
        predict(asked, out) {
          for (let k = 0; k < asked.length; k++) out.set(expected, k * actions.length);
        },
        free() {},
      };
    },
  };
}
