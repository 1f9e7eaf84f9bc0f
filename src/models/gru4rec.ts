/**
 * GRU4Rec — recurrent networks for sessions.
 * Hidasi, Karatzoglou, Baltrunas, Tikk: Session-based Recommendations with Recurrent Neural Networks. ICLR 2016.
 * Hidasi, Karatzoglou: Recurrent Neural Networks with Top-k Gains for Session-based Recommendations. CIKM 2018.
 *
 *   e_t = dropout(E[i_t])            input of event t; with embedding "shared" E is the output matrix W itself
 *   h_t = dropout(GRU(e_t, h_{t−1})) one layer or several; h = 0 where a session begins
 *   ŷ_j = a(h_t · w_j + b_j)         only for the candidates j: the targets of the batch and extra negatives ∝ support^α
 *   L   = loss(ŷ), target of row r = candidate r; cross-entropy on ŷ_j − logQ · ln q_j
 *
 * One step an event, no gradient through h_{t−1}. Loss of a step = sum over its rows / nominal batch size.
 * Differs from the papers, and settings: see docs/models/gru4rec.md.
 */
import { z } from 'zod';
import type { RandomStream } from '../core/random.ts';
import type { Tensor } from '../engine/expression.ts';
import * as o from '../engine/ops/index.ts';
import { sessionModel } from '../examples/sessions.ts';
import { gruLayer, gruParameters } from '../layers/gru.ts';
import { glorotUniform, zeros } from '../layers/initializer.ts';
import {
  factorsOption,
  hiddenOption,
  popularityExponentOption,
  regularizationOption,
  sharedNegativesOption,
} from '../layers/options.ts';
import type { Parameters } from '../layers/parameters.ts';

const losses = {
  'cross-entropy': 'softmaxCrossEntropy',
  'bpr-max': 'bprMax',
  'top1-max': 'top1Max',
  bpr: 'bpr',
  top1: 'top1',
} as const satisfies Record<string, o.CandidateLossName>;

const rate = z.number().min(0).lt(1).default(0);

const options = z
  .strictObject({
    hidden: hiddenOption
      .min(1)
      .max(8)
      .default([100])
      .meta({ doc: 'H, sizes of the GRU layers', search: [[64], [100], [224], [512]] }),
    cell: z.enum(['original', 'framework']).default('framework').meta({
      doc: 'where the reset gate acts: on the state (original papers) or on its product (as in deep-learning frameworks)',
    }),
    embedding: z.enum(['none', 'separate', 'shared']).default('shared').meta({
      doc: 'input of an event: none = one-hot into the cell; separate = an embedding of its own; shared = the output matrix',
    }),
    factors: factorsOption.default(100).meta({ doc: 'D, length of the vectors of a separate embedding' }),
    loss: z
      .enum(['cross-entropy', 'bpr-max', 'top1-max', 'bpr', 'top1'])
      .default('cross-entropy')
      .meta({ doc: 'loss of the target against the candidates', search: ['cross-entropy', 'bpr-max'] }),
    regularization: regularizationOption.default(1).meta({ doc: 'λ of bpr-max: weight of its score regularization' }),
    activation: z
      .enum(['linear', 'elu', 'tanh', 'relu'])
      .default('linear')
      .meta({ doc: 'a, of the scores before the loss; elu goes with bpr-max' }),
    eluP: z.number().positive().default(0.5).meta({ doc: 'p of elu: p (eˣ − 1) below 0' }),
    sharedNegatives: sharedNegativesOption
      .default(2048)
      .meta({ doc: 'extra negatives of a step, shared by all its rows; fewer than the items' }),
    popularityExponent: popularityExponentOption.default(0.75).meta({
      doc: 'α: extra negatives are drawn ∝ (events of the item)^α; 0 = uniformly',
      search: [0, 0.25, 0.5, 0.75, 1],
    }),
    logQ: z.number().min(0).max(1).nullable().default(null).meta({
      doc: 'weight of the correction of cross-entropy for how candidates come about; null = 1 there, 0 for other losses',
    }),
    maskEqual: z
      .boolean()
      .default(false)
      .meta({ doc: "candidates that are the row's own target item are no negatives (the authors keep them)" }),
    embeddingDropout: rate.meta({
      doc: 'share of the input that is dropped in training',
      search: [0, 0.1, 0.25, 0.5],
      when: { embedding: ['separate', 'shared'] },
    }),
    hiddenDropout: rate.meta({
      doc: "share of each layer's output that is dropped in training",
      search: [0, 0.1, 0.25, 0.5],
    }),
  })
  .refine(({ logQ, loss }) => logQ === null || logQ === 0 || loss === 'cross-entropy', {
    path: ['logQ'],
    message: 'Invalid input: only cross-entropy takes a logQ correction',
  })
  .refine(({ embedding, embeddingDropout }) => embedding !== 'none' || embeddingDropout === 0, {
    path: ['embeddingDropout'],
    message: 'Invalid input: a one-hot input has no embedding to drop from',
  });

