/** Shares of people with their intervals, and differences of two shares. */

/** Of the normal distribution: 95 % of it lies within. */
const Z = 1.959963984540054;

export interface Share {
  /** Null where there is nobody. */
  readonly share: number | null;
  /** 95 % interval. */
  readonly low: number | null;
  readonly high: number | null;
}

/** The score interval (Wilson: Probable inference, the law of succession, and statistical inference. JASA 1927). */
export function wilson(successes: number, n: number): Share {
  if (n === 0) return { share: null, low: null, high: null };
  const share = successes / n;
  const centre = share + Z ** 2 / (2 * n);
  const half = Z * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  const scale = 1 + Z ** 2 / n;
  return { share, low: Math.max(0, (centre - half) / scale), high: Math.min(1, (centre + half) / scale) };
}

/**
 * The difference a − b of independent shares, from the intervals of both (Newcombe: Interval estimation for the difference between
 * independent proportions. Statistics in Medicine 1998, method 10).
 */
export function newcombe(a: Share, b: Share): Share {
  if (a.share === null || b.share === null || a.low === null || a.high === null || b.low === null || b.high === null)
    return { share: null, low: null, high: null };
  const share = a.share - b.share;
  return {
    share,
    low: share - Math.hypot(a.share - a.low, b.high - b.share),
    high: share + Math.hypot(a.high - a.share, b.share - b.low),
  };
}
