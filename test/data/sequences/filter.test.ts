import { describe, expect, it } from 'vitest';
import { filterSequences } from '../../../src/data/sequences/filter.ts';
import { sequencesOf } from '../../../src/data/sequences/from-interactions.ts';
import { type MadeRow, madeDataset, testRandom } from '../made-data.ts';
import { codeOf } from '../temporary-files.ts';
import { textsOf } from './made-sequences.ts';

function data(rows: readonly string[]) {
  return sequencesOf(madeDataset(rows.flatMap((row, s) => row.split(' ').map((i): MadeRow => [`u${s}`, i, s]))));
}

function filtered(rows: readonly string[], options: Parameters<typeof filterSequences>[1]): string[] {
  const kept = filterSequences(data(rows), options);
  expect(kept.items.size).toBe(kept.sequences.nItems);
  expect(kept.itemFields.nRows).toBe(kept.items.size);
  return textsOf(kept.sequences, kept.items.ids);
}

describe('filterSequences', () => {
  it('drops once in the order short, rare, short; or to the fixed point', () => {
    // c is rare; without it the third is short; without the third b is rare; then the second is short …
    const rows = ['a a', 'a b', 'b c', 'd'];
    expect(filtered(rows, { minLength: 2, minSupport: 2, rounds: 'once' })).toEqual(['a a', 'a b']);
    expect(filtered(rows, { minLength: 2, minSupport: 2 })).toEqual(['a a']);
  });

  it('drops short sequences first: their events do not support an item', () => {
    expect(filtered(['a b', 'a b', 'c', 'a c'], { minSupport: 2, rounds: 'once' })).toEqual(['a b', 'a b']);
  });

  it('agrees with a plain loop over lists', () => {
    const below = testRandom(3);
    for (let world = 0; world < 20; world++) {
      const rows = Array.from({ length: 25 }, () => Array.from({ length: 1 + below(5) }, () => `i${below(12)}`));
      let plain = rows;
      for (let before = -1; before !== plain.flat().length; ) {
        before = plain.flat().length;
        plain = plain.filter((row) => row.length >= 2);
        const all = plain.flat();
        plain = plain.map((row) => row.filter((item) => all.filter((other) => other === item).length >= 4));
      }
      const expected = plain.filter((row) => row.length > 0).map((row) => row.join(' '));
      if (expected.length > 0)
        expect(
          filtered(
            rows.map((row) => row.join(' ')),
            { minSupport: 4 },
          ),
        ).toEqual(expected);
    }
  });

  it('says what went and changes the hash', () => {
    const whole = data(['a a', 'a b']);
    const kept = filterSequences(whole, { minSupport: 2, minLength: 1 });
    expect(kept.warnings.join()).toMatch(/1 event dropped.*0 sequences and 1 item/);
    expect(kept.hash).not.toBe(whole.hash);
    expect(filterSequences(whole, { minSupport: 0, minLength: 1 }).hash).toBe(whole.hash);
  });

  it.each([
    ['data', { minSupport: 100 }],
    ['data', { minLength: 100 }],
    ['config', { minLength: 0 }],
    ['config', { rounds: 'twice' }],
  ])('%s: %j', async (code, options) => {
    expect(await codeOf(() => filtered(['a a', 'a b'], options as never))).toBe(code);
  });
});
