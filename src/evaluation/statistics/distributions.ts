/** Tail probabilities of the normal and of Student's t distribution, to about 1e-13 relative. */

/** P(Z ≥ z) of the standard normal. */
export function normalUpperTail(z: number): number {
  if (z < 0) return 1 - normalUpperTail(-z);
  return z < 3 ? 0.5 - normalCentre(z) : normalTailFraction(z);
}

/** P(0 ≤ Z ≤ z) = φ(z) · (z + z³/3 + z⁵/(3·5) + …), Abramowitz & Stegun 26.2.11. */
function normalCentre(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 3; term > sum * 1e-17; n += 2) {
    term *= (z * z) / n;
    sum += term;
  }
  return normalDensity(z) * sum;
}

/** φ(z) / (z + 1/(z + 2/(z + 3/(z + …)))), Abramowitz & Stegun 26.2.14, from the inside out. */
function normalTailFraction(z: number): number {
  let fraction = z;
  for (let n = 120; n >= 1; n--) fraction = z + n / fraction;
  return normalDensity(z) / fraction;
}

function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** P(|T| ≥ |t|) of Student's t with `freedom` degrees: I_x(freedom/2, 1/2), x = freedom / (freedom + t²) (A&S 26.7.1). */
export function studentTwoSided(t: number, freedom: number): number {
  if (t === 0) return 1;
  if (!Number.isFinite(t)) return 0;
  const square = t * t;
  return regularisedBeta(freedom / (freedom + square), square / (freedom + square), freedom / 2, 0.5);
}

/** P(X ≥ k) of X ~ Binomial(n, p): I_p(k, n − k + 1) (A&S 26.5.24). */
export function binomialUpperTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n || p <= 0) return 0;
  return p >= 1 ? 1 : regularisedBeta(p, 1 - p, k, n - k + 1);
}

/** I_x(a, b), y = 1 − x given apart so that nothing is lost when x is close to 1. */
function regularisedBeta(x: number, y: number, a: number, b: number): number {
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(y));
  // The fraction converges fast for x below the mean; beyond, use I_x(a, b) = 1 − I_y(b, a).
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(x, a, b)) / a;
  return 1 - (front * betaFraction(y, b, a)) / b;
}

/** Continued fraction of the incomplete beta function (A&S 26.5.8), evaluated from the inside out. */
function betaFraction(x: number, a: number, b: number): number {
  const terms = 60 + Math.ceil(6 * Math.sqrt(Math.max(a, b))); // it needs O(√max(a, b)) of them
  let fraction = 1;
  for (let m = terms; m >= 1; m--) {
    const odd = (-(a + m - 1) * (a + b + m - 1) * x) / ((a + 2 * m - 2) * (a + 2 * m - 1));
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    fraction = 1 + odd / (1 + even / fraction);
  }
  return 1 / fraction;
}

/** ln Γ(x), x > 0: Stirling's series (A&S 6.1.41) above 12, reached by Γ(x) = Γ(x+1) / x. */
export function logGamma(x: number): number {
  let product = 1;
  let z = x;
  for (; z < 12; z++) product *= z;
  const w = 1 / (z * z);
  const series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - (w * 691) / 360360))))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}
