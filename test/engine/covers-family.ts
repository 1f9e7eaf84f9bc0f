import { expect, it } from 'vitest';
import type { Op } from '../../src/engine/expression.ts';
import { opsRun } from './run-expression.ts';

/** The last test of a file: its tests before have run the kernels of every op of a family. */
export function coversFamily(ops: Readonly<Record<string, Op>>): void {
  it('runs every op of its family', () => {
    expect(
      Object.values(ops)
        .filter((op) => !opsRun.has(op))
        .map(({ name }) => name),
    ).toEqual([]);
  });
}
