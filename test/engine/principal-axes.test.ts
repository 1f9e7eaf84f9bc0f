/** Principal axes against what they must be: the table itself, turned. */
import { expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { principalAxes } from '../../src/engine/linalg/principal-axes.ts';

it('finds the two directions that a cloud was made with', () => {
  // points at (3 s, t) in the plane of the orthonormal axes a and b, around a centre
  const a = [0.6, 0, 0.8];
  const b = [0, 1, 0];
  const offsets = [-2, -1, 0, 1, 2].flatMap((s) => [-1, 0, 1].map((t) => [3 * s, t] as const));
  const rows = offsets.flatMap(([u, v]) => a.map((_, d) => 5 + u * a[d] + v * b[d]));
  const { coordinates, explained } = principalAxes(rows, offsets.length, 3, 2);
  offsets.forEach(([u, v], n) => {
    expect(coordinates[2 * n]).toBeCloseTo(u, 10);
    expect(coordinates[2 * n + 1]).toBeCloseTo(v, 10);
  });
  // Σ u² = 9 · 10 · 3, Σ v² = 2 · 5
  expect([...explained]).toEqual([expect.closeTo(270 / 280, 12), expect.closeTo(10 / 280, 12)]);
});

it('keeps all distances when all axes are kept, and no axis is wider than the one before', () => {
  const random = new RandomStream(7, 'axes');
  const [n, width] = [20, 6];
  const rows = Float64Array.from({ length: n * width }, () => random.normal());
  const { coordinates, explained } = principalAxes(rows, n, width, width);
  const distance = (table: ArrayLike<number>, i: number, j: number) =>
    Math.hypot(...Array.from({ length: width }, (_, d) => table[i * width + d] - table[j * width + d]));
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) expect(distance(coordinates, i, j)).toBeCloseTo(distance(rows, i, j), 10);
  expect(explained.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  expect([...explained].sort((x, y) => y - x)).toEqual([...explained]);
});

it('says 0 where all rows are one, and refuses what is not finite', () => {
  expect([...principalAxes([1, 2, 1, 2], 2, 2, 2).explained]).toEqual([0, 0]);
  expect(() => principalAxes([1, Number.NaN], 1, 2, 1)).toThrowError(expect.objectContaining({ code: 'numeric' }));
});
