/** The model that an artifact names, before anything is built of it. */
import { fitting } from '../artifact/fitting.ts';
import { findModel } from '../models/index.ts';

/**
 * @param find the model of the family that is wanted
 * @throws 'artifact' for a model that does not exist, or settings that are not its own; what `find` throws for another family
 */
export async function checkStoredModel(
  path: string,
  { name, config }: { readonly name: string; readonly config: object },
  find: (name: string) => { readonly options: { parse(value: unknown): unknown } },
): Promise<void> {
  await fitting(path, () => findModel(name));
  const model = find(name);
  await fitting(path, () => model.options.parse(config));
}
