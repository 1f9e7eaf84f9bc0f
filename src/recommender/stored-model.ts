/** The model that an artifact names, before anything is built of it. */
import { fitting } from '../artifact/fitting.ts';
import { findModel } from '../models/index.ts';

/** @throws 'artifact' for a model that does not exist, or settings that are not its own */
export async function checkStoredModel(
  path: string,
  { name, config }: { readonly name: string; readonly config: object },
): Promise<void> {
  await fitting(path, () => findModel(name).options.parse(config));
}
