/**
 * GRU4Rec in plain float64, written from the papers: sessions side by side, one step an event, the loss of a step as a function
 * of the weights, its gradient by central differences, Adagrad with momentum. Slow, and without a line of the engine; of `src` it
 * takes the random numbers alone (dropout masks, extra negatives), whose generator is held to published vectors elsewhere.
 */
import { philox } from '../../src/core/random.ts';

export type Weights = Map<string, number[]>;
type Vector = number[];

export interface OracleOptions {
  readonly nItems: number;
  readonly sessions: readonly (readonly number[])[];
  readonly batchSize: number;
  readonly samples: number;
  readonly units: readonly number[];
  readonly cell: 'original' | 'framework';
  readonly embedding: 'none' | 'separate' | 'shared';
  readonly loss: 'cross-entropy' | 'bpr-max' | 'top1-max' | 'bpr' | 'top1';
  readonly regularization: number;
  readonly activation: 'linear' | 'elu' | 'tanh' | 'relu';
  readonly eluP: number;
  readonly logQ: number;
  readonly alpha: number;
  readonly embeddingDropout: number;
  readonly hiddenDropout: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly keys: {
    readonly samples: readonly [number, number];
    readonly embedding: readonly [number, number];
    readonly hidden: readonly (readonly [number, number])[];
  };
}

export interface OracleStep {
  readonly items: readonly number[];
  readonly targets: readonly number[];
  readonly samples: readonly number[];
  /** Whether the row's session begins with this step, by row; and the row of its lane in the step before. */
  readonly sources: readonly number[];
}

/** Lanes run through sessions; a finished one takes the next session, or goes when none is left. */
export function oracleSteps({ sessions, batchSize, samples, nItems, keys }: OracleOptions, epoch = 0): OracleStep[] {
  let next = 0;
  const take = () => (next < sessions.length ? { session: sessions[next++], at: 0, row: -1 } : null);
  let lanes = Array.from({ length: batchSize }, take).filter((lane) => lane !== null);
  const steps: OracleStep[] = [];
  while (lanes.length >= (samples === 0 ? 2 : 1)) {
    const step = steps.length;
    const block = new Uint32Array(4);
    steps.push({
      items: lanes.map(({ session, at }) => session[at]),
      targets: lanes.map(({ session, at }) => session[at + 1]),
      sources: lanes.map(({ row }) => row),
      samples: Array.from({ length: samples }, (_, n) => {
        philox([Math.floor(n / 2), step, epoch, 2], keys.samples, block);
        return Math.floor((block[(n % 2) * 2] * nItems) / 2 ** 32);
      }),
    });
    lanes = lanes
      .map((lane, row) => ({ ...lane, at: lane.at + 1, row }))
      .map((lane) => (lane.at + 1 < lane.session.length ? lane : take()))
      .filter((lane) => lane !== null);
  }
  return steps;
}

const sigma = (x: number) => 1 / (1 + Math.exp(-x));
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const softmax = (values: readonly number[]) => {
  const top = Math.max(...values);
  const e = values.map((v) => Math.exp(v - top));
  return e.map((v) => v / sum(e));
};

/** x M (+ b), M [n × m] row by row. */
function product(x: Vector, m: readonly number[], width: number, b?: readonly number[]): Vector {
  return Array.from({ length: width }, (_, j) => sum(x.map((v, k) => v * m[k * width + j])) + (b?.[j] ?? 0));
}

function cell(o: OracleOptions, w: Weights, l: number, x: Vector | number, h: Vector): Vector {
  const of = (name: string) => w.get(`gru${l + 1}.${name}`) as number[];
  const n = h.length;
  const gx =
    typeof x === 'number'
      ? of('W')
          .slice(x * 3 * n, (x + 1) * 3 * n)
          .map((v, j) => v + of('b')[j])
      : product(x, of('W'), 3 * n, of('b'));
  if (o.cell === 'framework') {
    const gh = product(h, of('U'), 3 * n, of('c'));
    return h.map((state, j) => {
      const r = sigma(gx[j] + gh[j]);
      const z = sigma(gx[n + j] + gh[n + j]);
      return (1 - z) * Math.tanh(gx[2 * n + j] + r * gh[2 * n + j]) + z * state;
    });
  }
  const gu = product(h, of('U'), 2 * n);
  const reset = h.map((state, j) => sigma(gx[j] + gu[j]) * state);
  const gn = product(reset, of('Un'), n);
  return h.map((state, j) => {
    const z = sigma(gx[n + j] + gu[n + j]);
    return (1 - z) * state + z * Math.tanh(gx[2 * n + j] + gn[j]);
  });
}

function rowLoss(o: OracleOptions, t: number, x: readonly number[]): number {
  const w = softmax(x);
  switch (o.loss) {
    case 'cross-entropy':
      return -Math.log(softmax([t, ...x])[0]);
    case 'bpr-max': {
      const gain = sum(w.map((v, j) => v * sigma(t - x[j])));
      return -Math.log(gain + 1e-24) + o.regularization * sum(w.map((v, j) => v * x[j] ** 2));
    }
    case 'top1-max':
      return sum(w.map((v, j) => v * (sigma(x[j] - t) + sigma(x[j] ** 2))));
    case 'bpr':
      return sum(x.map((v) => -Math.log(sigma(t - v)))) / x.length;
    case 'top1':
      return sum(x.map((v) => sigma(v - t) + sigma(v ** 2))) / x.length;
  }
}

