/**
 * The minimum of a smooth function of a few hundred numbers by limited-memory BFGS (Nocedal: Updating Quasi-Newton Matrices with
 * Limited Storage. Mathematics of Computation 35, 1980), in float64 and without any randomness.
 */

/** The value at x; its gradient is written to `gradient`. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export interface MinimiseOptions {
  /** Evaluations at most. */
  readonly evaluations: number;
  /** Ends where a step has lowered the value by less than this share of it. */
  readonly tolerance: number;
}

/** Steps that are remembered. */
const MEMORY = 6;
/** Share of the slope that a step must have gained (Armijo). */
const SUFFICIENT = 1e-4;

/** Replaces x by the best point found; returns the value there. */
export function minimise(objective: Objective, x: Float64Array, { evaluations, tolerance }: MinimiseOptions): number {
  const n = x.length;
  const steps: { s: Float64Array; y: Float64Array; inverse: number }[] = [];
  let gradient = new Float64Array(n);
  let value = objective(x, gradient);
  let next = new Float64Array(n);
  const trial = new Float64Array(n);
  const direction = new Float64Array(n);
  // the first step has length 1 at most: nothing is known of the curvature yet
  let rate = 1 / Math.max(1, Math.sqrt(dot(gradient, gradient)));
  for (let used = 1; used < evaluations; ) {
    descent(gradient, steps, direction);
    const slope = dot(direction, gradient);
    if (!(slope < 0)) break;
    let trialValue = Number.POSITIVE_INFINITY;
    for (; used < evaluations; rate /= 3) {
      for (let k = 0; k < n; k++) trial[k] = x[k] + rate * direction[k];
      trialValue = objective(trial, next);
      used++;
      if (trialValue <= value + SUFFICIENT * rate * slope) break;
    }
    if (!(trialValue < value)) break;
    remember(steps, trial, x, next, gradient);
    const gained = value - trialValue;
    x.set(trial);
    value = trialValue;
    [gradient, next] = [next, gradient];
    rate = 1;
    if (gained < tolerance * Math.abs(value)) break;
  }
  return value;
}

/** −H g, H the inverse of the curvature that the remembered steps show. */
function descent(
  gradient: Float64Array,
  steps: readonly { readonly s: Float64Array; readonly y: Float64Array; readonly inverse: number }[],
  direction: Float64Array,
): void {
  for (let k = 0; k < gradient.length; k++) direction[k] = -gradient[k];
  const taken = new Float64Array(steps.length);
  for (let m = steps.length - 1; m >= 0; m--) {
    const { s, y, inverse } = steps[m];
    taken[m] = inverse * dot(s, direction);
    addScaled(direction, y, -taken[m]);
  }
  if (steps.length > 0) {
    const { y, inverse } = steps[steps.length - 1];
    const scale = 1 / (inverse * dot(y, y));
    for (let k = 0; k < direction.length; k++) direction[k] *= scale;
  }
  steps.forEach(({ s, y, inverse }, m) => {
    addScaled(direction, s, taken[m] - inverse * dot(y, direction));
  });
}

function remember(
  steps: { s: Float64Array; y: Float64Array; inverse: number }[],
  to: Float64Array,
  from: Float64Array,
  gradientTo: Float64Array,
  gradientFrom: Float64Array,
): void {
  const s = to.map((value, k) => value - from[k]);
  const y = gradientTo.map((value, k) => value - gradientFrom[k]);
  const curvature = dot(s, y);
  // where the function is not convex along the step, it says nothing of the curvature
  if (!(curvature > 1e-12 * dot(y, y))) return;
  if (steps.length === MEMORY) steps.shift();
  steps.push({ s, y, inverse: 1 / curvature });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

function addScaled(to: Float64Array, row: Float64Array, factor: number): void {
  for (let k = 0; k < to.length; k++) to[k] += factor * row[k];
}
