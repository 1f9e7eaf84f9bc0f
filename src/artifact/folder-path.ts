/** The path of an artifact as callers in plain JavaScript give it. */
import { DeepTasteError } from '../core/errors.ts';
import { shownValue } from '../core/ids.ts';

/** @param call opens the message, such as `load` @throws DeepTasteError `usage` when it is no text, or an empty one */
export function checkFolderPath(path: unknown, call: string): asserts path is string {
  if (typeof path === 'string' && path !== '') return;
  const advice = path instanceof URL ? '; give fileURLToPath(url) of node:url' : '';
  throw new DeepTasteError(
    'usage',
    `${call}: must be given the path of a folder as a text, found ${shownValue(path)}${advice}`,
  );
}
