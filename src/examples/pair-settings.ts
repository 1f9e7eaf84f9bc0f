/** Settings of a training on taken pairs: how examples are drawn, and the loss by which they are learned from. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { conditionsOf } from '../core/option-metas.ts';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import { batchSettings } from './batch-settings.ts';
import { stoppingSettings } from './stopping.ts';
import { trimSetting } from './trimming.ts';
import { userWeightSetting } from './user-weights.ts';

/** Losses, and what a training row is for each of them. */
export const rowsOfLoss = {
  /** (user, item, label) */
  log: 'pointwise',
  gbce: 'pointwise',
  /** (user, taken item, other item) */
  bpr: 'pairwise',
  hinge: 'pairwise',
  /** (user, taken item, all negatives of it) */
  'sampled-softmax': 'listwise',
  /** (user, taken item), against all items */
  softmax: 'whole',
  /** (user, taken item), against the taken items of the step */
  'in-batch-softmax': 'batch',
} as const;

export type PairLoss = keyof typeof rowsOfLoss;
export type PairRows = (typeof rowsOfLoss)[PairLoss];

/** Training rows that a taken pair makes; all negatives of a listwise row are its own. */
export function rowsPerPositive(rows: PairRows, negatives: number): number {
  return { pointwise: negatives + 1, pairwise: negatives, listwise: 1, whole: 1, batch: 1 }[rows];
}
const lossNames = Object.keys(rowsOfLoss) as [PairLoss, ...PairLoss[]];

/** Whether rows are compared with what is drawn for them. */
export const drawsNegatives = (rows: PairRows): boolean => rows !== 'whole' && rows !== 'batch';

const withNegatives = { loss: lossNames.filter((loss) => drawsNegatives(rowsOfLoss[loss])) };

export const pairSettings = z.strictObject({
  ...batchSettings({
    epochs: [20, 'passes over the training interactions, at most'],
    batchSize: [2048, 'examples a step (negatives included)'],
    largestBatch: 1_048_576,
    search: [256, 1024, 2048, 8192],
  }),
  positives: z.enum(['once', 'by-user']).default('once').meta({
    doc: 'once: every interaction once an epoch; by-user: as many draws, each a random user and one of the items of that user',
  }),
  loss: z.enum(lossNames).default('log').meta({
    doc: 'log: log loss of single items; gbce: with the exponent β for taken ones; bpr, hinge: of differences of two items; sampled-softmax: of a taken item among its negatives; softmax: among all items; in-batch-softmax: among the taken items of the step',
  }),
  margin: z
    .number()
    .positive()
    .default(1)
    .meta({ doc: 'hinge: by how much a taken item is to be ahead', when: { loss: ['hinge'] } }),
  temperature: z
    .number()
    .positive()
    .max(100)
    .default(1)
    .meta({
      doc: 'softmax losses: τ, scores are divided by it in training',
      search: [0.05, 0.07, 0.1, 0.15, 0.2],
      when: { loss: ['sampled-softmax', 'softmax', 'in-batch-softmax'] },
    }),
  popularityCorrection: z
    .boolean()
    .default(true)
    .meta({
      doc: 'in-batch-softmax: scores are corrected by how often items occur (logQ); without, popular items are pushed down',
      search: [true, false],
      when: { loss: ['in-batch-softmax'] },
    }),
  calibration: z
    .number()
    .min(0)
    .max(1)
    .default(0.75)
    .meta({
      doc: 'gbce: t, 0 = plain log loss … 1 = scores calibrated as if all items were negatives',
      when: { loss: ['gbce'] },
    }),
  negatives: z
    .int()
    .min(1)
    .max(1000)
    .default(4)
    .meta({
      doc: 'negative items drawn for each interaction, anew in every epoch',
      search: [1, 4, 8],
      when: withNegatives,
    }),
  negativeSampler: z
    .enum(['uniform', 'popularity', 'in-batch', 'dns', 'aobpr-static', 'aobpr'])
    .default('uniform')
    .meta({
      doc: 'how negatives are drawn; popularity: ∝ (interactions of the item)^popularityExponent; in-batch: taken items of other examples of the step; dns: one of the highest of several candidates; aobpr: by the rank of the item, by popularity (static) or along a factor of the user',
    }),
  popularityExponent: z.number().min(0).max(2).default(0.75).meta({ doc: 'exponent of the popularity sampler' }),
  candidates: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .meta({
      doc: 'dns: N, items drawn uniformly, one of which is taken',
      search: [4, 8, 16, 32],
      when: { negativeSampler: ['dns'] },
    }),
  hardest: z
    .int()
    .min(1)
    .max(256)
    .default(1)
    .meta({
      doc: 'dns: M, the negative is one of the M highest candidates, all as likely',
      when: { negativeSampler: ['dns'] },
    }),
  rankScale: z
    .number()
    .positive()
    .default(500)
    .meta({
      doc: 'aobpr: λ, an item of rank r is drawn ∝ exp(−r / λ)',
      search: [50, 100, 200, 500],
      when: { negativeSampler: ['aobpr-static', 'aobpr'] },
    }),
  hardShare: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .meta({
      doc: 'dns, aobpr: share of the negatives that are drawn so; the others are uniform',
      search: [0.5, 1],
      when: { negativeSampler: ['dns', 'aobpr'] },
    }),
  rejectTaken: z.boolean().default(true).meta({ doc: 'never draw an item as negative that the user took in training' }),
  adversarialEpsilon: z.number().min(0).max(100).default(0).meta({
    doc: 'adversarial training: ε, how far the vectors of a row are moved to where its loss is highest; 0 = not at all',
  }),
  adversarialWeight: z
    .number()
    .positive()
    .max(100)
    .default(1)
    .meta({ doc: 'adversarial training: λ, weight of the loss at the moved vectors' }),
  adversarialStart: z.enum(['trained', 'untrained']).default('trained').meta({
    doc: 'adversarial training: begin with the weights of a training without it, as long, or with those of the initialiser',
  }),
  trim: trimSetting,
  userWeight: userWeightSetting,
  ...stoppingSettings({ patience: 5 }),
  optimizer: optimizerOptions.prefault({}),
});

