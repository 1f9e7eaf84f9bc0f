/** Whether of the rows that get probability p the share p comes true. */
import { dot, line, ruleX } from '@observablehq/plot';
import { Chart } from '../parts/chart.tsx';
import { percent } from '../parts/numbers.ts';
import type { Served } from './served.ts';

export function Calibration({ runs }: { readonly runs: readonly Served[] }) {
  const known = runs.flatMap((run) =>
    run.measures.calibration ? [{ run, calibration: run.measures.calibration }] : [],
  );
  return (
    <>
      {known.map(({ run, calibration }) => {
        const bins = calibration.bins.flatMap(({ predicted, observed, interval, nRows }) =>
          predicted === null || observed === null
            ? []
            : [{ predicted, observed, low: interval?.[0] ?? observed, high: interval?.[1] ?? observed, nRows }],
        );
        const most = Math.max(...bins.map(({ predicted, high }) => Math.max(predicted, high)));
        return (
          <section key={run.model.name} class="card stack">
            <h2>Calibration of {run.label}</h2>
            <p class="note">
              Rows in tenths by their predicted probability: where the points lie on the line, as much comes true as was
              promised. Expected error {percent(calibration.expectedError, 1)}
              {calibration.ratio !== null && `; ${calibration.ratio.toFixed(2)} clicks promised for each that came`}.
            </p>
            <Chart
              label={`Calibration: ${bins.map(({ predicted, observed }) => `${percent(predicted)} promised, ${percent(observed)} came`).join('; ')}`}
              about={[calibration]}
              options={(width) => ({
                height: Math.min(360, width),
                marginLeft: 52,
                marginBottom: 40,
                x: { label: 'predicted', domain: [0, most], tickFormat: (share: number) => percent(share) },
                y: { label: 'came true', domain: [0, most], grid: true, tickFormat: (share: number) => percent(share) },
                marks: [
                  line(
                    [
                      [0, 0],
                      [most, most],
                    ],
                    { stroke: 'var(--series-rest)', strokeDasharray: '5 4' },
                  ),
                  ruleX(bins, {
                    x: 'predicted',
                    y1: 'low',
                    y2: 'high',
                    stroke: run.color,
                    strokeOpacity: 0.5,
                    strokeWidth: 3,
                  }),
                  dot(bins, { x: 'predicted', y: 'observed', fill: run.color, r: 5 }),
                ],
              })}
            />
          </section>
        );
      })}
    </>
  );
}
