/**
 * The ratings of a profile in two parts: those at its highest rating, among which a pushed item would be, and all others, the fillers.
 * Burke, Mobasher, Williams, Bhaumik: Classification Features for Attack Detection in Collaborative Recommender Systems. KDD 2006.
 *
 *   FMTD_u = | mean of r_ui over the first part − mean over the fillers |
 *   FMV_u  = mean of (r_ui − r̄_i)² over the fillers
 */
import { meanOverEntries, type Profiles } from '../profiles.ts';
import type { ProfileFeature } from './feature.ts';

const source = 'Burke 2006';

/** Mean of a quantity over the fillers of each person; `none` where all ratings are the highest. */
function overFillers(profiles: Profiles, of: (rating: number, item: number) => number, none: number): Float64Array {
  const { nUsers, rows, rating } = profiles;
  const highest = highestRatings(profiles);
  return Float64Array.from({ length: nUsers }, (_, u) => {
    let [sum, count] = [0, 0];
    for (let entry = rows.rowStart[u]; entry < rows.rowStart[u + 1]; entry++)
      if (rating![entry] < highest[u]) {
        sum += of(rating![entry], rows.columns[entry]);
        count++;
      }
    return count === 0 ? none : sum / count;
  });
}

function highestRatings({ nUsers, rows: { rowStart }, rating }: Profiles): Float64Array {
  return Float64Array.from({ length: nUsers }, (_, u) =>
    rating!.subarray(rowStart[u], rowStart[u + 1]).reduce((most, value) => Math.max(most, value), -Infinity),
  );
}

export const fmtd: ProfileFeature = {
  name: 'fmtd',
  title: 'FMTD',
  doc: 'highest rating minus the mean of the others; 0 where all are the same',
  source,
  suspicious: 'high',
  needs: 'ratings',
  of: (profiles) => {
    const highest = highestRatings(profiles);
    return overFillers(profiles, (rating) => rating, Number.NaN).map((mean, u) =>
      Number.isNaN(mean) ? 0 : highest[u] - mean,
    );
  },
};

export const fillerVariance: ProfileFeature = {
  name: 'filler-variance',
  title: 'filler mean variance',
  doc: 'mean of (r − r̄_i)² over the ratings below the highest of the person; 0 where there are none',
  source,
  suspicious: 'low',
  needs: 'ratings',
  of: (profiles) => overFillers(profiles, (rating, item) => (rating - profiles.itemMean![item]) ** 2, 0),
};

export const meanRating: ProfileFeature = {
  name: 'mean-rating',
  title: 'mean rating',
  doc: 'mean rating of the person',
  source: 'trivial',
  suspicious: 'high',
  needs: 'ratings',
  of: (profiles) => meanOverEntries(profiles, (_, entry) => profiles.rating![entry]),
};
