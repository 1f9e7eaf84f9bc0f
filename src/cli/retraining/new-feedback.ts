/** What a store was told since the last retraining of a run: the rows to train on, and the newest part that is held back from them. */
import { join } from 'node:path';
import type { Schema } from '../../data/schema.ts';
import type { ServerSettings } from '../../serving/settings.ts';
import type { Store } from '../../serving/store/store.ts';
import { writeTable } from '../table-file.ts';
import { ToldRows, toldEvents } from '../told-rows.ts';

/** Where the events of a store end that a run was trained on. */
export interface ToldPlace {
  readonly store: number;
  readonly place: number;
}

/** Where an event stands in time (milliseconds since 1970), and among those of the same time. */
export interface Moment {
  readonly time: number;
  /** In the order in which the store was told. */
  readonly place: number;
}

export interface NewFeedback {
  /** The last event that is among them. */
  readonly upTo: ToldPlace;
  /** Rows in all, and those that are held back. */
  readonly nRows: number;
  readonly nHeldBack: number;
  /** From this event on rows are held back; null = none is. */
  readonly from: Moment | null;
  /** What was left out, in one sentence. */
  readonly told: string;
}

/**
 * Counts them and finds the event from which they are held back: the newest share by their times, those of the same time by when the
 * store was told. One at least is not held back.
 * @param former the place where a training before ended; of another store it says nothing
 */
export async function countFeedback(
  store: Store,
  schema: Schema,
  settings: ServerSettings,
  former: ToldPlace | null,
  share: number,
): Promise<NewFeedback & { readonly after: number }> {
  const identity = await store.identity();
  const after = former?.store === identity ? former.place : 0;
  const rows = new ToldRows(schema, settings);
  const [times, places]: [number[], number[]] = [[], []];
  let place = after;
  for await (const event of toldEvents(store, after)) {
    place = event.place;
    if (!rows.isRow(event)) continue;
    times.push(event.time);
    places.push(event.place);
  }
  const nRows = times.length;
  const nOlder = Math.min(nRows, Math.max(1, Math.floor((1 - share) * nRows)));
  const from = nthMoment(times, places, nOlder);
  return { after, upTo: { store: identity, place }, nRows, nHeldBack: nRows - nOlder, from, told: rows.told };
}

/** @param places ascending */
function nthMoment(times: readonly number[], places: readonly number[], n: number): Moment | null {
  if (n >= times.length) return null;
  const sorted = Float64Array.from(times).sort();
  const time = sorted[n];
  // of those of this time so many come before
  let before = n - sorted.indexOf(time);
  const event = times.findIndex((each) => each === time && before-- === 0);
  return { time, place: places[event] };
}

function isBefore({ time, place }: Moment, from: Moment | null): boolean {
  return from === null || time < from.time || (time === from.time && place < from.place);
}

export interface FeedbackTables {
  /** Rows without those held back, and all of them. */
  readonly older: string;
  readonly all: string;
  /** Of each person with rows held back the items, in the order of the events, and the ids of all these events. */
  readonly heldBack: ReadonlyMap<string, readonly string[]>;
  readonly heldBackEvents: ReadonlySet<string>;
}

/** @param isBeside whether they are read together with the files of the run */
export async function writeFeedbackTables(
  store: Store,
  schema: Schema,
  settings: ServerSettings,
  { after, upTo, from }: Pick<NewFeedback, 'upTo' | 'from'> & { readonly after: number },
  folder: string,
  isBeside: boolean,
): Promise<FeedbackTables> {
  const [older, all] = [join(folder, 'feedback-older.csv'), join(folder, 'feedback.csv')];
  const rows = new ToldRows(schema, settings, { isBeside });
  const heldBack = new Map<string, string[]>();
  const heldBackEvents = new Set<string>();
  await writeTable(all, rows.columns, (allRows) =>
    writeTable(older, rows.columns, async (olderRows) => {
      for await (const event of toldEvents(store, after, upTo.place)) {
        if (!rows.isRow(event)) continue;
        const cells = rows.cellsOf(event);
        await allRows.add(cells);
        if (isBefore(event, from)) {
          await olderRows.add(cells);
          continue;
        }
        heldBackEvents.add(event.id);
        const items = heldBack.get(event.user);
        if (items) items.push(event.item);
        else heldBack.set(event.user, [event.item]);
      }
    }),
  );
  return { older, all, heldBack, heldBackEvents };
}
