/**
 * How visible fake people are: how well each feature that detectors look at tells them from real people (AUC, ½ = not at all), and how far
 * the statistics of their profiles lie from those of real ones.
 */
import { silent } from '../core/progress.ts';
import type { Dataset } from '../data/dataset.ts';
import { auc } from '../evaluation/metrics/auc.ts';
import { featureTable } from './detection/feature-table.ts';
import { degreeSimilarity } from './detection/features/degree-similarity.ts';
import { type FeatureContext, type ProfileFeature, suspicionBy } from './detection/features/feature.ts';
import { profileFeatures } from './detection/features/index.ts';
import { itemPopularity } from './detection/features/item-popularity.ts';
import { length } from './detection/features/length.ts';
import { profilesOf } from './detection/profiles.ts';

/** Distances of the histogram of fake people's profiles from that of real ones. */
export interface Distances {
  /** Total variation ½ Σ |p − q|, in [0, 1]. */
  readonly totalVariation: number;
  /** Kullback–Leibler divergence Σ p ln(p / q) of the fake p from the real q in nats, ½ added to each class. */
  readonly divergence: number;
}

export interface Visibility {
  /** By the feature, looked at from the end at which it suspects people; one below ½ finds them at the other end. */
  readonly auc: Readonly<Record<string, number>>;
  readonly distances: Readonly<Record<string, Distances>>;
}

/** Everybody is compared with everybody there, which takes longer than many a training. */
const SLOW: readonly ProfileFeature[] = [degreeSimilarity];

/** @param data with the fake people in it; @param fakeUsers their dense indices */
export function visibilityOf(
  data: Dataset,
  fakeUsers: Int32Array,
  context: FeatureContext,
  features: readonly ProfileFeature[] = profileFeatures.filter((feature) => !SLOW.includes(feature)),
): Visibility {
  const isFake = new Uint8Array(data.users.size);
  for (const user of fakeUsers) isFake[user] = 1;
  const profiles = profilesOf(data);
  const { rowStart } = profiles.rows;
  const people = Int32Array.from(isFake.keys()).filter((user) => rowStart[user + 1] > rowStart[user]);
  const labels = people.map((user) => isFake[user]);
  const found = featureTable(profiles, context, silent, features).map(({ feature, values }) => {
    const own = Float64Array.from(people, (user) => values[user]);
    return { name: feature.name, auc: auc(labels, suspicionBy(feature, own)), distances: distancesOf(labels, own) };
  });
  return {
    auc: Object.fromEntries(found.map((each) => [each.name, each.auc])),
    distances: Object.fromEntries(
      found.filter(({ name }) => matched.includes(name)).map((each) => [each.name, each.distances]),
    ),
  };
}

/** What profiles can be matched in. */
const matched: readonly string[] = [length.name, itemPopularity.name];

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
