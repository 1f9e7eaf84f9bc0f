/**
 * How long a profile is. The simplest of all features, and on many published sets the best: fakes that nobody matched to real people
 * are longer than these.
 * Burke, Mobasher, Williams, Bhaumik: Classification Features for Attack Detection in Collaborative Recommender Systems. KDD 2006.
 *
 *   LengthVar_u = |n_u − n̄| / Σ_v (n_v − n̄)²
 */
import type { Profiles } from '../profiles.ts';
import type { ProfileFeature } from './feature.ts';

function lengths({ nUsers, rows: { rowStart } }: Profiles): Float64Array {
  return Float64Array.from({ length: nUsers }, (_, u) => rowStart[u + 1] - rowStart[u]);
}

export const length: ProfileFeature = {
  name: 'length',
  title: 'length',
  doc: 'number of items, n_u',
  source: 'trivial',
  suspicious: 'high',
  of: lengths,
};

export const lengthVariation: ProfileFeature = {
  name: 'length-variation',
  title: 'length variation',
  doc: '|n_u − n̄| / Σ_v (n_v − n̄)²; 0 where all are as long',
  source: 'Burke 2006',
  suspicious: 'high',
  of: (profiles) => {
    const n = lengths(profiles);
    const mean = n.reduce((sum, value) => sum + value, 0) / n.length;
    const spread = n.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return n.map((value) => (spread === 0 ? 0 : Math.abs(value - mean) / spread));
  },
};
