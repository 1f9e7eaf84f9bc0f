/** When a new recommender takes the place of the served one. */
import { expect, it } from 'vitest';
import { isPromoted, verdictOf, verdictText } from '../../../src/cli/retraining/promotion.ts';

it('an interval decides: above 0, below 0, above the margin, or nothing', () => {
  const verdict = (low: number, high: number, served = 0.2) => verdictOf({ low, high }, served, 0.05);
  expect(verdict(0.001, 0.03)).toBe('better');
  expect(verdict(-0.03, -0.001)).toBe('worse');
  // below 0 all of it, though not far
  expect(verdict(-0.002, -0.001)).toBe('worse');
  expect(verdict(-0.0099, 0.03)).toBe('not-worse');
  expect(verdict(-0.0101, 0.03)).toBe('unclear');
  // so wide that anything may be: few people
  expect(verdict(-0.15, 0.14)).toBe('unclear');
  // the same lists
  expect(verdict(0, 0)).toBe('not-worse');
});

it('lists in which nobody finds anything are no evidence', () => {
  expect(verdictOf({ low: 0, high: 0 }, 0, 0.05)).toBe('unclear');
  expect(verdictOf({ low: 0, high: 0.01 }, 0, 1)).toBe('unclear');
  expect(verdictOf({ low: 0.001, high: 0.01 }, 0, 0.05)).toBe('better');
  expect(verdictText('unclear', { low: 0, high: 0 }, 0, 0.05)).toMatch(/^too little to tell: .* nor does a new one$/);
});

it('a rule says which verdicts do', () => {
  const verdicts = ['better', 'not-worse', 'unclear', 'worse'] as const;
  const promoted = (rule: 'better' | 'not-worse' | 'always') => verdicts.filter((each) => isPromoted(each, rule));
  expect(promoted('better')).toEqual(['better']);
  expect(promoted('not-worse')).toEqual(['better', 'not-worse']);
  expect(promoted('always')).toEqual(verdicts);
  expect(verdictText('not-worse', { low: -0.001, high: 0.1 }, 0.2, 0.05)).toBe(
    'not worse: the whole interval lies above −0.0100 (--margin: 5 % of what is served)',
  );
});
