/**
 * GMF — generalised matrix factorisation, one half of NCF.
 * He, Liao, Zhang, Nie, Hu, Chua: Neural Collaborative Filtering. WWW 2017, §3.2.
 *
 *   ŷ(u, i) = σ( hᵀ (p_u ⊙ q_i) + b )
 *
 * Trained with log loss on observed pairs and sampled negatives. Differs from the paper, see docs/models/gmf.md.
 */
import { z } from 'zod';
import { add, affine, broadcastRow, concat, lookup, multiply, rowDot } from '../engine/ops/index.ts';
import type { ModelHead } from '../examples/model.ts';
import { pairModel } from '../examples/pairs.ts';
import { ratingModel } from '../examples/ratings.ts';
import { lecunUniform, normal, zeros } from '../layers/initializer.ts';
import { deviationOption, factorsOption } from '../layers/options.ts';
import type { PairScoring } from '../scoring/pair-scorer.ts';

const options = z.strictObject({
  factors: factorsOption.default(64).meta({ doc: 'f, length of the user and item vectors', search: [8, 16, 32, 64] }),
  deviation: deviationOption.default(0.01),
});

type Options = z.output<typeof options>;

const parts: ModelHead<Options> & PairScoring<Options> = {
  name: 'gmf',
  title: 'GMF',
  paper: {
    authors: 'He, Liao, Zhang, Nie, Hu, Chua',
    title: 'Neural Collaborative Filtering',
    venue: 'WWW',
    year: 2017,
  },
  options,
  parameters: ({ factors, deviation }, { nUsers, nItems }) => [
    { name: 'P', shape: [nUsers, factors], table: 'user', initializer: normal(deviation) },
    { name: 'Q', shape: [nItems, factors], table: 'item', initializer: normal(deviation) },
    { name: 'h', shape: [factors], initializer: lecunUniform(factors) },
    { name: 'b', shape: [1], initializer: zeros },
  ],
  // h ⊙ p_u depends on the user alone
  userParts: ({ P, h }, user) => [multiply(lookup(P, user), broadcastRow(h))],
  itemParts: ({ Q }, item) => [lookup(Q, item)],
  score: ({ b }, [hp], [q]) => add(rowDot(hp, q), broadcastRow(b)),
};

export const gmf = pairModel({
  ...parts,
  loss: 'pointwise',
  trainingDefaults: { negatives: 4 },
  // (h ⊙ p_u, b) · (q_i, 1)
  represent: ({ b }, [hp], [q]) => ({
    user: concat(hp, broadcastRow(b)),
    item: concat(q, affine(rowDot(q, q), 0, 1)),
  }),
  // b is alike for all items
  overItems: ({ Q }, [hp]) => ({ user: hp, items: Q }),
  rating: ratingModel({ ...parts, trainingDefaults: { optimizer: { learningRate: 0.002 } } }),
});
