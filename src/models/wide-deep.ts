/**
 * Wide & Deep. Cheng et al.: Wide & Deep Learning for Recommender Systems. DLRS 2016, eq. 3.
 *
 *   ŷ(x) = σ( w_wideᵀ [x, φ(x)] + w_deepᵀ a^(L) + b )          a^(l+1) = ReLU(a^(l) W^(l) + b^(l)),  a^(0) = [e_1, …, e_F]
 *
 * φ(x) are the declared crosses of fields. Both parts are trained jointly on one logit: the wide part by FTRL-proximal with L1,
 * so that its weights are exactly 0 until their gradients add up, the deep part by AdaGrad (§3.3). `wideOptimizer: 'same'`
 * trains all by the run's optimizer, as the public leaderboards do.
 * Differs from the paper: b belongs to the wide part's constant, which FTRL does not shrink.
 */
import { z } from 'zod';
import { add, broadcastRow, rowDot, rowSum } from '../engine/ops/index.ts';
import { rowModel } from '../examples/rows.ts';
import { countFields } from '../layers/field-inputs.ts';
import { glorotNormal, zeros } from '../layers/initializer.ts';
import { embeddingParameter, featureFactorsOption, linearParameters, linearTerms } from '../layers/linear-terms.ts';
import { batchNormOption, deviationOption, dropoutOption, hiddenOption } from '../layers/options.ts';
import { tower, towerParameters } from '../layers/tower.ts';

const options = z.strictObject({
  factors: featureFactorsOption.default(32),
  hidden: hiddenOption.default([1024, 512, 256]),
  dropout: dropoutOption.default(0),
  batchNorm: batchNormOption.default(false),
  deviation: deviationOption.default(0.01),
  deep: z.boolean().default(true).meta({ doc: 'false: the wide part alone' }),
  wideOptimizer: z
    .enum(['ftrl', 'same'])
    .default('ftrl')
    .meta({ doc: 'ftrl: FTRL-proximal for the wide tables; same: the optimizer of the run' }),
  wideLearningRate: z.number().positive().default(0.1).meta({ doc: 'α of FTRL' }),
  wideL1: z
    .number()
    .min(0)
    .default(1e-4)
    .meta({ doc: 'λ₁ of FTRL, in units of the gradient of the mean loss of a batch', search: [0, 1e-5, 1e-4, 1e-3] }),
  wideBeta: z.number().min(0).default(1e-3).meta({
    doc: 'β of FTRL, in units of the gradient of the mean loss of a batch: weights with less behind them move little',
  }),
  wideL2: z.number().min(0).default(0).meta({ doc: 'λ₂ of FTRL' }),
});

const wideTables = ['w', 'crosses'];

export const wideDeep = rowModel({
  name: 'wide-deep',
  title: 'Wide&Deep',
  paper: {
    authors: 'Cheng, Koc, Harmsen, Shaked, et al.',
    title: 'Wide & Deep Learning for Recommender Systems',
    venue: 'DLRS',
    year: 2016,
  },
  options,
  // gradients are those of the mean loss of a batch; the customary 0.1 is made for sums over examples, and would hold the weights still
  trainingDefaults: { optimizer: { name: 'adagrad', learningRate: 0.03, initialAccumulator: 1e-6 } },
  parameters: (config, layout) => {
    const { factors, hidden, deviation } = config;
    const sizes = [countFields(layout).nFields * factors, ...hidden];
    const last = sizes[sizes.length - 1];
    const crosses = { name: 'crosses', shape: [layout.nCrossRows, 1], table: 'cross', initializer: zeros } as const;
    const deep = [
      embeddingParameter(layout, factors, deviation),
      ...towerParameters('layer', sizes, config),
      { name: 'h', shape: [last], initializer: glorotNormal(last, 1) },
    ];
    return [...linearParameters(layout), ...(layout.crosses.length > 0 ? [crosses] : []), ...(config.deep ? deep : [])];
  },
  logit: (p, inputs, config, pass) => {
    const crosses = p.crosses && inputs.crosses(p.crosses);
    const linear = linearTerms(p, inputs);
    const wide = crosses ? add(linear, rowSum(crosses)) : linear;
    if (!config.deep) return wide;
    const top = tower(p, 'layer', config.hidden.length, inputs.embed(p.V), config, pass);
    return add(wide, rowDot(top, broadcastRow(p.h)));
  },
  optimizer: ({ wideOptimizer, wideLearningRate, wideL1, wideBeta, wideL2 }, parameter) =>
    wideOptimizer === 'ftrl' && wideTables.includes(parameter)
      ? { name: 'ftrl', learningRate: wideLearningRate, beta: wideBeta, l1: wideL1, l2: wideL2 }
      : null,
});
