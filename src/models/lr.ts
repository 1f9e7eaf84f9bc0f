/**
 * LR — logistic regression over feature fields.
 *
 *   ŷ(x) = σ( w₀ + Σ_i w_i x_i )
 *
 * Differs from the textbook: nothing. Regularisation and steps are the optimizer's.
 */
import { z } from 'zod';
import { rowModel } from '../examples/rows.ts';
import { linearParameters, linearTerms } from '../layers/linear-terms.ts';

export const lr = rowModel({
  name: 'lr',
  title: 'LR',
  paper: null,
  options: z.strictObject({}),
  trainingDefaults: {},
  parameters: (_config, layout) => linearParameters(layout),
  logit: (p, inputs) => linearTerms(p, inputs),
});
