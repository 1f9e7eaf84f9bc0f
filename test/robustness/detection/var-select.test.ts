/** PCA-VarSelect against all eigenvectors of the full Z Zᵀ by Jacobi's rotations. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/core/random.ts';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { varSelect } from '../../../src/robustness/detection/features/var-select.ts';
import { profilesOf } from '../../../src/robustness/detection/profiles.ts';
import { thrownCode } from '../../evaluation/thrown-code.ts';
import { jacobiEigen } from '../../linalg/jacobi.ts';
import { datasetOf, type Row, randomRows } from '../made-profiles.ts';

const engines = [1, 2].map((threads) => new Engine({ threads, blas: 'off' }));
afterAll(() => {
  for (const engine of engines) engine.close();
});

function standardised(values: readonly number[]): number[] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  return values.map((x) => (deviation === 0 ? 0 : (x - mean) / deviation));
}

function oracle(rows: readonly Row[], nUsers: number, nItems: number, over: 'all items' | 'rated items'): number[] {
  const z = Array.from({ length: nUsers }, (_, user) => {
    const own = rows.filter((row) => row.user === user);
    const full = new Array<number>(nItems).fill(0);
    if (over === 'all items') {
      for (const { item, rating = 1 } of own) full[item] = rating;
      return standardised(full);
    }
    standardised(own.map(({ rating }) => rating!)).forEach((x, k) => {
      full[own[k].item] = x;
    });
    return full;
  });
  const { vectors } = jacobiEigen(z.map((a) => z.map((b) => a.reduce((sum, x, i) => sum + x * b[i], 0))));
  return z.map((_, u) => [0, 1, 2].reduce((sum, k) => sum + vectors[k][u] ** 2, 0));
}

const score = (
  rows: readonly Row[],
  nUsers: number,
  nItems: number,
  over?: 'rated items',
  engine = engines[0],
  seed = 1,
) => varSelect(profilesOf(datasetOf(rows, nUsers, nItems)), { engine, random: new RandomStream(seed, 'pca'), over });

describe('varSelect', () => {
  it.each([
    [40, 15],
    [15, 40],
    [20, 20],
  ])('is the sum of squares of three eigenvectors, %i people and %i items', (nUsers, nItems) => {
    const rows = randomRows(nUsers, nItems, nUsers);
    const implicit = rows.map(({ user, item }) => ({ user, item }));
    const expected = oracle(rows, nUsers, nItems, 'all items');
    const ofTaken = oracle(implicit, nUsers, nItems, 'all items');
    const found = score(rows, nUsers, nItems);
    const foundOfTaken = score(implicit, nUsers, nItems);
    for (let u = 0; u < nUsers; u++) {
      expect(found[u]).toBeCloseTo(expected[u], 4);
      expect(foundOfTaken[u]).toBeCloseTo(ofTaken[u], 4);
    }
  });

  it('standardises over the rated items alone where told', () => {
    const rows = randomRows(25, 18, 3);
    const expected = oracle(rows, 25, 18, 'rated items');
    const found = score(rows, 25, 18, 'rated items');
    for (let u = 0; u < 25; u++) expect(found[u]).toBeCloseTo(expected[u], 4);
    const implicit = rows.map(({ user, item }) => ({ user, item }));
    expect(thrownCode(() => score(implicit, 25, 18, 'rated items'))).toBe('config');
  });

  it('does not depend on where the vectors started, so on no sign, and not on threads', () => {
    const rows = randomRows(60, 25, 8);
    const one = score(rows, 60, 25);
    const elsewhere = score(rows, 60, 25, undefined, engines[0], 99);
    for (let u = 0; u < 60; u++) expect(elsewhere[u]).toBeCloseTo(one[u], 4);
    expect(score(rows, 60, 25, undefined, engines[1])).toEqual(one);
  });

  it('says 0 of people without items and of people who took everything', () => {
    const rows = randomRows(20, 10, 2).filter(({ user }) => user !== 3);
    const all = Array.from({ length: 10 }, (_, item) => ({ user: 3, item, rating: 4 }));
    expect(score([...rows, ...all], 21, 10)[20]).toBe(0);
    expect(score([...rows, ...all], 21, 10)[3]).toBe(0);
    const everything = [0, 1].flatMap((user) => all.map((row) => ({ ...row, user })));
    expect([...score(everything, 2, 10)]).toEqual([0, 0]);
  });
});
