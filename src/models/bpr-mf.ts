/**
 * BPR-MF — matrix factorisation trained to rank a taken item above another one.
 * Rendle, Freudenthaler, Gantner, Schmidt-Thieme: BPR: Bayesian Personalized Ranking from Implicit Feedback. UAI 2009.
 *
 *   x̂(u, i) = p_uᵀ q_i + b_i          loss = −ln σ( x̂(u, i) − x̂(u, j) )          j not taken by u
 *
 * The regularization of the paper is the optimizer's `l2` on the rows that an example uses. Batch, epochs and l2 follow the number
 * of interactions where they are not set.
 */
import { z } from 'zod';
import { add, affine, concat, joinColumns, lookup, rowDot } from '../engine/ops/index.ts';
import type { TrainingDefaults, TrainingSizes } from '../examples/model.ts';
import { pairModel } from '../examples/pairs.ts';
import { normal, zeros } from '../layers/initializer.ts';
import { deviationOption, factorsOption } from '../layers/options.ts';

const options = z.strictObject({
  factors: factorsOption.default(64).meta({ doc: 'length of the vectors', search: [16, 32, 64, 128] }),
  deviation: deviationOption.default(0.1),
});

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** Steps that are aimed at, if patience does not end training before. */
const AIMED_STEPS = 20_000;

/**
 * Of N training interactions:
 *
 *   batch   the power of two nearest to N / 1000, in 256 … 2048: a row moves by a rate at most in a step, so that few large batches
 *           leave the vectors of a small set where they started
 *   epochs  20,000 steps, in 40 … 100 epochs
 *   l2      1000 / N, in 0.01 … 0.05: the fewer interactions, the more of what the vectors could learn of them is chance
 *
 * Chosen on validation parts; docs/models/bpr-mf.md has the measurements.
 */
export function bprDefaults({ nInteractions }: Pick<TrainingSizes, 'nInteractions'>): TrainingDefaults {
  const n = Math.max(1, nInteractions);
  const batchSize = clamp(2 ** Math.round(Math.log2(n / 1000)), 256, 2048);
  const epochs = clamp(Math.ceil(AIMED_STEPS / Math.ceil(n / batchSize)), 40, 100);
  const l2 = clamp(Number((1000 / n).toPrecision(2)), 0.01, 0.05);
  return { batchSize, epochs, optimizer: { l2 } };
}

export const bprMf = pairModel({
  name: 'bpr-mf',
  title: 'BPR-MF',
  paper: {
    authors: 'Rendle, Freudenthaler, Gantner, Schmidt-Thieme',
    title: 'BPR: Bayesian Personalized Ranking from Implicit Feedback',
    venue: 'UAI',
    year: 2009,
  },
  options,
  loss: 'pairwise',
  trainingDefaults: { negatives: 1, epochs: 40, patience: 10, optimizer: { learningRate: 0.002, l2: 0.01 } },
  defaultsForData: bprDefaults,
  parameters: ({ factors, deviation }, { nUsers, nItems }) => [
    { name: 'P', shape: [nUsers, factors], table: 'user', initializer: normal(deviation) },
    { name: 'Q', shape: [nItems, factors], table: 'item', initializer: normal(deviation) },
    { name: 'itemBias', shape: [nItems, 1], table: 'item', initializer: zeros },
  ],
  userParts: ({ P }, user) => [lookup(P, user)],
  itemParts: ({ Q, itemBias }, item) => [lookup(Q, item), lookup(itemBias, item)],
  score: (_, [p], [q, bias]) => add(rowDot(p, q), bias),
  // (p_u, 1) · (q_i, b_i)
  represent: (_, [p], [q, bias]) => ({ user: concat(p, affine(rowDot(p, p), 0, 1)), item: concat(q, bias) }),
  overItems: ({ Q, itemBias }, [p]) => ({
    user: concat(p, affine(rowDot(p, p), 0, 1)),
    items: joinColumns(Q, itemBias),
  }),
});
