/** The model that an artifact names, before anything is built of it. */
import { fitting } from '../artifact/fitting.ts';
import { currentOptions } from '../examples/model-options.ts';
import { findModel } from '../models/index.ts';

interface StoredModel {
  readonly name: string;
  readonly config: object;
}

/**
 * The model and its options, under the names of today.
 * @throws 'artifact' for a model that does not exist, or settings that are not its own
 */
export function currentModel(path: string, { name, config }: StoredModel): Promise<StoredModel> {
  return fitting(path, () => {
    const model = findModel(name);
    return { name, config: model.options.parse(currentOptions(model, config)) as object };
  });
}
