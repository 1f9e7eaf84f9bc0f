import { describe, expect, it } from 'vitest';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { tookEverythingNote } from '../../src/examples/took-everything.ts';

describe('people who took all items', () => {
  const rows = sparseRows(3, Int32Array.of(0, 0, 0, 1, 1, 2, 2, 2), Int32Array.of(0, 1, 2, 0, 2, 2, 1, 0));
  it('are told', () => {
    expect(tookEverythingNote(rows, 3, true).join()).toMatch(
      /^2 users took all 3 items of the training: taken items are drawn/,
    );
  });
  it('are not, where some item is left to all or taken items may be drawn', () => {
    expect(tookEverythingNote(rows, 4, true)).toEqual([]);
    expect(tookEverythingNote(rows, 3, false)).toEqual([]);
  });
});
