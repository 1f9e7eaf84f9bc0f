/**
 * What is held back of feedback: too many events of one person at once, more of somebody new than somebody new may say, and an item that
 * many new people take within an hour. Held events count for nothing until who runs the server releases them. Counted in memory, by each
 * server for itself.
 */
import type { ServerSettings } from '../settings.ts';
import type { FeedbackEvent } from '../store/records.ts';
import { meaningOf } from './history.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** People and items that are counted at a time; beyond them those seen longest ago are forgotten. */
const MOST_COUNTED = 100_000;

export class Guard {
  readonly #settings: ServerSettings;
  readonly #now: () => number;
  readonly #ofPerson = new RecentTimes();
  readonly #takenByNew = new RecentTimes();
  /** Item → new people who took it within the hour. */
  readonly #newPeople = new RecentPeople();

  /** @param now milliseconds since 1970 */
  constructor(settings: ServerSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  /** Whether anything can be held. */
  get isOn(): boolean {
    return this.asksForNew || this.#settings.protection.eventsPerMinute !== null;
  }

  /** Whether it matters who is new. */
  get asksForNew(): boolean {
    const { newPersonEvents, newPeoplePerItem } = this.#settings.protection;
    return newPersonEvents !== null || newPeoplePerItem !== null;
  }

  /**
   * Why an event is held; null = it counts. What is held does not add to any count but that of its person's minute.
   * @param isNew nobody whom a recommender was trained on
   */
  reasonToHold(
    event: Pick<FeedbackEvent, 'user' | 'session' | 'item' | 'type' | 'value'>,
    isNew: boolean,
  ): string | null {
    const { eventsPerMinute, newPersonEvents, newPeoplePerItem } = this.#settings.protection;
    const now = this.#now();
    const who = event.user === null ? `session ${event.session}` : `user ${event.user}`;
    if (eventsPerMinute !== null && this.#ofPerson.add(who, now, MINUTE_MS, eventsPerMinute) > eventsPerMinute)
      return `more than ${eventsPerMinute} events of one person within a minute`;
    if (!isNew || meaningOf(event, this.#settings) === 'shown') return null;
    if (newPersonEvents !== null && this.#takenByNew.count(who, now, DAY_MS) >= newPersonEvents)
      return `more than ${newPersonEvents} events of somebody new within a day`;
    if (newPeoplePerItem !== null && !this.#newPeople.admit(event.item, who, now, HOUR_MS, newPeoplePerItem))
      return `an item that more than ${newPeoplePerItem} new people took within an hour`;
    if (newPersonEvents !== null) this.#takenByNew.add(who, now, DAY_MS, newPersonEvents);
    return null;
  }
}

/** Values by key; beyond {@link MOST_COUNTED} keys those used longest ago are forgotten. */
class RecentKeys<V> {
  readonly #of = new Map<string, V>();

  get(key: string): V | undefined {
    return this.#of.get(key);
  }

  set(key: string, value: V): void {
    this.#of.delete(key); // the newest keys stand last
    this.#of.set(key, value);
    if (this.#of.size > MOST_COUNTED) this.#of.delete(this.#of.keys().next().value as string);
  }
}

/** Moments of the last while, by key: no more of each than are needed to say whether a limit is passed. */
class RecentTimes {
  readonly #of = new RecentKeys<number[]>();

  /** @returns how many there are with this one, at most `limit` + 1 */
  add(key: string, now: number, span: number, limit: number): number {
    const times = this.#recent(key, now, span);
    times.push(now);
    if (times.length > limit + 1) times.shift();
    this.#of.set(key, times);
    return times.length;
  }

  count(key: string, now: number, span: number): number {
    return this.#recent(key, now, span).length;
  }

  #recent(key: string, now: number, span: number): number[] {
    const times = this.#of.get(key) ?? [];
    while (times.length > 0 && now - times[0] >= span) times.shift();
    return times;
  }
}

/** People of the last while, by key, no more than a limit allows. */
class RecentPeople {
  readonly #of = new RecentKeys<Map<string, number>>();

  /** Whether somebody is among the first `limit` people; who is not, is not counted. */
  admit(key: string, who: string, now: number, span: number, limit: number): boolean {
    const people = this.#of.get(key) ?? new Map<string, number>();
    for (const [each, time] of people) {
      if (now - time < span) break;
      people.delete(each);
    }
    if (!people.has(who)) {
      if (people.size >= limit) return false;
      people.set(who, now);
    }
    this.#of.set(key, people);
    return true;
  }
}
