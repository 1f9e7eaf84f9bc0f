/** `--epochs` of models that have none. */
import { DeepTasteError } from '../core/errors.ts';
import type { AnyModel } from '../examples/model.ts';

/** @param models none of which is trained by epochs */
export function noEpochs(epochs: number, models: readonly Pick<AnyModel, 'title'>[]): DeepTasteError {
  return new DeepTasteError(
    'usage',
    `--epochs: must be said of a model that is trained by epochs, found --epochs ${epochs} and ` +
      `${models.map(({ title }) => title).join(', ')}, fitted at once; leave it out`,
  );
}
