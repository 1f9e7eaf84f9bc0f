/** The runs beside each other on one metric: intervals, paired tests, and for whom each is good. */
import { dot, ruleY } from '@observablehq/plot';
import { changeQuery } from '../app/address.ts';
import { useAnswer } from '../app/answer.ts';
import { Chart } from '../parts/chart.tsx';
import { Choice } from '../parts/field.tsx';
import { metric as metricText, pValue, signed, wholeNumber } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { RowName, Table } from '../parts/table.tsx';
import { type Compared, protocolMark, type Served } from './served.ts';
import { Slices } from './slices.tsx';

interface LeaderboardParts {
  readonly runs: readonly Served[];
  readonly query: Readonly<Record<string, string>>;
}

export function Leaderboard({ runs, query }: LeaderboardParts) {
  const measured = runs.filter(({ measures }) => measures.unit !== null);
  const chosen = chosenRuns(measured, query.runs);
  const names = chosen.map(({ model }) => model.name);
  const shared = sharedMetrics(chosen);
  const metric = shared.includes(query.metric) ? query.metric : shared[0];
  const compared = useAnswer(
    names.length === 0 || metric === undefined
      ? null
      : (client) => client.compare({ models: names, metric, slices: false }),
    [names.join(','), metric],
  );
  if (measured.length === 0)
    return (
      <section class="card">
        <h2>Leaderboard</h2>
        <p class="note">None of the served runs keeps its measurement.</p>
      </section>
    );
  const toggle = (name: string): void => {
    const next = names.includes(name) ? names.filter((each) => each !== name) : [...names, name];
    if (next.length > 0) changeQuery({ runs: next.join(',') });
  };
  const ranked = compared.value && compared.error === null ? compared.value : null;
  const order = ranked?.rows.map(({ name }) => name) ?? names;
  const shown = [...chosen].sort((a, b) => order.indexOf(a.model.name) - order.indexOf(b.model.name));
  return (
    <section class="card stack">
      <div class="head">
        <h2>Leaderboard</h2>
        {metric !== undefined && (
          <Choice
            id="metric"
            label="Metric"
            value={metric}
            options={shared.map((name) => ({ value: name, text: name }))}
            choose={(name) => changeQuery({ metric: name })}
          />
        )}
      </div>
      {measured.length > 1 && (
        <fieldset class="picks">
          <legend class="hidden">Runs that are compared</legend>
          {measured.map(({ model, label, color }) => (
            <label key={model.name}>
              <input type="checkbox" checked={names.includes(model.name)} onChange={() => toggle(model.name)} />
              <span class="swatch" style={{ background: color }} />
              {label}
            </label>
          ))}
        </fieldset>
      )}
      {metric === undefined && <p class="note">These runs share no metric.</p>}
      <Problem text={compared.error} />
      {ranked && metric !== undefined && <Intervals compared={ranked} runs={shown} />}
      <Table
        label="Metrics of the runs"
        heads={[
          'Run',
          ...shared.map((name) => ({ number: name })),
          ...(ranked && ranked.rows.length > 1 ? [`Against ${labelOf(runs, ranked.baseline)}`] : []),
        ]}
      >
        {shown.map((run) => (
          <tr key={run.model.name}>
            <RowName>{run.label}</RowName>
            {shared.map((name) => (
              <td key={name} class="number">
                <Value run={run} name={name} isChosen={name === metric} />
              </td>
            ))}
            {ranked && ranked.rows.length > 1 && (
              <td>
                <Verdict compared={ranked} name={run.model.name} />
              </td>
            )}
          </tr>
        ))}
      </Table>
      {ranked && <Fineprint compared={ranked} run={shown[0]} />}
      {ranked && metric !== undefined && <Slices runs={shown} metric={metric} baseline={ranked.baseline} />}
    </section>
  );
}

/** Those in the address, else all that were measured like the first one. */
function chosenRuns(measured: readonly Served[], named: string | undefined): Served[] {
  if (measured.length === 0) return [];
  const names = named?.split(',') ?? [];
  const asked = measured.filter(({ model }) => names.includes(model.name));
  if (asked.length > 0) return asked;
  const mark = protocolMark(measured[0].measures);
  return measured.filter(({ measures }) => protocolMark(measures) === mark);
}

