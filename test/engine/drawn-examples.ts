/** The examples that a sampler feeds to a plan, drawn outside of any plan. */
import * as code from '../../src/engine/kernels/opcodes.ts';
import type { Engine } from '../../src/engine/runtime/engine.ts';
import type { EdgeSampler, SamplerRecord } from '../../src/engine/runtime/sampler.ts';

export interface Examples {
  readonly users: Int32Array;
  /** Pointwise: the item; pairwise: the taken item. */
  readonly items: Int32Array;
  /** Pointwise: the label. */
  readonly labels: Float32Array;
  /** Pairwise: the other item. */
  readonly others: Int32Array;
}

/** Rows [from, from + rows) of an epoch. */
export function drawExamples(
  engine: Engine,
  record: SamplerRecord,
  kind: 'pointwise' | 'pairwise',
  epoch: number,
  from: number,
  rows: number,
): Examples {
  const arrays = [0, 1, 2].map(() => engine.allocate(Math.max(1, rows) * 4));
  const program = engine.allocate(code.INSTRUCTION_WORDS * 4);
  const words = engine.i32(program, code.INSTRUCTION_WORDS);
  words[0] = kind === 'pointwise' ? code.DRAW_POINTWISE : code.DRAW_PAIRWISE;
  [record.address, ...arrays].forEach((address, n) => {
    words.set([address, code.ABSOLUTE, 1], code.FIRST_OPERAND + 3 * n);
  });
  engine.kernels.setExamples(from, epoch);
  engine.kernels.setTile(0, rows);
  engine.kernels.runProgram(program, 1);
  const [users, items, third] = arrays.map((address) => engine.i32(address, rows).slice());
  for (const address of [program, ...arrays]) engine.free(address);
  return { users, items, labels: new Float32Array(third.buffer), others: third };
}

/** A sampler over the given (user, item) pairs with CSR rows for rejection. */
export function samplerOf(
  pairs: readonly (readonly [user: number, item: number])[],
  sizes: { readonly nUsers: number; readonly nItems: number },
  options: Partial<EdgeSampler> = {},
): EdgeSampler {
  const rowStart = new Int32Array(sizes.nUsers + 1);
  const lists = Array.from({ length: sizes.nUsers }, (_, user) =>
    pairs.flatMap(([u, item]) => (u === user ? [item] : [])).sort((a, b) => a - b),
  );
  lists.forEach((list, user) => {
    rowStart[user + 1] = rowStart[user] + list.length;
  });
  return {
    ...sizes,
    users: Int32Array.from(pairs, ([user]) => user),
    items: Int32Array.from(pairs, ([, item]) => item),
    rowStart,
    columns: Int32Array.from(lists.flat()),
    negatives: 1,
    reject: true,
    popularityExponent: 0,
    key: [1, 2],
    ...options,
  };
}
