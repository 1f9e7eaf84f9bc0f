import { describe, expect, it } from 'vitest';
import { nestCases } from '../../../src/data/sequences/nested-cases.ts';
import { loadPrefixFiles } from '../../../src/data/sequences/prefix-files.ts';
import { codeOf, messageOf, temporaryFolder } from '../temporary-files.ts';
import { madeSequences, rowsOf, textsOf } from './made-sequences.ts';

const { write } = temporaryFolder();
const train = write('train.txt.gz', 'a b c\r\nb\nc c a\n');
const test = write('test.txt', 'a x b\tc\na x\tb\na\tx\nb c\tx\n');

describe('loadPrefixFiles', () => {
  it('reads sequences and cases, with −1 for what training does not have', async () => {
    const split = await loadPrefixFiles({ train, test });
    expect(split.items.ids).toEqual(['a', 'b', 'c']);
    expect(textsOf(split.train, split.items.ids)).toEqual(['a b c', 'b', 'c c a']);
    if (split.test?.kind !== 'cases') throw new Error('cases were expected');
    expect(textsOf(split.test.cases.prefixes, split.items.ids)).toEqual(['a ? b', 'a ?', 'a', 'b c']);
    expect([...split.test.cases.target]).toEqual([2, 1, -1, -1]);
    expect(split.description).toMatchObject({ unknownItems: 'miss', nUnknownTestEvents: 2, nTest: 4 });
    expect(split.warnings.join()).toMatch(/1 sequence of one event/);
  });

  it('removes unknown targets when told to', async () => {
    const split = await loadPrefixFiles({ train, test, unknownItems: 'remove' });
    expect(split.test?.kind === 'cases' && [...split.test.cases.target]).toEqual([2, 1]);
  });

  it('validates on the last training sequences and uses a share of them', async () => {
    const split = await loadPrefixFiles({ train, test, validation: 0.34 });
    expect(textsOf(split.train, split.items.ids)).toEqual(['a b c', 'b']);
    expect(split.validation?.kind === 'sequences' && rowsOf(split.validation.sequences)).toEqual([[2, 2, 0]]);
    const half = await loadPrefixFiles({ train, test, trainShare: 0.34 });
    expect(textsOf(half.train, half.items.ids)).toEqual(['c c a']);
    expect(half.hash).toBe(split.hash);
  });

  it.each([
    ['line 2', 'a\tb\n\tb\n'],
    ['line 1', 'a b\n'],
    ['line 3', 'a\tb\na\tb\na\tb c\n'],
    ['line 1', 'a\tb\tc\n'],
    ['line 2', 'a\tb\n\na\tb\n'],
    ['line 1', 'a\t\n'],
  ])('data: a bad case at %s of %j', async (place, text) => {
    const bad = write('bad.txt', text);
    expect(await codeOf(() => loadPrefixFiles({ train, test: bad }))).toBe('data');
    expect(await messageOf(() => loadPrefixFiles({ train, test: bad }))).toContain(`bad.txt ${place}`);
  });

  it.each([
    ['data', 'an empty sequence', () => ({ train: write('t.txt', 'a b\n\nc\n'), test })],
    ['data', 'an empty file', () => ({ train: write('e.txt', ''), test })],
    ['data', 'no file', () => ({ train: 'absent.txt', test })],
    ['data', 'a damaged gzip file', () => ({ train: write('g.txt', Buffer.from([0x1f, 0x8b, 8, 0, 1])), test })],
    ['data', 'nothing left to train on', () => ({ train: write('o.txt', 'a b\n'), test, validation: 0.9 })],
    ['config', 'a share above 1', () => ({ train, test, trainShare: 2 })],
  ])('%s: %s', async (code, _, options) => {
    expect(await codeOf(() => loadPrefixFiles(options()))).toBe(code);
  });
});

describe('nestCases', () => {
  const nested = (rows: readonly (readonly number[])[], target: readonly number[]) => {
    const { sequences, caseOf } = nestCases({ prefixes: madeSequences(rows, 9), target: Int32Array.from(target) });
    return { rows: rowsOf(sequences), caseOf: [...caseOf] };
  };

  it('finds sessions again', () => {
    expect(nested([[1, 2, 3], [1, 2], [1], [1]], [4, 3, 2, 5])).toEqual({
      rows: [
        [1, 2, 3, 4],
        [1, 5],
      ],
      caseOf: [-1, 2, 1, 0, -1, 3],
    });
  });

  it.each([
    ['another target', [[1, 2], [1]], [3, 4]],
    [
      'another prefix',
      [
        [1, 2, 3],
        [2, 2],
      ],
      [4, 3],
    ],
    ['a longer step', [[1, 2, 3], [1]], [4, 2]],
    ['the other order', [[1], [1, 2]], [2, 3]],
  ])('leaves cases alone: %s', (_, rows, target) => {
    expect(nested(rows, target).rows).toEqual(rows.map((row, c) => [...row, target[c]]));
  });
});
