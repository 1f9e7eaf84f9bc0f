/** What a store was told since a run was trained: the rows to train on, and the newest part that is held back from them. */
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

export interface NewFeedback {
  /** The last event that is among them. */
  readonly upTo: ToldPlace;
  /** Rows in all, and those that are held back. */
  readonly nRows: number;
  readonly nHeldBack: number;
  /** From this time on (milliseconds since 1970) rows are held back. */
  readonly from: number;
  /** What was left out, in one sentence. */
  readonly told: string;
}

/**
 * Counts them and finds the time from which they are held back: the newest share, events of the same moment on the same side.
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
  const times: number[] = [];
  let place = after;
  for await (const event of toldEvents(store, after)) {
    place = event.place;
    if (rows.isRow(event)) times.push(event.time);
  }
  const sorted = Float64Array.from(times).sort();
  const from = sorted[Math.floor((1 - share) * sorted.length)] ?? Number.POSITIVE_INFINITY;
  const nHeldBack = times.filter((time) => time >= from).length;
  return { after, upTo: { store: identity, place }, nRows: times.length, nHeldBack, from, told: rows.told };
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
        if (event.time < from) {
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
