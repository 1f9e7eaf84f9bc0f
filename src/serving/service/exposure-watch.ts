/**
 * Items whose exposure jumps: how often each is shown in this hour, against the 24 hours before. In memory, of each server for itself.
 *
 *   alarm: at least `places` times in this hour, and at least `factor` times the share that it had of all places before
 */
import type { Log } from '../log.ts';
import type { ServerSettings } from '../settings.ts';

const HOUR_MS = 3_600_000;
const HOURS = 24;

export interface ExposureAlarm {
  readonly item: string;
  /** Beginning of the hour, milliseconds since 1970. */
  readonly time: number;
  /** Times that it was shown in the hour until the alarm. */
  readonly shown: number;
  /** Its share of all places in that hour, and in the hours before. */
  readonly share: number;
  readonly before: number;
}

interface Hour {
  readonly number: number;
  places: number;
  readonly shown: Map<string, number>;
}

export class ExposureWatch {
  readonly #settings: ServerSettings['protection']['exposure'];
  readonly #log: Log;
  readonly #now: () => number;
  readonly #hours: Hour[] = [];
  readonly #alarms: ExposureAlarm[] = [];

  constructor({ protection }: ServerSettings, log: Log, now: () => number) {
    this.#settings = protection.exposure;
    this.#log = log;
    this.#now = now;
  }

  listed(items: readonly { readonly id: string }[]): void {
    if (this.#settings === null) return;
    const hour = this.#hour();
    hour.places += items.length;
    for (const { id } of items) {
      const shown = (hour.shown.get(id) ?? 0) + 1;
      hour.shown.set(id, shown);
      if (shown >= this.#settings.places) this.#look(id, hour, shown);
    }
  }

  /** Those of the last 24 hours, the newest first. */
  get alarms(): readonly ExposureAlarm[] {
    const first = Math.floor(this.#now() / HOUR_MS) - HOURS;
    return this.#alarms.filter(({ time }) => time >= first * HOUR_MS).reverse();
  }

  #hour(): Hour {
    const number = Math.floor(this.#now() / HOUR_MS);
    const last = this.#hours.at(-1);
    if (last?.number === number) return last;
    while (this.#hours.length > 0 && this.#hours[0].number < number - HOURS) this.#hours.shift();
    while (this.#alarms.length > 0 && this.#alarms[0].time < (number - HOURS) * HOUR_MS) this.#alarms.shift();
    const hour = { number, places: 0, shown: new Map<string, number>() };
    this.#hours.push(hour);
    return hour;
  }

  #look(item: string, { number, places }: Hour, shown: number): void {
    const time = number * HOUR_MS;
    const { factor, places: least } = this.#settings!;
    const former = this.#hours.filter((hour) => hour.number < number);
    const formerPlaces = former.reduce((sum, hour) => sum + hour.places, 0);
    // without a while before there is nothing to compare with, and little of this hour says nothing of its whole
    if (formerPlaces < least || places < least * 2) return;
    if (this.#alarms.some((alarm) => alarm.item === item && alarm.time === time)) return;
    const before = former.reduce((sum, hour) => sum + (hour.shown.get(item) ?? 0), 0) / formerPlaces;
    const share = shown / places;
    if (share < factor * before || share <= before) return;
    const alarm = { item, time, shown, share, before };
    this.#alarms.push(alarm);
    this.#log.write('warn', 'exposure jumps', { item, shown, share, before });
  }
}
