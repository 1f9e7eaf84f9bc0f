/** What the definitions of ops share. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Op, OpDefinition, Tensor } from '../expression.ts';

/** The ops of one family by name, each with its name. */
export function opFamily<N extends string>(definitions: Readonly<Record<N, OpDefinition>>): Readonly<Record<N, Op>> {
  const named = Object.entries<OpDefinition>(definitions).map(([name, definition]) => [name, { name, ...definition }]);
  return Object.fromEntries(named) as Record<N, Op>;
}

/** A tensor that is given, not computed. */
export function leafOp(formula: string): OpDefinition {
  return {
    formula,
    derivative: 'none: a leaf',
    gradient: () => [],
    reference: (y) => {
      throw new DeepTasteError('shape', `${y.label}: no value was given for this leaf`);
    },
  };
}

/** The derivative of a kernel that is itself part of a gradient. */
export const fusedGradient: Pick<OpDefinition, 'derivative' | 'gradient'> = {
  derivative: 'none: a fused gradient',
  gradient: (y) => {
    throw new DeepTasteError(
      'shape',
      `${y.label}: a fused gradient has no derivative of its own; it is meant for training`,
    );
  },
};

export const noGradients = (y: Tensor): null[] => y.inputs.map(() => null);

/** Rows and row length of a tensor as kernels see it: shared [n] is one row, shared [r, c] is r rows. */
export function kernelRows(tensor: Tensor): { rows: number | undefined; width: number } {
  if (tensor.rows === 'batch') return { rows: undefined, width: tensor.size };
  const width = tensor.shape.length === 0 ? 1 : tensor.shape[tensor.shape.length - 1];
  return { rows: tensor.size / width, width };
}

/** Number of rows that the reference loops over. */
export function referenceRows(tensor: Tensor, rows: number): number {
  return tensor.rows === 'batch' ? rows : 1;
}

/** The 32 bits of a single-precision number, as an integer parameter. */
export function floatBits(x: number): number {
  return new Int32Array(Float32Array.of(x).buffer)[0];
}

/** σ(x) in float64 without overflow. */
export const sigma = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
