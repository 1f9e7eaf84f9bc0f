/**
 * Ids as callers give them. In the data ids are texts; plain JavaScript often holds them as numbers, whose text is the id: 5 is "5".
 * Every function that takes ids takes them through here.
 */
import { DeepTasteError } from './errors.ts';
import { shownName } from './shown.ts';

/** A text, or a number whose text is the id. */
export type Id = string | number | bigint;

/**
 * The text of one id.
 * @param what names it in the message, e.g. `recommend: the user id`
 * @throws DeepTasteError `usage`: neither a text nor a number, or a number that does not keep all digits of an id
 */
export function idOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'number')
    throw new DeepTasteError(
      'usage',
      `${what}: must be an id, a text as in the data (a number is taken as its text), found ${shownValue(value)}`,
    );
  const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  if (isExact) return String(value);
  throw new DeepTasteError(
    'usage',
    `${what}: a number must keep every digit of the id (up to ${Number.MAX_SAFE_INTEGER}), found ${value}; give the id as a text or a bigint`,
  );
}

/**
 * The texts of a list of ids: an array, a typed array or another iterable, but not one text.
 * @throws DeepTasteError `usage`, as {@link idOf}
 */
export function idsOf(values: unknown, what: string): string[] {
  if (typeof values === 'string' || typeof values === 'number' || typeof values === 'bigint') {
    const found = shownValue(values);
    throw new DeepTasteError('usage', `${what}: must be a list of ids, found ${found}; give a list: [${found}]`);
  }
  if (typeof values !== 'object' || values === null || !(Symbol.iterator in values))
    throw new DeepTasteError('usage', `${what}: must be a list of ids such as ["a", "b"], found ${shownValue(values)}`);
  return Array.from(values as Iterable<unknown>, (value, n) => idOf(value, `${what}, number ${n + 1}`));
}

/** A value of any kind for a message. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'function') return 'a function';
  if (value instanceof Promise) return 'a promise (await it)';
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'number') return String(value);
  try {
    return shownName(JSON.stringify(value) ?? String(value));
  } catch {
    return `${Array.isArray(value) ? 'a list' : 'an object'} that refers to itself or is nested too deeply to be shown`;
  }
}
