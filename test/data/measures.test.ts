/** Numbers in the ways of other countries and programs, and measures that are kept as categories, which is told. */
import { describe, expect, it } from 'vitest';
import type { DataOptions } from '../../src/data/data-options.ts';
import { loadDataset } from '../../src/data/load.ts';
import { temporaryFolder } from './temporary-files.ts';

const { write } = temporaryFolder();
let n = 0;

async function read(cells: readonly string[], name = 'price', options: Partial<DataOptions> = {}) {
  const rows = cells.map((cell, k) => `u${k % 5}\ti${k}\t${cell}`);
  const { interactions, warnings } = await loadDataset({
    files: [write(`m${n++}.tsv`, `user\titem\t${name}\n${rows.join('\n')}\n`)],
    ...options,
  });
  const column = interactions.context?.find((each) => each.name === name);
  const values = column && 'value' in column ? [...column.value] : null;
  return {
    kind: column?.kind,
    values,
    rating: interactions.rating && [...interactions.rating],
    told: warnings.join('\n'),
  };
}

const amounts = Array.from({ length: 40 }, (_, k) => 1234 + k * 23_457);
const grouped = (mark: string) => amounts.map((x) => String(x).replace(/\B(?=(\d{3})+$)/g, mark));

describe('thousands apart', () => {
  it.each([
    ['quotes', "'"],
    ['typographic quotes', '’'],
    ['blanks', ' '],
    ['blanks that do not break', '\u00a0'],
    ['narrow ones', '\u202f'],
    ['commas', ','],
  ])('by %s', async (_, mark) => {
    const { kind, values } = await read(grouped(mark));
    expect([kind, values]).toEqual(['numeric', amounts]);
  });
  it('as in India', async () => {
    const { values } = await read(['1,23,456', '12,34,567', '45,678', '1,00,00,000', '2,34,567.5']);
    expect(values).toEqual([123_456, 1_234_567, 45_678, 10_000_000, 234_567.5]);
  });
  it('in groups of one length, as telephones and firms have, are no numbers unless told', async () => {
    const codes = amounts.map((x) => String(123_456_789 + 37 * x));
    for (const [start, name] of [
      ['', 'siren'],
      ['+48 ', 'phone'],
    ]) {
      const cells = codes.map((x) => `${start}${x.replace(/\B(?=(\d{3})+$)/g, ' ')}`);
      const { kind, told } = await read(cells, name);
      expect(kind).toBe('categorical');
      expect(told).toMatch(/looks like codes and is kept as categories, e\.g\. .*; if it is \d+, say --decimal \./);
      expect((await read(cells, name, { decimal: '.' })).kind).toBe('numeric');
    }
    expect((await read(['012 345 678', '123 456 789', '23 456 789'], 'firm')).kind).toBe('categorical');
    await expect(read(['123 456 789', '223 456 789'], 'rating')).rejects.toThrow(
      /"rating": must hold numbers, found "123 456 789", which looks like a code; .*--decimal \./,
    );
    expect((await read(['1 234 567', '345 678', '12 345 678', '999'], 'sales')).values).toEqual([
      1_234_567, 345_678, 12_345_678, 999,
    ]);
  });
  it('not in threes are no numbers unless other cells are as in India', async () => {
    const { kind, told } = await read(['75,94,374', '12,34,567', '7'], 'price');
    expect(kind).toBe('categorical');
    expect(told).toMatch(/"price": looks like codes .* if it is 1234567, say --decimal \./);
    expect((await read(['₹75,94,374', '₹12,34,567'], 'price')).values).toEqual([7_594_374, 1_234_567]);
  });
  it('with a minus of typesetters, shown as it is read', async () => {
    const { values, told } = await read(['−2.5', '3.25', '−0.5', '7']);
    expect(values).toEqual([-2.5, 3.25, -0.5, 7]);
    expect(told).not.toMatch(/−\d.* = \d/);
  });
});

describe('opinions out of five', () => {
  it.each([
    ['4.0 out of 5 stars', '5.0 out of 5 stars', [4, 5]],
    ['4 von 5 Sternen', '3,5 von 5 Sternen', [4, 3.5]],
    ['4 sur 5 étoiles', '2 sur 5 étoiles', [4, 2]],
    ['4 de 5 estrellas', '5 de 5 estrellas', [4, 5]],
  ])('%s', async (first, second, ratings) => {
    expect((await read([first, second], 'rating')).rating).toEqual(ratings);
  });
});

describe('measures that are kept as categories', () => {
  it.each([
    ['kilograms', (k: number) => `${k}.5 kg`],
    ['thousands', (k: number) => `${k}.1K`],
    ['minutes', (k: number) => `${60 + k} min`],
    ['durations', (k: number) => `0:${10 + k}:30`],
    ['losses in brackets', (k: number) => `(${k}.25)`],
  ])('%s are told', async (_, cell) => {
    const { kind, told } = await read(
      Array.from({ length: 45 }, (__, k) => cell(k)),
      'size',
    );
    expect(kind).toBe('categorical');
    expect(told).toMatch(/"size" is kept as categories: its cells, such as ".*", are numbers with something else/);
  });
  it('but not words beside numbers of which one looks like a measure', async () => {
    const { told } = await read(
      Array.from({ length: 400 }, (_, k) => (k < 30 ? `word${'x'.repeat(k)}` : k === 30 ? '5 kg' : String(k % 9))),
      'size',
    );
    expect(told).not.toMatch(/are numbers with something else/);
  });
  it('and texts that begin with a zero and a digit make no codes of numbers', async () => {
    const { kind } = await read(
      Array.from({ length: 200 }, (_, k) => (k === 7 ? '05 or so' : `${k}.5`)),
      'size',
    );
    expect(kind).toBe('numeric');
  });
  it('so are numbers among many words', async () => {
    const { told } = await read(Array.from({ length: 60 }, (_, k) => (k % 5 < 2 ? 'sold out' : `${k}.5`)));
    expect(told).toMatch(/36 of 60 cells looked at are numbers, the others, such as "sold out", are not/);
  });
  it.each([
    ['ranges', (k: number) => `${(k % 4) * 10}-${(k % 4) * 10 + 10}`],
    ['few sizes', (k: number) => `${(k % 4) + 1} l`],
    ['colours', (k: number) => `${(k * 7919 + 4_000_000).toString(16)}ff`],
    ['words', (k: number) => `word${k}`],
  ])('%s are not', async (_, cell) => {
    expect(
      (
        await read(
          Array.from({ length: 45 }, (__, k) => cell(k)),
          'size',
        )
      ).told,
    ).not.toMatch(/kept as categories/);
  });
  it('post codes keep their digits', async () => {
    for (const name of ['zip', 'PLZ', 'zipcode', 'postcode'])
      expect(
        (
          await read(
            Array.from({ length: 30 }, (_, k) => String(20_000 + k * 37)),
            name,
          )
        ).kind,
      ).toBe('categorical');
  });
});
