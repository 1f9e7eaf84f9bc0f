/**
 * DCN-V2. Wang, Shivanna, Cheng, et al.: DCN V2: Improved Deep & Cross Network. WWW 2021.
 *
 *   x_{l+1} = x_0 ⊙ (W_l x_l + b_l) + x_l,   x_0 = [e_1, …, e_F]
 *   parallel: ŷ = σ( w_logitᵀ [x_L, a^(H)] + b ), a^(0) = x_0;   stacked: ŷ = σ( w_logitᵀ a^(H) + b ), a^(0) = x_L
 *
 * With `rank` r > 0, W_l = U_l V_lᵀ with U, V of r columns. Differs from the paper: no mixture of low-rank experts.
 */
import { z } from 'zod';
import type { Tensor } from '../engine/expression.ts';
import { add, broadcastRow, linear, multiply, rowDot } from '../engine/ops/index.ts';
import { rowModel } from '../examples/rows.ts';
import { countFields } from '../layers/field-inputs.ts';
import { glorotNormal, zeros } from '../layers/initializer.ts';
import { embeddingParameter, featureFactorsOption } from '../layers/linear-terms.ts';
import { batchNormOption, deviationOption, dropoutOption, hiddenOption } from '../layers/options.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import { tower, towerParameters } from '../layers/tower.ts';

const options = z.strictObject({
  factors: featureFactorsOption,
  crossLayers: z
    .int()
    .min(1)
    .max(16)
    .default(3)
    .meta({ doc: 'L, number of cross layers', search: [2, 3, 4] }),
  rank: z.int().min(0).max(8192).default(0).meta({ doc: 'r, rank of the matrices of the cross layers; 0 = full' }),
  structure: z
    .enum(['parallel', 'stacked'])
    .default('parallel')
    .meta({ doc: 'the deep layers beside the cross layers, or on top of them' }),
  hidden: hiddenOption.default([400, 400, 400]),
  dropout: dropoutOption.default(0.2),
  batchNorm: batchNormOption.default(false),
  deviation: deviationOption.default(0.01),
});

function crossParameters(layers: number, n: number, rank: number): ParameterDeclaration[] {
  return Array.from({ length: layers }, (_, l): ParameterDeclaration[] => {
    const bias = { name: `cross${l}.b`, shape: [n], initializer: zeros };
    if (rank === 0) return [{ name: `cross${l}.W`, shape: [n, n], initializer: glorotNormal(n, n) }, bias];
    return [
      { name: `cross${l}.V`, shape: [n, rank], initializer: glorotNormal(n, rank) },
      { name: `cross${l}.U`, shape: [rank, n], initializer: glorotNormal(rank, n) },
      bias,
    ];
  }).flat();
}

/** x_L from x_0. */
function crossLayers(p: Parameters, layers: number, x0: Tensor): Tensor {
  let x = x0;
  for (let l = 0; l < layers; l++) {
    const [full, V, U, bias] = ['W', 'V', 'U', 'b'].map((part) => p[`cross${l}.${part}`]);
    const z = full ? linear(x, full, { bias }) : linear(linear(x, V), U, { bias });
    x = add(multiply(x0, z), x);
  }
  return x;
}

export const dcnV2 = rowModel({
  name: 'dcn-v2',
  title: 'DCN-V2',
  paper: {
    authors: 'Wang, Shivanna, Cheng, Jain, Lin, Hong, Chi',
    title: 'DCN V2: Improved Deep & Cross Network and Practical Lessons for Web-scale Learning to Rank Systems',
    venue: 'WWW',
    year: 2021,
  },
  options,
  trainingDefaults: {},
  parameters: (config, layout) => {
    const { factors, hidden, deviation, rank, structure } = config;
    const n = countFields(layout).nFields * factors;
    const sizes = [n, ...hidden];
    const last = sizes[sizes.length - 1];
    const parallel = [{ name: 'h.cross', shape: [n], initializer: glorotNormal(n + last, 1) }];
    return [
      embeddingParameter(layout, factors, deviation),
      ...crossParameters(config.crossLayers, n, rank),
      ...towerParameters('layer', sizes, config),
      ...(structure === 'parallel' ? parallel : []),
      { name: 'h', shape: [last], initializer: glorotNormal(last, 1) },
      { name: 'b', shape: [1], initializer: zeros },
    ];
  },
  logit: (p, inputs, config, pass) => {
    const x0 = inputs.embed(p.V);
    const crossed = crossLayers(p, config.crossLayers, x0);
    const below = config.structure === 'stacked' ? crossed : x0;
    const top = tower(p, 'layer', config.hidden.length, below, config, pass);
    const deep = add(rowDot(top, broadcastRow(p.h)), broadcastRow(p.b));
    return config.structure === 'stacked' ? deep : add(rowDot(crossed, broadcastRow(p['h.cross'])), deep);
  },
});