export type PairSettings = z.output<typeof pairSettings>;

/** Samplers that look at the scores of the present weights. */
export const isHard = ({ negativeSampler }: Pick<PairSettings, 'negativeSampler'>): boolean =>
  negativeSampler === 'dns' || negativeSampler === 'aobpr';

/** Settings of drawn negatives, of which some losses have none. */
const ofNegatives = ['negatives', 'negativeSampler', 'popularityExponent', 'rejectTaken'];

/** Settings that concern some choices of another setting. */
const concerns = conditionsOf(pairSettings).filter(({ key }) => !ofNegatives.includes(key));

/** Whether a setting has something to act on under a sampler. */
export function concernsSampler(key: string, sampler: string): boolean {
  return concerns.every(
    ({ key: name, choice, values }) => name !== key || choice !== 'negativeSampler' || values.includes(sampler),
  );
}

/** @throws 'config' for settings that have nothing to act on or contradict each other */
export function checkPairSettings(settings: PairSettings, given: object): void {
  const chosen = new Map<string, unknown>(Object.entries(settings));
  for (const { key, choice, values } of concerns)
    if (key in given && !values.includes(chosen.get(choice)))
      throw new DeepTasteError(
        'config',
        `training.${key}: concerns ${choice} ${values.join(' and ')}, found ${choice} ${chosen.get(choice)}; leave it out, or set ${choice}`,
        { key: `training.${key}` },
      );
  const { negativeSampler, candidates, hardest, loss, adversarialEpsilon } = settings;
  for (const key of ['adversarialWeight', 'adversarialStart'])
    if (key in given && adversarialEpsilon === 0)
      throw new DeepTasteError(
        'config',
        `training.${key}: concerns adversarial training, found adversarialEpsilon 0; leave it out, or set adversarialEpsilon`,
        { key: `training.${key}` },
      );
  const isDrawn = drawsNegatives(rowsOfLoss[loss]);
  if (adversarialEpsilon > 0 && !isDrawn)
    throw new DeepTasteError(
      'config',
      `training.adversarialEpsilon: loss ${loss} moves the vectors of all items at once; choose sampled-softmax, bpr, hinge, log or gbce`,
      { key: 'training.adversarialEpsilon' },
    );
  for (const key of isDrawn ? [] : ofNegatives)
    if (key in given)
      throw new DeepTasteError(
        'config',
        `training.${key}: loss ${loss} compares with ${loss === 'softmax' ? 'all items' : 'the taken items of the step'} and draws no negatives; leave it out, or choose another loss`,
        { key: `training.${key}` },
      );
  if (negativeSampler === 'dns' && hardest > candidates)
    throw new DeepTasteError(
      'config',
      `training.hardest: must be at most the ${candidates} candidates, found ${hardest}; raise training.candidates, or lower it`,
      { key: 'training.hardest' },
    );
  if (isHard(settings) && rowsOfLoss[loss] === 'listwise')
    throw new DeepTasteError(
      'config',
      `training.negativeSampler: ${loss} must know how likely each draw was, which ${negativeSampler} cannot say; ` +
        'choose uniform, popularity, in-batch or aobpr-static, or loss bpr, hinge, log or gbce',
      { key: 'training.negativeSampler' },
    );
}
