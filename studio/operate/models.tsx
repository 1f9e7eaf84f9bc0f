/** The recommenders that are served, and loading them anew. */
import { useState } from 'preact/hooks';
import { useAnswer } from '../app/answer.ts';
import { moment } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { RowName, Table } from '../parts/table.tsx';
import { useWork } from '../parts/work.ts';

export function Models() {
  const [loaded, setLoaded] = useState(0);
  const { value, error } = useAnswer((client) => client.models(), [loaded]);
  const work = useWork();
  return (
    <section class="card stack">
      <div class="head">
        <h2>Served runs</h2>
        <button
          type="button"
          disabled={work.isGoingOn}
          onClick={() =>
            work.start(
              (client) => client.reload(),
              () => setLoaded((n) => n + 1),
            )
          }
        >
          Load anew
        </button>
      </div>
      <div aria-live="polite">
        {work.isGoingOn && <p class="note">Loading; the former ones answer meanwhile.</p>}
        {!work.isGoingOn && loaded > 0 && work.problem === null && <p class="note">Loaded.</p>}
      </div>
      <Problem text={error ?? work.problem} />
      <Table label="Served runs, a table" heads={['Run', 'Model', 'Version', 'Made']}>
        {(value?.models ?? []).map(({ name, title, version, created }) => (
          <tr key={name}>
            <RowName>{name}</RowName>
            <td>{title}</td>
            <td>
              <code>{version}</code>
            </td>
            <td class="muted">{created === null ? '–' : moment(created)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
