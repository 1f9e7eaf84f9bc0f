/** The study that chose a run: what was tried, the best value so far, which options mattered, and whether it was worth it. */
import { dot, line } from '@observablehq/plot';
import { Chart, seriesColor } from '../parts/chart.tsx';
import { metric as metricText, percent } from '../parts/numbers.ts';
import { RowName, Table } from '../parts/table.tsx';
import type { Served } from './served.ts';

type Study = NonNullable<Served['measures']['tuning']>;
type Trial = Study['trials'][number];

/** Trials of the table, the best first. */
const SHOWN = 15;
/** Options of a model whose importance is told. */
const TOLD = 6;

export function TuningStudies({ runs }: { readonly runs: readonly Served[] }) {
  return (
    <>
      {runs.map(({ model, label, measures: { tuning } }) =>
        tuning === null ? null : <StudyView key={model.name} label={label} study={tuning} />,
      )}
    </>
  );
}

function StudyView({ label, study }: { readonly label: string; readonly study: Study }) {
  const { metric, trials, seconds, worthIt, optimism, winner } = study;
  const epochs = trials.reduce((sum, trial) => sum + trial.epochs, 0);
  const failed = trials.filter(({ status }) => status === 'failed').length;
  const best = bestFirst(study).slice(0, SHOWN);
  return (
    <section class="card stack">
      <h2>The search that chose {label}</h2>
      {worthIt.map((sentence) => (
        <p key={sentence} class="verdict">
          <strong>{sentence}</strong>
        </p>
      ))}
      <p class="note">
        {trials.length} trials{failed > 0 && `, ${failed} of them failed`}, {epochs} epochs, {(seconds / 60).toFixed(1)}{' '}
        minutes. Chosen by {metric} of the validation part alone.
        {optimism !== null &&
          ` It flatters the choice: ${metricText(optimism.chosen)} there, ${metricText(optimism.expected)} to be expected on others.`}
      </p>
      <BestSoFar study={study} />
      <Table
        label="Trials of the search"
        heads={['Trial', 'Model', { number: `Validation ${metric}` }, { number: 'Epochs' }, 'Status', 'Options']}
      >
        {best.map((trial) => (
          <tr key={trial.number}>
            <RowName>{`${trial.number}${trial.number === winner ? ' (chosen)' : ''}`}</RowName>
            <td>{trial.model}</td>
            <td class="number">{metricText(trial.value)}</td>
            <td class="number">{trial.epochs}</td>
            <td>{trial.status}</td>
            <td>{optionsOf(trial)}</td>
          </tr>
        ))}
      </Table>
      {trials.length > SHOWN && <p class="note">The best {best.length} are shown; trials.csv of the study has all.</p>}
      {study.importance.map(({ model, nTrials, options }) => (
        <div key={model}>
          <h3>
            What mattered for {model} ({nTrials} trials)
          </h3>
          <ul class="importance" aria-label={`Importance of options of ${model}`}>
            {options.slice(0, TOLD).map(({ name, share }) => (
              <li key={name}>
                <code>{name}</code> {percent(share, 0)}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

function bestFirst({ trials, lowerIsBetter }: Study): Trial[] {
  const sign = lowerIsBetter ? 1 : -1;
  const key = ({ value }: Trial) => (value === null ? Number.POSITIVE_INFINITY : sign * value);
  return [...trials].sort((a, b) => key(a) - key(b) || a.number - b.number);
}

function optionsOf({ kind, options, reason }: Trial): string {
  if (reason !== null) return reason;
  if (kind !== 'sampled') return kind === 'baseline' ? 'as it is, a baseline' : 'as it is';
  return Object.entries(options)
    .map(([name, value]) => `${name} ${optionText(value)}`)
    .join(', ');
}

function optionText(value: unknown): string {
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A step at each trial that was better than all before. */
function BestSoFar({ study }: { readonly study: Study }) {
  const { curve, metric, seconds } = study;
  const last = curve.at(-1);
  if (!last) return null;
  const end = { ...last, minutes: Math.max(seconds / 60, last.minutes) };
  return (
    <div>
      <h3>Best {metric} so far</h3>
      <Chart
        label={`Best ${metric} so far, by minutes of search: ${curve
          .map(({ value, minutes }) => `${value.toFixed(4)} after ${minutes.toFixed(1)}`)
          .join(', ')}`}
        about={[study]}
        options={() => ({
          height: 220,
          marginLeft: 48,
          marginBottom: 38,
          marginTop: 12,
          x: { label: 'minutes', zero: true },
          y: { label: null, grid: true, nice: true, zero: false },
          marks: [
            line([...curve, end], {
              x: 'minutes',
              y: 'value',
              curve: 'step-after',
              stroke: seriesColor(0),
              strokeWidth: 2,
            }),
            dot(curve, {
              x: 'minutes',
              y: 'value',
              fill: seriesColor(0),
              r: 3,
              tip: true,
              title: (point) =>
                `trial ${point.trial}, ${point.model}: ${point.value.toFixed(4)} after ${point.minutes.toFixed(1)} minutes`,
            }),
          ],
        })}
      />
    </div>
  );
}
