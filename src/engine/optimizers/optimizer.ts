/** Optimizers and their settings. The formulas stand in `kernels/optimizers.ts`; defaults are those of the papers. */
import { z } from 'zod';
import * as code from '../kernels/opcodes.ts';

export const optimizerOptions = z.strictObject({
  name: z
    .enum(['sgd', 'momentum', 'adagrad', 'adagrad-momentum', 'rmsprop', 'adam', 'ftrl', 'grda'])
    .default('adam')
    .meta({ doc: 'update rule; each updates only the table rows that a batch touches unless `dense`' }),
  learningRate: z
    .number()
    .positive()
    .default(0.001)
    .meta({ doc: 'η, the step size', search: [0.0003, 0.001, 0.003] }),
  beta1: z
    .number()
    .min(0)
    .lt(1)
    .default(0.9)
    .meta({ doc: 'decay of the mean (Adam) or the velocity (momentum, adagrad-momentum)' }),
  beta2: z.number().min(0).lt(1).default(0.999).meta({ doc: 'decay of the mean square (Adam, RMSprop)' }),
  beta: z.number().min(0).default(1).meta({ doc: 'β of FTRL: added to √n in the step size of a coordinate' }),
  l1: z
    .number()
    .min(0)
    .default(0)
    .meta({ doc: 'λ₁ of FTRL: a weight is exactly 0 while the sum of its gradients stays within ± this' }),
  shrinkage: z
    .number()
    .min(0)
    .default(5e-4)
    .meta({ doc: 'c of GRDA: how fast the threshold grows below which a weight is exactly 0' }),
  shrinkagePower: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .meta({ doc: 'μ of GRDA: the threshold of step t is c η^(½ + μ) t^μ' }),
  epsilon: z.number().min(0).default(1e-8).meta({ doc: 'added under the division' }),
  initialAccumulator: z
    .number()
    .min(0)
    .default(0)
    .meta({ doc: 'start of the squared-gradient sum of Adagrad and FTRL' }),
  l2: z
    .number()
    .min(0)
    .default(0)
    .meta({ doc: 'weight of ½‖w‖² in the loss; λ₂ in the closed form of FTRL', search: [0, 1e-6, 1e-5, 1e-4] }),
  l2Scope: z.enum(['touched', 'all']).default('touched').meta({
    doc: 'touched: each example regularises the table rows it uses; all: whole tables in every step (needs dense)',
  }),
  clipValue: z.number().min(0).default(0).meta({ doc: 'clip every gradient element to ± this; 0 = off' }),
  clipNorm: z
    .number()
    .min(0)
    .default(0)
    .meta({ doc: 'scale gradients so that their global norm is at most this; 0 = off' }),
  dense: z
    .boolean()
    .default(false)
    .meta({ doc: 'update all rows of all tables in every step, as textbook implementations do (slow)' }),
  schedule: z
    .enum(['constant', 'linear', 'cosine', 'inverse-sqrt'])
    .default('constant')
    .meta({ doc: 'learning rate over the run: constant, down to 0 (linear, cosine), or ∝ 1/√step after the warm-up' }),
  warmupSteps: z.int().min(0).default(0).meta({ doc: 'steps over which the learning rate rises linearly from 0' }),
});

export type OptimizerOptions = z.output<typeof optimizerOptions>;

export const optimizerCode: Record<OptimizerOptions['name'], number> = {
  sgd: code.SGD,
  momentum: code.MOMENTUM,
  adagrad: code.ADAGRAD,
  rmsprop: code.RMSPROP,
  adam: code.ADAM,
  ftrl: code.FTRL,
  'adagrad-momentum': code.ADAGRAD_MOMENTUM,
  grda: code.GRDA,
};

/** How many state arrays of the weights' size an optimizer keeps. */
export const stateArrays: Record<OptimizerOptions['name'], 0 | 1 | 2> = {
  sgd: 0,
  momentum: 1,
  adagrad: 1,
  rmsprop: 1,
  adam: 2,
  ftrl: 2,
  'adagrad-momentum': 2,
  grda: 1,
};

/** Optimizers whose weights are a function of their state and of the one learning rate of the run. */
export const hasOneRate = ({ name }: OptimizerOptions): boolean => name === 'ftrl' || name === 'grda';

/** c η^(½ + μ) t^μ: what GRDA takes off the size of a weight in step t (from 0). */
export function grdaThreshold({ learningRate, shrinkage, shrinkagePower }: OptimizerOptions, t: number): number {
  return shrinkage * learningRate ** (0.5 + shrinkagePower) * (t + 1) ** shrinkagePower;
}

/** Learning rate of step t (from 0) of a run of `totalSteps`. */
export function learningRateAt(options: OptimizerOptions, t: number, totalSteps: number): number {
  const { learningRate, schedule, warmupSteps } = options;
  if (t < warmupSteps) return (learningRate * (t + 1)) / warmupSteps;
  const progress = Math.min(1, (t - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  switch (schedule) {
    case 'constant':
      return learningRate;
    case 'linear':
      return learningRate * (1 - progress);
    case 'cosine':
      return (learningRate * (1 + Math.cos(Math.PI * progress))) / 2;
    case 'inverse-sqrt':
      return learningRate * Math.sqrt(Math.max(1, warmupSteps) / Math.max(1, t + 1));
  }
}
