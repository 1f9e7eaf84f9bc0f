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
  readonly #newPeople = new RecentTimes();

  /** @param now milliseconds since 1970 */
  constructor(settings: ServerSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
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
    if (eventsPerMinute !== null && this.#ofPerson.add(who, now, MINUTE_MS) > eventsPerMinute)
      return `more than ${eventsPerMinute} events of one person within a minute`;
    if (!isNew || meaningOf(event, this.#settings) === 'shown') return null;
    if (newPersonEvents !== null && this.#takenByNew.count(who, now, DAY_MS) >= newPersonEvents)
      return `more than ${newPersonEvents} events of somebody new within a day`;
    if (newPeoplePerItem !== null && this.#newPeople.distinct(event.item, who, now, HOUR_MS) > newPeoplePerItem)
      return `an item that more than ${newPeoplePerItem} new people took within an hour`;
    this.#takenByNew.add(who, now, DAY_MS);
    return null;
  }
}

/** Moments of the last while, by key. */
class RecentTimes {
  readonly #of = new Map<string, { time: number; who: string }[]>();

  /** @returns how many there are with this one */
  add(key: string, now: number, span: number, who = ''): number {
    const recent = this.#recent(key, now, span);
    recent.push({ time: now, who });
    this.#of.delete(key); // the newest keys stand last
    this.#of.set(key, recent);
    if (this.#of.size > MOST_COUNTED) this.#of.delete(this.#of.keys().next().value as string);
    return recent.length;
  }

  count(key: string, now: number, span: number): number {
    return this.#recent(key, now, span).length;
  }

  /** How many different people there are with this one. */
  distinct(key: string, who: string, now: number, span: number): number {
    const recent = this.#recent(key, now, span);
    return recent.some((each) => each.who === who) ? recent.length : this.add(key, now, span, who);
  }

  #recent(key: string, now: number, span: number): { time: number; who: string }[] {
    return (this.#of.get(key) ?? []).filter(({ time }) => now - time < span);
  }
}
