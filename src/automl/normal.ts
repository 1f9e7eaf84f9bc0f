/** The standard normal distribution. */

export function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/**
 * Φ(z), by the continued fraction of Mills' ratio beyond 2 and the Taylor series around 0 within; error below 10⁻¹².
 * Abramowitz, Stegun: Handbook of Mathematical Functions, 26.2.10 and 26.2.14.
 */
export function normalBelow(z: number): number {
  const x = Math.abs(z);
  if (x > 38) return z < 0 ? 0 : 1;
  const tail = x < 2.5 ? 0.5 - integralTo(x) : tailFrom(x);
  return z < 0 ? tail : 1 - tail;
}

/** φ(t) over 0 … x. */
function integralTo(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-16 * sum; n++) {
    term *= (-x * x) / (2 * n);
    sum += term / (2 * n + 1);
  }
  return sum / Math.sqrt(2 * Math.PI);
}

function tailFrom(x: number): number {
  let fraction = x;
  for (let n = 80; n >= 1; n--) fraction = x + n / fraction;
  return normalDensity(x) / fraction;
}
