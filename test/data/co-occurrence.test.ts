import { describe, expect, it } from 'vitest';
import { BestLists } from '../../src/data/best-lists.ts';
import { visitCoOccurrences } from '../../src/data/co-occurrence.ts';
import { type SparseRows, sparseRows, transposeRows } from '../../src/data/sparse-rows.ts';

function rowsOf(taken: readonly (readonly number[])[]): SparseRows {
  const pairs = taken.flatMap((items, user) => items.map((item) => [user, item]));
  return sparseRows(
    taken.length,
    Int32Array.from(pairs, (p) => p[0]),
    Int32Array.from(pairs, (p) => p[1]),
  );
}

const taken = [[0, 2, 3], [], [1, 2], [0, 3], [2]];

function upperTriangle(nItems: number, weight: Float64Array | null): number[][] {
  const seen: number[][] = [];
  visitCoOccurrences(rowsOf(taken), nItems, weight, (item, sums) => {
    expect(item).toBe(seen.length);
    seen.push([...sums]);
  });
  return seen;
}

describe('co-occurrence', () => {
  it('by hand; item 4 was never taken', () => {
    expect(upperTriangle(5, null)).toEqual([
      [1 + 1, 0, 1, 1 + 1, 0],
      [0, 1, 1, 0, 0],
      [0, 0, 1 + 1 + 1, 1, 0],
      [0, 0, 0, 1 + 1, 0],
      [0, 0, 0, 0, 0],
    ]);
  });

  it('with a weight for each user', () => {
    expect(upperTriangle(4, Float64Array.of(1, 100, 10, 1000, 0.5))).toEqual([
      [1 + 1000, 0, 1, 1 + 1000],
      [0, 10, 10, 0],
      [0, 0, 1 + 10 + 0.5, 1],
      [0, 0, 0, 1 + 1000],
    ]);
  });
});

describe('rows and columns exchanged', () => {
  it('by hand', () => {
    const { nRows, rowStart, columns } = transposeRows(rowsOf(taken), 5);
    expect([nRows, [...rowStart], [...columns]]).toEqual([5, [0, 2, 3, 6, 8, 8], [0, 3, 2, 0, 2, 4, 0, 3]]);
  });

  it('twice gives the same', () => {
    const rows = rowsOf(taken);
    expect(transposeRows(transposeRows(rows, 5), rows.nRows)).toEqual(rows);
  });
});

describe('best lists', () => {
  it.each([1, 2, 3, 7, 50])(
    'k = %i: equals sorting by (value falling, column rising), in any order of arrival',
    (k) => {
      const values = Array.from({ length: 40 }, (_, c) => (c * 7919) % 11); // many equal values
      const best = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b).slice(0, k);
      const orders = [[...values.keys()], [...values.keys()].reverse(), [...values.keys()].map((c) => (c * 27) % 40)];
      for (const order of orders) {
        const lists = new BestLists(2, k);
        for (const column of order) lists.offer(1, column, values[column]);
        const { rows, values: kept } = lists.transposed(40);
        const found = [...values.keys()].filter((c) => rows.rowStart[c + 1] > rows.rowStart[c]);
        expect(found).toEqual(best.toSorted((a, b) => a - b));
        expect([...rows.columns]).toEqual(found.map(() => 1));
        expect([...kept]).toEqual(found.map((c) => values[c]));
      }
    },
  );
});
