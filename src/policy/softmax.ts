/** out[at + a] = exp(scale · scores[at + a]) / Σ over the n places from `at`; the largest is taken off first, so nothing overflows. */
export function softmaxInto(scores: Float64Array, out: Float64Array, at: number, n: number, scale: number): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let a = 0; a < n; a++) most = Math.max(most, scale * scores[at + a]);
  let sum = 0;
  for (let a = 0; a < n; a++) {
    const weight = Math.exp(scale * scores[at + a] - most);
    out[at + a] = weight;
    sum += weight;
  }
  for (let a = 0; a < n; a++) out[at + a] /= sum;
}
