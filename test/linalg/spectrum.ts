import { RandomStream } from '../../src/core/random.ts';

/** Q diag(λ) Qᵀ with λ from 1 to 1/condition in equal ratios and Q a product of random reflections I − 2vvᵀ. */
export function matrixOfCondition(n: number, condition: number, seed = 1): number[][] {
  const random = new RandomStream(seed, 'matrix');
  const a = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === j ? condition ** (-i / Math.max(1, n - 1)) : 0)),
  );
  for (let round = 0; round < 3; round++) {
    const v = Array.from({ length: n }, () => random.normal());
    const square = v.reduce((sum, x) => sum + x * x, 0);
    reflect(a, v, 2 / square);
  }
  return a;
}

/** A ← (I − s vvᵀ) A (I − s vvᵀ), kept symmetric. */
function reflect(a: number[][], v: readonly number[], s: number): void {
  const av = a.map((row) => row.reduce((sum, x, j) => sum + x * v[j], 0));
  const vav = av.reduce((sum, x, i) => sum + x * v[i], 0);
  for (let i = 0; i < a.length; i++)
    for (let j = i; j < a.length; j++) {
      a[i][j] += s * s * vav * v[i] * v[j] - s * (av[i] * v[j] + v[i] * av[j]);
      a[j][i] = a[i][j];
    }
}
