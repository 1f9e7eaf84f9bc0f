/** χ² of observed counts against expected ones (of a common total). */
export function chiSquare(counts: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Array.from(counts).reduce((sum, count, k) => sum + (count - expected[k]) ** 2 / expected[k], 0);
}

/** Upper 10⁻⁴ point of χ² with `freedom` degrees (Wilson and Hilferty, PNAS 1931; z = 3.719). */
export function chiSquareLimit(freedom: number): number {
  return freedom * (1 - 2 / (9 * freedom) + 3.719 * Math.sqrt(2 / (9 * freedom))) ** 3;
}
