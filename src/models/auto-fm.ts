/**
 * AutoFM: an FM with the pairs of fields that a search has found. Liu, Zhu, Li, et al.: AutoFIS: Automatic Feature Interaction
 * Selection in Factorization Models for Click-Through Rate Prediction. KDD 2020.
 *
 *   ŷ(x) = w₀ + Σ_i w_i x_i + Σ_{i<j} α_ij m_ij BN(⟨e_i, e_j⟩)
 *
 * Search: m = 1, α by GRDA and all else by the optimizer of the run, in the same steps. Training anew: m_ij = 0 where the search left
 * α_ij exactly 0, else 1, and α a weight like others (layers/gated-pairs.ts, pair-search.ts).
 */
import { z } from 'zod';
import { add } from '../engine/ops/index.ts';
import { rowModel } from '../examples/rows.ts';
import { gatedPairParameters, gatedPairs } from '../layers/gated-pairs.ts';
import { embeddingParameter, featureFactorsOption, linearParameters, linearTerms } from '../layers/linear-terms.ts';
import { deviationOption } from '../layers/options.ts';
import { foundPairs, gateOptimizer, maskOfSearch, pairSearchOptions, searchStage } from './pair-search.ts';

const options = z.strictObject({
  factors: featureFactorsOption,
  deviation: deviationOption.default(0.01),
  ...pairSearchOptions,
});

export const autoFm = rowModel({
  name: 'auto-fm',
  title: 'AutoFM',
  paper: {
    authors: 'Liu, Zhu, Li, Zhang, Lai, Tang, He, Li, Yu',
    title: 'AutoFIS: Automatic Feature Interaction Selection in Factorization Models for Click-Through Rate Prediction',
    venue: 'KDD',
    year: 2020,
  },
  options,
  trainingDefaults: {},
  parameters: ({ factors, deviation }, layout) => [
    ...linearParameters(layout),
    embeddingParameter(layout, factors, deviation),
    ...gatedPairParameters(layout),
  ],
  logit: (p, inputs, _config, pass) => add(linearTerms(p, inputs), gatedPairs(p, inputs, p.V, pass)),
  optimizer: (config, parameter) => gateOptimizer(config, parameter),
  pretraining: (config) => searchStage('auto-fm', config),
  fuse: (_config, stages, data) => maskOfSearch(stages, data),
  found: (_config, layout, weights) => foundPairs(layout, weights),
});
