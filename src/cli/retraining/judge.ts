/** The served recommender and one that was trained without the newest feedback, measured on it: for the same people, by the same items. */

import { RandomStream } from '../../core/random.ts';
import { type ComparisonRow, compareResults } from '../../evaluation/comparison.ts';
import type { EvaluationResult } from '../../evaluation/evaluation-result.ts';
import { resultJson } from '../../evaluation/result.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import type { StoredItem } from '../../serving/store/records.ts';
import { type Verdict, verdictOf, verdictText } from './promotion.ts';
import { type HeldBackPerson, JUDGED_BY, measureServed } from './served-lists.ts';

export interface Judged {
  readonly before: EvaluationResult;
  readonly result: EvaluationResult;
  readonly difference: NonNullable<ComparisonRow['difference']>;
  readonly margin: number;
  readonly verdict: Verdict;
}

/** What both are measured on. */
export interface Judging {
  readonly people: readonly HeldBackPerson[];
  readonly items: readonly StoredItem[];
  /** Milliseconds since 1970. */
  readonly from: number;
  /** As {@link verdictOf} takes it. */
  readonly margin: number;
}

/**
 * Closes the served one before the other is trained: both at once may not fit the memory.
 * @param train makes the one that is compared with it
 */
export async function judge(
  served: Recommender,
  train: () => Promise<Recommender>,
  { people, items, from, margin }: Judging,
): Promise<Judged> {
  const before = measureServed(served, people, items, from);
  served.close();
  const candidate = await train();
  const result = measureServed(candidate, people, items, from);
  candidate.close();
  const runs = [
    { name: 'served', result: before },
    { name: 'new', result },
  ];
  const stream = new RandomStream(1, 'retrain');
  const { rows } = compareResults(runs, JUDGED_BY, { baseline: 'served', stream });
  const difference = rows.find(({ name }) => name === 'new')?.difference;
  if (!difference) throw new Error('internal: a comparison of two runs has a difference');
  return { before, result, difference, margin, verdict: verdictOf(difference, meanOf(before), margin) };
}

function meanOf({ metrics }: EvaluationResult): number {
  return metrics[JUDGED_BY].mean;
}

export function judgement({ before, result, difference, margin, verdict }: Judged): string {
  const { mean, low, high, nPairs } = difference;
  const number = (value: number): string => value.toFixed(4);
  const signed = (value: number): string => `${value < 0 ? '−' : '+'}${number(Math.abs(value))}`;
  return (
    `${JUDGED_BY} of lists for ${nPairs} people: ${number(meanOf(before))} served, ${number(meanOf(result))} new; ` +
    `difference ${signed(mean)} (95 % interval ${signed(low)} … ${signed(high)}, paired); ` +
    verdictText(verdict, difference, meanOf(before), margin)
  );
}

/** As the document of `--json` and the run's own record have it. */
export function judgedJson(judged: Judged | null) {
  return {
    metric: JUDGED_BY,
    served: judged && resultJson(judged.before),
    new: judged && resultJson(judged.result),
    difference: judged?.difference ?? null,
    margin: judged?.margin ?? null,
    verdict: judged?.verdict ?? null,
  };
}
