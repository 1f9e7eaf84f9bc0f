/**
 * Bootstrap over users (Efron 1979): the means of `resamples` samples drawn with replacement. One draw serves all columns, so
 * that metrics and runs are resampled together. Draws come from sfc32 (Doty-Humphrey, PractRand), which passes the usual test
 * batteries and takes about a nanosecond a draw; Philox, tens of times slower here, gives its 128-bit starting state.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { RandomStream } from '../../core/random.ts';

/** Values of users [U], NaN where undefined, and their weights [U] (null: all 1). */
export interface UserColumn {
  readonly values: Float64Array;
  readonly weights: Float64Array | null;
}

/** Σ w·v / Σ w over the users with a value; NaN when there are none. */
export function weightedMean({ values, weights }: UserColumn): number {
  let sum = 0;
  let total = 0;
  for (let u = 0; u < values.length; u++) {
    if (Number.isNaN(values[u])) continue;
    const w = weights === null ? 1 : weights[u];
    sum += w * values[u];
    total += w;
  }
  return sum / total;
}

/**
 * The resampled means of each column, in the order drawn [resamples]. A resample in which no user has a value gives none.
 * @param columns all over the same users; throws `data` when there are no users
 */
export function resampledMeans(
  columns: readonly UserColumn[],
  stream: RandomStream,
  resamples: number,
): Float64Array[] {
  const nUsers = columns[0]?.values.length ?? 0;
  checkResampling(nUsers, resamples);
  const sums = columns.map(prepare);
  const means = columns.map(() => new Float64Array(resamples));
  const multiplicity = new Float64Array(nUsers);
  const state = Int32Array.from({ length: 4 }, () => stream.uint32());
  for (let b = 0; b < resamples; b++) {
    drawMultiplicities(state, multiplicity);
    for (let c = 0; c < sums.length; c++) {
      const { weighted, weights } = sums[c];
      means[c][b] = dot(multiplicity, weighted) / (weights === null ? nUsers : dot(multiplicity, weights));
    }
  }
  return means.map((m) => m.filter((value) => !Number.isNaN(value)));
}

function checkResampling(nUsers: number, resamples: number): void {
  if (nUsers === 0)
    throw new DeepTasteError(
      'data',
      'bootstrap: at least one user is needed, found none; evaluate users with held-out items',
    );
  if (!Number.isInteger(resamples) || resamples < 1)
    throw new DeepTasteError(
      'config',
      `bootstrap: resamples must be a whole number ≥ 1, got ${resamples}; 1000 is usual`,
    );
}

/** w·v and w, users without a value weighing 0; weights null when all are 1. */
function prepare({ values, weights }: UserColumn): { weighted: Float64Array; weights: Float64Array | null } {
  if (weights === null && !values.some((v) => Number.isNaN(v))) return { weighted: values, weights: null };
  const w = Float64Array.from(values, (v, u) => (Number.isNaN(v) ? 0 : weights === null ? 1 : weights[u]));
  return { weighted: Float64Array.from(values, (v, u) => (Number.isNaN(v) ? 0 : w[u] * v)), weights: w };
}

/** Draws U users with replacement: multiplicity[u] = how often u was drawn. Advances the sfc32 state. */
function drawMultiplicities(state: Int32Array, multiplicity: Float64Array): void {
  let [a, b, c, counter] = state;
  const scale = multiplicity.length / 2 ** 32;
  multiplicity.fill(0);
  for (let draw = 0; draw < multiplicity.length; draw++) {
    const output = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + output) | 0;
    multiplicity[((output >>> 0) * scale) | 0]++;
  }
  state.set([a, b, c, counter]);
}

/** Four sums side by side, since one sum waits for the latency of each addition. */
function dot(x: Float64Array, y: Float64Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < x.length; i += 4) {
    s0 += x[i] * y[i];
    s1 += x[i + 1] * y[i + 1];
    s2 += x[i + 2] * y[i + 2];
    s3 += x[i + 3] * y[i + 3];
  }
  for (; i < x.length; i++) s0 += x[i] * y[i];
  return s0 + s1 + (s2 + s3);
}
