/** Caser in float64 from its formulas, one window at a time, with plain loops; imports nothing from src. */

export interface CaserOracle {
  readonly factors: number;
  readonly maxLength: number;
  readonly heights: readonly number[];
  readonly horizontalFilters: number;
  readonly verticalFilters: number;
}

export type Weights = ReadonlyMap<string, readonly number[]>;

/** A window: the last events before its targets (−1 = none), whose they are (−1 = nobody's), and what is asked. */
export interface Window {
  readonly events: readonly number[];
  readonly user: number;
  readonly targets: readonly number[];
  readonly negatives: readonly number[];
}

const sum = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0);
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function rowOf(weights: Weights, name: string, r: number, width: number): number[] {
  if (r < 0) return Array<number>(width).fill(0);
  return (weights.get(name) as number[]).slice(r * width, (r + 1) * width);
}

/** [z; P_u], or z where there are no users. */
export function represent(o: CaserOracle, weights: Weights, events: readonly number[], user: number): number[] {
  const { factors: d, maxLength, heights, horizontalFilters: n, verticalFilters } = o;
  const padded = [...Array<number>(maxLength - events.length).fill(-1), ...events];
  const image = padded.map((item) => rowOf(weights, 'E', item, d));
  const found: number[] = [];
  for (let c = 0; c < d && verticalFilters > 0; c++)
    for (let v = 0; v < verticalFilters; v++)
      found.push(sum(image.map((row, l) => row[c] * (weights.get('vertical') as number[])[l * verticalFilters + v])));
  heights.forEach((height, h) => {
    const filters = weights.get(`horizontal${h + 1}`) as number[];
    const bias = weights.get(`horizontal${h + 1}.b`) as number[];
    for (let k = 0; k < n; k++) {
      const values: number[] = [];
      for (let s = 0; s + height <= maxLength; s++) {
        const read = image.slice(s, s + height).flat();
        values.push(Math.max(0, bias[k] + sum(read.map((v, p) => v * filters[p * n + k]))));
      }
      found.push(Math.max(...values));
    }
  });
  const w = weights.get('W') as number[];
  const b = weights.get('W.b') as number[];
  const z = Array.from({ length: d }, (_, j) => Math.max(0, b[j] + sum(found.map((v, p) => v * w[p * d + j]))));
  return weights.has('P') ? [...z, ...rowOf(weights, 'P', user, d)] : z;
}

/** y of an item. */
export function score(weights: Weights, represented: readonly number[], item: number): number {
  const v = rowOf(weights, 'V', item, represented.length);
  return sum(represented.map((x, k) => x * v[k])) + (weights.get('b') as number[])[item];
}

/** Mean over the windows of −Σ_t ln σ(y_t) / T − Σ_j ln(1 − σ(y_j)) / n; targets that are not there count for nothing. */
export function meanLoss(o: CaserOracle, weights: Weights, windows: readonly Window[]): number {
  const each = windows.map(({ events, user, targets, negatives }) => {
    const z = represent(o, weights, events, user);
    const ofTargets = targets.map((item) => (item < 0 ? 0 : softplus(-score(weights, z, item))));
    const ofNegatives = negatives.map((item) => softplus(score(weights, z, item)));
    return sum(ofTargets) / targets.length + sum(ofNegatives) / negatives.length;
  });
  return sum(each) / each.length;
}
