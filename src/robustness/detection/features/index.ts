/** The closed list of features; the trivial ones, beside which all others are shown, come first. */
import { busiestDay } from './bursts.ts';
import { degreeSimilarity } from './degree-similarity.ts';
import type { ProfileFeature } from './feature.ts';
import { itemPopularity } from './item-popularity.ts';
import { length, lengthVariation } from './length.ts';
import { ratingDeviation, rdma, wda, wdma } from './rating-deviation.ts';
import { fillerVariance, fmtd, meanRating } from './rating-partition.ts';
import { pcaVarSelect } from './var-select.ts';

export const profileFeatures: readonly ProfileFeature[] = [
  length,
  itemPopularity,
  meanRating,
  ratingDeviation,
  busiestDay,
  lengthVariation,
  rdma,
  wdma,
  wda,
  fmtd,
  fillerVariance,
  degreeSimilarity,
  pcaVarSelect,
];
