/** Variants of scenarios: to whom lists were shown, who followed one, and whether the difference is more than chance. */
import { dot, ruleX, ruleY } from '@observablehq/plot';
import type { Client } from 'deeptaste/client';
import { useAnswer } from '../app/answer.ts';
import { Chart } from '../parts/chart.tsx';
import { percent, wholeNumber } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { RowName, Table } from '../parts/table.tsx';

type Scenario = Awaited<ReturnType<Client['experiments']>>['scenarios'][number];
type Variant = Scenario['variants'][number];

const DAYS = 30;

const nameOf = ({ variant }: Variant): string => variant ?? 'without a variant';

export function Experiments({ tick }: { readonly tick: number }) {
  const { value, error } = useAnswer((client) => client.experiments({ days: DAYS }), [tick]);
  if (value === null) return <Problem text={error} />;
  return (
    <section class="card stack">
      <div>
        <h2>Scenarios and their variants</h2>
        <p class="note">
          Of the people to whom lists were shown in the last {DAYS} days, how many followed one: did something with an
          item, naming the list. Intervals are of 95 %.
        </p>
      </div>
      <Problem text={error} />
      {value.scenarios.length === 0 && (
        <p class="note">
          The settings have no scenarios; docs/serving.md says how a file of them is given to{' '}
          <code>deeptaste serve</code>.
        </p>
      )}
      {value.scenarios.map((scenario) => (
        <ScenarioView key={scenario.scenario} scenario={scenario} />
      ))}
    </section>
  );
}

function ScenarioView({ scenario: { scenario, variants } }: { readonly scenario: Scenario }) {
  return (
    <div class="stack tight">
      <h3>{scenario}</h3>
      {variants.length === 0 && <p class="note">No list was given in it yet.</p>}
      {variants.length > 1 && <Rates variants={variants} />}
      {variants.length > 0 && (
        <Table
          label={`Variants of ${scenario}, a table`}
          heads={[
            'Variant',
            { number: 'Lists' },
            { number: 'People' },
            { number: 'Followed one' },
            { number: 'Rate' },
            `Against ${nameOf(variants[0])}`,
          ]}
        >
          {variants.map((each) => (
            <tr key={nameOf(each)}>
              <RowName>{nameOf(each)}</RowName>
              <td class="number">{wholeNumber(each.lists)}</td>
              <td class="number">{wholeNumber(each.people)}</td>
              <td class="number">{wholeNumber(each.followers)}</td>
              <td class="number">
                {each.rate.share === null ? '–' : percent(each.rate.share, 1)}
                {each.rate.low !== null && each.rate.high !== null && (
                  <span class="half">
                    {' '}
                    {percent(each.rate.low, 1)} – {percent(each.rate.high, 1)}
                  </span>
                )}
              </td>
              <td>
                <Difference of={each.difference} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </div>
  );
}

function Difference({ of }: { readonly of: Variant['difference'] }) {
  if (of === null || of.share === null || of.low === null || of.high === null) return <span class="muted">–</span>;
  const points = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(1)}`;
  const text = `${points(of.share)} points (${points(of.low)} … ${points(of.high)})`;
  if (of.low > 0) return <span class="better">{text}, better</span>;
  if (of.high < 0) return <span class="worse">{text}, worse</span>;
  return <span class="muted">{text}, may be chance</span>;
}

function Rates({ variants }: { readonly variants: readonly Variant[] }) {
  const rows = variants.flatMap((each) => {
    const { share, low, high } = each.rate;
    return share === null || low === null || high === null ? [] : [{ name: nameOf(each), share, low, high }];
  });
  if (rows.length === 0) return null;
  return (
    <Chart
      label={`Share of people who followed a list: ${rows.map(({ name, share }) => `${name} ${percent(share, 1)}`).join(', ')}`}
      about={[variants]}
      options={(width) => ({
        height: 34 * rows.length + 44,
        marginLeft: Math.min(150, width / 3),
        marginTop: 8,
        marginRight: 16,
        marginBottom: 36,
        x: {
          label: 'followed a list',
          grid: true,
          nice: true,
          tickFormat: (share: number) => percent(share),
          ticks: 5,
        },
        y: { label: null, domain: rows.map(({ name }) => name), tickSize: 0 },
        marks: [
          ruleX([rows[0].share], { stroke: 'var(--line-strong)', strokeDasharray: '3 3' }),
          ruleY(rows, {
            y: 'name',
            x1: 'low',
            x2: 'high',
            stroke: 'var(--series-2)',
            strokeWidth: 3,
            strokeLinecap: 'round',
            strokeOpacity: 0.45,
          }),
          dot(rows, { y: 'name', x: 'share', fill: 'var(--series-2)', r: 6 }),
        ],
      })}
    />
  );
}
