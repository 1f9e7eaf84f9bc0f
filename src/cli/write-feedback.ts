/** `deeptaste feedback RUN --out FILE`: the events of a store by which people took items, in the columns of a run's data. */
import { DeepTasteError } from '../core/errors.ts';
import { shownName } from '../core/shown.ts';
import { Recommender } from '../recommender/recommender.ts';
import { meaningOf } from '../serving/service/history.ts';
import { parseServerSettings, readServerSettings } from '../serving/settings.ts';
import { openStore } from '../serving/store/open-store.ts';
import { checkTableFile, writeTable } from './table-file.ts';
import type { OutputColumn } from './table-rows.ts';
import type { Terminal } from './terminal.ts';

const AT_ONCE = 10_000;

export interface FeedbackRequest {
  readonly store: string;
  readonly settings?: string;
  readonly since?: string;
  readonly out: string;
}

/** @throws 'usage' for a date that is none and a place that cannot be used; 'config'; 'artifact'; 'io' */
export async function writeFeedback(terminal: Terminal, run: string, request: FeedbackRequest): Promise<void> {
  const { out } = request;
  const since = request.since === undefined ? Number.NEGATIVE_INFINITY : timeOf(request.since);
  await checkTableFile(out);
  const settings =
    request.settings === undefined ? parseServerSettings({}) : await readServerSettings(request.settings);
  const { schema } = (await Recommender.read(run)).info;
  const nameOf = (role: 'user' | 'item' | 'time' | 'rating') =>
    schema.columns.find((column) => column.role === role && column.owner === 'interaction')?.name;
  const rating = nameOf('rating');
  const columns: OutputColumn[] = [
    { name: nameOf('user') ?? 'user', type: 'text' },
    { name: nameOf('item') ?? 'item', type: 'text' },
    { name: nameOf('time') ?? 'time', type: 'integer' },
    ...(rating === undefined ? [] : [{ name: rating, type: 'number' } as const]),
  ];
  const left = { earlier: 0, nobodys: 0, notTaken: 0, unrated: 0 };
  const store = await openStore(request.store);
  try {
    const rows = await writeTable(out, columns, async (sink) => {
      let written = 0;
      for (let place = 0; ; ) {
        const events = await store.eventsAfter(place, AT_ONCE);
        if (events.length === 0) return written;
        for (const event of events) {
          const { user, item, time, value } = event;
          if (time < since) left.earlier++;
          else if (user === null) left.nobodys++;
          else if (meaningOf(event, settings) !== 'taken') left.notTaken++;
          else if (rating !== undefined && value === null) left.unrated++;
          else {
            await sink.add([user, item, Math.floor(time / 1000), ...(rating === undefined ? [] : [value])]);
            written++;
          }
        }
        place = events[events.length - 1].place;
      }
    });
    const unrated = rating === undefined ? '' : `, ${left.unrated} without a value for "${rating}"`;
    terminal.print(
      `${rows} rows in ${out}; left out: ${left.notTaken} events that take nothing, ${left.nobodys} of sessions that are nobody's, ` +
        `${left.earlier} before --since${unrated}`,
    );
    terminal.print(`next: deeptaste train --from ${run} --data ${out} --out ${run}`);
    terminal.document({ out, rows, columns: columns.map(({ name }) => name), leftOut: left });
  } finally {
    await store.close();
  }
}

function timeOf(text: string): number {
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new DeepTasteError(
    'usage',
    `feedback: --since must be a date such as 2026-11-30 or 2026-11-30T12:00:00Z, found "${shownName(text)}"`,
  );
}
