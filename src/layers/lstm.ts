/**
 * A layer of long short-term memory over whole sequences, in one direction or both.
 *
 *   z = x_t W + h U + b        (i, f, o) = σ(z_i, z_f, z_o)   g = tanh(z_g)
 *   c′ = f ⊙ c + i ⊙ g         h′ = o ⊙ tanh(c′)
 *
 * Hochreiter & Schmidhuber, Neural Computation 1997; forget gate: Gers, Schmidhuber & Cummins, 2000; both directions: Schuster &
 * Paliwal, 1997.
 */
import type { Tensor } from '../engine/expression.ts';
import { type LstmOptions, lstm } from '../engine/ops/index.ts';
import type { ParameterDeclaration, Parameters } from './parameters.ts';

export type LstmDirections = 1 | 2;

/**
 * Parameters `<prefix>.forward` and, with two directions, `<prefix>.backward`: W, U and b one below the other, [n + H + 1, 4H],
 * columns in the order of the gates i, f, g, o. All start from U(±1/√H).
 */
export function lstmParameters(
  prefix: string,
  inputs: number,
  units: number,
  directions: LstmDirections,
): ParameterDeclaration[] {
  const initializer = { kind: 'uniform', bound: 1 / Math.sqrt(units) } as const;
  return namesOf(prefix, directions).map((name) => ({ name, shape: [inputs + units + 1, 4 * units], initializer }));
}

/**
 * Hidden states of all steps, [B, S · T · n] → [B, S · T · directions · H]; zeros behind the end of a sequence.
 * @param x inputs of S sequences of T steps a row
 * @param lengths [B, S]: steps of each sequence (see `sequenceLengths`)
 */
export function lstmLayer(
  parameters: Parameters,
  prefix: string,
  directions: LstmDirections,
  x: Tensor,
  lengths: Tensor,
  options: LstmOptions,
): Tensor {
  const weights = namesOf(prefix, directions).map((name) => parameters[name]);
  return lstm(x, weights, lengths, options);
}

const namesOf = (prefix: string, directions: LstmDirections): string[] =>
  ['forward', 'backward'].slice(0, directions).map((name) => `${prefix}.${name}`);
