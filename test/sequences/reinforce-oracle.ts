/** Top-K REINFORCE in float64 from its formulas, one row at a time, with plain loops; imports nothing from src. */

export type Weights = ReadonlyMap<string, readonly number[]>;

export interface ReinforceOracle {
  readonly factors: number;
  readonly units: number;
  readonly maxLength: number;
  readonly correction: string;
  readonly cap: number;
  readonly topK: number;
}

/** What a row is made of. */
export interface LoggedAction {
  /** The last events, −1 = none. */
  readonly events: readonly number[];
  readonly action: number;
  /** R_t. */
  readonly returned: number;
}

const sum = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0);
const sigma = (x: number): number => 1 / (1 + Math.exp(-x));

/** x M for a matrix of `columns` columns that stands row by row. */
const times = (x: readonly number[], m: readonly number[], columns: number): number[] =>
  Array.from({ length: columns }, (_, j) => sum(x.map((v, i) => v * m[i * columns + j])));

/** [s; 1] */
export function stateOf(
  { factors: d, units: h, maxLength }: ReinforceOracle,
  w: Weights,
  events: readonly number[],
): number[] {
  const get = (name: string): number[] => w.get(name) as number[];
  const padded = [...Array<number>(maxLength - events.length).fill(-1), ...events];
  let s = get('h0');
  for (const item of padded) {
    const x = item < 0 ? Array<number>(d).fill(0) : get('E').slice(item * d, (item + 1) * d);
    const gx = times(x, get('gru.W'), 3 * h).map((v, j) => v + get('gru.b')[j]);
    const gh = times(s, get('gru.U'), 3 * h).map((v, j) => v + get('gru.c')[j]);
    s = s.map((before, j) => {
      const r = sigma(gx[j] + gh[j]);
      const z = sigma(gx[h + j] + gh[h + j]);
      const n = Math.tanh(gx[2 * h + j] + r * gh[2 * h + j]);
      return (1 - z) * n + z * before;
    });
  }
  return [...s, 1];
}

/** ln softmax of all items. @param head V or Vb */
export function logPolicy(state: readonly number[], head: readonly number[]): number[] {
  const n = head.length / state.length;
  const logits = Array.from({ length: n }, (_, a) => sum(state.map((v, k) => v * head[a * state.length + k])));
  const most = Math.max(...logits);
  const logSum = most + Math.log(sum(logits.map((v) => Math.exp(v - most))));
  return logits.map((v) => v - logSum);
}

/** ω λ_K of a row. */
export function weightOf(o: ReinforceOracle, w: Weights, { events, action }: LoggedAction): number {
  const state = stateOf(o, w, events);
  const pi = Math.exp(logPolicy(state, w.get('V') as number[])[action]);
  const beta = Math.exp(logPolicy(state, w.get('Vb') as number[])[action]);
  const omega = o.correction === 'none' ? 1 : Math.min(pi / beta, o.cap);
  return omega * o.topK * (1 - pi) ** (o.topK - 1);
}

/**
 * Mean over the rows of −ω λ_K R ln π(a|s) − ln β(a|s), the weights ω λ_K given; the state of β from weights that stand still.
 */
export function meanLoss(
  o: ReinforceOracle,
  w: Weights,
  rows: readonly LoggedAction[],
  weights: readonly number[],
  fixed: Weights,
): number {
  const losses = rows.map((row, r) => {
    const policy = logPolicy(stateOf(o, w, row.events), w.get('V') as number[]);
    const log = logPolicy(stateOf(o, fixed, row.events), w.get('Vb') as number[]);
    return -weights[r] * row.returned * policy[row.action] - log[row.action];
  });
  return sum(losses) / rows.length;
}
