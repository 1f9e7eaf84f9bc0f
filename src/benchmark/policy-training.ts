/**
 * Policy gradient over a whole catalogue: REINFORCE with a softmax over all items (Chen et al.: Top-K Off-Policy Correction for a
 * REINFORCE Recommender System. WSDM 2019), on invented histories, actions and rewards.
 */
import type { RandomStream } from '../core/random.ts';
import {
  affine,
  fullSoftmaxCrossEntropy,
  indexInput,
  input,
  linear,
  lookupFields,
  multiply,
} from '../engine/ops/index.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { glorotUniform, normal, zeros } from '../layers/initializer.ts';
import { type ExampleSteps, exampleTraining } from './example-training.ts';
import { type StepCost, updateBytes } from './step-limit.ts';

export interface PolicySize {
  readonly items: number;
  readonly dims: number;
  /** Items of a history; the state is a layer over their mean. */
  readonly history: number;
  readonly batchSize: number;
  /** Examples of an epoch. */
  readonly examples: number;
}

export const policySize: PolicySize = { items: 100_000, dims: 32, history: 20, batchSize: 256, examples: 25_600 };

export function policyTraining(engine: Engine, size: PolicySize, random: RandomStream): ExampleSteps {
  const { items, dims: d, history, batchSize, examples } = size;
  const draw = (n: number) => Int32Array.from({ length: n }, () => Math.floor(items * random.uniform() ** 2));
  const rewards = Float32Array.from({ length: examples }, () => random.uniform());
  return exampleTraining({
    engine,
    labels: rewards,
    batchSize,
    random,
    inBlocks: true,
    cost: policyCost(size),
    parameters: [
      { name: 'E', shape: [items, d], initializer: normal(0.1), table: 'item' },
      { name: 'W', shape: [d, d], initializer: glorotUniform(d, d) },
      { name: 'b', shape: [d], initializer: zeros },
    ],
    build: (p) => {
      const [past, action] = [indexInput('history', history), indexInput('action')];
      const reward = input('reward', [1]);
      const mean = affine(lookupFields(p.E, past, [history]), 1 / history);
      const state = linear(mean, p.W, { bias: p.b, relu: true });
      const loss = multiply(reward, fullSoftmaxCrossEntropy(state, p.E, action, batchSize));
      const slots = [
        { leaf: past, index: draw(examples * history) },
        { leaf: action, index: draw(examples) },
      ];
      return { loss, label: reward, slots };
    },
  });
}

/**
 * Products of a step with all items, forward and both gradients, without the logits that are computed again; and least bytes:
 * the table is read for the logits, its gradient written and read, weights and two moments read and written.
 */
export function policyCost({ items, dims: d, batchSize }: PolicySize): StepCost {
  return { flops: 3 * 2 * batchSize * (items * d + d * d), bytes: updateBytes(items * d, 2) + 3 * 4 * items * d };
}
