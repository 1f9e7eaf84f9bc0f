import { describe, expect, it } from 'vitest';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { type Means, solutionFor } from '../../src/models/ease-size.ts';

const gibibyte = 1024 ** 3;
const none = sparseRows(1, Int32Array.of(0), Int32Array.of(0));
const [wasmOnly, withBlas] = [false, true].map(
  (hasBlas) =>
    (gibibytes: number): Means => ({ available: gibibytes * gibibyte, hasBlas }),
);

describe('the side EASE is solved on', () => {
  it.each([
    [11_000, 22_000, 'items'],
    [10_999, 22_000, 'users'],
    [943, 1682, 'items'],
    [1_000_000, 22_000, 'items'],
    [22_000, 22_001, 'users'],
    [5, 1_000_000, 'users'],
  ])('%i users, %i items: %s, inside WebAssembly with a BLAS or without', (nUsers, nItems, side) => {
    for (const means of [wasmOnly(8), withBlas(8)])
      expect(solutionFor(none, { nUsers, nItems }, means)).toEqual({ side, outside: false });
  });

  it('is that of the users where only their matrix fits into memory', () => {
    const sizes = { nUsers: 15_000, nItems: 20_000 };
    expect(solutionFor(none, sizes, wasmOnly(4))).toEqual({ side: 'users', outside: false });
  });

  it.each([
    [29_858, 40_981, 4, 'users'],
    [138_493, 26_744, 4, 'items'],
    [22_001, 22_001, 4, 'items'],
    // 4.5 GiB inside, 1.7 outside
    [20_000, 20_000, 2, 'items'],
  ])(
    '%i users, %i items, %i GiB and a BLAS: the smaller side, %s, outside WebAssembly',
    (nUsers, nItems, gib, side) => {
      expect(solutionFor(none, { nUsers, nItems }, withBlas(gib))).toEqual({ side, outside: true });
    },
  );
});

describe('where neither fits, the refusal', () => {
  it('says what memory and which library are missing, and which k-core would fit', () => {
    // item i was taken by 2 users when i < 1,000, else by one
    const row = Int32Array.from({ length: 31_000 }, (_, k) => (k < 30_000 ? 0 : 1));
    const column = Int32Array.from({ length: 31_000 }, (_, k) => k % 30_000);
    const run = () => solutionFor(sparseRows(2, row, column), { nUsers: 25_000, nItems: 30_000 }, wasmOnly(8));
    expect(run).toThrow(
      /found 25,000 users and 30,000 items: WebAssembly's 4 GiB hold a matrix of at most 22,000 rows; outside WebAssembly's memory about 2\.6 GiB are needed, 8\.0 GiB are free, and a system BLAS, found none in use \(.*openblas.*\); what would fit: at most 22,000 items or 22,000 users, such as the at most 1,000 items that 2 users or more took \(--k-core 2, data\.kCore\); or use item-knn or ials/,
    );
  });

  it('does not ask for a library that is there', () => {
    const run = () => solutionFor(none, { nUsers: 52_643, nItems: 91_599 }, withBlas(8));
    expect(run).toThrow(
      /at most 22,000 rows; outside WebAssembly's memory about 11\.6 GiB are needed, 8\.0 GiB are free; what would fit: at most [\d,]+ items or [\d,]+ users/,
    );
    expect(run).toThrow(expect.objectContaining({ code: 'memory' }));
  });

  it('where memory is short for a small matrix, says how much is needed either way', () => {
    const run = () => solutionFor(none, { nUsers: 20_000, nItems: 20_000 }, wasmOnly(1));
    expect(run).toThrow(
      /about 4\.5 GiB of memory are needed, 1\.0 GiB are free; outside WebAssembly's memory about 1\.7 GiB are needed, 1\.0 GiB are free, and a system BLAS.*what would fit: at most 9,459 items/,
    );
  });
});
