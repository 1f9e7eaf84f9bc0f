/** A comparison in slices as a picture: the intervals of the differences to the baseline, a line for each slice and run. */
import { DeepTasteError } from '../core/errors.ts';
import { withoutControls } from '../core/shown.ts';
import type { Comparison } from './comparison.ts';
import { percent } from './leaderboard.ts';
import { isLowerBetter, parseMetric } from './metric-name.ts';
import { type ComparedSlice, LEAST_TESTED, type SlicedComparison } from './slice-comparison.ts';
import type { AdjustedDifference } from './statistics/adjusted-differences.ts';
import { displayWidth, fitText } from './text-table.ts';

/** Of the palette of Okabe and Ito, told apart by people who see fewer colours: on white, and on black. */
const colors = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#e69f00'],
  ['#009e73', '#29d3a5'],
  ['#a3517f', '#e79bc7'],
  ['#555555', '#bbbbbb'],
];
const shapes = ['circle', 'square', 'diamond'] as const;

const LINE = 18;
const GAP = 10;
const PLOT = 420;
const CHARACTER = 7;
const LONGEST_RUN = 40;

/**
 * The picture as the text of an SVG file, which follows the reader's light or dark theme. A mark is filled where the difference is
 * significant.
 * @throws DeepTasteError `usage`: there is nothing to draw
 */
export function slicePlot(comparison: Comparison, { slices, nTests }: SlicedComparison): string {
  const { metric, baseline, alpha, unit } = comparison;
  const runs = comparison.rows.filter(({ isBaseline }) => !isBaseline).map(({ name }) => name);
  const differences = slices.flatMap((slice) => slice.runs.flatMap(({ difference }) => difference ?? []));
  const drawn = differences.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high));
  if (drawn.length === 0)
    throw new DeepTasteError(
      'usage',
      `slices: the picture shows differences of runs, found ${runs.length === 0 ? 'one run' : 'no slice that can be tested'}; ` +
        `${runs.length === 0 ? 'compare two or more' : 'leave the picture out'}`,
    );
  const labels = new Map(slices.map((slice) => [slice, `${slice.name} (${slice.nUnits.toLocaleString('en-US')})`]));
  const left = 20 + CHARACTER * Math.max(...[...labels.values()].map(displayWidth));
  const scale = scaleOf(drawn, left);
  const body: string[] = [];
  let y = 72 + LINE * runs.length;
  const top = y;
  slices.forEach((slice, s) => {
    if (s > 0 && slices[s - 1].trait !== slice.trait) y += GAP;
    const height = LINE * runs.length;
    body.push(text(left - 12, y + height / 2 + 4, labels.get(slice)!, 'end'));
    body.push(...marksOf(slice, runs, y, scale));
    y += height + GAP;
  });
  const better = isLowerBetter(parseMetric(metric)) ? 'left' : 'right';
  const width = left + PLOT + 30;
  const legend = runs.map((name, n) => mark(n, 26, 60 + LINE * n, true) + text(38, 64 + LINE * n, shortName(name)));
  const title = `${metric}: difference to ${shortName(baseline)}`;
  const about = `${percent(1 - alpha)} intervals over ${unit}; ${better} of 0 is better; filled: p < ${alpha}, Holm over ${nTests} differences`;
  const fullWidth = Math.max(width, 40 + CHARACTER * displayWidth(about));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${fullWidth} ${y + 40}" width="${fullWidth}" height="${y + 40}" role="img" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    style(),
    `<rect class="ground" width="100%" height="100%"/>`,
    `<text class="ink" x="20" y="24" font-weight="600">${escaped(title)}</text>`,
    text(20, 42, about),
    ...legend,
    ...axis(scale, top, y),
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function style(): string {
  const of = (theme: 0 | 1) =>
    colors
      .map((pair, n) => `.c${n}{stroke:${pair[theme]};fill:${pair[theme]}}`)
      .join('')
      .concat('.open{fill:', theme === 0 ? '#ffffff' : '#161616', '}');
  return [
    '<style>',
    `.ground{fill:#ffffff}.ink{fill:#222222}.grid{stroke:#dddddd}.zero{stroke:#666666}.mark{stroke-width:2}${of(0)}`,
    `@media (prefers-color-scheme: dark){.ground{fill:#161616}.ink{fill:#e6e6e6}.grid{stroke:#3a3a3a}.zero{stroke:#aaaaaa}${of(1)}}`,
    '</style>',
  ].join('\n');
}

interface Scale {
  readonly ticks: readonly number[];
  readonly decimals: number;
  x(value: number): number;
}

/** From the least to the greatest end of an interval, 0 included, in steps of 1, 2 or 5 · 10ⁿ. */
function scaleOf(differences: readonly AdjustedDifference[], left: number): Scale {
  const low = differences.reduce((least, d) => Math.min(least, d.low), 0);
  const high = differences.reduce((most, d) => Math.max(most, d.high), 0);
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / 5));
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => span / size <= 6)!;
  const [from, to] = [Math.floor(low / step - 0.05), Math.ceil(high / step + 0.05)];
  return {
    ticks: Array.from({ length: to - from + 1 }, (_, n) => (from + n) * step),
    decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)),
    x: (value) => left + ((value / step - from) / (to - from)) * PLOT,
  };
}

function axis({ ticks, decimals, x }: Scale, top: number, bottom: number): string[] {
  return ticks.flatMap((tick) => [
    `<line class="${tick === 0 ? 'zero' : 'grid'}" x1="${place(x(tick))}" x2="${place(x(tick))}" y1="${top - 6}" y2="${bottom}"/>`,
    text(x(tick), bottom + 18, `${tick < 0 ? '−' : ''}${Math.abs(tick).toFixed(decimals)}`, 'middle'),
  ]);
}

function marksOf(slice: ComparedSlice, runs: readonly string[], top: number, { x }: Scale): string[] {
  if (!slice.isTested)
    return [text(x(0) + 8, top + (LINE * runs.length) / 2 + 4, `fewer than ${LEAST_TESTED}, not tested`)];
  return runs.flatMap((name, n) => {
    const difference = slice.runs.find((run) => run.name === name)?.difference;
    if (!difference || !Number.isFinite(difference.low) || !Number.isFinite(difference.high)) return [];
    const { mean, low, high, significant } = difference;
    const y = top + LINE * (n + 0.5);
    const line = `<line class="mark c${n % colors.length}" x1="${place(x(low))}" x2="${place(x(high))}" y1="${y}" y2="${y}"/>`;
    return [line, mark(n, x(mean), y, significant)];
  });
}

/** Colours repeat after five runs, shapes then differ. */
function mark(run: number, x: number, y: number, isFilled: boolean): string {
  const shape = shapes[Math.floor(run / colors.length) % shapes.length];
  const about = `class="mark c${run % colors.length}${isFilled ? '' : ' open'}"`;
  if (shape === 'circle') return `<circle ${about} cx="${place(x)}" cy="${y}" r="4"/>`;
  const turn = shape === 'diamond' ? ` transform="rotate(45 ${place(x)} ${y})"` : '';
  return `<rect ${about} x="${place(x - 4)}" y="${y - 4}" width="8" height="8"${turn}/>`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end' = 'start'): string {
  return `<text class="ink" x="${place(x)}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function shortName(name: string): string {
  return fitText(name, LONGEST_RUN);
}

const place = (x: number) => Number(x.toFixed(2));

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML has no characters for most controls, hence they are written as people see them elsewhere. */
function escaped(content: string): string {
  return withoutControls(content).replace(/[&<>"]/g, (character) => entities[character]);
}
