/**
 * REINFORCE with off-policy and top-K correction.
 * Chen, Beutel, Covington, Jain, Belletti, Chi: Top-K Off-Policy Correction for a REINFORCE Recommender System. WSDM 2019, arXiv:1812.02353.
 *
 *   s_t     = GRU(E[a_{t−L}], …, E[a_{t−1}])                 the state: what was taken before
 *   π(a|s)  = softmax_a( V_a · [s; 1] )                      the policy
 *   β(a|s)  = softmax_a( V′_a · [s; 1] )                     the behaviour in the log; no gradient into s
 *   R_t     = Σ_k γ^k r_{t+k}                                what followed
 *   ω       = min( π(a_t|s_t) / β(a_t|s_t), c )              off-policy correction, capped
 *   λ_K     = K (1 − π(a_t|s_t))^{K−1}                       top-K correction: ∂(1 − (1 − π)^K) / ∂π
 *   ∇       = Σ_t ω λ_K R_t ∇ ln π(a_t|s_t)                  for π, E and the GRU;  Σ_t ∇ ln β(a_t|s_t) for β
 *
 * a_t is the logged action throughout; ω, λ_K and R_t are constants of a step.
 * Differs from the paper, and settings: see docs/models/reinforce.md.
 */
import { z } from 'zod';
import type { Tensor } from '../engine/expression.ts';
import * as o from '../engine/ops/index.ts';
import { recentModel } from '../examples/recent.ts';
import { gruLayer, gruParameters } from '../layers/gru.ts';
import { glorotUniform } from '../layers/initializer.ts';
import { fullSoftmaxLoss } from '../layers/losses.ts';
import { factorsOption } from '../layers/options.ts';

export const reinforceOptions = z.strictObject({
  factors: factorsOption
    .max(1024)
    .default(32)
    .meta({ doc: 'length of the vectors of taken items', search: [16, 32, 64] }),
  units: z
    .int()
    .min(1)
    .max(4096)
    .default(64)
    .meta({ doc: 'length of the state', search: [32, 64, 128] }),
  maxLength: z
    .int()
    .min(1)
    .max(64)
    .default(10)
    .meta({ doc: 'L, last events that the state is made of', search: [5, 10, 20] }),
  discount: z
    .number()
    .min(0)
    .max(1)
    .default(0.9)
    .meta({ doc: 'γ of the returns; 0 = only what the item itself brought', search: [0, 0.5, 0.9] }),
  correction: z.enum(['off-policy', 'none']).default('off-policy').meta({
    doc: 'off-policy: weights by π / β, so that what the log shows often does not count more; none: as if the log were the policy’s own',
  }),
  cap: z
    .number()
    .positive()
    .default(Math.exp(3))
    .meta({ doc: 'c, largest weight π / β; e³ in the paper', search: [Math.exp(2), Math.exp(3), Math.exp(4)] }),
  topK: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .meta({ doc: 'K, items that are shown at a time; 1 = no top-K correction', search: [1, 5, 10, 16] }),
});

type Config = z.output<typeof reinforceOptions>;

/** min(x, most) */
const atMost = (x: Tensor, most: number): Tensor => o.affine(o.relu(o.affine(x, -1, most)), -1, most);

/** ω λ_K of each row, constants of the step. @param logPi @param logBeta of the logged action [B, 1] */
function weightOf(logPi: Tensor, logBeta: Tensor, { correction, cap, topK }: Config): Tensor | null {
  const [ofPolicy, ofLog] = [o.stopGradient(logPi), o.stopGradient(logBeta)];
  // e^min(x, ln c) = min(e^x, c) without overflow
  const omega = correction === 'none' ? null : o.exp(atMost(o.subtract(ofPolicy, ofLog), Math.log(cap)));
  if (topK === 1) return omega;
  // K (1 − π)^{K−1}; a π that rounding made 1 or more has weight 0
  const rest = o.affine(o.relu(o.affine(o.exp(ofPolicy), -1, 1)), 1, 1e-30);
  const lambda = o.exp(o.affine(o.log(rest), topK - 1, Math.log(topK)));
  return omega ? o.multiply(omega, lambda) : lambda;
}

export const reinforce = recentModel({
  name: 'reinforce',
  title: 'Top-K REINFORCE',
  paper: {
    authors: 'Chen, Beutel, Covington, Jain, Belletti, Chi',
    title: 'Top-K Off-Policy Correction for a REINFORCE Recommender System',
    venue: 'WSDM',
    year: 2019,
  },
  options: reinforceOptions,
  // by next items that were held out, the best policy is the one most like the log
  trainingDefaults: { patience: 0, keepBest: false, batchSize: 256, epochs: 30 },
  inBlocks: true,
  maxLength: ({ maxLength }) => maxLength,
  width: ({ units }) => units + 1,
  asked: () => ({ targets: 1, negatives: 0 }),
  discount: ({ discount }) => discount,
  parameters: ({ factors, units }, { nItems }) => [
    { name: 'E', shape: [nItems, factors], table: 'item', initializer: glorotUniform(nItems, factors) },
    ...gruParameters('gru', factors, units, 'framework'),
    { name: 'h0', shape: [units], initializer: { kind: 'constant', value: 0 } },
    { name: 'V', shape: [nItems, units + 1], table: 'item', initializer: glorotUniform(nItems, units + 1) },
    { name: 'Vb', shape: [nItems, units + 1], table: 'item', initializer: glorotUniform(nItems, units + 1) },
  ],
  represent: (p, { item }, { factors, maxLength }) => {
    const taken = o.lookupFields(p.E, item, Array<number>(maxLength).fill(1)); // [B, L · d]
    let state = o.broadcastRow(p.h0);
    for (let t = 0; t < maxLength; t++)
      state = gruLayer(p, 'gru', 'framework', o.slice(taken, t * factors, (t + 1) * factors), state);
    return o.concat(state, o.broadcastRow(o.constant([1])));
  },
  loss: (p, state, { candidates, returned, capacity }, config) => {
    const lossOfPolicy = fullSoftmaxLoss({ user: state, items: p.V }, candidates, capacity); // −ln π(a_t|s_t)
    const lossOfLog = fullSoftmaxLoss({ user: o.stopGradient(state), items: p.Vb }, candidates, capacity);
    const weight = weightOf(o.negate(lossOfPolicy), o.negate(lossOfLog), config);
    const reward = weight ? o.multiply(weight, returned) : returned;
    return o.add(o.multiply(reward, lossOfPolicy), lossOfLog);
  },
  output: { weights: 'V' },
});
