/** Whether a search was worth it, in sentences. */
import type { Comparison } from '../evaluation/comparison.ts';
import { isLowerBetter, parseMetric } from '../evaluation/metric-name.ts';
import type { TuneResult } from './tune.ts';

/** One line against the best model as it is, and one against the winner's own model as it is where that is another. */
export function worthIt({ metric, winner, bestDefault, comparison, gain, measured }: TuneResult): string[] {
  const [{ name }] = measured;
  if (!comparison)
    return [
      `no trial was better than ${winner.model} as it is, by ${metric} of the validation part: the search was not worth it`,
    ];
  const other =
    bestDefault.model === winner.model ? 'its default' : `the default of ${bestDefault.model}, the best untuned model,`;
  const lines = [sentence(metric, name, other, comparison)];
  if (gain && gain.baseline !== comparison.baseline) lines.push(sentence(metric, name, 'its own default', gain));
  return lines;
}

function sentence(metric: string, name: string, other: string, comparison: Comparison): string {
  const difference = comparison.rows.find((row) => row.name === name)?.difference;
  if (!difference) return `${name} against ${other}: ${metric} has no values of users to tell a difference from luck`;
  const sign = isLowerBetter(parseMetric(metric)) ? -1 : 1;
  const { mean, low, high } = difference;
  const interval = `95 % interval ${signed(low)} … ${signed(high)}`;
  if (sign * (sign > 0 ? low : high) > 0)
    return `the tuned ${winnerOf(name)} beats ${other} by ${Math.abs(mean).toFixed(4)} ${metric} on the test part, ${interval}`;
  if (sign * (sign > 0 ? high : low) < 0)
    return `the tuned ${winnerOf(name)} is worse than ${other} by ${Math.abs(mean).toFixed(4)} ${metric} on the test part, ${interval}`;
  return `the tuned ${winnerOf(name)} does not beat ${other} on the test part: ${metric} ${signed(mean)}, ${interval}`;
}

const winnerOf = (name: string): string => name.replace(/ \(tuned\)$/, '');

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
}
