/** Events of a store by which people took items, as rows with the columns of a run's data. */
import type { Schema } from '../data/schema.ts';
import { meaningOf } from '../serving/service/history.ts';
import type { ServerSettings } from '../serving/settings.ts';
import type { FeedbackEvent } from '../serving/store/records.ts';
import type { Store } from '../serving/store/store.ts';
import type { OutputCell, OutputColumn } from './table-rows.ts';

const AT_ONCE = 10_000;

/** An event of somebody, with its place in the order of the store. */
export type ToldEvent = FeedbackEvent & { readonly place: number };
export type TakenEvent = ToldEvent & { readonly user: string };

/** Why events are no rows, and how many are not. */
export interface LeftOut {
  earlier: number;
  nobodys: number;
  notTaken: number;
  unrated: number;
}

export class ToldRows {
  readonly columns: readonly OutputColumn[];
  readonly leftOut: LeftOut = { earlier: 0, nobodys: 0, notTaken: 0, unrated: 0 };
  /** Name of the column of ratings, where the run has one. */
  readonly rating: string | undefined;
  readonly #settings: ServerSettings;
  readonly #since: number;
  readonly #hasTime: boolean;

  /**
   * @param schema of the run: the columns get its names
   * @param since milliseconds since 1970
   * @param isBeside whether the rows are read together with files of the run: then they have no column that these have not
   */
  constructor(
    schema: Schema,
    settings: ServerSettings,
    {
      since = Number.NEGATIVE_INFINITY,
      isBeside = false,
    }: { readonly since?: number; readonly isBeside?: boolean } = {},
  ) {
    const nameOf = (role: 'user' | 'item' | 'time' | 'rating') =>
      schema.columns.find((column) => column.role === role && column.owner === 'interaction')?.name;
    this.#settings = settings;
    this.#since = since;
    this.rating = nameOf('rating');
    this.#hasTime = !isBeside || nameOf('time') !== undefined;
    this.columns = [
      { name: nameOf('user') ?? 'user', type: 'text' },
      { name: nameOf('item') ?? 'item', type: 'text' },
      ...(this.#hasTime ? [{ name: nameOf('time') ?? 'time', type: 'integer' } as const] : []),
      ...(this.rating === undefined ? [] : [{ name: this.rating, type: 'number' } as const]),
    ];
  }

  /** Whether it is a row; if not, counts why. */
  isRow(event: ToldEvent): event is TakenEvent {
    const { leftOut } = this;
    if (event.time < this.#since) leftOut.earlier++;
    else if (event.user === null) leftOut.nobodys++;
    else if (meaningOf(event, this.#settings) !== 'taken') leftOut.notTaken++;
    else if (this.rating !== undefined && event.value === null) leftOut.unrated++;
    else return true;
    return false;
  }

  cellsOf({ user, item, time, value }: TakenEvent): OutputCell[] {
    return [
      user,
      item,
      ...(this.#hasTime ? [Math.floor(time / 1000)] : []),
      ...(this.rating === undefined ? [] : [value]),
    ];
  }

  /** One sentence of what was left out. */
  get told(): string {
    const { notTaken, nobodys, earlier, unrated } = this.leftOut;
    const parts = [
      `${notTaken} events that take nothing`,
      `${nobodys} of sessions that are nobody's`,
      ...(this.#since === Number.NEGATIVE_INFINITY ? [] : [`${earlier} before --since`]),
      ...(this.rating === undefined ? [] : [`${unrated} without a value for "${this.rating}"`]),
    ];
    return `left out: ${parts.join(', ')}`;
  }
}

/** All events in the order in which they were told, those of the places after one and up to another. */
export async function* toldEvents(
  store: Store,
  after = 0,
  upTo = Number.POSITIVE_INFINITY,
): AsyncGenerator<ToldEvent, void, undefined> {
  for (let place = after; ; ) {
    const events = await store.eventsAfter(place, AT_ONCE);
    if (events.length === 0) return;
    for (const event of events) {
      if (event.place > upTo) return;
      yield event;
    }
    place = events[events.length - 1].place;
  }
}
