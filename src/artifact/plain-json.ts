/** `JSON.stringify` turns NaN into null and a Map into {} without a word; what is saved must be what was given. */
import { DeepTasteError } from '../core/errors.ts';

/**
 * A copy that JSON keeps exactly; keys whose value is undefined are left out.
 * @param where the path of the value in error messages, e.g. `metrics`
 * @throws DeepTasteError `artifact` for anything else than null, booleans, finite numbers, texts, lists and plain objects
 */
export function plainJson(value: unknown, where: string): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((each, index) => plainJson(each, `${where}[${index}]`));
  if (isPlainObject(value)) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    return Object.fromEntries(entries.map(([key, each]) => [key, plainJson(each, `${where}.${key}`)]));
  }
  const found = typeof value === 'object' ? (value?.constructor?.name ?? 'an object') : String(value);
  const message = `manifest ${where}: must be a value that JSON keeps, found ${found}`;
  throw new DeepTasteError('artifact', `${message}; use null where there is no value, lists for typed arrays`, {
    where,
  });
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
