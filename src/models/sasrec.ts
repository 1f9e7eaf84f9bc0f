/**
 * SASRec — self-attentive sequential recommendation.
 * Kang, McAuley: Self-Attentive Sequential Recommendation. ICDM 2018, arXiv:1808.09781.
 *
 *   x_t = dropout(√d · E[i_t] + P[t])                      the last L events; the newest has position L (§III-A)
 *   x   ← x + Attention(LayerNorm(x))                      each position sees itself and those before it (§III-B)
 *   x   ← x + FFN(LayerNorm(x))                            twice with 2 blocks (§III-C)
 *   r_{t,i} = LayerNorm(x_t) · E[i]                        the score of item i as the next one: the same E (§III-D)
 *   L   = −Σ_t [ ln σ(r_{t,i_{t+1}}) + Σ_j ln(1 − σ(r_{t,j})) ] / number of positions, j outside the sequence (§III-E)
 *
 * calibration s > 0 raises σ(r_{t,i_{t+1}}) to the power β = a (s (1 − 1/a) + 1/a), a = negatives / (items − 1):
 * Petrov, Macdonald: gSASRec, RecSys 2023, eq. 13–16. loss "cross-entropy" is
 *   L = −Σ_t ln softmax(r_{t,·} − logQ)_{i_{t+1}} / number of positions, over the target and samples that the step shares
 * Klenitskiy, Vasilev: Turning Dross Into Gold Loss, RecSys 2023, §3.2.
 *
 * Differs from the paper, and settings: see docs/models/sasrec.md.
 */
import { z } from 'zod';
import type { Tensor } from '../engine/expression.ts';
import * as o from '../engine/ops/index.ts';
import { windowModel } from '../examples/windows.ts';
import { dropoutLayer } from '../layers/forward-pass.ts';
import { glorotUniform } from '../layers/initializer.ts';
import { dropoutOption, factorsOption, popularityExponentOption, sharedNegativesOption } from '../layers/options.ts';
import { blockParameters, normLayer, normParameters, selfAttentionBlock } from '../layers/self-attention.ts';

const EPSILON = 1e-8;

const options = z
  .strictObject({
    factors: factorsOption
      .max(1024)
      .default(50)
      .meta({ doc: 'd, length of all vectors', search: [32, 50, 64, 128] }),
    blocks: z
      .int()
      .min(1)
      .max(16)
      .default(2)
      .meta({ doc: 'blocks of self-attention', search: [1, 2, 3] }),
    heads: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .meta({ doc: 'heads of a block; they share the factors', search: [1, 2] }),
    maxLength: z
      .int()
      .min(1)
      .max(4096)
      .default(200)
      .meta({ doc: 'L, last events that are looked at', search: [50, 200] }),
    dropout: dropoutOption
      .default(0.2)
      .meta({ doc: 'share that is dropped in training, everywhere', search: [0.1, 0.2, 0.5] }),
    normalise: z
      .enum(['before', 'after'])
      .default('before')
      .meta({ doc: 'where a layer is normalised: its input (the paper), or its sum with its input' }),
    positions: z.enum(['end', 'start']).default('end').meta({
      doc: 'end: the newest event always has the last position (the paper); start: the oldest one has the first',
    }),
    feedForward: z
      .enum(['relu', 'swiglu'])
      .default('relu')
      .meta({ doc: 'inside the feed-forward layer: max(0, a) (the paper), or a σ(a) ⊙ b' }),
    expansion: z
      .int()
      .min(1)
      .max(16)
      .default(1)
      .meta({ doc: 'units inside the feed-forward layer, in factors', search: [1, 2, 4] }),
    gates: z
      .boolean()
      .default(false)
      .meta({ doc: "what a layer adds is gated by the layer's input, x + σ(x W + b) ⊙ g (LiGR)" }),
    loss: z
      .enum(['binary-cross-entropy', 'cross-entropy'])
      .default('binary-cross-entropy')
      .meta({ doc: 'of the next item against negatives of each position, or among samples that a step shares' }),
    negatives: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .meta({
        doc: 'negatives of each position, of binary cross-entropy',
        search: [1, 4, 16],
        when: { loss: ['binary-cross-entropy'] },
      }),
    calibration: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .meta({ doc: 's of binary cross-entropy: 0 = the paper, 1 = as if all items were negatives (gSASRec)' }),
    sharedNegatives: sharedNegativesOption
      .default(2048)
      .meta({ doc: 'negatives of a step, of cross-entropy; 0 = all items' }),
    popularityExponent: popularityExponentOption.default(0.5).meta({
      doc: 'α: those are drawn ∝ (events of the item)^α; 0 = uniformly',
      search: [0, 0.5, 0.75],
      when: { loss: ['cross-entropy'] },
    }),
  })
  .refine(({ factors, heads }) => factors % heads === 0, {
    path: ['heads'],
    message: 'Invalid input: the heads must share the factors evenly',
  });

