/** The model that an artifact names, before anything is built of it. */
import { fitting } from '../artifact/fitting.ts';
import type { ArtifactInfo } from '../artifact/manifest.ts';
import { parseOptions } from '../core/options.ts';
import type { Form } from '../examples/forms.ts';
import type { AnyModel } from '../examples/model.ts';
import { currentOptions } from '../examples/model-options.ts';
import { findModel, modelForTask } from '../models/index.ts';

type StoredInfo = Pick<ArtifactInfo, 'model' | 'rating'>;

/** @throws 'config' for a model that cannot do what the artifact says it was trained for */
export function storedModel({ model: { name }, rating }: StoredInfo): AnyModel {
  const model = findModel(name);
  return rating ? (modelForTask<Form>(model, 'rating') as AnyModel) : model;
}

/**
 * The model's name and options, under the names of today.
 * @throws 'artifact' for a model that does not exist, or settings that are not its own
 */
export function currentModel(path: string, info: StoredInfo): Promise<ArtifactInfo['model']> {
  return fitting(path, () => {
    const { name, options, former } = storedModel(info);
    const config = currentOptions({ former }, info.model.config);
    return { name, config: parseOptions(options, config, `options of model ${name}`) as object };
  });
}
