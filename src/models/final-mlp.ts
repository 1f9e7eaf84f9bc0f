/**
 * FinalMLP. Mao, Zhu, Su, Cai, Li, Dong: FinalMLP: An Enhanced Two-Stream MLP Model for CTR Prediction. AAAI 2023.
 *
 *   h_s = 2 σ(MLP_gate_s(z_s)) ⊙ e,   o_s = MLP_s(h_s),   s = 1, 2
 *   ŷ = σ( b + w₁ᵀ o₁ + w₂ᵀ o₂ + Σ_j o₁ⱼᵀ W_j o₂ⱼ )     o_s cut into k heads
 *
 * e = [e_1, …, e_F]. The gate of a stream sees (z_s) nothing but a trained vector, or the fields of one owner, embedded by a table
 * of the gates' own: stream 1 the user's, stream 2 the item's.
 */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import type { FieldLayout } from '../data/features/field-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { add, affine, broadcastRow, linear, multiply, rowDot, sigmoid, slice } from '../engine/ops/index.ts';
import { rowModel } from '../examples/rows.ts';
import { countFields, type FieldInputs } from '../layers/field-inputs.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import { glorotNormal, normal, zeros } from '../layers/initializer.ts';
import { embeddingParameter, featureFactorsOption } from '../layers/linear-terms.ts';
import { batchNormOption, deviationOption, dropoutOption, hiddenOption } from '../layers/options.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import { tower, towerParameters } from '../layers/tower.ts';

const options = z
  .strictObject({
    factors: featureFactorsOption,
    hidden1: hiddenOption.min(1).default([400, 400, 400]).meta({ doc: 'sizes of the hidden layers of stream 1' }),
    hidden2: hiddenOption.min(1).default([400]).meta({ doc: 'sizes of the hidden layers of stream 2' }),
    dropout1: dropoutOption.default(0.2),
    dropout2: dropoutOption.default(0.2),
    batchNorm: batchNormOption.default(true),
    heads: z
      .int()
      .min(1)
      .max(1024)
      .default(10)
      .meta({ doc: 'k, heads of the bilinear fusion', search: [1, 5, 10, 20] }),
    gate: z
      .enum(['none', 'trained', 'owner'])
      .default('trained')
      .meta({ doc: 'what the feature gates see: there are none, a trained vector, or the fields of user and item' }),
    gateHidden: hiddenOption.default([400]).meta({ doc: 'sizes of the hidden layers of the gates' }),
    deviation: deviationOption.default(0.01),
  })
  .refine(
    ({ hidden1, hidden2, heads }) =>
      hidden1[hidden1.length - 1] % heads === 0 && hidden2[hidden2.length - 1] % heads === 0,
    { message: 'the last layers of both streams must be multiples of `heads`', path: ['heads'] },
  );

type Config = z.output<typeof options>;

const plain = { dropout: 0, batchNorm: false };
const gateOwner = { 1: 'user', 2: 'item' } as const;
type Stream = 1 | 2;

/** Fields that the gate of a stream sees; 0 = it sees a trained vector. @throws 'config' where `gate: owner` finds none */
function gateFields({ gate }: Config, stream: Stream, { fields }: FieldLayout): number {
  if (gate !== 'owner') return 0;
  const own = fields.filter(({ owner }) => owner === gateOwner[stream]).length;
  if (own === 0)
    throw new DeepTasteError(
      'config',
      `final-mlp: gate "owner" needs fields of the ${gateOwner[stream]}, found none; name its column (data.columns.${gateOwner[stream]}), or say gate "trained" or "none"`,
    );
  return own;
}

function gateParameters(config: Config, stream: Stream, layout: FieldLayout, n: number): ParameterDeclaration[] {
  const { factors, deviation, gateHidden } = config;
  const nFields = gateFields(config, stream, layout);
  const sizes = [Math.max(1, nFields) * factors, ...gateHidden];
  const last = sizes[sizes.length - 1];
  return [
    ...(nFields === 0 ? [{ name: `gate${stream}.z`, shape: [factors], initializer: normal(deviation) }] : []),
    ...towerParameters(`gate${stream}.layer`, sizes, plain),
    { name: `gate${stream}.W`, shape: [last, n], initializer: glorotNormal(last, n) },
    { name: `gate${stream}.b`, shape: [n], initializer: zeros },
  ];
}

