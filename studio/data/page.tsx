/** Data: a table is looked at, models are trained on it, and what comes out is served. */
import type { Client } from 'deeptaste/client';
import { useState } from 'preact/hooks';
import { useAnswer } from '../app/answer.ts';
import { Problem } from '../parts/problem.tsx';
import { useTick } from '../parts/tick.ts';
import { Jobs } from './jobs.tsx';
import { Runs } from './runs.tsx';
import type { Schema } from './schema.ts';
import { TableEntry } from './table-entry.tsx';
import { TableView } from './table-view.tsx';
import { TrainingForm } from './training-form.tsx';
import '../style/data-and-operate.css';

export type Upload = Awaited<ReturnType<Client['upload']>>;
export type Catalogue = Awaited<ReturnType<Client['catalogue']>>;
export type Job = Awaited<ReturnType<Client['job']>>;

/** How a table is read where it is not as usual: roles of columns, ratings that count … */
export type Reading = Parameters<Client['readUpload']>[1];

/** What is trained on: a table that was uploaded, and how it is read; or the simulated film club. */
export type Chosen = { readonly upload: Upload; readonly read: Reading } | { readonly upload: null };

/** While a training goes on, and while none does. */
const OFTEN_MS = 1_000;
const SELDOM_MS = 10_000;

const isOver = ({ state }: Job): boolean => state !== 'waiting' && state !== 'running';

export default function DataPage() {
  const catalogue = useAnswer((client) => client.catalogue(), []);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [changes, setChanges] = useState(0);
  const [isBusy, setBusy] = useState(false);
  const [isReading, setReading] = useState(false);
  const tick = useTick(isBusy ? OFTEN_MS : SELDOM_MS);
  const jobs = useAnswer(
    catalogue.value === null
      ? null
      : async (client) => {
          const found = (await client.jobs()).jobs;
          setBusy(found.some((job) => !isOver(job)));
          return found;
        },
    [catalogue.value, changes, tick],
  );
  const nDone = jobs.value?.filter(isOver).length ?? 0;
  const runs = useAnswer(catalogue.value === null ? null : async (client) => (await client.runs()).runs, [
    catalogue.value,
    changes,
    nDone,
  ]);
  const taken = [...(jobs.value ?? []), ...(runs.value ?? [])].map(({ name }) => name);
  const changed = (): void => setChanges((n) => n + 1);
  return (
    <div class="stack data">
      <header>
        <h1>From a table to a recommender</h1>
        <p class="note">Drop a table of who took what; see what it holds; train on it; serve what comes out.</p>
      </header>
      <Problem text={catalogue.error} />
      {catalogue.value !== null && (
        <>
          <TableEntry mostBytes={catalogue.value.limits.uploadBytes} choose={setChosen} />
          {chosen?.upload && (
            <TableView
              key={chosen.upload.id}
              upload={chosen.upload}
              read={chosen.read}
              schema={catalogue.value.read as Schema}
              change={(upload, read) => setChosen({ upload, read })}
              tellReading={setReading}
            />
          )}
          {chosen !== null && (chosen.upload === null || chosen.upload.data !== null) && (
            <TrainingForm
              catalogue={catalogue.value}
              chosen={chosen}
              isReading={isReading}
              taken={taken}
              started={changed}
            />
          )}
          <Problem text={jobs.error} />
          <Jobs jobs={jobs.value ?? []} changed={changed} />
          <Runs runs={runs.value ?? []} changed={changed} />
        </>
      )}
    </div>
  );
}
