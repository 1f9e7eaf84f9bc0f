/** What a wrong rating costs: settings that all trainings on ratings share. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import type { Tensor } from '../engine/expression.ts';
import { square } from '../engine/ops/index.ts';
import { huberLoss } from '../layers/losses.ts';
import { userWeightSetting } from './user-weights.ts';

export const ratingLossSettings = {
  loss: z.enum(['squared', 'huber']).default('squared').meta({
    doc: 'squared: error²; huber: beyond huberDelta it grows linearly, so that single ratings pull less',
  }),
  huberDelta: z
    .number()
    .positive()
    .default(1)
    .meta({ doc: 'huber: error from which on the loss is linear', when: { loss: ['huber'] } }),
  userWeight: userWeightSetting,
};

export interface RatingLossSettings {
  readonly loss: 'squared' | 'huber';
  readonly huberDelta: number;
}

/** @param error predicted less given rating, [B, 1] */
export function lossOfError(error: Tensor, { loss, huberDelta }: RatingLossSettings): Tensor {
  return loss === 'huber' ? huberLoss(error, huberDelta) : square(error);
}

/** @throws 'config' for a δ of another loss */
export function checkRatingLoss(settings: object, given: object): void {
  const { loss } = settings as RatingLossSettings;
  if (loss === 'huber' || !('huberDelta' in given)) return;
  throw new DeepTasteError(
    'config',
    `training.huberDelta: concerns loss huber, found loss ${loss}; leave it out, or set loss`,
    { key: 'training.huberDelta' },
  );
}
