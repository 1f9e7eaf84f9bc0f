/** `deeptaste feedback RUN --out FILE`: the events of a store by which people took items, in the columns of a run's data. */
import { Recommender } from '../recommender/recommender.ts';
import { parseServerSettings, readServerSettings } from '../serving/settings.ts';
import { openStore } from '../serving/store/open-store.ts';
import { sinceTime } from './since-flag.ts';
import { checkTableFile, writeTable } from './table-file.ts';
import type { Terminal } from './terminal.ts';
import { ToldRows, toldEvents } from './told-rows.ts';

export interface FeedbackRequest {
  readonly store: string;
  readonly settings?: string;
  readonly since?: string;
  readonly out: string;
}

/** @throws 'usage' for a date that is none and a place that cannot be used; 'config'; 'artifact'; 'io' */
export async function writeFeedback(terminal: Terminal, run: string, request: FeedbackRequest): Promise<void> {
  const { out } = request;
  const since = request.since === undefined ? undefined : sinceTime(request.since);
  await checkTableFile(out);
  const settings =
    request.settings === undefined ? parseServerSettings({}) : await readServerSettings(request.settings);
  const told = new ToldRows((await Recommender.read(run)).info.schema, settings, { since });
  const { columns } = told;
  const store = await openStore(request.store);
  try {
    const rows = await writeTable(out, columns, async (sink) => {
      let written = 0;
      for await (const event of toldEvents(store)) {
        if (!told.isRow(event)) continue;
        await sink.add(told.cellsOf(event));
        written++;
      }
      return written;
    });
    terminal.print(`${rows} rows in ${out}; ${told.told}`);
    terminal.print(`next: deeptaste train --from ${run} --data ${out} --out ${run}`);
    terminal.document({ out, rows, columns: columns.map(({ name }) => name), leftOut: told.leftOut });
  } finally {
    await store.close();
  }
}
