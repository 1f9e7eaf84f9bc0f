/** Products in double precision against loops of this file. */
import { expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { DoubleRows, evenLength } from '../../src/engine/runtime/double-rows.ts';

const random = new RandomStream(3, 'double rows');
const fill = (array: Float64Array): void => {
  for (let n = 0; n < array.length; n++) array[n] = random.normal();
};

it.each([
  [2, 1],
  [2, 4],
  [4, 3],
  [6, 5],
  [8, 9],
  [22, 100],
  [232, 7],
])('are those of loops, rows of %i, %i rows', (n, rows) => {
  const own = new DoubleRows({ m: rows * n, x: n, s: n * n, out: rows });
  const { m, x, s, out } = own.arrays;
  for (const array of [m, x, s]) fill(array);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) s[i * n + j] = s[j * n + i];
  const row = (r: number) => m.subarray(r * n, (r + 1) * n);
  own.rowProducts(m, x, out);
  out.forEach((value, r) => {
    const sum = row(r).reduce((total, each, i) => total + each * x[i], 0);
    expect(Math.abs(value - sum)).toBeLessThan(1e-12 * n);
  });
  own.squareForms(s, m, out);
  out.forEach((value, r) => {
    let sum = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum += row(r)[i] * s[i * n + j] * row(r)[j];
    expect(Math.abs(value - sum)).toBeLessThan(1e-11 * n * n);
  });
});

it('keep arrays apart, more than a page of them', () => {
  const { arrays } = new DoubleRows({ first: 30_000, second: 3, third: 9 });
  arrays.second.fill(7);
  expect(arrays.first.every((value) => value === 0)).toBe(true);
  expect(arrays.third.every((value) => value === 0)).toBe(true);
  expect(new DoubleRows({ one: 4 }).arrays.one).toEqual(new Float64Array(4));
});

it('have even lengths', () => {
  expect([0, 1, 2, 231].map(evenLength)).toEqual([0, 2, 2, 232]);
});
