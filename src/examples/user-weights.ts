/** Weights of people in the loss of a training: suspicious ones count less, or not at all. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import type { FieldTable } from '../data/dataset.ts';
import type { Tensor } from '../engine/expression.ts';
import { lookup, multiply, table } from '../engine/ops/index.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { TakenPairs } from './forms.ts';

export const userWeightSetting = z
  .string()
  .min(1)
  .optional()
  .meta({ doc: 'numeric field of the users: what each of their rows counts for in the loss; default: all count as 1' });

/** What multiplies the loss of a row; nothing where no field is named. */
export class UserWeights {
  readonly tensor: Tensor;
  readonly #values: Float32Array;

  /** @throws DeepTasteError `config`: no such numeric field; `data`: weights below 0, or none above */
  constructor(name: string, { sizes, userFields }: Pick<TakenPairs, 'sizes' | 'userFields'>) {
    this.#values = weightsOf(name, userFields, sizes.nUsers);
    this.tensor = table('weight of the user', sizes.nUsers, 1);
  }

  writeTo(store: ParameterStore): void {
    store.write(this.tensor, this.#values);
  }

  /** @param loss of each row, [B, 1]; @param user index leaf */
  weighted(loss: Tensor, user: Tensor): Tensor {
    return multiply(loss, lookup(this.tensor, user));
  }
}

/** Who has no number counts as 1. */
function weightsOf(name: string, fields: FieldTable | undefined, nUsers: number): Float32Array {
  const numeric = fields?.fields.filter(({ kind }) => kind === 'numeric') ?? [];
  const field = numeric.find((each) => each.name === name);
  if (!field)
    throw new DeepTasteError(
      'config',
      `training.userWeight: must be a numeric field of the users, found "${name}" and ${numeric.length === 0 ? 'no such fields' : numeric.map((each) => each.name).join(', ')}; ` +
        'give the file that holds it with --users',
      { key: 'training.userWeight' },
    );
  const values = Float32Array.from({ length: nUsers }, (_, user) => Number(field.values[user] ?? 1));
  const wrong = values.findIndex((value) => !(value >= 0));
  if (wrong >= 0 || !values.some((value) => value > 0))
    throw new DeepTasteError(
      'data',
      `training.userWeight: numbers of "${name}" must be at least 0, and some above, found ${wrong >= 0 ? values[wrong] : 'only 0'}; mend the file`,
      { key: 'training.userWeight' },
    );
  return values;
}
