/**
 * AutoDeepFM: a DeepFM with the pairs of fields that a search has found. Liu, Zhu, Li, et al.: AutoFIS: Automatic Feature Interaction
 * Selection in Factorization Models for Click-Through Rate Prediction. KDD 2020.
 *
 *   ŷ(x) = σ( w₀ + Σ_i w_i x_i + Σ_{i<j} α_ij m_ij BN(⟨e_i, e_j⟩) + y_DNN )
 *   a^(0) = [e_1, …, e_F],  a^(l+1) = ReLU(a^(l) W^(l) + b^(l)),  y_DNN = a^(L) W + b
 *
 * Both parts read the same V. The stages are those of AutoFM; the deep part takes part in both (auto-fm.ts, pair-search.ts).
 */
import { z } from 'zod';
import { add } from '../engine/ops/index.ts';
import { rowModel } from '../examples/rows.ts';
import { countFields } from '../layers/field-inputs.ts';
import { gatedPairParameters, gatedPairs } from '../layers/gated-pairs.ts';
import { embeddingParameter, featureFactorsOption, linearParameters, linearTerms } from '../layers/linear-terms.ts';
import { batchNormOption, deviationOption, dropoutOption, hiddenOption } from '../layers/options.ts';
import { deepPart, deepPartParameters } from '../layers/tower.ts';
import { autoFm } from './auto-fm.ts';
import { foundPairs, gateOptimizer, maskOfSearch, pairSearchOptions, searchStage } from './pair-search.ts';

const options = z.strictObject({
  factors: featureFactorsOption,
  hidden: hiddenOption.min(1).default([400, 400, 400]),
  dropout: dropoutOption.default(0.2),
  batchNorm: batchNormOption.default(true),
  deviation: deviationOption.default(0.01),
  ...pairSearchOptions,
});

export const autoDeepfm = rowModel({
  name: 'auto-deepfm',
  title: 'AutoDeepFM',
  paper: autoFm.paper,
  options,
  trainingDefaults: {},
  parameters: (config, layout) => {
    const { factors, hidden, deviation } = config;
    const sizes = [countFields(layout).nFields * factors, ...hidden];
    return [
      ...linearParameters(layout),
      embeddingParameter(layout, factors, deviation),
      ...gatedPairParameters(layout),
      ...deepPartParameters(sizes, config),
    ];
  },
  logit: (p, inputs, config, pass) => {
    const fm = add(linearTerms(p, inputs), gatedPairs(p, inputs, p.V, pass));
    return add(fm, deepPart(p, config.hidden.length, inputs.embed(p.V), config, pass));
  },
  optimizer: (config, parameter) => gateOptimizer(config, parameter),
  pretraining: (config) => searchStage('auto-deepfm', config),
  fuse: (_config, stages, data) => maskOfSearch(stages, data),
  found: (_config, layout, weights) => foundPairs(layout, weights),
});
