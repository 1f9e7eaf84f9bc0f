/** Which policy is better: differences to a baseline over the same decisions, with intervals, best first. */
import type { RandomStream } from '../core/random.ts';
import { type AdjustedDifference, adjusted } from '../evaluation/statistics/adjusted-differences.ts';
import type { PairedBootstrap } from '../evaluation/statistics/bootstrap.ts';
import { normalUpperTail } from '../evaluation/statistics/distributions.ts';
import { mean } from '../evaluation/statistics/mean.ts';
import { normalInterval, standardError } from '../evaluation/statistics/normal-interval.ts';
import { pairedDifferences } from '../evaluation/statistics/paired-differences.ts';
import type { Contributions } from './contributions.ts';

export interface ComparedPolicy {
  readonly policy: string;
  readonly value: number;
  /** To the baseline; null for it. The p-value of no difference is adjusted for all comparisons (Holm). */
  readonly difference: AdjustedDifference | null;
}

export interface PolicyComparison {
  readonly estimator: string;
  readonly title: string;
  readonly baseline: string;
  /** Best first. */
  readonly policies: readonly ComparedPolicy[];
}

interface Options {
  readonly estimator?: string;
  readonly baseline: string;
  readonly level: number;
  /** Of differences; bootstrapped ones have the p-value of a bootstrap, normal ones that of a z test. */
  readonly interval: 'bootstrap' | 'normal';
  /** Of a bootstrap; default: as many as are made of so many decisions. */
  readonly resamples?: number;
  readonly random: RandomStream;
}

/** In this order, the first that all policies have. */
const PREFERRED = ['dr', 'cascade-dr', 'snips', 'snrips'];

/**
 * @param contributions of the policies with a verdict, by name
 * @param logged the rewards of the log's own decisions
 * @returns null where nothing can be compared
 */
export function comparePolicies(
  contributions: ReadonlyMap<string, readonly Contributions[]>,
  logged: Float64Array,
  { estimator, baseline, level, interval, resamples, random }: Options,
): PolicyComparison | null {
  const all = [...contributions];
  if (all.length === 0 || (baseline !== 'log' && !contributions.has(baseline))) return null;
  const has = (name: string) => all.every(([, own]) => own.some((each) => each.estimator === name));
  const name = estimator ?? PREFERRED.find(has);
  if (name === undefined || !has(name)) return null;
  const own = all.map(([policy, each]) => ({
    policy,
    values: each.find(({ estimator: one }) => one === name)!.values,
  }));
  const candidates = [{ policy: 'log', values: logged }, ...own];
  const base = candidates.find(({ policy }) => policy === baseline)!;
  const others = candidates.filter((each) => each !== base);
  const columns = others.map(({ values }) => values);
  const found =
    interval === 'normal'
      ? columns.map((values) => normalDifference(base.values, values, level))
      : bootstrappedDifferences(base.values, columns, { level, resamples, stream: random });
  const differences = adjusted(found, 1 - level);
  const rows = candidates.map(({ policy, values }): ComparedPolicy => {
    const at = others.findIndex((each) => each.policy === policy);
    return { policy, value: mean(values), difference: at < 0 ? null : differences[at] };
  });
  const [first] = all[0][1].filter((each) => each.estimator === name);
  return {
    estimator: name,
    title: first.title,
    baseline,
    policies: rows.sort((a, b) => b.value - a.value),
  };
}

function bootstrappedDifferences(
  baseline: Float64Array,
  others: readonly Float64Array[],
  options: { readonly level: number; readonly resamples?: number; readonly stream: RandomStream },
): PairedBootstrap[] {
  const tested = (values: Float64Array) => ({ values, weights: null, ranked: null });
  return pairedDifferences(tested(baseline), others.map(tested), { test: 'bootstrap', ...options });
}

function normalDifference(baseline: Float64Array, values: Float64Array, level: number): PairedBootstrap {
  const differences = values.map((value, n) => value - baseline[n]);
  const interval = normalInterval(differences, level);
  const error = standardError(differences, interval.mean);
  const pValue = error === 0 ? (interval.mean === 0 ? 1 : 0) : 2 * normalUpperTail(Math.abs(interval.mean) / error);
  return { ...interval, pValue, nPairs: values.length };
}
