/**
 * DeepFM. Guo, Tang, Ye, Li, He: DeepFM: A Factorization-Machine based Neural Network for CTR Prediction. IJCAI 2017.
 *
 *   ŷ(x) = σ( y_FM + y_DNN )
 *   y_FM = w₀ + Σ_i w_i x_i + Σ_{i<j} ⟨v_i, v_j⟩ x_i x_j
 *   a^(0) = [e_1, …, e_F],  a^(l+1) = ReLU(a^(l) W^(l) + b^(l)),  y_DNN = a^(L) W + b
 *
 * Both parts read the same V. The paper prints y_DNN = σ(a^(L) W + b) inside the outer σ, so that the deep part could only raise
 * the logit; libraries and the default here leave it linear, `literalPaper` takes the printed ReLU.
 */
import { z } from 'zod';
import { add, bilinearPooling, relu, rowSum } from '../engine/ops/index.ts';
import { rowModel } from '../examples/rows.ts';
import { countFields } from '../layers/field-inputs.ts';
import { embeddingParameter, featureFactorsOption, linearParameters, linearTerms } from '../layers/linear-terms.ts';
import { batchNormOption, deviationOption, dropoutOption, hiddenOption } from '../layers/options.ts';
import { deepPart, deepPartParameters } from '../layers/tower.ts';

const options = z.strictObject({
  factors: featureFactorsOption,
  hidden: hiddenOption.default([400, 400, 400]),
  dropout: dropoutOption.default(0.2),
  batchNorm: batchNormOption.default(true),
  deviation: deviationOption.default(0.01),
  deep: z.boolean().default(true).meta({ doc: 'false: the FM part alone' }),
  literalPaper: z.boolean().default(false).meta({ doc: 'rectify y_DNN as the paper prints it' }),
});

export const deepfm = rowModel({
  name: 'deepfm',
  title: 'DeepFM',
  paper: {
    authors: 'Guo, Tang, Ye, Li, He',
    title: 'DeepFM: A Factorization-Machine based Neural Network for CTR Prediction',
    venue: 'IJCAI',
    year: 2017,
  },
  options,
  trainingDefaults: {},
  parameters: (config, layout) => {
    const { factors, hidden, deviation } = config;
    const sizes = [countFields(layout).nFields * factors, ...hidden];
    const deep = deepPartParameters(sizes, config);
    return [...linearParameters(layout), embeddingParameter(layout, factors, deviation), ...(config.deep ? deep : [])];
  },
  pairs: () => 'V',
  logit: (p, inputs, config, pass) => {
    const pairs = rowSum(bilinearPooling(inputs.slots(p.V), config.factors));
    const fm = add(linearTerms(p, inputs), pairs);
    if (!config.deep) return fm;
    const deep = deepPart(p, config.hidden.length, inputs.embed(p.V), config, pass);
    return add(fm, config.literalPaper ? relu(deep) : deep);
  },
});
