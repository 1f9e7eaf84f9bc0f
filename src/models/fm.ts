/**
 * FM — factorisation machine. Rendle: Factorization Machines. ICDM 2010, eq. 1 and lemma 3.1.
 *
 *   ŷ(x) = w₀ + Σ_i w_i x_i + Σ_{i<j} ⟨v_i, v_j⟩ x_i x_j
 *
 * in time linear in the features of a row. Every slot of a multi-valued field is a feature of its own, so pairs within a field
 * count. With `factors: 0` it is LR; with the ids of user and item as only fields it is matrix factorisation with biases.
 */
import { z } from 'zod';
import { add, bilinearPooling, rowSum } from '../engine/ops/index.ts';
import { rowModel } from '../examples/rows.ts';
import { embeddingParameter, linearParameters, linearTerms } from '../layers/linear-terms.ts';
import { deviationOption } from '../layers/options.ts';

const options = z.strictObject({
  factors: z
    .int()
    .min(0)
    .max(4096)
    .default(10)
    .meta({ doc: 'd, length of the vector of a feature; 0 = linear terms only', search: [8, 10, 16, 64] }),
  deviation: deviationOption.default(0.01),
});

export const fm = rowModel({
  name: 'fm',
  title: 'FM',
  paper: { authors: 'Rendle', title: 'Factorization Machines', venue: 'ICDM', year: 2010 },
  options,
  trainingDefaults: {},
  parameters: ({ factors, deviation }, layout) => [
    ...linearParameters(layout),
    ...(factors > 0 ? [embeddingParameter(layout, factors, deviation)] : []),
  ],
  pairs: ({ factors }) => (factors > 0 ? 'V' : null),
  logit: (p, inputs, { factors }) => {
    const linear = linearTerms(p, inputs);
    return factors === 0 ? linear : add(linear, rowSum(bilinearPooling(inputs.slots(p.V), factors)));
  },
});
