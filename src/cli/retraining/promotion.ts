/**
 * Whether a new recommender takes the place of the served one, by the 95 % interval of the paired difference over people. "Not worse" is
 * a test of non-inferiority (Piaggio et al., CONSORT extension, JAMA 2012): the interval must leave out everything below a margin that was
 * named before. An interval that only reaches above 0 says nothing: so does that of too few people.
 */

export const PROMOTIONS = ['better', 'not-worse', 'always'] as const;
export type Promotion = (typeof PROMOTIONS)[number];

/** What the interval says of the new one. */
export type Verdict = 'better' | 'not-worse' | 'worse' | 'unclear';

/** Difference new − served of a metric of which more is better. */
export interface Difference {
  readonly low: number;
  readonly high: number;
}

/**
 * @param served value of the metric of the served one
 * @param margin share of it by which the new one may be below it
 */
export function verdictOf({ low, high }: Difference, served: number, margin: number): Verdict {
  if (low > 0) return 'better';
  if (high < 0) return 'worse';
  // of lists that hold nothing of what was looked for the difference is 0 for every recommender
  return served > 0 && low >= -margin * served ? 'not-worse' : 'unclear';
}

export function isPromoted(verdict: Verdict, promotion: Promotion): boolean {
  return promotion === 'always' || verdict === 'better' || (promotion === 'not-worse' && verdict === 'not-worse');
}

/** The verdict and why, in one line. */
export function verdictText(verdict: Verdict, { high }: Difference, served: number, margin: number): string {
  const least = `−${(margin * served).toFixed(4)} (--margin: ${margin * 100} % of what is served)`;
  if (verdict === 'better') return 'better: the whole interval lies above 0';
  if (verdict === 'worse') return 'worse: the whole interval lies below 0';
  if (verdict === 'not-worse') return `not worse: the whole interval lies above ${least}`;
  if (served === 0)
    return `too little to tell: no served list holds what people took then${high > 0 ? ', few of the new ones do' : ', nor does a new one'}`;
  return `too little to tell: the interval reaches from below ${least} up to 0 or more`;
}
