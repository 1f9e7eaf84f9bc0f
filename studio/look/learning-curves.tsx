/** How training went: loss, and the metric on the validation part, epoch by epoch. */
import { dot, line } from '@observablehq/plot';
import { Chart, Legend } from '../parts/chart.tsx';
import type { Served } from './served.ts';

interface Point {
  readonly epoch: number;
  readonly value: number;
  readonly color: string;
  /** A line for each run, and each stage of its training. */
  readonly line: string;
}

export function LearningCurves({ runs }: { readonly runs: readonly Served[] }) {
  const trained = runs.filter(({ measures }) => measures.epochs.length > 0);
  if (trained.length === 0) return null;
  const validations = [...new Set(trained.map(({ measures }) => measures.validationMetric))];
  return (
    <section class="card stack">
      <h2>Learning curves</h2>
      {trained.length > 1 && <Legend entries={trained.map(({ label, color }) => ({ text: label, color }))} />}
      <Curve title="Loss of training" points={pointsOf(trained, ({ loss }) => loss)} />
      {validations.map((name) => (
        <Curve
          key={name}
          title={name === null ? 'Validation' : `${name} on the validation part`}
          points={pointsOf(
            trained.filter(({ measures }) => measures.validationMetric === name),
            ({ validation }) => validation,
          )}
        />
      ))}
    </section>
  );
}

function pointsOf(
  runs: readonly Served[],
  read: (epoch: Served['measures']['epochs'][number]) => number | null,
): Point[] {
  return runs.flatMap(({ label, color, measures }) =>
    measures.epochs.flatMap((epoch) => {
      const value = read(epoch);
      return value === null ? [] : [{ epoch: epoch.epoch, value, color, line: `${label} ${epoch.model}` }];
    }),
  );
}

function Curve({ title, points }: { readonly title: string; readonly points: readonly Point[] }) {
  if (points.length === 0) return null;
  const last = points[points.length - 1];
  return (
    <div>
      <h3>{title}</h3>
      <Chart
        label={`${title}: ${points.length} values, the last one ${last.value.toFixed(4)} in epoch ${last.epoch}`}
        about={[points.map(({ value }) => value).join()]}
        options={() => ({
          height: 200,
          marginLeft: 48,
          marginBottom: 38,
          marginTop: 12,
          x: { label: 'epoch', tickFormat: (epoch: number) => (Number.isInteger(epoch) ? String(epoch) : '') },
          y: { label: null, grid: true, nice: true, zero: false },
          marks: [
            line(points, { x: 'epoch', y: 'value', z: 'line', stroke: 'color', strokeWidth: 2 }),
            dot(points, {
              x: 'epoch',
              y: 'value',
              fill: 'color',
              r: 2.5,
              tip: true,
              title: (point) => `epoch ${point.epoch}: ${point.value.toFixed(4)}`,
            }),
          ],
        })}
      />
    </div>
  );
}
