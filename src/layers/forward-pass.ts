/** What layers do differently in training and in prediction: noise, and statistics of the batch. */
import type { RandomStream } from '../core/random.ts';
import type { Tensor } from '../engine/expression.ts';
import { dropout } from '../engine/ops/index.ts';

export interface ForwardPass {
  /** Where noise comes from; null in prediction. */
  readonly random: RandomStream | null;
  /** Kept parameters and the expressions of their values after a training step. */
  readonly assignments: (readonly [Tensor, Tensor])[];
}

export const prediction: ForwardPass = { random: null, assignments: [] };

export function trainingPass(random: RandomStream): ForwardPass {
  return { random, assignments: [] };
}

/**
 * Dropout in training, nothing in prediction.
 * @param name tells the places of a model apart
 * @param bits of a draw, see `dropout`
 */
export function dropoutLayer(
  x: Tensor,
  rate: number,
  name: string,
  { random }: ForwardPass,
  bits: 16 | 32 = 32,
): Tensor {
  return random === null ? x : dropout(x, rate, random.child(`${name}/dropout`).key, bits);
}
