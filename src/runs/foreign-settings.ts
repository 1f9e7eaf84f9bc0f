/** Settings of a training that belong to models of another kind: the error says to which. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { objectSchema } from '../core/options.ts';
import type { Form } from '../examples/forms.ts';
import type { Model } from '../examples/model.ts';
import { models } from '../models/index.ts';

/** So many names are shown. */
const nShown = 6;

/** @throws DeepTasteError `config`: a setting that the training of this model does not have and that of others has, or the model itself */
export function refuseForeignSettings<F extends Form>(
  { title, options, learn }: Pick<Model<unknown, F>, 'title' | 'options' | 'learn'>,
  given: object,
): void {
  if (learn.by !== 'gradients') return;
  const { settings, renamed = {}, name: examples } = learn.examples;
  for (const key of Object.keys(given)) {
    if (key in settings.shape || key in renamed) continue;
    const where = `training settings: "${key}" must be a setting of how ${title} is trained (on ${examples})`;
    if (key in objectSchema(options).shape)
      throw new DeepTasteError(
        'config',
        `${where}, found an option of the model itself; say --set ${key}=… without "training."`,
        { key },
      );
    const owners = models.filter(
      (other) => other.learn.by === 'gradients' && key in other.learn.examples.settings.shape,
    );
    if (owners.length === 0) continue;
    const names = owners.map((other) => other.name);
    const more = names.length > nShown ? ` and ${names.length - nShown} more` : '';
    throw new DeepTasteError(
      'config',
      `${where}, found one of ${names.slice(0, nShown).join(', ')}${more}; take one of these${suggestion(key, Object.keys(settings.shape))}`,
      { key },
    );
  }
}
