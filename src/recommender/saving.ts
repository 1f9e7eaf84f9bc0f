/** What a caller may give to `save`, checked before anything is written. */
import { DeepTasteError } from '../core/errors.ts';
import { shownValue } from '../core/ids.ts';

/**
 * @param path a folder to write
 * @param result what `evaluate` returned, or null
 * @param attachments name of a file → its text
 * @throws DeepTasteError `usage`
 */
export function checkSaving(path: unknown, result: unknown, attachments: unknown): void {
  if (typeof path !== 'string' || path === '')
    throw wrong('the first argument must be the path of a folder', 'a text', path);
  const isResult = typeof result === 'object' && result !== null && 'users' in result && 'perUser' in result;
  if (result !== null && !isResult)
    throw wrong('the result must be what evaluate() returned', 'an object with `users` and `perUser`, or null', result);
  if (!(attachments instanceof Map))
    throw wrong('attachments must be a Map', 'of names of files and their texts', attachments);
  for (const [name, text] of attachments) {
    if (typeof name !== 'string' || name === '') throw wrong('the name of an attachment', 'a text', name);
    if (typeof text !== 'string') throw wrong(`the attachment "${name}"`, 'a text', text);
  }
}

function wrong(what: string, expected: string, found: unknown): DeepTasteError {
  return new DeepTasteError('usage', `save: ${what} (expected ${expected}), found ${shownValue(found)}`);
}
