/** Conditions on fields: what they hold of, found by writing them out by hand, and what is said of those that are none. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterParser, parserFile } from '../../scripts/filter-grammar.ts';
import { DeepTasteError } from '../../src/core/errors.ts';
import type { FieldTable } from '../../src/data/dataset.ts';
import { matchingRows } from '../../src/data/filters/matching-rows.ts';
import type { Schema } from '../../src/data/schema.ts';

const seconds = (date: string) => Date.parse(date) / 1000;
const table: FieldTable = {
  nRows: 6,
  title: 'title',
  fields: [
    { name: 'title', kind: 'text', values: ["Ocean's Eleven", 'Heat', 'Say "Anything"', 'Up', 'Heat and Dust', null] },
    { name: 'genre', kind: 'categorical', values: ['Comedy', 'Crime', 'Comedy', 'Sci-Fi', null, 'Science Fiction'] },
    { name: 'year', kind: 'numeric', values: [2001, 1995, 1989, 2009, 1983, null] },
    { name: 'shown in', kind: 'multi', values: [['de', 'us'], ['us'], [], ['fr'], null, ['de']] },
    { name: 'code', kind: 'categorical', values: ['007', '7', '12', '7', '90210', null] },
    {
      name: 'released',
      kind: 'numeric',
      values: ['2001-12-07', '1995-12-15', '1989-04-14', '2009-05-29']
        .map(seconds)
        .concat(seconds('1983-01-01'), seconds('1990-01-01')),
    },
    { name: 'in', kind: 'categorical', values: ['a', 'b', 'a', 'b', 'a', 'b'] },
  ],
};
const schema: Schema = { columns: [{ name: 'released', role: 'field', kind: 'time', owner: 'item', guessed: true }] };

function rows(condition: string): number[] {
  const matches = matchingRows(table, schema, condition);
  return [...matches.keys()].filter((row) => matches[row] === 1);
}

function refusal(condition: unknown, of: FieldTable = table): string {
  try {
    matchingRows(of, schema, condition);
  } catch (error) {
    expect(error).toBeInstanceOf(DeepTasteError);
    return `${(error as DeepTasteError).code}: ${(error as Error).message}`;
  }
  throw new Error(`nothing was said of ${condition}`);
}

describe('a condition holds', () => {
  const cases: [string, number[]][] = [
    ["genre = 'Comedy'", [0, 2]],
    ['genre=Comedy', [0, 2]],
    ['genre = Sci-Fi', [3]],
    ['genre = "Science Fiction"', [5]],
    ['genre != Comedy', [1, 3, 4, 5]],
    ['not genre = Comedy', [1, 3, 4, 5]],
    ["genre in (Crime, 'Science Fiction')", [1, 5]],
    ['genre is missing', [4]],
    ['genre IS NOT MISSING and genre != Comedy', [1, 3, 5]],
    ['not year is missing', [0, 1, 2, 3, 4]],
    ["'shown in' is missing or title is missing", [2, 4, 5]],
    ['not genre in (Crime)', [0, 2, 3, 4, 5]],
    ['genre contains Sci', [3, 5]],
    ["title = 'Ocean''s Eleven'", [0]],
    [`title = "Ocean's Eleven"`, [0]],
    [`title = "Say ""Anything"""`, [2]],
    ["title contains 'Heat'", [1, 4]],
    ['year = 1995', [1]],
    ["year >= '1995'", [0, 1, 3]],
    ['year > 1995', [0, 3]],
    ['year < 1989', [4]],
    ['year <= 1989.0', [2, 4]],
    ['year != 1995', [0, 2, 3, 4, 5]],
    ['not year < 1989', [0, 1, 2, 3, 5]],
    ['year in (1989, 2001, 1)', [0, 2]],
    ["'shown in' = de", [0, 5]],
    ["'shown in' contains us", [0, 1]],
    ["'shown in' != de", [1, 2, 3, 4]],
    ["'shown in' in (fr, us)", [0, 1, 3]],
    ['code = 7', [1, 3]],
    ['code = 007', [0]],
    ['code < 100', [0, 1, 2, 3]],
    ['code >= 12', [2, 4]],
    ['released >= 1990-01-01', [0, 1, 3, 5]],
    ['released < "1989-04-14T00:00:01Z"', [2, 4]],
    ["'in' = a", [0, 2, 4]],
    // and binds more than or, not more than and
    ['genre = Crime or genre = Comedy and year > 2000', [0, 1]],
    ['(genre = Crime or genre = Comedy) and year > 2000', [0]],
    ['not genre = Comedy and year > 1990', [1, 3]],
    ['not (genre = Comedy and year > 1990)', [1, 2, 3, 4, 5]],
    ['NOT NOT genre = Comedy AND ( year IN (2001) )', [0]],
    ["  genre\n=\t'Comedy'  ", [0, 2]],
  ];
  it.each(cases)('%s', (condition, expected) => expect(rows(condition)).toEqual(expected));

  it('as logic has it, however it is put together', () => {
    const leaf = fc.constantFrom(...cases.slice(0, 30));
    const tree = fc.letrec<{ node: [string, number[]] }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf.map(([text, holds]): [string, number[]] => [`(${text})`, holds]),
        tie('node').map(([text, holds]): [string, number[]] => [
          `not ${text}`,
          [0, 1, 2, 3, 4, 5].filter((row) => !holds.includes(row)),
        ]),
        fc
          .tuple(tie('node'), tie('node'))
          .map(([[a, as], [b, bs]]): [string, number[]] => [`(${a} and ${b})`, as.filter((row) => bs.includes(row))]),
        fc
          .tuple(tie('node'), tie('node'))
          .map(([[a, as], [b, bs]]): [string, number[]] => [`(${a} or ${b})`, [...new Set([...as, ...bs])].sort()]),
      ),
    })).node;
    fc.assert(
      fc.property(tree, ([text, expected]) => {
        if (expected.length === 0) expect(refusal(text)).toMatch(/^not-found: where: must hold of an item/);
        else expect(rows(text)).toEqual(expected);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('in time that grows with its length, within many parentheses', () => {
    expect(rows(`${'('.repeat(300)}year = 1995${')'.repeat(300)}`)).toEqual([1]);
  });
});

describe('what is no condition is refused', () => {
  const cases: [unknown, RegExp][] = [
    ['', /^usage: where: at character 1 must stand .*the name of a field.*, found the end/],
    ['genre', /at character 6 must stand "is missing" or an operator .*, found the end/],
    ['genre == Comedy', /at character 8 must stand a value, found "="/],
    [
      'genre = Science Fiction',
      /at character 17 must stand "and", "or" or the end, found "Fiction"; texts with spaces/,
    ],
    ["genre = 'Comedy", /at character 9 must stand a value, found "'"; close the quotes/],
    ['genre = Comedy and', /at character 19 must stand .*the name of a field, found the end/],
    ['(genre = Comedy', /at character 16 must stand "and", "or" or "\)", found the end/],
    ['genre = Comedy)', /at character 15 must stand "and", "or" or the end, found "\)"/],
    ['genre in Comedy', /at character 10 must stand "\(", found "Comedy"/],
    ['genre in ()', /at character 11 must stand a value, found "\)"/],
    ['in = a', /at character 1 must stand/],
    ['genre.constructor("x")()', /at character 18 must stand/],
    [7, /^usage: where: must be a text, for example .*, found 7/],
    ['x'.repeat(10_001), /must have at most 10000 characters, found 10001/],
    [`${'('.repeat(4990)}a=b${')'.repeat(4990)}`, /must have fewer parentheses/],
    [
      'gnre = Comedy',
      /at character 1 must stand a field of the items, found "gnre"; did you mean "genre"\?; there are "title", "genre"/,
    ],
    ['year > 1990 and studio = Fox', /at character 17 must stand a field of the items, found "studio"; there are/],
    ['year = old', /at character 8 must stand a number, as in field "year", found "old"/],
    ['year in (1, two)', /at character 13 must stand a number/],
    ["year = ''", /must stand a number/],
    ['year = 1e999', /must stand a number/],
    ['released > yesterday', /must stand a date \(1990-05-01\) or seconds since 1970, as in field "released"/],
    ['released > 1990-99-99', /must stand a date/],
    ['year contains 9', /field "year" must allow "contains", found numbers; compare them with = < >/],
    ['genre < Comedy', /field "genre" must allow "<", found words; compare them with =, in or contains/],
    ["'shown in' >= de", /must allow ">=", found lists of words/],
    [
      'genre = comedy',
      /^not-found: where: must hold of an item .*, found none; no item has "comedy" in "genre": did you mean "Comedy"\?/,
    ],
    ['genre = Western', /^not-found: .*it has "Comedy", "Crime", "Sci-Fi"/],
    ['year > 2100', /^not-found: where: must hold of an item of the training data, found none$/],
  ];
  it.each(cases)('%s', (condition, message) => expect(refusal(condition)).toMatch(message));

  it('where no fields are kept, saying how to have them', () => {
    expect(refusal('genre = Comedy', { nRows: 6, fields: [], title: null })).toMatch(
      /^usage: where: needs fields .* keeps none; train with --items FILE/,
    );
  });
});

it('the parser is that of the grammar: `node scripts/filter-grammar.ts` makes it', () => {
  expect(readFileSync(parserFile, 'utf8')).toBe(filterParser());
});
