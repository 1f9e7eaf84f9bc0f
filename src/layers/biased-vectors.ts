/** Vectors of people and of targets whose products are x_u · y_v + b_v: y and b lie in one row, and x is followed by a 1. */
import type { Tensor } from '../engine/expression.ts';
import { concat, constant, fillRows, slice } from '../engine/ops/index.ts';
import { normal, normalWithBias } from './initializer.ts';
import type { ParameterDeclaration } from './parameters.ts';

/** x of each person, [n, factors]. */
export function vectorTable(
  name: string,
  table: 'user' | 'item',
  [n, factors]: readonly [number, number],
  deviation: number,
): ParameterDeclaration {
  return { name, shape: [n, factors], table, initializer: normal(deviation) };
}

/** (y, b) of each target, [n, factors + 1]; b starts at 0. */
export function biasedTable(
  name: string,
  table: 'user' | 'item',
  [n, factors]: readonly [number, number],
  deviation: number,
): ParameterDeclaration {
  const width = factors + 1;
  return { name, shape: [n, width], table, initializer: normalWithBias(deviation, width) };
}

/** (x, 1), [B, d] → [B, d + 1]. */
export function withOne(x: Tensor): Tensor {
  return concat(x, fillRows(constant([1]), [1]));
}

/** y without b, [B, d + 1] → [B, d]. */
export function withoutBias(y: Tensor): Tensor {
  return slice(y, 0, y.size - 1);
}
