/** The settings of a saved run, for commands that read its data again. */
import type { Manifest } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { findModel } from '../models/index.ts';
import { type AnyRunSettings, parseAnyRunSettings } from '../runs/any-settings.ts';
import { storedSettings } from '../runs/run-record.ts';
import { type DataFlags, dataOf, FILM_CLUB } from './data-flags.ts';
import { runInputOf, type SettingsFlags } from './run-flags.ts';

/**
 * The settings of the run, with what the flags say instead.
 * @param command for messages
 * @throws 'usage' where the run was saved without its settings and the flags do not name the data
 */
export async function settingsOfStored(
  path: string,
  manifest: Manifest,
  flags: DataFlags & SettingsFlags & { readonly data?: readonly string[] },
  command: string,
): Promise<AnyRunSettings> {
  const stored = await storedSettings(path);
  if (stored === null && flags.data === undefined)
    throw new DeepTasteError(
      'usage',
      `${command} ${path}: the run was saved without its settings; say with --data and --split what it was trained on`,
    );
  const { name } = manifest.model;
  const { evaluation, ...form } = runInputOf(findModel(name), flags);
  const given = flags.data ?? [];
  const told = dataOf(given, flags);
  const simulated = stored !== null && 'simulated' in stored.data;
  const data =
    stored === null || given.includes(FILM_CLUB) || (simulated && given.length > 0)
      ? told
      : simulated
        ? stored.data
        : {
            ...stored.data,
            ...told,
            files: given.length > 0 ? [...given] : (stored.data as { files: string[] }).files,
          };
  const input = {
    ...(stored ?? { model: name, seed: manifest.seed }),
    data,
    ...form,
    evaluation: { ...stored?.evaluation, ...evaluation },
  };
  return parseAnyRunSettings(input, `${command} ${path}`);
}
