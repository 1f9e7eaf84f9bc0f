/**
 * How visible fake people are: how well simple features of profiles tell them from real people (AUC, ½ = not at all, whichever side they
 * stand on), and how far the statistics of their profiles lie from those of real ones.
 */

import type { Dataset } from '../data/dataset.ts';
import { rowOf } from '../data/sparse-rows.ts';
import { auc } from '../evaluation/metrics/auc.ts';
import { itemsOfPeople, popularityOf } from './real-people.ts';

/** Distances of the histogram of fake people's profiles from that of real ones. */
export interface Distances {
  /** Total variation ½ Σ |p − q|, in [0, 1]. */
  readonly totalVariation: number;
  /** Kullback–Leibler divergence Σ p ln(p / q) of the fake p from the real q in nats, ½ added to each class. */
  readonly divergence: number;
}

export interface Visibility {
  /** By the feature: length, popularity. A detector that looks at one end only has it or 1 − it. */
  readonly auc: Readonly<Record<string, number>>;
  readonly distances: Readonly<Record<string, Distances>>;
}

/** A number for each person by which fake ones may stand out; NaN = none. */
export type ProfileFeature = (data: Dataset) => Float64Array;

/** What any detector must beat. */
export const trivialFeatures: Readonly<Record<string, ProfileFeature>> = {
  length: lengthOf,
  popularity: meanPopularity,
};

/** @param data with the fake people in it; @param fakeUsers their dense indices */
export function visibilityOf(
  data: Dataset,
  fakeUsers: Int32Array,
  features: Readonly<Record<string, ProfileFeature>> = trivialFeatures,
): Visibility {
  const isFake = new Uint8Array(data.users.size);
  for (const user of fakeUsers) isFake[user] = 1;
  const found = Object.entries(features).map(([name, feature]) => {
    const values = feature(data);
    const known = Int32Array.from(values.keys()).filter((user) => !Number.isNaN(values[user]));
    const labels = known.map((user) => isFake[user]);
    const scores = Float64Array.from(known, (user) => values[user]);
    return { name, auc: auc(labels, scores), distances: distancesOf(labels, scores) };
  });
  return {
    auc: Object.fromEntries(found.map((each) => [each.name, each.auc])),
    distances: Object.fromEntries(found.map((each) => [each.name, each.distances])),
  };
}

function lengthOf(data: Dataset): Float64Array {
  const taken = itemsOfPeople(data);
  return Float64Array.from({ length: taken.nRows }, (_, user) => rowOf(taken, user).length || Number.NaN);
}

/** Mean over a person's items of how many people took them. */
function meanPopularity(data: Dataset): Float64Array {
  const taken = itemsOfPeople(data);
  const popularity = popularityOf(taken, data.items.size);
  return Float64Array.from({ length: taken.nRows }, (_, user) => {
    const items = rowOf(taken, user);
    return items.reduce((sum, item) => sum + popularity[item], 0) / items.length;
  });
}

/** Classes of a histogram: tenths of the real people. */
const CLASSES = 10;

function distancesOf(labels: ArrayLike<number>, scores: Float64Array): Distances {
  const real = scores.filter((_, n) => labels[n] === 0).sort();
  const ends = Array.from({ length: CLASSES - 1 }, (_, c) => real[Math.floor(((c + 1) * real.length) / CLASSES)]);
  const counts = [new Float64Array(CLASSES).fill(0.5), new Float64Array(CLASSES).fill(0.5)];
  const plain = [new Float64Array(CLASSES), new Float64Array(CLASSES)];
  scores.forEach((score, n) => {
    const place = ends.findIndex((end) => score < end);
    const c = place < 0 ? CLASSES - 1 : place;
    counts[labels[n]][c]++;
    plain[labels[n]][c]++;
  });
  const [q, p] = counts.map(shares);
  const [plainQ, plainP] = plain.map(shares);
  let [totalVariation, divergence] = [0, 0];
  for (let c = 0; c < CLASSES; c++) {
    totalVariation += Math.abs(plainP[c] - plainQ[c]) / 2;
    divergence += p[c] * Math.log(p[c] / q[c]);
  }
  return { totalVariation, divergence };
}

function shares(counts: Float64Array): Float64Array {
  const sum = counts.reduce((a, b) => a + b, 0);
  return counts.map((n) => n / sum);
}