function sharedMetrics(runs: readonly Served[]): string[] {
  if (runs.length === 0) return [];
  return Object.keys(runs[0].measures.metrics).filter((name) =>
    runs.every(({ measures }) => Object.hasOwn(measures.metrics, name)),
  );
}

function labelOf(runs: readonly Served[], name: string): string {
  return runs.find(({ model }) => model.name === name)?.label ?? name;
}

function Value({ run, name, isChosen }: { readonly run: Served; readonly name: string; readonly isChosen: boolean }) {
  const { mean, low, high } = run.measures.metrics[name];
  const half = low === null || high === null ? null : (high - low) / 2;
  return (
    <>
      {isChosen ? <strong>{metricText(mean)}</strong> : metricText(mean)}
      <span class="half">{half === null ? '' : ` ± ${metricText(half)}`}</span>
    </>
  );
}

function Verdict({ compared, name }: { readonly compared: Compared; readonly name: string }) {
  const row = compared.rows.find((each) => each.name === name);
  if (!row || row.isBaseline) return <span class="muted">–</span>;
  if (row.difference === null) return <span class="muted">a number of whole runs: no test</span>;
  const { mean, adjustedP, significant } = row.difference;
  const isBetter = compared.lowerIsBetter ? mean < 0 : mean > 0;
  if (!significant)
    return (
      <span class="muted">
        {signed(mean)}, may be luck (p {pValue(adjustedP)})
      </span>
    );
  return (
    <span class={isBetter ? 'better' : 'worse'}>
      {signed(mean)}, {isBetter ? 'better' : 'worse'} (p {pValue(adjustedP)})
    </span>
  );
}

function Intervals({ compared, runs }: { readonly compared: Compared; readonly runs: readonly Served[] }) {
  const rows = compared.rows.flatMap(({ name, mean, low, high }) => {
    const run = runs.find(({ model }) => model.name === name);
    return run && mean !== null
      ? [{ label: run.label, color: run.color, mean, low: low ?? mean, high: high ?? mean }]
      : [];
  });
  const words = rows.map(({ label, mean }) => `${label} ${metricText(mean)}`).join(', ');
  return (
    <Chart
      label={`${compared.metric} with intervals: ${words}`}
      about={[compared, runs]}
      options={(width) => ({
        height: 34 * rows.length + 46,
        marginLeft: Math.min(150, width / 3),
        marginTop: 8,
        marginRight: 16,
        marginBottom: 38,
        x: { label: compared.metric, grid: true, nice: true },
        y: { label: null, domain: rows.map(({ label }) => label), tickSize: 0 },
        marks: [
          ruleY(rows, {
            y: 'label',
            x1: 'low',
            x2: 'high',
            stroke: 'color',
            strokeWidth: 3,
            strokeLinecap: 'round',
            strokeOpacity: 0.45,
          }),
          dot(rows, { y: 'label', x: 'mean', fill: 'color', r: 6 }),
        ],
      })}
    />
  );
}

/** How the numbers came about, in a line. */
function Fineprint({ compared, run }: { readonly compared: Compared; readonly run: Served }) {
  const { protocol } = run.measures;
  const { data, split, candidates, nUsers, nRows, part } = (protocol ?? {}) as {
    readonly data?: { readonly name?: string };
    readonly split?: { readonly method?: string };
    readonly candidates?: unknown;
    readonly nUsers?: number;
    readonly nRows?: number;
    readonly part?: string;
  };
  const parts = [
    data?.name,
    nUsers === undefined ? null : `${wholeNumber(nUsers)} ${compared.unit}`,
    nRows === undefined ? null : `${wholeNumber(nRows)} rows`,
    part === undefined ? null : `the ${part} part`,
    split?.method === undefined ? null : `split by ${split.method}`,
    candidates === 'all' ? 'all items ranked' : null,
    '± half of the 95\u00a0% interval',
    compared.rows.length > 1
      ? `paired ${compared.test} tests over ${compared.unit}, together at ${100 * compared.alpha}\u00a0% (Holm)`
      : null,
  ];
  return <p class="tiny muted">{parts.filter(Boolean).join(' · ')}</p>;
}
