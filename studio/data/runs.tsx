/** Recommenders in the folder of runs, and which of them are served. */
import type { Client } from 'deeptaste/client';
import { moment } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { Scroll } from '../parts/scroll.tsx';
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
      <Scroll label="Saved runs, a table">
        <table>
          <thead>
            <tr>
              <th scope="col">Run</th>
              <th scope="col">Model</th>
              <th scope="col">Data</th>
              <th scope="col">Made</th>
              <th scope="col">
                <span class="hidden">Serving</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map(({ name, model, data, created, served }) => (
              <tr key={name}>
                <th scope="row" class="run">
                  {name}
                </th>
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
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
