/** The model that an artifact names, before anything is built of it. */
import { fitting } from '../artifact/fitting.ts';
import type { ArtifactInfo } from '../artifact/manifest.ts';
import type { AnyModel } from '../examples/model.ts';
import { findModel, modelForTask } from '../models/index.ts';

/** @throws 'config' for a model that cannot do what the artifact says it was trained for */
export function storedModel({ model: { name }, rating }: Pick<ArtifactInfo, 'model' | 'rating'>): AnyModel {
  const model = findModel(name);
  return rating && model.form === 'pairs' ? modelForTask(model, 'rating') : model;
}

/** @throws 'artifact' for a model that does not exist, or settings that are not its own */
export async function checkStoredModel(path: string, info: Pick<ArtifactInfo, 'model' | 'rating'>): Promise<void> {
  await fitting(path, () => storedModel(info).options.parse(info.model.config));
}
