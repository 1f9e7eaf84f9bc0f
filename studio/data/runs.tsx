/** Recommenders in the folder of runs, and which of them are served. */
import type { Client } from 'deeptaste/client';
import { moment } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { RowName, Table } from '../parts/table.tsx';
import { useWork } from '../parts/work.ts';

interface RunsParts {
  readonly runs: Awaited<ReturnType<Client['runs']>>['runs'];
  changed(): void;
}

export function Runs({ runs, changed }: RunsParts) {
  const work = useWork();
  if (runs.length === 0) return null;
  return (
    <section class="card stack">
      <h2>Saved runs</h2>
      <Problem text={work.problem} />
      <Table label="Saved runs, a table" heads={['Run', 'Model', 'Data', 'Made', { hidden: 'Serving' }]}>
        {runs.map(({ name, model, data, created, served }) => (
          <tr key={name}>
            <RowName>{name}</RowName>
            <td>{model}</td>
            <td>{data}</td>
            <td class="muted">{moment(created)}</td>
            <td class="end">
              <button
                type="button"
                disabled={work.isGoingOn}
                aria-label={served ? `Serve no more: ${name}` : `Serve ${name}`}
                onClick={() =>
                  work.start((client) => (served ? client.unserveRun(name) : client.serveRun(name)), changed)
                }
              >
                {served ? 'Serve no more' : 'Serve'}
              </button>
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
