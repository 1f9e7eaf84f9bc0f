/** Layers in plain numbers, for oracles; imports nothing. */

export type Arrays = Readonly<Record<string, ArrayLike<number>>>;

export const row = (table: ArrayLike<number>, n: number, width: number): number[] =>
  Array.from({ length: width }, (_, k) => table[n * width + k]);

/** x W + b */
export function affine(x: readonly number[], w: ArrayLike<number>, b?: ArrayLike<number>): number[] {
  const width = w.length / x.length;
  return Array.from({ length: width }, (_, k) => x.reduce((sum, v, n) => sum + v * w[n * width + k], b ? b[k] : 0));
}

export const relu = (x: readonly number[]): number[] => x.map((v) => Math.max(0, v));

/** Σ_t α_t h_t, α the softmax of w · tanh(W h_t + V q + b). */
export function attended(w: Arrays, name: string, h: readonly number[][], query: readonly number[]): number[] {
  const ofQuery = affine(query, w[`${name}.V`]);
  const scores = h.map((each) => {
    const hidden = affine(each, w[`${name}.W`], w[`${name}.b`]).map((v, k) => Math.tanh(v + ofQuery[k]));
    return hidden.reduce((sum, v, k) => sum + v * w[`${name}.w`][k], 0);
  });
  const top = Math.max(...scores);
  const parts = scores.map((s) => Math.exp(s - top));
  const total = parts.reduce((sum, part) => sum + part, 0);
  return h[0].map((_, k) => h.reduce((sum, each, t) => sum + (parts[t] / total) * each[k], 0));
}
