/** What the negatives of several samplers taught a model, where its run keeps a study. */
import { dot, line } from '@observablehq/plot';
import { Chart, Legend, seriesColor } from '../parts/chart.tsx';
import { metric as metricText, percent } from '../parts/numbers.ts';
import { RowName, Table } from '../parts/table.tsx';
import type { Served } from './served.ts';

type Study = NonNullable<Served['measures']['negatives']>;

export function Negatives({ runs }: { readonly runs: readonly Served[] }) {
  return (
    <>
      {runs.map(({ model, label, measures: { negatives } }) =>
        negatives === null ? null : <StudyView key={model.name} label={label} study={negatives} />,
      )}
    </>
  );
}

function StudyView({ label, study }: { readonly label: string; readonly study: Study }) {
  const { samplers, metric, chance } = study;
  const knows = chance.falseNegatives !== null;
  return (
    <section class="card stack">
      <h2>What negatives taught {label}</h2>
      <p class="note">
        One training a sampler. The slope |∂loss / ∂score| of a drawn negative is what it teaches: the harder it is, the
        larger. Those that people would have taken are false, and teach the wrong thing.
      </p>
      <Legend entries={samplers.map(({ sampler }, n) => ({ text: sampler, color: seriesColor(n) }))} />
      <Chart
        label={`Mean slope by epoch: ${samplers
          .map(({ sampler, looks }) => `${sampler} ${looks.map(({ meanSlope }) => meanSlope.toFixed(2)).join(', ')}`)
          .join('; ')}`}
        about={[study]}
        options={() => ({
          height: 220,
          marginLeft: 48,
          marginBottom: 38,
          marginTop: 12,
          x: { label: 'epoch', tickFormat: (epoch: number) => (Number.isInteger(epoch) ? String(epoch) : '') },
          y: { label: null, grid: true, nice: true, domain: [0, highest(study)] },
          marks: samplers.flatMap(({ sampler, looks }, n) => [
            line(looks, { x: 'epoch', y: 'meanSlope', stroke: seriesColor(n), strokeWidth: 2 }),
            dot(looks, {
              x: 'epoch',
              y: 'meanSlope',
              fill: seriesColor(n),
              r: 2.5,
              tip: true,
              title: (look) =>
                `${sampler}, epoch ${look.epoch}: mean slope ${look.meanSlope.toFixed(3)}, ${percent(look.idle, 1)} below 0.01`,
            }),
          ]),
        })}
      />
      <Table
        label="Negatives by sampler"
        heads={[
          'Last epoch',
          { number: 'Mean slope' },
          { number: 'Slope below 0.01' },
          { number: 'Held out' },
          ...(knows ? [{ number: 'Would be taken' }] : []),
          { number: metric },
        ]}
      >
        {samplers.map(({ sampler, looks, metric: value }) => {
          const last = looks.at(-1);
          return (
            <tr key={sampler}>
              <RowName>{sampler}</RowName>
              <td class="number">{last?.meanSlope.toFixed(3)}</td>
              <td class="number">{last && percent(last.idle, 1)}</td>
              <td class="number">{last && percent(last.heldOut, 2)}</td>
              {knows && <td class="number">{last && percent(last.falseNegatives ?? 0, 1)}</td>}
              <td class="number">{metricText(value)}</td>
            </tr>
          );
        })}
      </Table>
    </section>
  );
}

const highest = ({ samplers }: Study): number =>
  Math.max(...samplers.flatMap(({ looks }) => looks.map(({ meanSlope }) => meanSlope)), 0);
