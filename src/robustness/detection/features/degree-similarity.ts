/**
 * How alike a person is to the people most like them. Profiles made by one recipe are alike.
 * Chirita, Nejdl, Zamfir: Preventing Shilling Attacks in Online Recommender Systems. WIDM 2005; Burke, Mobasher, Williams, Bhaumik. KDD 2006.
 *
 *   DegSim_u = 1/k Σ_{v ∈ k nearest} W_uv · min(1, |I_uv| / d)
 *   W_uv = Σ (r_ui − r̄_u)(r_vi − r̄_v) / √( Σ (r_ui − r̄_u)² · Σ (r_vi − r̄_v)² ),   sums over the common items I_uv
 *
 * Without ratings W_uv = |I_uv| / √(n_u n_v), and nothing is discounted. People are compared with those of a sample, so that the work
 * stays in bounds: with all where these are no more than the sample.
 */
import type { RandomStream } from '../../../core/random.ts';
import { rowOf, sparseRows } from '../../../data/sparse-rows.ts';
import { meanOverEntries, type Profiles } from '../profiles.ts';
import type { ProfileFeature } from './feature.ts';

export interface DegSimOptions {
  /** Nearest people that are averaged over, k. */
  readonly neighbours: number;
  /** Common items below which a similarity is discounted, d. */
  readonly common: number;
  /** People that everybody is compared with, at most. */
  readonly sample: number;
}

export const DEG_SIM: DegSimOptions = { neighbours: 25, common: 20, sample: 2000 };

/** DegSim of everybody [nUsers]. @param random draws the sample, where there is one */
export function degSim(profiles: Profiles, random: RandomStream, options: DegSimOptions = DEG_SIM): Float64Array {
  const { nUsers, nItems, rows, rating } = profiles;
  const { neighbours, common, sample } = options;
  const compared = sampled(nUsers, sample, random);
  const takers = takersOf(profiles, compared, nItems);
  const mean = rating && meanOverEntries(profiles, (_, entry) => rating[entry]);
  const centred = rating && mean && centre(profiles, rating, mean);
  const count = new Int32Array(nUsers);
  const product = new Float64Array(nUsers);
  const ownSquares = new Float64Array(nUsers);
  const theirSquares = new Float64Array(nUsers);
  const result = new Float64Array(nUsers);
  for (let u = 0; u < nUsers; u++) {
    for (let entry = rows.rowStart[u]; entry < rows.rowStart[u + 1]; entry++) {
      const { people, entries } = takers;
      const item = rows.columns[entry];
      for (let t = people.rowStart[item]; t < people.rowStart[item + 1]; t++) {
        const v = people.columns[t];
        count[v]++;
        if (!centred) continue;
        const [x, y] = [centred[entry], centred[entries[t]]];
        product[v] += x * y;
        ownSquares[v] += x * x;
        theirSquares[v] += y * y;
      }
    }
    const similarities: number[] = [];
    for (const v of compared) {
      if (v !== u && count[v] > 0) {
        const size = Math.sqrt(ownSquares[v] * theirSquares[v]);
        similarities.push(
          centred
            ? size === 0
              ? 0
              : (product[v] / size) * Math.min(1, count[v] / common)
            : count[v] / Math.sqrt(rowOf(rows, u).length * rowOf(rows, v).length),
        );
      }
      count[v] = product[v] = ownSquares[v] = theirSquares[v] = 0;
    }
    result[u] = meanOfLargest(Float64Array.from(similarities), neighbours);
  }
  return result;
}

/** All people, or so many that are drawn, ascending. */
function sampled(nUsers: number, most: number, random: RandomStream): Int32Array {
  const everybody = Int32Array.from({ length: nUsers }, (_, u) => u);
  return nUsers <= most ? everybody : random.child('compared').shuffle(everybody).slice(0, most).sort();
}

/** Of each item the compared people that have it, and the entries that say so. */
function takersOf({ rows }: Profiles, compared: Int32Array, nItems: number) {
  const items: number[] = [];
  const users: number[] = [];
  const entries: number[] = [];
  for (const v of compared)
    for (let entry = rows.rowStart[v]; entry < rows.rowStart[v + 1]; entry++) {
      items.push(rows.columns[entry]);
      users.push(v);
      entries.push(entry);
    }
  const item = Int32Array.from(items);
  // both are grouped stably: within an item, people ascend, and so do their entries
  const people = sparseRows(nItems, item, Int32Array.from(users));
  return { people, entries: sparseRows(nItems, item, Int32Array.from(entries)).columns };
}

function centre({ nUsers, rows: { rowStart } }: Profiles, rating: Float64Array, mean: Float64Array): Float64Array {
  const centred = Float64Array.from(rating);
  for (let u = 0; u < nUsers; u++) for (let e = rowStart[u]; e < rowStart[u + 1]; e++) centred[e] -= mean[u];
  return centred;
}

/** The sum of the `count` largest values divided by `count`: who is like fewer people than that has zeros among them. */
function meanOfLargest(values: Float64Array, count: number): number {
  values.sort();
  let sum = 0;
  for (let k = Math.max(0, values.length - count); k < values.length; k++) sum += values[k];
  return sum / count;
}

export const degreeSimilarity: ProfileFeature = {
  name: 'degree-similarity',
  title: 'DegSim',
  doc: `mean similarity with the ${DEG_SIM.neighbours} nearest people, compared with ${DEG_SIM.sample.toLocaleString('en')} at most`,
  source: 'Chirita 2005, Burke 2006',
  suspicious: 'high',
  of: (profiles, { random }) => degSim(profiles, random),
};
