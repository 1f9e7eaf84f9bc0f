/**
 * AutoField: a network over the fields that a search has found. Wang, Zhao, Xu, Wu: AutoField: Automating Feature Selection in Deep
 * Recommender Systems. WWW 2022.
 *
 *   ŷ = σ( MLP([p_1 e_1, …, p_F e_F]) ),   p_f = σ((s_f + g_f) / τ)
 *
 * Search: s_f, the score of a field, learns by first-order steps on rows that the weights never learn from, one for every few steps of
 * theirs; g is the difference of two Gumbel numbers drawn in every step, τ falls from 1 by `temperatureStep` a step, to .01. Training
 * anew: p_f = 1 for the K fields of the greatest scores, else 0.
 */
import { z } from 'zod';
import { float32Tensor, type NamedTensors } from '../core/named-tensors.ts';
import type { RandomStream } from '../core/random.ts';
import type { FieldLayout } from '../data/features/field-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { add, broadcastRow, constant, matrixProduct, multiply, reshaped, sigmoid } from '../engine/ops/index.ts';
import type { UpperLevel } from '../examples/bilevel.ts';
import { rowModel } from '../examples/rows.ts';
import { countFields, fieldsInOrder } from '../layers/field-inputs.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import { ones, zeros } from '../layers/initializer.ts';
import { embeddingParameter, featureFactorsOption } from '../layers/linear-terms.ts';
import { batchNormOption, deviationOption, dropoutOption, hiddenOption } from '../layers/options.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import { deepPart, deepPartParameters } from '../layers/tower.ts';
import { type FoundStructure, foundLines } from '../scoring/found-structure.ts';

const LEAST_TEMPERATURE = 0.01;

const options = z.strictObject({
  factors: featureFactorsOption.default(16),
  hidden: hiddenOption.min(1).default([16, 8]),
  dropout: dropoutOption.default(0.2),
  batchNorm: batchNormOption.default(true),
  deviation: deviationOption.default(0.01),
  fields: z.int().min(0).max(10_000).default(0).meta({ doc: 'K, fields that are kept; 0 = half of them' }),
  search: z.boolean().default(true).meta({
    doc: 'true: search, then train anew with the fields found; false: the search stage alone, whose scores are part of the model',
  }),
  searchEpochs: z
    .int()
    .min(1)
    .max(100_000)
    .default(8)
    .meta({ doc: 'epochs of the search stage, all of them', search: [4, 8, 16] }),
  scoreLearningRate: z
    .number()
    .positive()
    .default(0.02)
    .meta({ doc: 'step size of the scores (Adam)', search: [0.005, 0.02, 0.05] }),
  scoreEvery: z.int().min(1).max(10_000).default(10).meta({ doc: 'steps of the weights for each step of the scores' }),
  scoreShare: z.number().gt(0).lt(1).default(0.2).meta({ doc: 'share of the training rows from which scores learn' }),
  temperatureStep: z.number().min(0).default(5e-5).meta({ doc: 'what each step takes off the temperature τ' }),
});

type Config = z.output<typeof options>;

/** Scores, and what is drawn for them; afterwards the mask of the fields that were found. [F] each. */
function gateParameters({ search }: Config, layout: FieldLayout): ParameterDeclaration[] {
  const shape = [countFields(layout).nFields];
  if (search) return [{ name: 'fields.mask', shape, initializer: ones, kept: true }];
  return [
    { name: 'fields.score', shape, initializer: zeros },
    { name: 'fields.noise', shape, initializer: zeros, kept: true },
    { name: 'fields.sharpness', shape, initializer: ones, kept: true },
  ];
}

/** p, shared [F]; in prediction without noise. */
function gates(p: Parameters, { search }: Config, { random }: ForwardPass): Tensor {
  if (search) return p['fields.mask'];
  const drawn = random === null ? p['fields.score'] : add(p['fields.score'], p['fields.noise']);
  return sigmoid(multiply(drawn, p['fields.sharpness']));
}

/** e_f · p_f, [B, F · d]. */
function gated(e: Tensor, p: Tensor, d: number): Tensor {
  const columns = matrixProduct(reshaped(p, [p.size, 1]), reshaped(constant(Array<number>(d).fill(1)), [1, d]));
  return multiply(e, broadcastRow(reshaped(columns, [p.size * d])));
}

/** What a step draws, of τ and the random stream of the training. */
function scoresLevel(config: Config, layout: FieldLayout, random: RandomStream): UpperLevel {
  const n = countFields(layout).nFields;
  return {
    parameters: ['fields.score'],
    every: config.scoreEvery,
    share: config.scoreShare,
    optimizer: { name: 'adam', learningRate: config.scoreLearningRate },
    before: (step) => {
      const drawn = random.child(`step ${step}`);
      const temperature = Math.max(LEAST_TEMPERATURE, 1 - config.temperatureStep * step);
      const noise = Float32Array.from({ length: n }, () => {
        const u = drawn.uniform();
        return Math.log((u + 2 ** -40) / (1 - u + 2 ** -40));
      });
      return { 'fields.noise': noise, 'fields.sharpness': new Float32Array(n).fill(1 / temperature) };
    },
  };
}

/** The fields, with p, of a search or of what came of it. */
function foundFields(config: Config, layout: FieldLayout, weights: NamedTensors): FoundStructure {
  const fields = fieldsInOrder(layout);
  const shape = [fields.length];
  if (config.search && weights.has('fields.mask')) {
    const mask = float32Tensor(weights, 'fields.mask', shape);
    const parts = fields.map(({ name }, f) => ({ name, weight: mask[f], isKept: mask[f] !== 0 }));
    return { unit: 'fields', weight: 'kept', parts };
  }
  const score = float32Tensor(weights, 'fields.score', shape);
  const k = Math.min(fields.length, config.fields || Math.ceil(fields.length / 2));
  const kept = new Set([...score.keys()].sort((a, b) => score[b] - score[a] || a - b).slice(0, k));
  const parts = fields.map(({ name }, f) => ({ name, weight: 1 / (1 + Math.exp(-score[f])), isKept: kept.has(f) }));
  return { unit: 'fields', weight: 'p(keep)', parts };
}

export const autoField = rowModel({
  name: 'auto-field',
  title: 'AutoField',
  paper: {
    authors: 'Wang, Zhao, Xu, Wu',
    title: 'AutoField: Automating Feature Selection in Deep Recommender Systems',
    venue: 'WWW',
    year: 2022,
  },
  options,
  trainingDefaults: {},
  parameters: (config, layout) => {
    const { factors, hidden, deviation } = config;
    const sizes = [countFields(layout).nFields * factors, ...hidden];
    return [
      embeddingParameter(layout, factors, deviation),
      ...gateParameters(config, layout),
      ...deepPartParameters(sizes, config),
    ];
  },
  logit: (p, inputs, config, pass) => {
    const e = gated(inputs.embed(p.V), gates(p, config, pass), config.factors);
    return deepPart(p, config.hidden.length, e, config, pass);
  },
  upper: (config, layout, random) => (config.search ? null : scoresLevel(config, layout, random)),
  pretraining: (config) => {
    if (!config.search) return [];
    const training = { epochs: config.searchEpochs, patience: 0, keepBest: false };
    return [{ model: 'auto-field', config: { ...config, search: false }, training }];
  },
  fuse: (config, [searched], { layout }) => {
    const found = foundFields(config, layout, searched);
    const data = Float32Array.from(found.parts, ({ isKept }) => (isKept ? 1 : 0));
    return { weights: new Map([['fields.mask', { shape: [data.length], data }]]), notes: foundLines(found) };
  },
  found: foundFields,
});