function dropped(
  x: Vector,
  rate: number,
  key: readonly [number, number],
  row: number,
  step: number,
  epoch: number,
): Vector {
  if (rate === 0) return x;
  const block = new Uint32Array(4);
  return x.map((v, j) => {
    philox([Math.floor(j / 4), row, step, epoch], key, block);
    return block[j % 4] >= Math.floor(rate * 2 ** 32) ? v / (1 - rate) : 0;
  });
}

/** Sum of the rows' losses of a step, and the states that the rows carry on. */
function forward(
  o: OracleOptions,
  w: Weights,
  batch: OracleStep,
  before: readonly (readonly Vector[])[],
  support: readonly number[],
  at: { step: number; epoch: number },
): { losses: number[]; states: Vector[][] } {
  const width = o.units[o.units.length - 1];
  const W = w.get('W') as number[];
  const b = w.get('b') as number[];
  const candidates = [...batch.targets, ...batch.samples];
  const states: Vector[][] = [];
  const losses = batch.items.map((item, row) => {
    const table = o.embedding === 'shared' ? W : (w.get('E') ?? []);
    const length = o.embedding === 'shared' ? width : table.length / o.nItems;
    let x: Vector | number = item;
    if (o.embedding !== 'none') {
      const embedded = table.slice(item * length, (item + 1) * length);
      x = dropped(embedded, o.embeddingDropout, o.keys.embedding, row, at.step, at.epoch);
    }
    states.push(
      o.units.map((n, l) => {
        const h = batch.sources[row] < 0 ? Array.from({ length: n }, () => 0) : before[batch.sources[row]][l];
        const state = dropped(cell(o, w, l, x, h), o.hiddenDropout, o.keys.hidden[l], row, at.step, at.epoch);
        x = state;
        return state;
      }),
    );
    const h = x as unknown as Vector;
    const scores = candidates.map((j, column) => {
      const raw = sum(h.map((v, k) => v * W[j * width + k])) + b[j];
      const score = {
        linear: raw,
        tanh: Math.tanh(raw),
        relu: Math.max(0, raw),
        elu: raw < 0 ? o.eluP * (Math.exp(raw) - 1) : raw,
      };
      const exponent = column < batch.targets.length ? 1 : o.alpha;
      return score[o.activation] - (o.loss === 'cross-entropy' ? o.logQ * Math.log(support[j] ** exponent) : 0);
    });
    return rowLoss(
      o,
      scores[row],
      scores.filter((_, j) => j !== row),
    );
  });
  return { losses, states };
}

/** Rows of tables that a step touches; other parameters are dense. */
function touched(o: OracleOptions, name: string, batch: OracleStep): Set<number> | null {
  const scored = [...batch.targets, ...batch.samples];
  if (name === 'W') return new Set(o.embedding === 'shared' ? [...scored, ...batch.items] : scored);
  if (name === 'b') return new Set(scored);
  if (name === 'E' || (name === 'gru1.W' && o.embedding === 'none')) return new Set(batch.items);
  return null;
}

export interface OracleResult {
  readonly weights: Weights;
  /** Sum of the row losses of every step. */
  readonly losses: readonly number[];
  readonly states: readonly (readonly Vector[])[];
}

/** Trains for whole epochs (or some steps of the first one) and returns what the weights have become. */
export function trainOracle(
  o: OracleOptions,
  start: Weights,
  epochs: number,
  maxSteps = Number.POSITIVE_INFINITY,
): OracleResult {
  const weights: Weights = new Map([...start].map(([name, values]) => [name, values.slice()]));
  const zeros = () => new Map([...start].map(([name, values]) => [name, values.map(() => 0)]));
  const [accumulated, velocity] = [zeros(), zeros()];
  const support = Array.from({ length: o.nItems }, (_, i) =>
    Math.max(1, o.sessions.flat().filter((item) => item === i).length),
  );
  const losses: number[] = [];
  let states: Vector[][] = [];
  for (let epoch = 0; epoch < epochs; epoch++)
    for (const [step, batch] of oracleSteps(o, epoch).entries()) {
      if (step >= maxSteps) break;
      const mean = () => sum(forward(o, weights, batch, states, support, { step, epoch }).losses) / o.batchSize;
      const gradients = new Map<string, number[]>();
      for (const [name, values] of weights) {
        const rows = touched(o, name, batch);
        const width = values.length / o.nItems;
        gradients.set(
          name,
          values.map((kept, k) => {
            if (rows && !rows.has(Math.floor(k / width))) return Number.NaN;
            const at = (shift: number) => {
              values[k] = kept + shift;
              return mean();
            };
            const slope = (at(1e-4) - at(-1e-4)) / 2e-4;
            values[k] = kept;
            return slope;
          }),
        );
      }
      const now = forward(o, weights, batch, states, support, { step, epoch });
      losses.push(sum(now.losses));
      for (const [name, gradient] of gradients) {
        const [w, a, v] = [weights, accumulated, velocity].map((map) => map.get(name) as number[]);
        gradient.forEach((g, k) => {
          if (Number.isNaN(g)) return;
          a[k] += g * g;
          v[k] = o.momentum * v[k] - (o.learningRate * g) / Math.sqrt(a[k] + 1e-6);
          w[k] += v[k];
        });
      }
      states = now.states;
    }
  return { weights, losses, states };
}
