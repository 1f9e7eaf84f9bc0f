/**
 * Fold-in for gradient models: people who were not in training get user vectors of their own, trained with the model's own loss
 * on their items while everything else stays fixed.
 */
import { float32Tensor, type NamedTensors } from '../core/named-tensors.ts';
import type { RandomStream } from '../core/random.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../engine/runtime/sampler.ts';
import { type DeclaredParameters, declareParameters, lossExpression } from '../models/expression.ts';
import type { GradientModel, Sizes } from '../models/model.ts';
import { gradientScorer, type Scorer } from '../models/scoring.ts';
import type { TrainingOptions } from './options.ts';

const STEPS = 150;
const MAX_BATCH = 2048;
const LEARNING_RATE = 0.03;

export interface FoldInRequest {
  readonly engine: Engine;
  readonly model: GradientModel;
  readonly config: unknown;
  readonly training: TrainingOptions;
  readonly sizes: Sizes;
  readonly weights: NamedTensors;
  /** Known items of each new person, ascending and distinct; at least one in all. */
  readonly histories: SparseRows;
  readonly random: RandomStream;
}

/** A scorer whose users are the new people, in the order of `histories`; and how it was made. */
export function foldIn(request: FoldInRequest): { scorer: Scorer; how: string } {
  const { engine, model, config, training, histories } = request;
  const sizes = { nUsers: histories.nRows, nItems: request.sizes.nItems };
  const declared = declareParameters(model, config, sizes);
  const store = new ParameterStore(engine, declared.list);
  try {
    startWeights(request, declared, store);
    trainUsers(request, sizes, declared, store);
    const scorer = gradientScorer(engine, model, config, sizes, declared, store);
    const free = () => {
      scorer.free();
      store.free();
    };
    const how = `a user vector trained for ${STEPS} passes over the given items with ${training.negatives} negatives each, everything else fixed`;
    return { scorer: { ...scorer, free }, how };
  } catch (error) {
    store.free();
    throw error;
  }
}

/** Everything as it was trained; the new users start from the average one. */
function startWeights({ weights, sizes }: FoldInRequest, declared: DeclaredParameters, store: ParameterStore): void {
  declared.declarations.forEach(({ name, shape, table }, n) => {
    if (table === 'user') {
      const average = averageRow(float32Tensor(weights, name, [sizes.nUsers, shape[1]]), shape[1]);
      const rows = Float32Array.from({ length: shape[0] * shape[1] }, (_, k) => average[k % shape[1]]);
      store.write(declared.list[n], rows);
    } else store.write(declared.list[n], float32Tensor(weights, name, shape));
  });
}

function trainUsers(request: FoldInRequest, sizes: Sizes, declared: DeclaredParameters, store: ParameterStore): void {
  const { engine, model, config, training } = request;
  const sampler = samplerOf(request, sizes);
  try {
    const { loss, leaves } = lossExpression(model, declared.tensors, config);
    const pairwise = model.loss === 'pairwise';
    const totalRows = pairwise ? sampler.rowsPairwise : sampler.rowsPointwise;
    const batchSize = Math.min(MAX_BATCH, totalRows);
    const { l2 } = training.optimizer;
    const plan = new StepPlan({
      ...{ engine, store, loss, batchSize, totalRows },
      trainable: declared.list.filter((_, n) => declared.declarations[n].table === 'user'),
      feed: pairwise ? sampler.pairwise(...leaves) : sampler.pointwise(...leaves),
      optimizer: optimizerOptions.parse({ name: 'adam', learningRate: LEARNING_RATE, l2, schedule: 'linear' }),
      totalSteps: STEPS * Math.ceil(totalRows / batchSize),
    });
    try {
      for (let epoch = 0; epoch < STEPS; epoch++) plan.run(epoch, 0, plan.stepsPerEpoch);
    } finally {
      plan.free();
    }
  } finally {
    sampler.free();
  }
}

/** Negatives are uniform here whatever the training's sampler was: the popularity of items is not part of a trained model. */
function samplerOf({ engine, training, histories, random }: FoldInRequest, sizes: Sizes): SamplerRecord {
  const users = new Int32Array(histories.columns.length);
  for (let r = 0; r < histories.nRows; r++) users.fill(r, histories.rowStart[r], histories.rowStart[r + 1]);
  return new SamplerRecord(engine, {
    users,
    items: histories.columns,
    ...sizes,
    rowStart: histories.rowStart,
    columns: histories.columns,
    negatives: training.negatives,
    reject: training.rejectTaken,
    popularityExponent: 0,
    key: random.key,
  });
}

/** Mean of the rows of [n × width]. */
function averageRow(values: Float32Array, width: number): Float64Array {
  const sum = new Float64Array(width);
  for (let k = 0; k < values.length; k++) sum[k % width] += values[k];
  return sum.map((v) => (v * width) / Math.max(1, values.length));
}
