/**
 * How far the ratings of a person are from those of everybody, each divided by how many rated the item.
 * Chirita, Nejdl, Zamfir: Preventing Shilling Attacks in Online Recommender Systems. WIDM 2005 (RDMA); Burke, Mobasher, Williams,
 * Bhaumik: Classification Features for Attack Detection in Collaborative Recommender Systems. KDD 2006 (WDMA, WDA).
 *
 *   RDMA_u = 1/n_u Σ_i |r_ui − r̄_i| / n_i        WDMA_u: n_i² in place of n_i        WDA_u = Σ_i |r_ui − r̄_i| / n_i
 *
 * Where rows carry no ratings everything deviates by 1, and what is left is how rare the items are.
 */
import { meanOverEntries, type Profiles } from '../profiles.ts';
import type { ProfileFeature } from './feature.ts';

const source = 'Chirita 2005, Burke 2006';

/** 1/n_u Σ_i |r_ui − r̄_i| / n_i^power [nUsers] */
function meanDeviation(profiles: Profiles, power: number): Float64Array {
  const { rating, itemMean, itemCount } = profiles;
  return meanOverEntries(
    profiles,
    (item, entry) => (rating && itemMean ? Math.abs(rating[entry] - itemMean[item]) : 1) / itemCount[item] ** power,
  );
}

export const rdma: ProfileFeature = {
  name: 'rdma',
  title: 'RDMA',
  doc: 'mean of |r − r̄_i| / n_i over the items; without ratings the mean of 1 / n_i',
  source,
  suspicious: 'high',
  of: (profiles) => meanDeviation(profiles, 1),
};

export const wdma: ProfileFeature = {
  name: 'wdma',
  title: 'WDMA',
  doc: 'mean of |r − r̄_i| / n_i²; without ratings the mean of 1 / n_i²',
  source,
  suspicious: 'high',
  of: (profiles) => meanDeviation(profiles, 2),
};

export const wda: ProfileFeature = {
  name: 'wda',
  title: 'WDA',
  doc: 'sum of |r − r̄_i| / n_i; without ratings the sum of 1 / n_i',
  source,
  suspicious: 'high',
  of: (profiles) => {
    const { rowStart } = profiles.rows;
    return meanDeviation(profiles, 1).map((mean, user) => mean * (rowStart[user + 1] - rowStart[user]));
  },
};

export const ratingDeviation: ProfileFeature = {
  name: 'rating-deviation',
  title: 'rating deviation',
  doc: 'mean of |r − r̄_i| over the items',
  source: 'trivial',
  suspicious: 'high',
  needs: 'ratings',
  of: (profiles) => meanDeviation(profiles, 0),
};
