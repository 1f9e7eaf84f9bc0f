/**
 * BPR-MF — matrix factorisation trained to rank a taken item above another one.
 * Rendle, Freudenthaler, Gantner, Schmidt-Thieme: BPR: Bayesian Personalized Ranking from Implicit Feedback. UAI 2009.
 *
 *   x̂(u, i) = p_uᵀ q_i + b_i          loss = −ln σ( x̂(u, i) − x̂(u, j) )          j not taken by u
 *
 * The regularisation of the paper is the optimizer's `l2` on the rows that an example uses.
 */
import { z } from 'zod';
import { add, affine, concat, lookup, rowDot } from '../engine/ops/index.ts';
import { normal, zeros } from '../layers/initializer.ts';
import { gradientModel } from './model.ts';

const options = z.strictObject({
  factors: z
    .int()
    .min(1)
    .max(4096)
    .default(64)
    .meta({ doc: 'length of the vectors', search: [16, 32, 64, 128] }),
  deviation: z.number().min(0).default(0.1).meta({ doc: 'standard deviation of the initial embeddings' }),
});

export const bprMf = gradientModel({
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
  trainingDefaults: { negatives: 1, epochs: 40, optimizer: { l2: 0.003 } },
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
});
