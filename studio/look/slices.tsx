/** For whom a run is good: the metric in slices of users and items by how much is known of them. */
import { dot } from '@observablehq/plot';
import { useAnswer } from '../app/answer.ts';
import { Chart } from '../parts/chart.tsx';
import { metric as metricText, wholeNumber } from '../parts/numbers.ts';
import type { Served } from './served.ts';

interface SlicesParts {
  readonly runs: readonly Served[];
  readonly metric: string;
  readonly baseline: string;
}

export function Slices({ runs, metric, baseline }: SlicesParts) {
  const names = runs.map(({ model }) => model.name);
  const { value, error, isAsking } = useAnswer(
    (client) => client.compare({ models: names, metric, baseline, slices: true }),
    [names.join(','), metric, baseline],
  );
  if (error !== null && !isAsking) return <p class="note">No slices: {error}</p>;
  const slices = value?.slices?.slices ?? [];
  if (value === null) return null;
  if (slices.length === 0)
    return <p class="note">No slices: all users and items are alike in what is counted of them.</p>;
  const points = slices.flatMap((slice) =>
    slice.runs.flatMap(({ name, mean, difference }) => {
      const run = runs.find(({ model }) => model.name === name);
      if (!run || mean === null) return [];
      const isSure = difference?.significant ?? false;
      return [{ slice: labelled(slice), mean, color: run.color, isSure, label: run.label }];
    }),
  );
  const labels = slices.map(labelled);
  return (
    <div class="stack tight">
      <h3>For whom</h3>
      <Chart
        label={`${metric} in slices: ${points.map(({ slice, label, mean }) => `${slice}: ${label} ${metricText(mean)}`).join('; ')}`}
        about={[value, runs]}
        options={(width) => ({
          height: 30 * labels.length + 46,
          marginLeft: Math.min(240, width * 0.5),
          marginTop: 8,
          marginRight: 56,
          marginBottom: 38,
          x: { label: metric, grid: true, nice: true },
          y: { label: null, domain: labels, tickSize: 0 },
          marks: [
            dot(points, {
              y: 'slice',
              x: 'mean',
              stroke: 'color',
              fill: (point) => (point.isSure ? point.color : 'var(--surface)'),
              strokeWidth: 2,
              r: 5,
              title: (point) => `${point.label}: ${metricText(point.mean)}`,
              tip: true,
            }),
          ],
        })}
      />
      <p class="tiny muted">
        Filled: differs from {runs.find(({ model }) => model.name === baseline)?.label ?? baseline} by more than luck.
        In brackets: {value.unit} of the slice.
      </p>
    </div>
  );
}

function labelled({ name, nUnits }: { readonly name: string; readonly nUnits: number }): string {
  return `${name} (${wholeNumber(nUnits)})`;
}