type Config = z.output<typeof options>;

/** Size of the last layer: length of the vectors that are scored. */
const width = ({ hidden }: Config): number => hidden[hidden.length - 1];

/** h_t of every layer, from the bottom. @param dropout the random stream of a training step, null in prediction */
function states(
  p: Parameters,
  item: Tensor,
  before: readonly Tensor[],
  config: Config,
  dropout: RandomStream | null,
): Tensor[] {
  const dropped = (x: Tensor, share: number, name: string): Tensor =>
    dropout ? o.laneDropout(x, share, dropout.child(name).key) : x;
  const { embedding, cell } = config;
  let x = item;
  if (embedding !== 'none')
    x = dropped(o.lookup(p[embedding === 'shared' ? 'W' : 'E'], item), config.embeddingDropout, 'embedding');
  return config.hidden.map((_, l) => {
    x = dropped(gruLayer(p, `gru${l + 1}`, cell, x, before[l]), config.hiddenDropout, `hidden${l + 1}`);
    return x;
  });
}

function activated(scores: Tensor, { activation, eluP }: Config): Tensor {
  switch (activation) {
    case 'linear':
      return scores;
    case 'elu':
      return o.elu(scores, eluP);
    case 'tanh':
      return o.tanh(scores);
    case 'relu':
      return o.relu(scores);
  }
}

export const gru4rec = sessionModel({
  name: 'gru4rec',
  title: 'GRU4Rec',
  paper: {
    authors: 'Hidasi, Karatzoglou, Baltrunas, Tikk',
    title: 'Session-based Recommendations with Recurrent Neural Networks',
    venue: 'ICLR',
    year: 2016,
  },
  options,
  former: {
    units: (units) => ({ hidden: [units].flat() }),
    embeddingSize: (factors) => ({ factors }),
    regularisation: (regularization) => ({ regularization }),
    samples: (sharedNegatives) => ({ sharedNegatives }),
    sampleAlpha: (popularityExponent) => ({ popularityExponent }),
  },
  trainingDefaults: { patience: 3 },
  stateSizes: ({ hidden }) => hidden,
  width,
  candidates: ({ sharedNegatives, popularityExponent }) => ({ sharedNegatives, popularityExponent }),
  parameters: (config, { nItems }) => {
    const { hidden, embedding, factors, cell } = config;
    const inputs = { none: nItems, separate: factors, shared: width(config) }[embedding];
    const table = 'item' as const;
    return [
      { name: 'W', shape: [nItems, width(config)], table, initializer: glorotUniform(nItems, width(config)) },
      { name: 'b', shape: [nItems, 1], table, initializer: zeros },
      ...(embedding === 'separate'
        ? [{ name: 'E', shape: [nItems, inputs], table, initializer: glorotUniform(nItems, inputs) }]
        : []),
      ...hidden.flatMap((n, l) =>
        gruParameters(`gru${l + 1}`, l === 0 ? inputs : hidden[l - 1], n, cell, l === 0 && embedding === 'none'),
      ),
    ];
  },
  step: (p, { item, candidates, logSupport, nTargets }, before, config, random) => {
    const { loss, logQ, popularityExponent, maskEqual, regularization } = config;
    const layers = states(p, item, before, config, random);
    // ŷ = a(h Wᵀ + b) for the candidates alone
    const w = o.listLookup(p.W, candidates);
    const b = o.listLookup(p.b, candidates);
    const scores = activated(o.linear(layers[layers.length - 1], o.transpose(w), { bias: b }), config);
    const q = loss === 'cross-entropy' ? (logQ ?? 1) : 0;
    const support = q === 0 ? null : o.listLookup(logSupport, candidates);
    // targets come with their support, extra negatives with support^α
    const offsets = o.candidateOffsets(candidates, support, {
      nTargets,
      targetScale: q,
      sampleScale: q * popularityExponent,
    });
    const lossOptions = { maskEqual, regularization: loss === 'bpr-max' ? regularization : 0 };
    return { loss: o.candidateLoss(losses[loss], scores, candidates, offsets, lossOptions), states: layers };
  },
  states: (p, item, before, config) => states(p, item, before, config, null),
  // ranking needs no activation: all are increasing
  output: { weights: 'W', bias: 'b' },
});
