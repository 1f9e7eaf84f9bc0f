/** What people did, in time. */
import { barY, ruleY } from '@observablehq/plot';
import { changeQuery, useAddress } from '../app/address.ts';
import { useAnswer } from '../app/answer.ts';
import { Chart, Legend, seriesColor } from '../parts/chart.tsx';
import { wholeNumber } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { Tabs } from '../parts/tabs.tsx';

const RANGES = [
  { value: 'day', text: 'Day', hours: 24, step: 1 },
  { value: 'month', text: 'Month', hours: 720, step: 24 },
  { value: 'year', text: 'Year', hours: 8760, step: 168 },
] as const;

export function FeedbackView({ tick }: { readonly tick: number }) {
  const { query } = useAddress();
  const range = RANGES.find(({ value }) => value === query.feedback) ?? RANGES[0];
  const { hours, step } = range;
  const { value, error } = useAnswer((client) => client.feedbackCounts({ hours, step }), [hours, step, tick]);
  const types = value?.types ?? [];
  const points = (value?.series ?? []).flatMap(({ time, counts }) =>
    Object.entries(counts).map(([type, n]) => ({
      time: new Date(time),
      type,
      n,
      color: seriesColor(types.indexOf(type)),
    })),
  );
  const total = points.reduce((n, point) => n + point.n, 0);
  return (
    <section class="card stack">
      <h2>Feedback</h2>
      <Tabs
        label="How far back"
        chosen={range.value}
        options={RANGES}
        choose={(chosen) => changeQuery({ feedback: chosen === RANGES[0].value ? '' : chosen })}
      />
      <Problem text={error} />
      {value !== null && (
        <p class="note">
          {wholeNumber(total)} events in this time, {wholeNumber(value.total)} in the store.
        </p>
      )}
      {points.length > 0 && (
        <>
          <Legend entries={types.map((text, n) => ({ text, color: seriesColor(n) }))} />
          <Chart
            label={`Events of feedback in time, ${wholeNumber(total)} in all`}
            about={[value]}
            options={() => ({
              height: 220,
              marginLeft: 48,
              marginTop: 12,
              x: { label: null, type: 'band', ticks: 5, tickFormat: labelOf(hours), domain: domainOf(hours, step) },
              y: { label: null, grid: true, ticks: 4 },
              marks: [
                barY(points, {
                  x: (point) => point.time.getTime(),
                  y: 'n',
                  fill: 'color',
                  title: (p) => `${p.type}: ${p.n}`,
                  tip: true,
                }),
                ruleY([0], { stroke: 'var(--line-strong)' }),
              ],
            })}
          />
        </>
      )}
    </section>
  );
}

const HOUR_MS = 3_600_000;

/** The beginnings of all stretches, also of those in which nothing happened. */
function domainOf(hours: number, step: number): number[] {
  const stretch = step * HOUR_MS;
  const last = Math.floor(Date.now() / stretch) * stretch;
  return Array.from({ length: Math.ceil(hours / step) + 1 }, (_, n) => last - (Math.ceil(hours / step) - n) * stretch);
}

/** Some of the beginnings as text: every one would have no room. */
function labelOf(hours: number): (time: number) => string {
  const format =
    hours <= 24
      ? new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hour12: false })
      : new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' });
  let n = 0;
  return (time) => (n++ % (hours <= 24 ? 6 : hours <= 720 ? 7 : 12) === 0 ? format.format(new Date(time)) : '');
}
