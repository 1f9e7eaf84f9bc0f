/** SASRec in float64 from its formulas, one sequence at a time, with plain loops; imports nothing from src. */

export interface SasrecOracle {
  readonly factors: number;
  readonly blocks: number;
  readonly heads: number;
  readonly maxLength: number;
  readonly normalise: 'before' | 'after';
  readonly positions: 'end' | 'start';
  readonly feedForward: 'relu' | 'swiglu';
  readonly expansion: number;
  readonly gates: boolean;
  readonly calibration: number;
  readonly nItems: number;
}

export type Weights = ReadonlyMap<string, readonly number[]>;

/** What one position is asked: the item that came, its negatives, and what is added to the scores of shared negatives. */
export interface Asked {
  readonly events: readonly number[];
  readonly targets: readonly number[];
  /** Of each position; null where the step's shared ones are meant. */
  readonly negatives: readonly (readonly number[])[] | null;
}

const sigma = (x: number): number => 1 / (1 + Math.exp(-x));
const sum = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0);
const dot = (a: readonly number[], b: readonly number[]): number => sum(a.map((v, k) => v * b[k]));
const plus = (a: readonly number[], b: readonly number[]): number[] => a.map((v, k) => v + b[k]);

function row(weights: Weights, name: string, r: number, width: number): number[] {
  return (weights.get(name) as number[]).slice(r * width, (r + 1) * width);
}

/** x W + b */
function layer(weights: Weights, w: string, b: string, x: readonly number[], width: number): number[] {
  const matrix = weights.get(w) as number[];
  const bias = weights.get(b) as number[];
  return Array.from({ length: width }, (_, j) => bias[j] + sum(x.map((v, k) => v * matrix[k * width + j])));
}

function norm(weights: Weights, name: string, x: readonly number[]): number[] {
  const mean = sum(x) / x.length;
  const variance = sum(x.map((v) => (v - mean) ** 2)) / x.length;
  const gamma = weights.get(`${name}.gamma`) as number[];
  const beta = weights.get(`${name}.beta`) as number[];
  return x.map((v, k) => (gamma[k] * (v - mean)) / Math.sqrt(variance + 1e-8) + beta[k]);
}

function attend(o: SasrecOracle, weights: Weights, block: string, xs: readonly number[][]): number[][] {
  const d = o.factors;
  const depth = d / o.heads;
  const qkv = xs.map((x) => layer(weights, `${block}.qkv`, `${block}.qkv.b`, x, 3 * d));
  return xs.map((_, t) =>
    Array.from({ length: d }, (_, j) => {
      const h = Math.floor(j / depth);
      const part = (r: number, p: number): number[] => qkv[r].slice(p * d + h * depth, p * d + (h + 1) * depth);
      const e = xs.slice(0, t + 1).map((_, c) => Math.exp(dot(part(t, 0), part(c, 1)) / Math.sqrt(depth)));
      return sum(e.map((v, c) => (v / sum(e)) * qkv[c][2 * d + j]));
    }),
  );
}

/** Representations after each of the events. @param events at most maxLength */
export function represent(o: SasrecOracle, weights: Weights, events: readonly number[]): number[][] {
  const d = o.factors;
  const shift = o.positions === 'end' ? o.maxLength - events.length : 0;
  let xs = events.map((item, t) =>
    plus(
      row(weights, 'E', item, d).map((v) => v * Math.sqrt(d)),
      row(weights, 'P', shift + t, d),
    ),
  );
  const n = o.expansion * d;
  const forward = (block: string) => (x: readonly number[]) => {
    const gated = o.feedForward === 'swiglu';
    const z = layer(weights, `${block}.W1`, `${block}.b1`, x, gated ? 2 * n : n);
    const inner = z.slice(0, n).map((v, k) => (gated ? v * sigma(v) * z[n + k] : Math.max(0, v)));
    return layer(weights, `${block}.W2`, `${block}.b2`, inner, d);
  };
  for (let b = 1; b <= o.blocks; b++) {
    const block = `block${b}`;
    const [first, second] = [1, 2].map((n) => (x: readonly number[]) => norm(weights, `${block}.norm${n}`, x));
    /** x + g, or x + σ(x W + b) ⊙ g */
    const added = (x: readonly number[], g: readonly number[], gate: string): number[] => {
      if (!o.gates) return plus(x, g);
      const open = layer(weights, `${block}.${gate}`, `${block}.${gate}.b`, x, d).map(sigma);
      return plus(
        x,
        g.map((v, k) => v * open[k]),
      );
    };
    if (o.normalise === 'before') {
      const attended = attend(o, weights, block, xs.map(first));
      xs = xs.map((x, t) => added(x, attended[t], 'gate1'));
      xs = xs.map((x) => added(x, forward(block)(second(x)), 'gate2'));
    } else {
      const attended = attend(o, weights, block, xs);
      xs = xs.map((x, t) => first(added(x, attended[t], 'gate1')));
      xs = xs.map((x) => second(added(x, forward(block)(x), 'gate2')));
    }
  }
  return o.normalise === 'before' ? xs.map((x) => norm(weights, 'norm', x)) : xs;
}

/** Scores of all items after the events. */
export function scores(o: SasrecOracle, weights: Weights, events: readonly number[]): number[] {
  const xs = represent(o, weights, events.slice(-o.maxLength));
  return Array.from({ length: o.nItems }, (_, i) => dot(xs[xs.length - 1], row(weights, 'E', i, o.factors)));
}

/**
 * Mean loss of a step over all positions of its sequences.
 * @param shared negatives of the whole step, and ln(expected draws) of each item
 */
export function stepLoss(
  o: SasrecOracle,
  weights: Weights,
  batch: readonly Asked[],
  shared: { readonly list: readonly number[]; readonly logWeight: readonly number[] | null } | null,
): number {
  let total = 0;
  let count = 0;
  for (const { events, targets, negatives } of batch)
    represent(o, weights, events).forEach((h, t) => {
      const score = (item: number): number => dot(h, row(weights, 'E', item, o.factors));
      const target = score(targets[t]);
      count++;
      if (negatives) {
        const a = negatives[t].length / (o.nItems - 1);
        const beta = o.calibration === 0 ? 1 : a * (o.calibration * (1 - 1 / a) + 1 / a);
        total -= beta * Math.log(sigma(target)) + sum(negatives[t].map((i) => Math.log(sigma(-score(i)))));
      } else if (shared) {
        const others = shared.list.filter((i) => i !== targets[t]);
        const e = others.map((i) => Math.exp(score(i) - (shared.logWeight ? shared.logWeight[i] : 0)));
        total -= Math.log(Math.exp(target) / (Math.exp(target) + sum(e)));
      }
    });
  return total / count;
}
