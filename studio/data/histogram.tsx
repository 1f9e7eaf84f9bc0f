/** Numbers of rows, users or items in classes. */
import { barY, rectY, ruleY } from '@observablehq/plot';
import { Chart } from '../parts/chart.tsx';
import { day } from '../parts/numbers.ts';

interface HistogramParts {
  readonly title: string;
  readonly classes: readonly { readonly from: number; readonly to: number; readonly n: number }[];
  unit(n: number): string;
  /** Classes of counts, each twice as wide as the one before. */
  readonly isCounted?: boolean;
  /** Seconds since 1970. */
  readonly isTime?: boolean;
}

export function Histogram({ title, classes, unit, isCounted = false, isTime = false }: HistogramParts) {
  const areValues = classes.every(({ from, to }) => from === to);
  const named = classes.map((each) => ({ ...each, name: nameOf(each) }));
  const most = classes.reduce((a, b) => (b.n > a.n ? b : a), classes[0]);
  const told = (each: { readonly from: number; readonly to: number; readonly n: number }): string =>
    `${isTime ? day(new Date(each.from * 1000).toISOString()) : nameOf(each)}: ${unit(each.n)}`;
  return (
    <figure>
      <figcaption>
        <h3>{title}</h3>
      </figcaption>
      <Chart
        label={`${title}: most in ${told(most)}`}
        about={[classes]}
        options={() => ({
          height: 180,
          marginLeft: 48,
          marginBottom: 34,
          marginTop: 10,
          y: { label: null, grid: true, ticks: 4, tickFormat: 's' },
          ...(isCounted || areValues
            ? {
                x: { label: null, domain: named.map(({ name }) => name), tickSize: 0 },
                marks: [
                  barY(named, { x: 'name', y: 'n', fill: 'var(--series-2)', rx: 2, tip: true, title: told }),
                  ruleY([0], { stroke: 'var(--line-strong)' }),
                ],
              }
            : {
                x: { label: null, ...(isTime && { type: 'utc' as const }), ticks: 4 },
                marks: [
                  rectY(named, {
                    x1: ({ from }) => (isTime ? new Date(from * 1000) : from),
                    x2: ({ to }) => (isTime ? new Date(to * 1000) : to),
                    y: 'n',
                    fill: 'var(--series-2)',
                    tip: true,
                    title: told,
                  }),
                  ruleY([0], { stroke: 'var(--line-strong)' }),
                ],
              }),
        })}
      />
    </figure>
  );
}

function nameOf({ from, to }: { readonly from: number; readonly to: number }): string {
  return from === to ? String(from) : `${from}–${to}`;
}
