/** A comparison in slices as a picture: the intervals of the differences to the baseline, a line for each slice and run. */
import { DeepTasteError } from '../core/errors.ts';
import type { Comparison } from './comparison.ts';
import { percent } from './leaderboard.ts';
import { isLowerBetter, parseMetric } from './metric-name.ts';
import { type ComparedSlice, LEAST_TESTED, type SlicedComparison } from './slice-comparison.ts';
import type { AdjustedDifference } from './statistics/adjusted-differences.ts';
import { colors, mark, place, svgFile, text } from './svg.ts';
import { displayWidth, fitText } from './text-table.ts';
import { ticksOf, tickText } from './ticks.ts';

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
  return svgFile({ title, about, width, height: y + 40, body: [...legend, ...axis(scale, top, y), ...body] });
}

interface Scale {
  readonly ticks: readonly number[];
  readonly decimals: number;
  x(value: number): number;
}

/** From the least to the greatest end of an interval, 0 included. */
function scaleOf(differences: readonly AdjustedDifference[], left: number): Scale {
  const low = differences.reduce((least, d) => Math.min(least, d.low), 0);
  const high = differences.reduce((most, d) => Math.max(most, d.high), 0);
  const { step, decimals, from, to, values: ticks } = ticksOf(low, high, { slack: 0.05 });
  return { ticks, decimals, x: (value) => left + ((value / step - from) / (to - from)) * PLOT };
}

function axis({ ticks, decimals, x }: Scale, top: number, bottom: number): string[] {
  return ticks.flatMap((tick) => [
    `<line class="${tick === 0 ? 'zero' : 'grid'}" x1="${place(x(tick))}" x2="${place(x(tick))}" y1="${top - 6}" y2="${bottom}"/>`,
    text(x(tick), bottom + 18, tickText(tick, decimals), 'middle'),
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

function shortName(name: string): string {
  return fitText(name, LONGEST_RUN);
}
