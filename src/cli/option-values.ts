/** Readers of option values; what they refuse is wrong usage (exit code 2). */
import { InvalidArgumentError } from 'commander';

/** A reader of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

export const threadCount = wholeNumber(1, 256);
export const seedValue = wholeNumber(0, 4294967295);

/** A reader of numbers from `min` to `max`; infinite = no bound. */
export function numberIn(min: number, max: number = Number.POSITIVE_INFINITY): (text: string) => number {
  const bottom = Number.isFinite(min) ? ` of at least ${min}` : '';
  const top = Number.isFinite(max) ? ` of at most ${max}` : '';
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number${[bottom, top].filter(Boolean).join(' and')}.`);
  };
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30m`, `24h`, `7d` in milliseconds. */
export function interval(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([smhd])$/.exec(text.trim()) ?? [];
  const value = Number(number) * UNITS[unit as keyof typeof UNITS];
  if (value >= UNITS.s && value <= 366 * UNITS.d) return value;
  throw new InvalidArgumentError('It must be an interval such as 30m, 24h or 7d, from 1s to 366d.');
}

/** The path of a folder: that results go to, or of a run. */
export function folderPath(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('It must be the path of a folder.');
}

/** For arguments that are repeated: as `folderPath`. */
export function folderPaths(text: string, former: readonly string[] = []): string[] {
  return [...former, folderPath(text)];
}

/** `a,b,c` → its parts without empty ones. */
export function commaList(text: string): string[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length > 0) return parts;
  throw new InvalidArgumentError('It must be a list like a,b,c.');
}

/** For options that may be repeated. */
export function collect(value: string, former: readonly string[] | undefined): string[] {
  return [...(former ?? []), value];
}

/** Numbers that JSON does not know and people write: `.5`, `5.`, `+3`. */
const everydayNumber = /^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** JSON where it is JSON, numbers as people write them, else the text itself: `0.1`, `.1`, `true`, `[64,32]`, `adam`. */
export function jsonOrText(text: string): unknown {
  if (everydayNumber.test(text.trim())) return Number(text);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Where a server keeps what people do, in commands that work on it. */
export const storeFlag = [
  '--store <file|url>',
  'the store of the server: a SQLite file, or postgres://…',
  'deeptaste.db',
] as const;

/** What `--where` means, wherever it stands. */
export const whereDoc = `only items of which it holds, e.g. "genre = 'Comedy' and year >= 1990" (docs/filters.md)`;
