/** What a caller may give to `save`, checked before anything is written. */
import { checkFolderPath } from '../artifact/folder-path.ts';
import { DeepTasteError } from '../core/errors.ts';
import { shownValue } from '../core/ids.ts';

/**
 * @param path a folder to write
 * @param result what `evaluate` returned, or null
 * @param attachments name of a file → its text or bytes
 * @throws DeepTasteError `usage`
 */
export function checkSaving(path: unknown, result: unknown, attachments: unknown): void {
  checkFolderPath(path, 'save');
  const isResult = typeof result === 'object' && result !== null && 'users' in result && 'perUser' in result;
  if (result !== null && !isResult) throw wrong('the result must be what evaluate() returned, or null', result);
  if (!(attachments instanceof Map))
    throw wrong('attachments must be a Map from names of files to their texts or bytes', attachments);
  for (const [name, text] of attachments) {
    if (typeof name !== 'string' || name === '') throw wrong('the name of an attachment must be a text', name);
    if (typeof text !== 'string' && !(text instanceof Uint8Array))
      throw wrong(`the attachment "${name}" must be a text or bytes`, text);
  }
}

function wrong(expected: string, found: unknown): DeepTasteError {
  return new DeepTasteError('usage', `save: ${expected}, found ${shownValue(found)}`);
}
