/** `--since`, of what a store keeps. */
import { DeepTasteError } from '../core/errors.ts';
import { shownName } from '../core/shown.ts';

/** Milliseconds since 1970 of `--since`. @throws DeepTasteError `usage` for a date that is none */
export function sinceTime(text: string): number {
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new DeepTasteError(
    'usage',
    `--since: must be a date such as 2026-11-30 or 2026-11-30T12:00:00Z, found "${shownName(text)}"`,
  );
}
