/** A simulation as a picture: what each policy earns step by step, and its regret so far, or what a visit is worth. */
import { DeepTasteError } from '../core/errors.ts';
import { type LinePanel, type LinePoint, linePlot } from '../evaluation/line-plot.ts';
import { mean } from '../evaluation/statistics/mean.ts';
import type { SimulatedPolicy, Simulation } from './simulate.ts';

/** Points of a line; rewards are means over the steps between them. */
const POINTS = 60;

/** @throws DeepTasteError `usage`: fewer than two steps, of which there is no picture */
export function requirePlottable(steps: number): void {
  if (steps < 2)
    throw new DeepTasteError('usage', `simulate: the picture shows steps, found ${steps}; simulate two at least`);
}

/** The text of an SVG file. @throws DeepTasteError `usage`: fewer than two steps */
export function simulationPlot({ world, users, steps, runs, policies }: Simulation): string {
  requirePlottable(steps);
  const n = Math.min(POINTS, steps);
  // a point stands at the last step of those that it is made of
  const lines = (valuesOf: (policy: SimulatedPolicy) => Float64Array) =>
    policies.map((policy) => {
      const values = valuesOf(policy);
      return Array.from(values, (y, k): LinePoint => ({ x: (k + 1) / values.length, y })).filter(
        ({ y }) => !Number.isNaN(y),
      );
    });
  const panels: LinePanel[] = [
    { title: 'reward of a decision', lines: lines(({ rewardByStep }) => blockMeans(rewardByStep, n)) },
  ];
  if (policies.some(({ visits }) => visits))
    panels.unshift({
      title: 'reward of a visit',
      lines: lines(({ visits }) => visits?.rewardByPart ?? new Float64Array()),
    });
  if (policies.some(({ regretByStep }) => regretByStep))
    panels.push({
      title: 'regret of one person so far',
      lines: lines(({ regretByStep }) => blockEnds(regretByStep ?? new Float64Array(), n)),
    });
  const marked = [0.25, 0.5, 0.75, 1].map((share) => Math.max(1, Math.round(share * n)) / n);
  return linePlot({
    title: `Policies that learn: ${world}`,
    about: `${users} people who decide at the same time, means over ${runs} worlds`,
    names: policies.map(({ title }) => title),
    panels,
    marks: marked.map((x) => ({ x, text: `step ${Math.floor(x * steps).toLocaleString('en-US')}` })),
  });
}

function blockMeans(values: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, k) => {
    const block = values.subarray(Math.floor((k * values.length) / n), Math.floor(((k + 1) * values.length) / n));
    return mean(block);
  });
}

function blockEnds(values: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, k) => values[Math.floor(((k + 1) * values.length) / n) - 1]);
}
