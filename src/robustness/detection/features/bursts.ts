/** Whether a person did all at once: injected profiles come in one go, real people come back. */
import type { ProfileFeature } from './feature.ts';

const DAY = 86_400;

export const busiestDay: ProfileFeature = {
  name: 'busiest-day',
  title: 'share of the busiest day',
  doc: 'share of the rows of the person within any 24 hours, at most',
  source: 'trivial',
  suspicious: 'high',
  needs: 'times',
  of: ({ nUsers, interactions: { userIndex, time, length } }) => {
    const timesOf: number[][] = Array.from({ length: nUsers }, () => []);
    for (let row = 0; row < length; row++) timesOf[userIndex[row]].push(time![row]);
    return Float64Array.from(timesOf, (times) => {
      const ascending = Float64Array.from(times).sort();
      let most = 0;
      for (let last = 0, first = 0; last < ascending.length; last++) {
        while (ascending[last] - ascending[first] >= DAY) first++;
        most = Math.max(most, last - first + 1);
      }
      return ascending.length === 0 ? 0 : most / ascending.length;
    });
  },
};
