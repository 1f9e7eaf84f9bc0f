/** Requests, how long they take, and how many lists come from no model. */
import { areaY, dot, line, ruleY } from '@observablehq/plot';
import type { Client } from 'deeptaste/client';
import { useAnswer } from '../app/answer.ts';
import { Chart, Legend } from '../parts/chart.tsx';
import { latency, percent, wholeNumber } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { RowName, Table } from '../parts/table.tsx';
import type { Range } from './page.tsx';

type Traffic = Awaited<ReturnType<Client['traffic']>>;

const percentiles = [
  { name: 'p50', color: 'var(--series-2)' },
  { name: 'p95', color: 'var(--series-3)' },
  { name: 'p99', color: 'var(--series-1)' },
] as const;

export function TrafficView({ range, tick }: { readonly range: Range; readonly tick: number }) {
  const { minutes, step } = range;
  const { value, error } = useAnswer((client) => client.traffic({ minutes, step }), [minutes, step, tick]);
  if (value === null) return <Problem text={error} />;
  return (
    <section class="card stack">
      <h2>Traffic</h2>
      <Problem text={error} />
      <Totals traffic={value} />
      <div class="pair">
        <Requests series={value.series} step={step} />
        <Times series={value.series} />
      </div>
      <Routes routes={value.routes} />
    </section>
  );
}

function Totals({ traffic: { series, routes } }: { readonly traffic: Traffic }) {
  const sum = (of: (point: Traffic['series'][number]) => number): number =>
    series.reduce((n, point) => n + of(point), 0);
  const requests = sum((point) => point.requests);
  const lists = sum((point) => point.lists);
  const fallbacks = sum((point) => point.fallbacks);
  const recommend = routes.find(({ route }) => route === 'recommend');
  const totals: [string, string][] = [
    ['requests', wholeNumber(requests)],
    ['failed', wholeNumber(sum((point) => point.failed))],
    ['refused', wholeNumber(sum((point) => point.refused))],
    ['lists', wholeNumber(lists)],
    ['of them from a fallback', lists === 0 ? '–' : percent(fallbacks / lists, 1)],
    ['recommend, 99 % within', latency(recommend?.p99 ?? null)],
  ];
  return (
    <dl class="counts">
      {totals.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface SeriesParts {
  readonly series: Traffic['series'];
}

function Requests({ series, step }: SeriesParts & { readonly step: number }) {
  const points = series.map(({ time, requests }) => ({ at: new Date(time), rate: requests / step }));
  const most = Math.max(...points.map(({ rate }) => rate));
  return (
    <div>
      <h3>Requests a minute</h3>
      <Chart
        label={`Requests a minute, at most ${wholeNumber(most)}`}
        about={[series]}
        options={() => ({
          height: 200,
          marginLeft: 48,
          marginTop: 14,
          x: { label: null, type: 'time', ticks: 5 },
          y: { label: null, grid: true, nice: true, ticks: 4, domain: [0, Math.max(1, most)] },
          marks: [
            areaY(points, { x: 'at', y: 'rate', fill: 'var(--series-2)', fillOpacity: 0.18 }),
            line(points, { x: 'at', y: 'rate', stroke: 'var(--series-2)', strokeWidth: 2 }),
            ruleY([0], { stroke: 'var(--line-strong)' }),
          ],
        })}
      />
    </div>
  );
}

function Times({ series }: SeriesParts) {
  const points = series.flatMap((point) =>
    percentiles.flatMap(({ name, color }) => {
      const seconds = point[name];
      return [{ time: new Date(point.time), ms: seconds === null ? Number.NaN : seconds * 1000, name, color }];
    }),
  );
  const known = points.filter(({ ms }) => !Number.isNaN(ms));
  if (known.length === 0) return null;
  const worst = known.reduce((a, b) => (b.ms > a.ms ? b : a));
  return (
    <div>
      <h3>Time to the answer, ms</h3>
      <Legend entries={percentiles.map(({ name, color }) => ({ text: `${name.slice(1)} % within`, color }))} />
      <Chart
        label={`Time to the answer: at worst ${latency(worst.ms / 1000)}`}
        about={[series]}
        options={() => ({
          height: 180,
          marginLeft: 48,
          marginTop: 14,
          x: { label: null, type: 'time', ticks: 5 },
          y: {
            label: null,
            grid: true,
            type: 'log',
            ticks: 4,
            tickFormat: (ms: number) => String(Number(ms.toPrecision(2))),
          },
          marks: [
            line(points, { x: 'time', y: 'ms', z: 'name', stroke: 'color', strokeWidth: 2 }),
            // a minute between minutes without requests has no line
            dot(known, { x: 'time', y: 'ms', fill: 'color', r: 2.5 }),
          ],
        })}
      />
    </div>
  );
}

function Routes({ routes }: { readonly routes: Traffic['routes'] }) {
  if (routes.length === 0) return <p class="note">Nothing was asked in this time.</p>;
  return (
    <Table
      label="Routes, a table"
      heads={[
        'Route',
        { number: 'Requests' },
        { number: '50 % within' },
        { number: '95 %' },
        { number: '99 %' },
        { number: 'Refused' },
        { number: 'Failed' },
      ]}
    >
      {routes.map(({ route, requests, refused, failed, p50, p95, p99 }) => (
        <tr key={route}>
          <RowName>{route}</RowName>
          <td class="number">{wholeNumber(requests)}</td>
          <td class="number">{latency(p50)}</td>
          <td class="number">{latency(p95)}</td>
          <td class="number">{latency(p99)}</td>
          <td class="number">{wholeNumber(refused)}</td>
          <td class={`number ${failed > 0 ? 'worse' : ''}`}>{wholeNumber(failed)}</td>
        </tr>
      ))}
    </Table>
  );
}
