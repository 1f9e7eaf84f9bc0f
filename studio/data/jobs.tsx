/** Trainings: what waits, what is going on and how far it is, what came out. */
import { dot, line } from '@observablehq/plot';
import { Chart, Legend, seriesColor } from '../parts/chart.tsx';
import { duration, metric, moment, percent } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { useWork } from '../parts/work.ts';
import type { Job } from './page.tsx';

interface JobsParts {
  readonly jobs: readonly Job[];
  changed(): void;
}

const states: Readonly<Record<Job['state'], string>> = {
  waiting: 'waits',
  running: 'is training',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

export function Jobs({ jobs, changed }: JobsParts) {
  if (jobs.length === 0) return null;
  return (
    <section class="stack" aria-label="Trainings">
      <h2>Trainings</h2>
      {jobs.map((job) => (
        <JobCard key={job.id} job={job} changed={changed} />
      ))}
    </section>
  );
}

function JobCard({ job, changed }: { readonly job: Job; changed(): void }) {
  const work = useWork();
  const isOver = job.state !== 'waiting' && job.state !== 'running';
  return (
    <article class="card stack job" aria-label={`Training ${job.name}`}>
      <div class="head">
        <h3>
          {job.name} <span class={`badge state-${job.state}`}>{states[job.state]}</span>
        </h3>
        <div class="row">
          {job.state === 'done' && !job.served && (
            <button
              type="button"
              class="primary"
              disabled={work.isGoingOn}
              onClick={() => work.start((client) => client.serveRun(job.name), changed)}
            >
              Serve it
            </button>
          )}
          {job.served && <span class="served">is served</span>}
          <button
            type="button"
            disabled={work.isGoingOn}
            onClick={() => work.start((client) => client.deleteJob(job.id), changed)}
          >
            {isOver ? 'Forget' : 'Cancel'}
          </button>
        </div>
      </div>
      <p class="tiny muted">
        {job.model} on {job.data} · {moment(job.created)}
      </p>
      {job.state === 'running' && <Standing job={job} />}
      <Problem text={job.problem ?? work.problem} />
      <Curves epochs={job.epochs} />
      {job.result !== null && <Outcome result={job.result} />}
      {job.notes.length > 0 && (
        <details class="more">
          <summary>Notes</summary>
          <ul class="warnings">
            {job.notes.map((note, n) => (
              <li key={n}>{note}</li>
            ))}
          </ul>
        </details>
      )}
    </article>
  );
}

function Standing({ job: { stage, share, secondsLeft } }: { readonly job: Job }) {
  const words = [
    stage ?? 'starts',
    share === null ? null : percent(share),
    secondsLeft === null ? null : `at most ${duration(secondsLeft)} left`,
  ];
  return (
    <div class="standing">
      <progress aria-label={stage ?? 'Training'} {...(share === null ? {} : { value: share, max: 1 })} />
      <p class="small">{words.filter(Boolean).join(' · ')}</p>
    </div>
  );
}

function Curves({ epochs }: Pick<Job, 'epochs'>) {
  if (epochs.length < 2) return null;
  const validation = epochs.filter((epoch) => epoch.validation !== null);
  return (
    <div class="pair">
      <Curve title="Loss" epochs={epochs} read={({ loss }) => loss} />
      {validation.length > 1 && (
        <Curve title="Metric on the validation part" epochs={validation} read={(epoch) => epoch.validation} />
      )}
    </div>
  );
}

interface CurveParts extends Pick<Job, 'epochs'> {
  readonly title: string;
  read(epoch: Job['epochs'][number]): number | null;
}

function Curve({ title, epochs, read }: CurveParts) {
  const stages = [...new Set(epochs.map(({ stage }) => stage))];
  const points = epochs.flatMap((each) => {
    const value = read(each);
    return value === null ? [] : [{ ...each, value, color: seriesColor(stages.indexOf(each.stage)) }];
  });
  if (points.length === 0) return null;
  const last = points[points.length - 1];
  return (
    <div>
      <h4>{title}</h4>
      {stages.length > 1 && <Legend entries={stages.map((text, n) => ({ text, color: seriesColor(n) }))} />}
      <Chart
        label={`${title}: ${metric(last.value)} after epoch ${last.epoch}`}
        about={[points.length]}
        options={() => ({
          height: 180,
          marginLeft: 48,
          marginBottom: 36,
          marginTop: 12,
          x: { label: 'epoch', tickFormat: (epoch: number) => (Number.isInteger(epoch) ? String(epoch) : '') },
          y: { label: null, grid: true, nice: true, zero: false, ticks: 4 },
          marks: [
            line(points, { x: 'epoch', y: 'value', z: 'stage', stroke: 'color', strokeWidth: 2 }),
            dot(points, {
              x: 'epoch',
              y: 'value',
              fill: 'color',
              r: 2.5,
              tip: true,
              title: (point) => `epoch ${point.epoch}: ${metric(point.value)}`,
            }),
          ],
        })}
      />
    </div>
  );
}

interface Measured {
  readonly metrics?: Readonly<
    Record<
      string,
      number | null | { readonly mean: number | null; readonly low: number | null; readonly high: number | null }
    >
  >;
}

/** The metrics of the measured model. */
function Outcome({ result }: { readonly result: NonNullable<Job['result']> }) {
  const { metrics = {} } = (result.result ?? {}) as Measured;
  const rows = Object.entries(metrics);
  if (rows.length === 0) return <p class="note">Nothing was held out, hence nothing is measured.</p>;
  return (
    <dl class="counts">
      {rows.map(([name, value]) => {
        const { mean, low, high } =
          typeof value === 'object' && value !== null ? value : { mean: value, low: null, high: null };
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {metric(mean)}
              {low !== null && high !== null && <span class="half"> ± {metric((high - low) / 2)}</span>}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
