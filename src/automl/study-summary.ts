/** A study in short, as the run of its winner keeps it. */
import { isLowerBetter, parseMetric } from '../evaluation/metric-name.ts';
import type { TuningStudy } from '../runs/tuning-study-schema.ts';
import { shortName } from './model-space.ts';
import { shownValue, type TuneResult } from './tune.ts';
import { worthIt } from './verdict.ts';

export function studySummary(result: TuneResult): TuningStudy {
  const { metric, seconds, winner, trials, curve, importance, optimism } = result;
  return {
    metric,
    lowerIsBetter: isLowerBetter(parseMetric(metric)),
    seconds,
    winner: winner.number,
    worthIt: worthIt(result),
    trials: trials.map(({ number, model, kind, status, value, epochsDone, seconds: own, point, reason }) => ({
      number,
      model,
      kind,
      status,
      value: value === null ? null : shownValue(metric, value),
      epochs: epochsDone,
      seconds: own,
      options: Object.fromEntries(Object.entries(point).map(([name, chosen]) => [shortName(name), chosen])),
      reason: reason ?? null,
    })),
    curve,
    importance: importance.map(({ model, nTrials, options }) => ({
      model,
      nTrials,
      options: options.map(({ name, share }) => ({ name: shortName(name), share })),
    })),
    optimism: optimism && { chosen: optimism.chosen, expected: optimism.expected },
  };
}
