import { describe, expect, it } from 'vitest';
import { loadGivenTables } from '../../../src/data/sequences/given-tables.ts';
import { nestCases } from '../../../src/data/sequences/nested-cases.ts';
import { loadPrefixFiles } from '../../../src/data/sequences/prefix-files.ts';
import type { SequenceSplit } from '../../../src/data/sequences/sequence-data.ts';
import { targetEvents } from '../../../src/evaluation/next-item/target-events.ts';
import { evaluateSequences } from '../../../src/tasks/evaluate-next-items.ts';
import { madeScorer } from '../../evaluation/next-item/made-scorer.ts';
import { testRandom } from '../made-data.ts';
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
    expect(heldOutOf(split)).toEqual(['a [?] [b] [c]', 'b c [?]']);
    expect(split.description).toMatchObject({ unknownItems: 'miss', nUnknownTestEvents: 2, nTest: 2 });
    expect(split.warnings.join()).toMatch(/1 sequence of one event/);
  });

  it('removes unknown items from sessions when told to, and with them what then has nothing to predict', async () => {
    const split = await loadPrefixFiles({ train, test, unknownItems: 'remove' });
    expect(heldOutOf(split)).toEqual(['a [b] [c]']);
  });

  it('validates on the last training sequences and uses a share of them', async () => {
    const split = await loadPrefixFiles({ train, test, validation: 0.34 });
    expect(textsOf(split.train, split.items.ids)).toEqual(['a b c', 'b']);
    expect(split.validation?.kind === 'sequences' && rowsOf(split.validation.sequences)).toEqual([[2, 2, 0]]);
    const { withoutValidation: _, whole: __, ...plain } = await loadPrefixFiles({ train, test });
    expect(split.withoutValidation!()).toMatchObject(plain);
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

/** Test sessions in the order of their items, events to be predicted in brackets. */
function heldOutOf({ test: heldOut, items }: SequenceSplit): string[] {
  const { sequences, item, sequenceOf, targetOf } = targetEvents(heldOut!);
  expect([...item]).toHaveLength(sequenceOf.length);
  return rowsOf(sequences)
    .map((row, s) =>
      row
        .map((index, n) => {
          const id = index < 0 ? '?' : items.ids[index];
          return targetOf[sequences.start[s] + n] >= 0 ? `[${id}]` : id;
        })
        .join(' '),
    )
    .sort();
}

describe('the same sessions as a table and as prefix files', () => {
  const below = testRandom(11);
  const walk = (n: number, nItems: number) =>
    Array.from({ length: n }, () => Array.from({ length: 2 + below(5) }, () => `i${below(nItems)}`));
  const training = walk(60, 9);
  const sessions = walk(40, 14); // i9 … i13 are unknown to training
  const rowsText = (list: readonly (readonly string[])[], from: number) =>
    list.flatMap((items, s) => items.map((item, n) => `s${from + s},${item},${(from + s) * 1000 + n}`)).join('\n');
  const head = 'session,item,time\n';
  const tables = {
    train: write('table-train.csv', `${head}${rowsText(training, 0)}\n`),
    test: write('table-test.csv', `${head}${rowsText(sessions, 100)}\n`),
  };
  const lines = write('lines-train.txt', training.map((items) => `${items.join(' ')}\n`).join(''));
  const casesOf = (items: readonly string[]) =>
    items.slice(1).map((target, n) => `${items.slice(0, n + 1).join(' ')}\t${target}\n`);
  const longestLast = sessions.flatMap(casesOf);
  const shuffled = [...longestLast];
  for (let n = shuffled.length - 1; n > 0; n--) {
    const other = below(n + 1);
    [shuffled[n], shuffled[other]] = [shuffled[other], shuffled[n]];
  }
  const orders = {
    'the shortest prefix first': longestLast,
    'the longest prefix first': sessions.flatMap((items) => casesOf(items).reverse()),
    'any order': shuffled,
    'by length': [...longestLast].sort((a, b) => a.length - b.length),
    'sessions backwards': [...longestLast].reverse(),
  };
  const fromTable = (unknownItems: 'remove' | 'miss') =>
    loadGivenTables(
      { files: [tables.train], columns: { user: null } },
      { test: tables.test, unknownItems },
      { by: 'session' },
    );
  const measured = (split: SequenceSplit) => {
    const scorer = madeScorer(split.items.size, 4, (events, item) => {
      let hash = 7;
      for (const text of [...events.map((event) => split.items.ids[event]), split.items.ids[item]])
        for (const letter of text) hash = (hash * 31 + letter.charCodeAt(0)) % 1009;
      return hash % 17;
    });
    const { metrics, protocol } = evaluateSequences(scorer, split, { metrics: ['recall@3', 'mrr@5', 'ndcg@10'] });
    return { metrics, nSequences: protocol.nUsers, counts: protocol.nextItem };
  };

  it.each(
    Object.entries(orders).flatMap(([order, list]) =>
      (['remove', 'miss'] as const).map((rule) => [order, rule, list] as const),
    ),
  )('have the same events, sequences, means and intervals: %s, unknown items %s', async (order, unknownItems, list) => {
    const test = write(`lines-test-${order.replaceAll(' ', '-')}.txt`, list.join(''));
    const table = await fromTable(unknownItems);
    const files = await loadPrefixFiles({ train: lines, test, unknownItems });
    expect(heldOutOf(files)).toEqual(heldOutOf(table));
    expect(measured(files)).toEqual(measured(table));
    expect(files.description.nTest).toBe(table.description.nTest);
    expect(files.description.nUnknownTestEvents).toBe(table.description.nUnknownTestEvents);
  });

  it('has one fingerprint for every order of the test lines', async () => {
    const hashes = await Promise.all(
      Object.values(orders).map(async (list, n) => {
        const test = write(`hash-${n}.txt`, list.join(''));
        return (await loadPrefixFiles({ train: lines, test })).hash;
      }),
    );
    expect(new Set(hashes).size).toBe(1);
    const fewer = write('hash-fewer.txt', longestLast.slice(1).join(''));
    expect((await loadPrefixFiles({ train: lines, test: fewer })).hash).not.toBe(hashes[0]);
  });
});

describe('nestCases', () => {
  const nested = (rows: readonly (readonly number[])[], target: readonly number[], unknown: readonly number[] = []) => {
    const { sequences, isTarget } = nestCases(
      { prefixes: madeSequences(rows, 9), target: Int32Array.from(target) },
      (item) => !unknown.includes(item),
    );
    return { rows: rowsOf(sequences), isTarget: [...isTarget] };
  };

  it('finds sessions again', () => {
    expect(nested([[1, 2, 3], [1, 2], [1], [1]], [4, 3, 2, 5])).toEqual({
      rows: [
        [1, 2, 3, 4],
        [1, 5],
      ],
      isTarget: [0, 1, 1, 1, 0, 1],
    });
  });

  it('gives every session its own of equal cases', () => {
    const cases = [[1], [1, 2], [1], [1, 2], [1]];
    expect(nested(cases, [2, 3, 2, 4, 2])).toEqual({
      rows: [
        [1, 2, 3],
        [1, 2, 4],
        [1, 2],
      ],
      isTarget: [0, 1, 1, 0, 1, 1, 0, 1],
    });
  });

  it('does not part a session where the case of an unknown item is not listed', () => {
    const cases = [[1], [1, 2, 8]];
    expect(nested(cases, [2, 3], [8])).toEqual({ rows: [[1, 2, 8, 3]], isTarget: [0, 1, 0, 1] });
    expect(nested(cases, [2, 3]).rows).toEqual([
      [1, 2, 8, 3],
      [1, 2],
    ]);
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
  ])('leaves cases alone: %s', (_, rows, target) => {
    expect(nested(rows, target).rows).toEqual(rows.map((row, c) => [...row, target[c]]));
  });
});
