import type { Op } from '../../src/engine/expression.ts';
import { opFamilies } from '../../src/engine/ops/families.ts';

export const opNames: readonly string[] = opFamilies.flatMap(({ ops }) => Object.keys(ops));

/** An op by its name: many are made by gradients only and have no builder. */
export function opNamed(name: string): Op {
  const found = opFamilies.map(({ ops }) => ops[name]).find((op) => op !== undefined);
  if (!found) throw new Error(`no op is called "${name}"`);
  return found;
}
