/**
 * NFM — neural factorisation machine. He, Chua: Neural Factorization Machines for Sparse Predictive Analytics. SIGIR 2017.
 *
 *   ŷ(x) = w₀ + Σ_i w_i x_i + hᵀ σ_L( W_L( … σ₁( W₁ f_BI(x) + b₁ ) … ) + b_L )
 *   f_BI(x) = Σ_{i<j} x_i v_i ⊙ x_j v_j
 *
 * Settled by the authors' code: f_BI → BN → dropout, then for each layer affine → BN → ReLU → dropout, h without bias. With
 * `hidden: []` h is the vector of ones and never trained: then NFM is FM. `pretrain` starts V, w and w₀ from a trained FM (§3.4).
 * Differs from the code: real feature values x_i count; biases start at 0; the loss is a mean and not half a sum.
 */
import { z } from 'zod';
import type { NamedTensor } from '../core/named-tensors.ts';
import { add, bilinearPooling, broadcastRow, rowDot, rowSum } from '../engine/ops/index.ts';
import { rowModel } from '../examples/rows.ts';
import { batchNorm, batchNormParameters } from '../layers/batch-norm.ts';
import { dropoutLayer } from '../layers/forward-pass.ts';
import { glorotNormal } from '../layers/initializer.ts';
import { embeddingParameter, featureFactorsOption, linearParameters, linearTerms } from '../layers/linear-terms.ts';
import { batchNormOption, deviationOption, dropoutOption, hiddenOption } from '../layers/options.ts';
import { tower, towerParameters } from '../layers/tower.ts';

const options = z.strictObject({
  factors: featureFactorsOption.default(64),
  hidden: hiddenOption.default([64]),
  bilinearDropout: dropoutOption.default(0.5).meta({ doc: 'share of the elements of f_BI that each step drops' }),
  dropout: dropoutOption.default(0.2),
  batchNorm: batchNormOption.default(true).meta({ doc: 'batch normalisation of f_BI and of each hidden layer' }),
  deviation: deviationOption.default(0.01),
  pretrain: z.boolean().default(false).meta({ doc: 'start from the vectors and linear weights of a trained FM' }),
  pretrainEpochs: z.int().min(1).max(100_000).default(20).meta({ doc: 'epochs of that FM, at most' }),
});

export const nfm = rowModel({
  name: 'nfm',
  title: 'NFM',
  paper: {
    authors: 'He, Chua',
    title: 'Neural Factorization Machines for Sparse Predictive Analytics',
    venue: 'SIGIR',
    year: 2017,
  },
  options,
  trainingDefaults: {},
  parameters: (config, layout) => {
    const { factors, hidden, deviation } = config;
    const sizes = [factors, ...hidden];
    const last = sizes[sizes.length - 1];
    return [
      ...linearParameters(layout),
      embeddingParameter(layout, factors, deviation),
      ...(config.batchNorm ? batchNormParameters('bilinear', factors) : []),
      ...towerParameters('layer', sizes, config),
      ...(hidden.length > 0 ? [{ name: 'h', shape: [last], initializer: glorotNormal(last, 1) }] : []),
    ];
  },
  pairs: ({ hidden, batchNorm }) => (hidden.length === 0 && !batchNorm ? 'V' : null),
  logit: (p, inputs, config, pass) => {
    const { factors, hidden, bilinearDropout } = config;
    const pairs = bilinearPooling(inputs.slots(p.V), factors);
    const normalised = config.batchNorm ? batchNorm(p, 'bilinear', pairs, pass) : pairs;
    const dropped = dropoutLayer(normalised, bilinearDropout, 'bilinear', pass);
    const top = tower(p, 'layer', hidden.length, dropped, config, pass);
    const deep = hidden.length > 0 ? rowDot(top, broadcastRow(p.h)) : rowSum(top);
    return add(linearTerms(p, inputs), deep);
  },
  pretraining: ({ pretrain, pretrainEpochs, factors, deviation }) =>
    pretrain ? [{ model: 'fm', config: { factors, deviation }, training: { epochs: pretrainEpochs } }] : [],
  fuse: (_config, [fm]) => ({
    weights: new Map(['w0', 'w', 'V'].map((name) => [name, fm.get(name) as NamedTensor])),
  }),
});
