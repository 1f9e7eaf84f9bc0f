/** Float64 loops of `lstm.ts`, step by step. */
import type { Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { sigma } from './op.ts';

export type LstmShape = {
  readonly sequences: number;
  readonly steps: number;
  readonly units: number;
  readonly inputs: number;
  readonly reverse: boolean;
  readonly forget: number;
};

const RECORD = code.LSTM_FIELDS;
const GRADIENT = code.LSTM_GRADIENT_FIELDS;

/** Tokens (numbers of steps over all sequences) of sequence q in the order of the direction, with its length. */
function walk(
  { steps, reverse }: LstmShape,
  lengths: Values,
  sequences: number,
  visit: (token: number, before: number, isThere: boolean, after: number) => void,
  backwards = false,
): void {
  for (let q = 0; q < sequences; q++)
    for (let n = 0; n < steps; n++) {
      const k = backwards ? steps - 1 - n : n;
      const at = (position: number): number =>
        position < 0 || position >= steps ? -1 : q * steps + (reverse ? steps - 1 - position : position);
      const token = at(k);
      visit(token, at(k - 1), token - q * steps < lengths[q], at(k + 1));
    }
}

export function recordsReference(shape: LstmShape, x: Values, lengths: Values, weights: Values, rows: number): Values {
  const { sequences, steps, units, inputs, forget } = shape;
  const out = new Float64Array(rows * sequences * steps * RECORD * units);
  walk(shape, lengths, rows * sequences, (token, before, isThere, after) => {
    if (!isThere) return;
    const field = (at: number, f: number, j: number): number => at * RECORD * units + f * units + j;
    const z = Array.from({ length: 4 * units }, (_, column) => {
      let sum = weights[(inputs + units) * 4 * units + column];
      for (let p = 0; p < inputs; p++) sum += x[token * inputs + p] * weights[p * 4 * units + column];
      for (let p = 0; p < units; p++) sum += out[field(token, 6, p)] * weights[(inputs + p) * 4 * units + column];
      return sum;
    });
    for (let j = 0; j < units; j++) {
      const [i, f, o] = [sigma(z[j]), sigma(z[units + j] + forget), sigma(z[3 * units + j])];
      const g = Math.tanh(z[2 * units + j]);
      const c = i * g + (before < 0 ? 0 : f * out[field(before, 4, j)]);
      [i, f, g, o, c, Math.tanh(c)].forEach((value, k) => {
        out[field(token, k, j)] = value;
      });
      if (after >= 0) out[field(after, 6, j)] = o * Math.tanh(c);
    }
  });
  clearAfterEnd(shape, lengths, rows, out);
  return out;
}

/** Backwards in time a sequence begins with h = 0 at its own end; forwards the state that runs on past the end is h itself. */
function clearAfterEnd(
  { sequences, steps, units, reverse }: LstmShape,
  lengths: Values,
  rows: number,
  out: Values,
): void {
  for (let q = 0; q < rows * sequences; q++)
    for (let t = lengths[q] + (reverse ? 0 : 1); t < steps; t++) {
      const at = (q * steps + t) * RECORD * units;
      out.fill(0, at, at + RECORD * units);
    }
}

export function bothReference(shape: LstmShape, records: readonly Values[], rows: number): Values {
  const { sequences, steps, units } = shape;
  const tokens = rows * sequences * steps;
  const width = records.length * units;
  const out = new Float64Array(tokens * width);
  for (let k = 0; k < tokens; k++)
    records.forEach((each, d) => {
      for (let j = 0; j < units; j++)
        out[k * width + d * units + j] =
          each[k * RECORD * units + 3 * units + j] * each[k * RECORD * units + 5 * units + j];
    });
  return out;
}

export function gradientReference(
  shape: LstmShape & { readonly dhWidth: number },
  records: Values,
  lengths: Values,
  dy: Values,
  turned: Values,
  rows: number,
): Values {
  const { sequences, steps, units, inputs, reverse, dhWidth } = shape;
  const depth = inputs + units + 1;
  const first = reverse && dhWidth > units ? units : 0;
  const out = new Float64Array(rows * sequences * steps * GRADIENT * units);
  const visit = (token: number, before: number, isThere: boolean, after: number): void => {
    if (!isThere) return;
    const s = (f: number, j: number): number => records[(token * RECORD + f) * units + j];
    const put = (at: number, f: number, j: number, value: number): void => {
      out[(at * GRADIENT + f) * units + j] = value;
    };
    for (let j = 0; j < units; j++) {
      let fromAfter = 0;
      if (after >= 0)
        for (let column = 0; column < 4 * units; column++)
          fromAfter += out[after * GRADIENT * units + column] * turned[column * depth + inputs + j];
      put(token, 4, j, fromAfter);
      const [i, f, g, o, tanh] = [s(0, j), s(1, j), s(2, j), s(3, j), s(5, j)];
      const dh = dy[token * dhWidth + first + j] + fromAfter;
      const dc = dh * o * (1 - tanh * tanh) + (after < 0 ? 0 : out[(token * GRADIENT + 5) * units + j]);
      const c = before < 0 ? 0 : records[(before * RECORD + 4) * units + j];
      put(token, 0, j, dc * g * i * (1 - i));
      put(token, 1, j, dc * c * f * (1 - f));
      put(token, 2, j, dc * i * (1 - g * g));
      put(token, 3, j, dh * tanh * o * (1 - o));
      if (before >= 0) put(before, 5, j, dc * f);
    }
  };
  walk(shape, lengths, rows * sequences, visit, true);
  return out;
}

export function inputGradientReference(shape: LstmShape, dz: Values, turned: Values, rows: number): Values {
  const { sequences, steps, units, inputs } = shape;
  const depth = inputs + units + 1;
  return Float64Array.from({ length: rows * sequences * steps * inputs }, (_, at) => {
    const [token, p] = [Math.floor(at / inputs), at % inputs];
    let sum = 0;
    for (let column = 0; column < 4 * units; column++)
      sum += dz[token * GRADIENT * units + column] * turned[column * depth + p];
    return sum;
  });
}

export function weightGradientReference(
  { sequences, steps, units, inputs }: LstmShape,
  x: Values,
  records: Values,
  dz: Values,
  rows: number,
): Values {
  const out = new Float64Array((inputs + units + 1) * 4 * units);
  for (let token = 0; token < rows * sequences * steps; token++)
    for (let p = 0; p < inputs + units + 1; p++) {
      const h = p - inputs;
      const factor = h < 0 ? x[token * inputs + p] : h < units ? records[(token * RECORD + 6) * units + h] : 1;
      for (let column = 0; column < 4 * units; column++)
        out[p * 4 * units + column] += factor * dz[token * GRADIENT * units + column];
    }
  return out;
}
