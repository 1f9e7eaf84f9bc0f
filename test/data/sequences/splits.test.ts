import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/core/random.ts';
import { sequencesOf } from '../../../src/data/sequences/from-interactions.ts';
import { splitByLastDays } from '../../../src/data/sequences/last-days.ts';
import { leaveLastOut, sampleNegatives } from '../../../src/data/sequences/leave-last-out.ts';
import { loadSequenceSplit } from '../../../src/data/sequences/load.ts';
import type { HeldOutSequences } from '../../../src/data/sequences/sequence-data.ts';
import { type MadeRow, madeDataset, testRandom } from '../made-data.ts';
import { codeOf, temporaryFolder } from '../temporary-files.ts';
import { madeSequences, rowsOf, textsOf } from './made-sequences.ts';

const day = 86_400;

/** Sessions as `item@time` texts, times in days. */
function data(sessions: readonly string[]) {
  const rows = sessions.flatMap((session, s) =>
    session.split(' ').map((event): MadeRow => {
      const [item, time] = event.split('@');
      return [`u${s}`, item, Number(time) * day, s];
    }),
  );
  return sequencesOf(madeDataset(rows));
}

function heldOutTexts(heldOut: HeldOutSequences | null, ids: readonly string[]): string[] {
  if (heldOut === null) return [];
  if (heldOut.kind === 'sequences') return textsOf(heldOut.sequences, ids);
  const { prefixes, target } = heldOut.cases;
  return textsOf(prefixes, ids).map((prefix, c) => `${prefix} → ${target[c] < 0 ? '?' : ids[target[c]]}`);
}

describe('splitByLastDays', () => {
  const sessions = ['a@0 b@1 c@2', 'b@3 a@3.5', 'a@8.5 b@9 c@9.5', 'c@9.25 z@9.5 a@9.75 b@10', 'z@9.5 a@9.5'];

  it('by end: whole sessions that end in the last days; unknown items go', () => {
    const { train, test, validation, items, description } = splitByLastDays(data(sessions), { days: 1 });
    expect(textsOf(train, items.ids)).toEqual(['a b c', 'b a']);
    expect(heldOutTexts(test, items.ids)).toEqual(['a b c', 'c a b']); // the last session has one known event
    expect(validation).toBeNull();
    expect(description).toMatchObject({ method: 'last-days', nUnknownTestEvents: 2, testStart: 9 * day, nTrain: 2 });
  });

  it('counts unknown items as misses when they are kept', () => {
    const { test, items } = splitByLastDays(data(sessions), { days: 1, unknownItems: 'miss' });
    expect(heldOutTexts(test, items.ids)).toEqual(['a b c', 'c ? a b', '? a']);
  });

  it('by start: training events after the cut go', () => {
    const { train, test, items } = splitByLastDays(data(sessions), { days: 0.75, by: 'start', unknownItems: 'miss' });
    expect(textsOf(train, items.ids)).toEqual(['a b c', 'b a', 'a b']);
    expect(heldOutTexts(test, items.ids)).toEqual(['c ? a b', '? a']);
  });

  it('cuts the days before the test part for validation, in the items of what is left to train on', () => {
    const split = splitByLastDays(data(['a@0 b@1', 'c@5 a@5 b@5', 'a@9.5 b@10 c@10']), { days: 1, validationDays: 5 });
    expect(textsOf(split.train, split.items.ids)).toEqual(['a b']);
    expect(heldOutTexts(split.validation, split.items.ids)).toEqual(['a b']);
    expect(heldOutTexts(split.test, split.items.ids)).toEqual(['a b']);
  });

  it('gives the days of validation back to training, with the items that they bring', () => {
    const all = data(['a@0 b@1', 'c@5 a@5 b@5', 'a@9.5 b@10 c@10']);
    const refit = splitByLastDays(all, { days: 1, validationDays: 5 }).withoutValidation!();
    expect(textsOf(refit.train, refit.items.ids)).toEqual(['a b', 'c a b']);
    expect(heldOutTexts(refit.test, refit.items.ids)).toEqual(['a b c']); // c is known now
    expect(refit.validation).toBeNull();
    expect(refit.withoutValidation).toBeNull();
    const { withoutValidation: _, whole: __, ...plain } = splitByLastDays(all, { days: 1 });
    expect(refit).toMatchObject(plain);
    expect(splitByLastDays(all, { days: 1 }).withoutValidation).toBeNull();
  });

  it.each([
    [
      'config',
      'no times',
      () =>
        splitByLastDays(
          sequencesOf(
            madeDataset([
              ['u', 'a'],
              ['u', 'b'],
            ]),
          ),
        ),
    ],
    ['data', 'nothing before the cut', () => splitByLastDays(data(sessions), { days: 30 })],
    ['data', 'no known item after it', () => splitByLastDays(data(['a@0 b@0', 'x@9 y@9']))],
    ['config', 'no days', () => splitByLastDays(data(sessions), { days: 0 })],
  ])('%s: %s', async (code, _, action) => {
    expect(await codeOf(action)).toBe(code);
  });
});

