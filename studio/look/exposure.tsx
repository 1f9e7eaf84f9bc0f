/** Popularity against exposure: which tenth of the items gets how much of the lists, beside how much people took of it. */
import { dot, line, lineY } from '@observablehq/plot';
import { useAnswer } from '../app/answer.ts';
import { Chart, Legend } from '../parts/chart.tsx';
import { percent, wholeNumber } from '../parts/numbers.ts';
import { RowName, Table } from '../parts/table.tsx';
import type { Exposure, Served } from './served.ts';

const K = 10;
const USERS = 300;

interface Shown {
  readonly run: Served;
  /** Null where it cannot be said, and why. */
  readonly exposure: Exposure | null;
  readonly problem: string | null;
}

export function ExposureView({ runs }: { readonly runs: readonly Served[] }) {
  const { value } = useAnswer(
    (client) =>
      Promise.all(
        runs.map((run) =>
          client.exposure(run.model.name, { k: K, users: USERS }).then(
            (exposure): Shown => ({ run, exposure, problem: null }),
            (error: Error): Shown => ({ run, exposure: null, problem: error.message }),
          ),
        ),
      ),
    [runs],
  );
  return (
    <section class="card stack">
      <h2>Popularity and exposure</h2>
      {value === null ? <p class="note">Lists of {USERS} people are being made …</p> : <Tenths shown={value} />}
    </section>
  );
}

function Tenths({ shown }: { readonly shown: readonly Shown[] }) {
  const known = shown.flatMap(({ run, exposure }) => (exposure ? [{ ...run, exposure }] : []));
  const problems = shown.filter(({ problem }) => problem !== null);
  const points = known.flatMap(({ label, color, exposure }) =>
    exposure.tenths.map((tenth, n) => ({ tenth: n + 1, share: tenth.shown, label, color })),
  );
  const taken = known[0]?.exposure.tenths.map((tenth, n) => ({ tenth: n + 1, share: tenth.taken })) ?? [];
  return (
    <>
      {known.length > 0 && (
        <>
          <p class="note">
            The best {K} for {wholeNumber(known[0].exposure.users)} people: which tenth of the items, popular ones
            first, fills how much of them. Dashed: how much of what people took in training is of it.
          </p>
          <Legend
            entries={[
              ...known.map(({ label, color }) => ({ text: label, color })),
              { text: 'taken in training', color: 'var(--series-rest)' },
            ]}
          />
          <Chart
            label={`Share of the lists that goes to the most popular tenth: ${known
              .map(({ label, exposure }) => `${label} ${percent(exposure.tenths[0].shown)}`)
              .join(', ')}`}
            about={[shown]}
            options={() => ({
              height: 260,
              marginLeft: 48,
              marginBottom: 38,
              marginTop: 12,
              x: { label: 'tenth of the items, popular ones first', ticks: 10, tickFormat: 'd' },
              y: { label: null, grid: true, tickFormat: (share: number) => percent(share) },
              marks: [
                lineY(taken, {
                  x: 'tenth',
                  y: 'share',
                  stroke: 'var(--series-rest)',
                  strokeWidth: 2,
                  strokeDasharray: '5 4',
                }),
                line(points, { x: 'tenth', y: 'share', z: 'label', stroke: 'color', strokeWidth: 2 }),
                dot(points, {
                  x: 'tenth',
                  y: 'share',
                  fill: 'color',
                  r: 3,
                  tip: true,
                  title: (point) => `${point.label}: ${percent(point.share, 1)}`,
                }),
              ],
            })}
          />
          <Table
            label="Exposure of the runs"
            heads={['Run', { number: 'Items ever shown' }, { number: 'Gini' }, 'Shown most']}
          >
            {known.map(({ model, label, exposure }) => (
              <tr key={model.name}>
                <RowName>{label}</RowName>
                <td class="number">{percent(exposure.coverage)}</td>
                <td class="number">{exposure.gini === null ? '–' : exposure.gini.toFixed(3)}</td>
                <td>{exposure.points[0]?.title ?? '–'}</td>
              </tr>
            ))}
          </Table>
        </>
      )}
      {problems.map(({ run, problem }) => (
        <p key={run.model.name} class="note">
          {run.label}: {problem}
        </p>
      ))}
    </>
  );
}
