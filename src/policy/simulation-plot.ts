/** A simulation as a picture: what each policy earns step by step, and its regret so far. */
import { DeepTasteError } from '../core/errors.ts';
import { colors, mark, place, svgFile, text } from '../evaluation/svg.ts';
import type { SimulatedPolicy, Simulation } from './simulate.ts';

const LINE = 18;
const LEFT = 70;
const WIDTH = 520;
const HEIGHT = 190;
const GAP = 60;
/** Points of a line; rewards are means over the steps between them. */
const POINTS = 60;

interface Panel {
  readonly title: string;
  values(policy: SimulatedPolicy): Float64Array;
}

/** The text of an SVG file. @throws DeepTasteError `usage`: fewer than two steps */
export function simulationPlot({ world, users, steps, runs, policies }: Simulation): string {
  if (steps < 2)
    throw new DeepTasteError('usage', `simulate: the picture shows steps, found ${steps}; simulate two at least`);
  const n = Math.min(POINTS, steps);
  const panels: readonly Panel[] = [
    { title: 'reward of a decision', values: ({ rewardByStep }) => blockMeans(rewardByStep, n) },
    { title: 'regret of one person so far', values: ({ regretByStep }) => blockEnds(regretByStep, n) },
  ];
  const legend = policies.map(({ title }, p) => mark(p, 26, 60 + LINE * p, true) + text(38, 64 + LINE * p, title));
  const top = 92 + LINE * policies.length;
  return svgFile({
    title: `Policies that learn: ${world}`,
    about: `${users} people who decide at the same time, means over ${runs} worlds`,
    width: LEFT + WIDTH + 30,
    height: top + panels.length * (HEIGHT + GAP),
    body: [...legend, ...panels.flatMap((panel, p) => panelOf(panel, policies, top + p * (HEIGHT + GAP), steps, n))],
  });
}

function panelOf(
  { title, values }: Panel,
  policies: readonly SimulatedPolicy[],
  top: number,
  steps: number,
  n: number,
): string[] {
  const lines = policies.map(values);
  const all = lines.flatMap((line) => [...line]);
  const step = tickStep(Math.max(...all) - Math.min(...all));
  const floor = Math.floor(Math.min(...all) / step) * step;
  const ceiling = Math.max(floor + step, Math.ceil(Math.max(...all) / step) * step);
  const x = (k: number) => LEFT + ((k + 1) / n) * WIDTH;
  const y = (value: number) => place(top + HEIGHT * (1 - (value - floor) / (ceiling - floor)));
  const levels = Array.from({ length: Math.round((ceiling - floor) / step) + 1 }, (_, k) => floor + k * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const grid = levels.flatMap((level, k) => [
    `<line class="${k === 0 ? 'zero' : 'grid'}" x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y(level)}" y2="${y(level)}"/>`,
    text(LEFT - 8, y(level) + 4, level.toFixed(digits), 'end'),
  ]);
  const axis = [0.25, 0.5, 0.75, 1].map((share) =>
    text(
      LEFT + share * WIDTH,
      top + HEIGHT + 18,
      `step ${Math.round(share * steps).toLocaleString('en-US')}`,
      'middle',
    ),
  );
  const drawn = lines.map((line, p) => {
    const points = Array.from(line, (value, k) => `${place(x(k))},${y(value)}`).join(' ');
    return `<polyline class="mark c${p % colors.length}" style="fill:none" points="${points}"/>${mark(p, x(n - 1), y(line[n - 1]), true)}`;
  });
  return [text(LEFT, top - 12, title), ...grid, ...axis, ...drawn];
}

/** Some five levels: 1, 2 or 5 times a power of ten apart. */
function tickStep(span: number): number {
  const rough = Math.max(span, 1e-9) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) as number);
}

function blockMeans(values: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, k) => {
    const block = values.subarray(Math.floor((k * values.length) / n), Math.floor(((k + 1) * values.length) / n));
    return block.reduce((sum, value) => sum + value, 0) / block.length;
  });
}

function blockEnds(values: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, k) => values[Math.floor(((k + 1) * values.length) / n) - 1]);
}
