/** Look: how good the served runs are, and what they do. */
import { useAddress } from '../app/address.ts';
import { useAnswer } from '../app/answer.ts';
import { Problem } from '../parts/problem.tsx';
import { Calibration } from './calibration.tsx';
import { ExposureView } from './exposure.tsx';
import { ItemMapView } from './item-map.tsx';
import { Leaderboard } from './leaderboard.tsx';
import { LearningCurves } from './learning-curves.tsx';
import { Negatives } from './negatives.tsx';
import { served } from './served.ts';
import { TuningStudies } from './tuning-study.tsx';
import './look.css';

export default function LookPage() {
  const { query } = useAddress();
  const { value, error } = useAnswer(async (client) => {
    const { models } = await client.models();
    const measures = await Promise.all(models.map(({ name }) => client.measures(name)));
    return served(models, measures);
  }, []);
  if (value === null) return <Problem text={error} />;
  const missing = value.flatMap(({ label, measures }) => measures.missing.map((text) => ({ label, text })));
  return (
    <div class="stack look">
      <header>
        <h1>How good, for whom, and what they show</h1>
        <p class="note">
          Numbers of the runs that this server serves, as they were measured on rows that training did not see.
        </p>
      </header>
      <Leaderboard runs={value} query={query} />
      <div class="pair">
        <LearningCurves runs={value} />
        <ExposureView runs={value} />
      </div>
      <Calibration runs={value} />
      <TuningStudies runs={value} />
      <Negatives runs={value} />
      <ItemMapView runs={value} query={query} />
      <section class="card">
        <h2>Not to be seen here</h2>
        <ul class="missing">
          {missing.map(({ label, text }) => (
            <li key={label + text}>
              <strong>{label}</strong> <span class="muted">{text}</span>
            </li>
          ))}
          {value.every(({ measures }) => measures.tuning === null) && (
            <li>
              <strong>A search for the best model</strong>{' '}
              <span class="muted">
                is made by <code>deeptaste tune</code>; where its winner is served, it stands here
              </span>
            </li>
          )}
          {value.every(({ measures }) => measures.negatives === null) && (
            <li>
              <strong>What negatives teach</strong>{' '}
              <span class="muted">
                is studied by <code>deeptaste negatives RUN --save</code>; then it stands here
              </span>
            </li>
          )}
        </ul>
      </section>
    </div>
  );
}
