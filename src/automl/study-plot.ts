/** The best value of a study until each moment, against minutes and against epochs of all trials. */
import { type LinePoint, linePlot } from '../evaluation/line-plot.ts';
import { ticksOf, tickText } from '../evaluation/ticks.ts';
import type { TuneResult } from './tune.ts';

/** @returns an SVG file */
export function studyPlot({
  metric,
  curve,
  trials,
  seconds,
}: Pick<TuneResult, 'metric' | 'curve' | 'trials' | 'seconds'>): string {
  const end = Math.max(seconds / 60, ...curve.map(({ minutes }) => minutes), 1e-9);
  const points: LinePoint[] = curve.flatMap(({ minutes, value }, n) => {
    const before = n > 0 ? [{ x: minutes / end, y: curve[n - 1].value }] : [];
    return [...before, { x: minutes / end, y: value }];
  });
  const last = curve[curve.length - 1];
  const { values, decimals } = ticksOf(0, end);
  return linePlot({
    title: `Best ${metric} so far`,
    about: `${trials.length} trials; ${metric} of the validation part, best ${last.value.toFixed(4)} of trial ${last.trial} (${last.model}) after ${last.minutes.toFixed(1)} minutes`,
    names: [`best validation ${metric}`],
    panels: [{ title: `${metric} against minutes of search`, lines: [[...points, { x: 1, y: last.value }]] }],
    marks: values.filter((value) => value <= end).map((value) => ({ x: value / end, text: tickText(value, decimals) })),
  });
}