/** h_s = 2 σ(MLP_gate_s(z_s)) ⊙ e */
function gated(p: Parameters, config: Config, stream: Stream, inputs: FieldInputs, pass: ForwardPass): Tensor {
  const e = inputs.embed(p.V);
  if (config.gate === 'none') return e;
  const own = config.gate === 'owner' ? inputs.embedOwner(gateOwner[stream], p['gate.V']) : null;
  const z = own ?? broadcastRow(p[`gate${stream}.z`]);
  const top = tower(p, `gate${stream}.layer`, config.gateHidden.length, z, plain, pass);
  const gate = sigmoid(linear(top, p[`gate${stream}.W`], { bias: p[`gate${stream}.b`] }));
  return multiply(e, affine(gate, 2));
}

/** Σ_j o₁ⱼᵀ W_j o₂ⱼ */
function bilinearFusion(p: Parameters, heads: number, o1: Tensor, o2: Tensor): Tensor {
  const [n, m] = [o1.size / heads, o2.size / heads];
  const perHead = Array.from({ length: heads }, (_, j) =>
    rowDot(linear(slice(o1, j * n, (j + 1) * n), p[`head${j}.W`]), slice(o2, j * m, (j + 1) * m)),
  );
  return perHead.reduce((sum, head) => add(sum, head));
}

export const finalMlp = rowModel({
  name: 'final-mlp',
  title: 'FinalMLP',
  paper: {
    authors: 'Mao, Zhu, Su, Cai, Li, Dong',
    title: 'FinalMLP: An Enhanced Two-Stream MLP Model for CTR Prediction',
    venue: 'AAAI',
    year: 2023,
  },
  options,
  trainingDefaults: {},
  parameters: (config, layout) => {
    const { factors, hidden1, hidden2, heads, gate, deviation } = config;
    const n = countFields(layout).nFields * factors;
    const [n1, n2] = [hidden1[hidden1.length - 1], hidden2[hidden2.length - 1]];
    // all heads together are one layer with a single output: the fusion starts small beside the streams
    const head = { shape: [n1 / heads, n2 / heads], initializer: glorotNormal((n1 * n2) / heads, 1) };
    return [
      embeddingParameter(layout, factors, deviation),
      ...(gate === 'owner' ? [{ ...embeddingParameter(layout, factors, deviation), name: 'gate.V' }] : []),
      ...(gate === 'none' ? [] : ([1, 2] as const).flatMap((stream) => gateParameters(config, stream, layout, n))),
      ...towerParameters('first', [n, ...hidden1], { dropout: config.dropout1, batchNorm: config.batchNorm }),
      ...towerParameters('second', [n, ...hidden2], { dropout: config.dropout2, batchNorm: config.batchNorm }),
      { name: 'w1', shape: [n1], initializer: glorotNormal(n1, 1) },
      { name: 'w2', shape: [n2], initializer: glorotNormal(n2, 1) },
      ...Array.from({ length: heads }, (_, j) => ({ name: `head${j}.W`, ...head })),
      { name: 'b', shape: [1], initializer: zeros },
    ];
  },
  logit: (p, inputs, config, pass) => {
    const { hidden1, hidden2, dropout1, dropout2, batchNorm, heads } = config;
    const h1 = gated(p, config, 1, inputs, pass);
    const h2 = gated(p, config, 2, inputs, pass);
    const o1 = tower(p, 'first', hidden1.length, h1, { dropout: dropout1, batchNorm }, pass);
    const o2 = tower(p, 'second', hidden2.length, h2, { dropout: dropout2, batchNorm }, pass);
    const single = add(rowDot(o1, broadcastRow(p.w1)), rowDot(o2, broadcastRow(p.w2)));
    return add(add(single, bilinearFusion(p, heads, o1, o2)), broadcastRow(p.b));
  },
});