describe('leaveLastOut', () => {
  const histories = data(['a@0 b@1 c@2 a@3', 'b@0 c@1', 'c@0 d@1 e@2', 'a@0 b@0 c@0']);

  it('tests the last item after all others, validates on the one before, keeps short histories in training', () => {
    const { train, validation, test, items, description } = leaveLastOut(histories);
    expect(textsOf(train, items.ids)).toEqual(['a b', 'b c', 'c', 'a']);
    expect(heldOutTexts(validation, items.ids)).toEqual(['a b → c', 'c → ?', 'a → b']);
    expect(heldOutTexts(test, items.ids)).toEqual(['a b c → a', 'c ? → ?', 'a b → c']);
    expect(description).toMatchObject({ nNotTested: 1, nUnknownTestEvents: 1, nUnknownValidationEvents: 1 });
  });

  it('gives the items before the last ones back to training', () => {
    const refit = leaveLastOut(histories, { negatives: 1 }).withoutValidation!();
    expect(textsOf(refit.train, refit.items.ids)).toEqual(['a b c', 'b c', 'c d', 'a b']);
    expect(heldOutTexts(refit.test, refit.items.ids)).toEqual(['a b c → a', 'c d → ?', 'a b → c']);
    expect(refit.validation).toBeNull();
    expect(refit.withoutValidation).toBeNull();
    expect(refit.description).toMatchObject({ nNotTested: 1, nUnknownTestEvents: 1, nValidation: 0, negatives: 1 });
    // one negative a case, of the items that training has now: a, b, c and d
    expect([...refit.test!.candidates!.rowStart]).toEqual([0, 1, 2, 3]);
    expect(refit.test!.candidates!.columns[0]).toBe(refit.items.indexOf('d'));
  });

  it('drops unknown targets when told to', () => {
    const { test, items } = leaveLastOut(histories, { unknownItems: 'remove' });
    expect(heldOutTexts(test, items.ids)).toEqual(['a b c → a', 'a b → c']);
  });

  it('draws distinct negatives outside prefix and target, alike for the same seed', () => {
    const below = testRandom(8);
    const nItems = 60;
    const rows = Array.from({ length: 300 }, () => Array.from({ length: 1 + below(30) }, () => below(nItems)));
    const target = Int32Array.from(rows, () => below(nItems + 1) - 1);
    const cases = { prefixes: madeSequences(rows, nItems), target };
    const draw = (seed: number, n: number) => sampleNegatives(cases, n, new RandomStream(seed, 'negatives'));
    const lists = draw(1, 20);
    const count = new Float64Array(nItems);
    rows.forEach((row, c) => {
      const own = [...lists.columns.subarray(lists.rowStart[c], lists.rowStart[c + 1])];
      expect(new Set(own).size).toBe(Math.min(20, own.length));
      expect(own.length).toBe(Math.min(20, nItems - new Set([...row, target[c]].filter((i) => i >= 0)).size));
      for (const item of own) {
        expect(row.includes(item) || target[c] === item).toBe(false);
        count[item]++;
      }
    });
    expect(Math.min(...count)).toBeGreaterThan(0.6 * Math.max(...count));
    expect(draw(1, 20)).toEqual(lists);
    expect(draw(2, 20)).not.toEqual(lists);
    expect(draw(1, 1000).columns.length).toBe(
      rows.reduce((n, row, c) => n + nItems - new Set([...row, target[c]].filter((i) => i >= 0)).size, 0),
    );
  });

  it('refuses histories that are all too short', async () => {
    expect(await codeOf(() => leaveLastOut(data(['a@0 b@1'])))).toBe('data');
  });
});

describe('given tables', () => {
  const { write } = temporaryFolder();
  const head = 'SessionId\tItemId\tTime\n';
  const train = write('train.tsv', `${head}1\ta\t1\n1\tb\t2\n2\tb\t3\n`);
  const test = write('test.tsv.gz', `${head}5\tb\t9\n5\tx\t10\n5\ta\t11\n6\tx\t12\n`);
  const validation = write('valid.tsv', `${head}4\ta\t5\n4\ta\t6\n`);
  const source = { data: { files: [train], columns: { user: null } } };

  it('share ids; sequences of one event stay in training only', async () => {
    const split = await loadSequenceSplit(source, { method: 'given', test, validation });
    expect(textsOf(split.train, split.items.ids)).toEqual(['a b', 'b']);
    expect(heldOutTexts(split.test, split.items.ids)).toEqual(['b a']);
    expect(heldOutTexts(split.validation, split.items.ids)).toEqual(['a a']);
    const refit = split.withoutValidation!();
    expect(textsOf(refit.train, refit.items.ids)).toEqual(['a b', 'b', 'a a']);
    expect(heldOutTexts(refit.test, refit.items.ids)).toEqual(heldOutTexts(split.test, split.items.ids));
    expect(refit.validation).toBeNull();
    const misses = await loadSequenceSplit(source, { method: 'given', test, unknownItems: 'miss' });
    expect(misses.withoutValidation).toBeNull();
    expect(heldOutTexts(misses.test, misses.items.ids)).toEqual(['b ? a']);
  });

  it.each([
    ['config', 'a filter', () => loadSequenceSplit({ ...source, filter: {} }, { method: 'given', test })],
    ['data', 'no such file', () => loadSequenceSplit(source, { method: 'given', test: 'absent.tsv' })],
    ['config', 'an unknown method', () => loadSequenceSplit(source, { method: 'last-day' } as never)],
  ])('%s: %s', async (code, _, action) => {
    expect(await codeOf(action)).toBe(code);
  });
});

describe('rows of sequences', () => {
  it('survive a round trip of the test helper', () => {
    expect(rowsOf(madeSequences([[0, 1], [], [2]], 3))).toEqual([[0, 1], [], [2]]);
  });
});
