/** Two-sided tests of paired differences: Student's t and Wilcoxon's signed ranks. */
import { normalUpperTail, studentTwoSided } from './distributions.ts';

export interface TestResult {
  /** t, or the sum W⁺ of the ranks of positive differences. NaN when there are too few pairs to say anything. */
  readonly statistic: number;
  readonly pValue: number;
  /** Pairs that took part. */
  readonly nPairs: number;
}

/**
 * Paired t-test: t = d̄ / (s / √n) with n − 1 degrees of freedom. NaN differences are left out. Fewer than two pairs: p = 1;
 * all differences alike: t = ±∞, p = 0 (or t = 0, p = 1 when they are 0).
 */
export function pairedTTest(differences: Float64Array): TestResult {
  const d = differences.filter((value) => !Number.isNaN(value));
  const n = d.length;
  if (n < 2) return { statistic: Number.NaN, pValue: 1, nPairs: n };
  const mean = d.reduce((sum, value) => sum + value, 0) / n;
  const allAlike = d.every((value) => value === d[0]);
  const variance = allAlike ? 0 : d.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const statistic = mean === 0 ? 0 : mean / Math.sqrt(variance / n);
  return { statistic, pValue: studentTwoSided(statistic, n - 1), nPairs: n };
}

/** Up to this many differences the distribution of W⁺ is enumerated, above it is taken as normal. */
const exactUpTo = 19;

/**
 * Wilcoxon signed-rank test (Wilcoxon 1945). Differences of 0 (and NaN) are left out; equal sizes share their mid-rank. Up to 19
 * differences the p-value is exact, ties included; above, normal with tie and continuity correction.
 */
export function wilcoxonSignedRank(differences: Float64Array): TestResult {
  const d = differences
    .filter((value) => !Number.isNaN(value) && value !== 0)
    .sort((a, b) => Math.abs(a) - Math.abs(b));
  const { doubledRanks, tieTerm } = midRanks(d);
  let doubledW = 0;
  for (let i = 0; i < d.length; i++) if (d[i] > 0) doubledW += doubledRanks[i];
  const statistic = doubledW / 2;
  if (d.length === 0) return { statistic: Number.NaN, pValue: 1, nPairs: 0 };
  const pValue = d.length <= exactUpTo ? exactP(doubledRanks, doubledW) : normalP(statistic, d.length, tieTerm);
  return { statistic, pValue, nPairs: d.length };
}

/** Twice the mid-ranks (whole numbers) of values sorted by size, and Σ (t³ − t) over ties of t values. */
function midRanks(sorted: Float64Array): { doubledRanks: Int32Array; tieTerm: number } {
  const doubledRanks = new Int32Array(sorted.length);
  let tieTerm = 0;
  for (let start = 0, end = 0; start < sorted.length; start = end) {
    while (end < sorted.length && Math.abs(sorted[end]) === Math.abs(sorted[start])) end++;
    doubledRanks.fill(start + 1 + end, start, end);
    tieTerm += (end - start) ** 3 - (end - start);
  }
  return { doubledRanks, tieTerm };
}

/** 2·min(P(W ≤ w), P(W ≥ w)), each rank being positive or negative with probability ½. */
function exactP(doubledRanks: Int32Array, doubledW: number): number {
  const total = doubledRanks.reduce((sum, rank) => sum + rank, 0);
  const ways = new Float64Array(total + 1); // ways[s] = sign patterns whose doubled W⁺ is s
  ways[0] = 1;
  for (const rank of doubledRanks) for (let s = total; s >= rank; s--) ways[s] += ways[s - rank];
  const patterns = 2 ** doubledRanks.length;
  const atMost = ways.subarray(0, doubledW + 1).reduce((sum, n) => sum + n, 0) / patterns;
  const atLeast = ways.subarray(doubledW).reduce((sum, n) => sum + n, 0) / patterns;
  return Math.min(1, 2 * Math.min(atMost, atLeast));
}

function normalP(w: number, n: number, tieTerm: number): number {
  const variance = (n * (n + 1) * (2 * n + 1) - tieTerm / 2) / 24;
  const distance = Math.max(0, Math.abs(w - (n * (n + 1)) / 4) - 0.5);
  return 2 * normalUpperTail(distance / Math.sqrt(variance));
}
