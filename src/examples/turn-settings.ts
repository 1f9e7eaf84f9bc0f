/** Settings of a training in which players take turns. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { batchSettings } from './batch-settings.ts';
import type { TrainingDefaults } from './model.ts';
import { pairSettings } from './pairs.ts';
import { baselineOption, rewardOption } from './rewards.ts';
import { stoppingSettings } from './stopping.ts';

export const turnSettings = z.strictObject({
  ...batchSettings({
    epochs: [50, 'rounds at most; in each every player has one turn'],
    batchSize: [512, 'taken pairs a step of a discriminator, each with what was drawn against it'],
    largestBatch: 1_048_576,
    search: [128, 512, 2048],
  }),
  discriminatorPasses: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .meta({ doc: 'passes over the taken pairs in a turn of a discriminator' }),
  generatorPasses: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .meta({ doc: 'passes over the people (generatorRows) in a turn of a generator' }),
  generatorRows: z
    .enum(['people', 'pairs'])
    .default('people')
    .meta({ doc: 'people: everybody once a pass; pairs: everybody once for each taken pair' }),
  generatorBatchSize: z
    .int()
    .min(1)
    .max(65_536)
    .default(64)
    .meta({ doc: 'people a step of a generator', search: [16, 64, 256] }),
  samples: z
    .int()
    .min(1)
    .max(10_000)
    .default(16)
    .meta({ doc: 'K, targets that a generator draws for a person in a step', search: [5, 16, 64] }),
  candidates: z.int().min(0).max(100_000).default(0).meta({
    doc: 'a generator draws from the softmax over so many candidates, drawn evenly anew each time; 0 = over all targets',
  }),
  reward: rewardOption.default('log'),
  baseline: baselineOption.default('mean'),
  baselineDecay: z
    .number()
    .min(0)
    .lt(1)
    .default(0.99)
    .meta({ doc: 'decay of the running mean of rewards (baseline=moving)' }),
  entropyWeight: z
    .number()
    .min(0)
    .default(0)
    .meta({ doc: 'weight of the entropy of a generator’s softmax beside the reward', search: [0, 0.01, 0.1] }),
  positiveShare: z.number().min(0).lt(1).default(0).meta({
    doc: 'λ: share of a generator’s draws that are taken targets, corrected by importance ratios; of its candidates, where it has some',
  }),
  drawTemperature: z
    .number()
    .positive()
    .default(1)
    .meta({ doc: 'temperature of the softmax by which a generator draws against taken pairs' }),
  rejectTaken: z
    .boolean()
    .default(false)
    .meta({ doc: 'never draw a target against somebody’s taken pairs that this person took in training' }),
  generatorLearningRate: z
    .number()
    .positive()
    .default(0.001)
    .meta({
      doc: 'step size of the generators; optimizer.learningRate is that of the discriminators',
      search: [0.0003, 0.001, 0.003],
    }),
  generatorL2: z
    .number()
    .min(0)
    .default(0)
    .meta({ doc: 'optimizer.l2 of the generators; their optimizer is otherwise that of the discriminators' }),
  ...stoppingSettings({ patience: 10 }),
  optimizer: pairSettings.shape.optimizer,
});

export type TurnSettings = z.output<typeof turnSettings>;

/** What a model sets of them. */
export type TurnDefaults = TrainingDefaults & Partial<Omit<TurnSettings, 'optimizer'>>;

/** @throws 'config' for settings that contradict each other */
export function checkTurnSettings(settings: object): void {
  const { baseline, samples, candidates } = settings as TurnSettings;
  if (baseline === 'mean' && samples < 2)
    throw new DeepTasteError(
      'config',
      `training settings: baseline "mean" is that of a person’s other draws and needs samples ≥ 2, got ${samples}; ` +
        'set training.samples=2 or more, or training.baseline=moving',
      { path: ['samples'] },
    );
  if (candidates === 1)
    throw new DeepTasteError(
      'config',
      'training settings: candidates must be 0 (all targets) or at least 2, got 1: there would be nothing to choose',
      { path: ['candidates'] },
    );
}
