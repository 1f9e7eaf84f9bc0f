/**
 * Logistic matrix factorisation with biases, the well-tuned dot product.
 * Rendle, Krichene, Zhang, Anderson: Neural Collaborative Filtering vs. Matrix Factorization Revisited. RecSys 2020.
 *
 *   ŷ(u, i) = σ( b + b_u + b_i + p_uᵀ q_i )
 *
 * Trained with log loss on observed pairs and uniform negatives that are not checked against the user's items, with L2 on
 * everything that an example touches.
 */
import { z } from 'zod';
import { add, affine, broadcastRow, concat, joinColumns, lookup, rowDot } from '../engine/ops/index.ts';
import { pairModel } from '../examples/pairs.ts';
import { normal, zeros } from '../layers/initializer.ts';
import { deviationOption, factorsOption } from '../layers/options.ts';

const options = z.strictObject({
  factors: factorsOption.default(64).meta({ doc: 'length of p and q', search: [16, 32, 64, 128, 192] }),
  deviation: deviationOption.default(0.1),
});

export const logisticMf = pairModel({
  name: 'mf',
  title: 'Logistic MF',
  paper: {
    authors: 'Rendle, Krichene, Zhang, Anderson',
    title: 'Neural Collaborative Filtering vs. Matrix Factorization Revisited',
    venue: 'RecSys',
    year: 2020,
  },
  options,
  loss: 'pointwise',
  trainingDefaults: { negatives: 8, rejectTaken: false, epochs: 40, optimizer: { l2: 0.005 } },
  parameters: ({ factors, deviation }, { nUsers, nItems }) => [
    { name: 'P', shape: [nUsers, factors], table: 'user', initializer: normal(deviation) },
    { name: 'Q', shape: [nItems, factors], table: 'item', initializer: normal(deviation) },
    { name: 'userBias', shape: [nUsers, 1], table: 'user', initializer: zeros },
    { name: 'itemBias', shape: [nItems, 1], table: 'item', initializer: zeros },
    { name: 'b', shape: [1], initializer: zeros },
  ],
  userParts: ({ P, userBias }, user) => [lookup(P, user), lookup(userBias, user)],
  itemParts: ({ Q, itemBias }, item) => [lookup(Q, item), lookup(itemBias, item)],
  score: ({ b }, [p, userBias], [q, itemBias]) => add(add(rowDot(p, q), add(userBias, itemBias)), broadcastRow(b)),
  // (p_u, b_u + b, 1) · (q_i, 1, b_i)
  represent: ({ b }, [p, userBias], [q, itemBias]) => ({
    user: concat(p, add(userBias, broadcastRow(b)), affine(userBias, 0, 1)),
    item: concat(q, affine(itemBias, 0, 1), itemBias),
  }),
  // b_u and b are alike for all items
  overItems: ({ Q, itemBias }, [p, userBias]) => ({
    user: concat(p, affine(userBias, 0, 1)),
    items: joinColumns(Q, itemBias),
  }),
});