type Config = z.output<typeof options>;

/** β of the target's probability. */
function targetPower({ negatives, calibration }: Config, nItems: number): number {
  if (calibration === 0) return 1;
  const share = Math.min(1, negatives / Math.max(1, nItems - 1));
  return share * (calibration * (1 - 1 / share) + 1 / share);
}

/** −β ln σ(r⁺) − Σ_j ln(1 − σ(r_j)), from vectors of the target and of the negatives side by side. */
function binaryLoss(h: Tensor, e: Tensor, config: Config, nItems: number): Tensor {
  const score = (n: number): Tensor => o.rowDot(h, o.slice(e, n * h.size, (n + 1) * h.size));
  let loss = o.affine(o.negativeLogSigmoid(score(0)), targetPower(config, nItems));
  for (let n = 1; n <= config.negatives; n++) loss = o.add(loss, o.softplus(score(n)));
  return loss;
}

export const sasrec = windowModel({
  name: 'sasrec',
  title: 'SASRec',
  paper: {
    authors: 'Kang, McAuley',
    title: 'Self-Attentive Sequential Recommendation',
    venue: 'ICDM',
    year: 2018,
  },
  options,
  former: {
    units: (factors) => ({ factors }),
    samples: (sharedNegatives) => ({ sharedNegatives }),
    sampleAlpha: (popularityExponent) => ({ popularityExponent }),
  },
  trainingDefaults: { patience: 20 },
  maxLength: ({ maxLength }) => maxLength,
  positionsFrom: ({ positions }) => positions,
  width: ({ factors }) => factors,
  negatives: ({ loss, negatives, sharedNegatives: shared, popularityExponent: exponent }) =>
    loss === 'cross-entropy'
      ? { perPosition: 0, shared, exponent: shared === 0 ? 0 : exponent }
      : { perPosition: negatives, shared: 0, exponent: 0 },
  parameters: ({ factors, blocks, maxLength, normalise, expansion, ...block }, { nItems }) => [
    { name: 'E', shape: [nItems, factors], table: 'item', initializer: glorotUniform(nItems, factors) },
    { name: 'P', shape: [maxLength, factors], table: 'field', initializer: glorotUniform(maxLength, factors) },
    ...Array.from({ length: blocks }, (_, b) =>
      blockParameters(`block${b + 1}`, factors, expansion * factors, block),
    ).flat(),
    ...(normalise === 'before' ? normParameters('norm', factors) : []),
  ],
  represent: (p, { item, position, back, window }, config, pass) => {
    const { factors, blocks, normalise, dropout } = config;
    const e = o.affine(o.lookupFields(p.E, item, [1]), Math.sqrt(factors));
    let x = dropoutLayer(o.add(e, o.lookupFields(p.P, position, [1])), dropout, 'embedding', pass, 16);
    for (let b = 1; b <= blocks; b++)
      x = selfAttentionBlock(p, `block${b}`, x, { back, window }, { ...config, epsilon: EPSILON }, pass);
    return normalise === 'before' ? normLayer(p, 'norm', x, EPSILON) : x;
  },
  loss: (p, h, { candidates, shared, logWeight }, config, { nItems }) => {
    const e = o.lookupFields(p.E, candidates, Array<number>(candidates.size).fill(1));
    if (shared === null) return binaryLoss(h, e, config, nItems);
    const scores = o.linear(h, o.transpose(o.listLookup(p.E, shared)));
    // all items are there once; samples come with the number of times that they are drawn
    const weights = config.sharedNegatives === 0 ? null : o.listLookup(logWeight, shared);
    const offsets = o.candidateOffsets(shared, weights, { nTargets: 0, targetScale: 0, sampleScale: 1 });
    return o.targetCrossEntropy(o.rowDot(h, e), scores, candidates, shared, offsets);
  },
  output: { weights: 'E' },
});
