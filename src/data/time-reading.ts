/** How a column of times is read. */
import type { DateOrder } from './date-forms.ts';

export interface TimeReading {
  /** SQL for seconds since 1970 (of counters: their number) as DOUBLE, NULL where a cell is none; times without an offset are UTC. */
  readonly sql: string;
  /** As a person would tell it, e.g. `%d/%m/%Y` or `seconds`; several are joined by "or". */
  readonly format: string;
  readonly order: DateOrder | null;
  /** True when the caller gave the form. */
  readonly told: boolean;
  /** Smallest and largest time; null = no cell holds one. */
  readonly first: number | null;
  readonly last: number | null;
  /** What a person should know, e.g. a guess that other files would not share. */
  readonly notes: readonly string[];
}

/** Seconds as people write them: the day, and the time of day unless it is midnight. */
export function dateText(seconds: number): string {
  if (!(Math.abs(seconds) <= 8.64e12)) return String(seconds);
  const text = new Date(Math.round(seconds * 1000))
    .toISOString()
    .replace('T', ' ')
    .replace(/\.000Z$|Z$/, '');
  return text.replace(/ 00:00:00$/, '');
}
