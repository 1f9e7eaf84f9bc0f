import { describe, expect, it } from 'vitest';
import { sequencesOf } from '../../../src/data/sequences/from-interactions.ts';
import { loadSequences } from '../../../src/data/sequences/load.ts';
import { type MadeRow, madeDataset } from '../made-data.ts';
import { codeOf, temporaryFolder } from '../temporary-files.ts';
import { textsOf } from './made-sequences.ts';

function texts(rows: readonly MadeRow[], options: Parameters<typeof sequencesOf>[1]): string[] {
  const { sequences, items } = sequencesOf(madeDataset(rows), options);
  return textsOf(sequences, items.ids);
}

const clicks: MadeRow[] = [
  ['ann', 'c', 5000, 1],
  ['bob', 'a', 100, 0],
  ['ann', 'a', 200, 2],
  ['ann', 'b', 4000, 1],
  ['bob', 'b', 100, 0],
  ['bob', 'b', 3701, 0],
  ['ann', 'd', 250, 2],
];

describe('sequencesOf', () => {
  it('makes sessions by id, oldest first, each in time order, equal times as the file has them', () => {
    expect(texts(clicks, { by: 'session' })).toEqual(['a b b', 'a d', 'b c']);
    const { sequences, users, warnings } = sequencesOf(madeDataset(clicks));
    expect(Array.from(sequences.owner!, (u) => users!.idOf(u))).toEqual(['bob', 'ann', 'ann']);
    expect([...sequences.time!]).toEqual([100, 100, 3701, 200, 250, 4000, 5000]);
    expect(warnings.join('; ')).toMatch(/1 row stood before an earlier one.*1 event at the time of the one before/);
  });

  it('cuts at pauses longer than the gap, not at equal ones', () => {
    expect(texts(clicks, { by: 'gap', gapSeconds: 3601 })).toEqual(['a b b', 'a d', 'b c']);
    expect(texts(clicks, { by: 'gap', gapSeconds: 3600 })).toEqual(['a b', 'a d', 'b', 'b c']);
    expect(texts(clicks, { by: 'gap', gapSeconds: 10 })).toEqual(['a b', 'a', 'd', 'b', 'b', 'c']);
  });

  it('takes whole histories, and collapses direct repeats only', () => {
    expect(texts(clicks, { by: 'user' })).toEqual(['a b b', 'a d b c']);
    expect(texts(clicks, { by: 'user', repeats: 'collapse' })).toEqual(['a b', 'a d b c']);
    expect(
      texts(
        [
          ['u', 'a', 1],
          ['u', 'b', 2],
          ['u', 'a', 3],
          ['u', 'a', 4],
        ],
        { by: 'user', repeats: 'collapse' },
      ),
    ).toEqual(['a b a']);
  });

  it('gives each user a session of an id that several share', () => {
    expect(
      texts(
        [
          ['u', 'a', 1, 0],
          ['v', 'b', 2, 0],
          ['u', 'c', 3, 0],
        ],
        { by: 'session' },
      ),
    ).toEqual(['a c', 'b']);
  });

  it('keeps the order of the rows where there are no times, and says so', () => {
    const data = sequencesOf(
      madeDataset([
        ['u', 'b'],
        ['v', 'c'],
        ['u', 'a'],
      ]),
    );
    expect(textsOf(data.sequences, data.items.ids)).toEqual(['b a', 'c']);
    expect(data.sequences.time).toBeNull();
    expect(data.warnings.join()).toMatch(/no times/);
  });

  it('holds a session of 20,000 events', () => {
    const rows = Array.from({ length: 20_000 }, (_, n): MadeRow => ['u', `i${n % 7}`, 20_000 - n]);
    const { sequences } = sequencesOf(madeDataset(rows));
    expect(sequences.start).toEqual(Int32Array.of(0, 20_000));
    expect([...sequences.time!.subarray(0, 3)]).toEqual([1, 2, 3]);
  });

  it.each([
    ['config', 'no sessions', { by: 'session' as const }, [['u', 'a', 1]] as MadeRow[]],
    ['config', 'no times', { by: 'gap' as const }, [['u', 'a']] as MadeRow[]],
    ['config', 'a gap of 0', { by: 'gap' as const, gapSeconds: 0 }, [['u', 'a', 1]] as MadeRow[]],
    ['config', 'an unknown key', { gap: 3 } as never, [['u', 'a', 1]] as MadeRow[]],
  ])('%s: %s', async (code, _, options, rows) => {
    expect(await codeOf(() => sequencesOf(madeDataset(rows), options))).toBe(code);
  });
});

describe('loadSequences', () => {
  const { write } = temporaryFolder();
  const path = write('clicks.csv', 'SessionId,ItemId,Time\n7,x,10\n8,y,5\n7,x,20\n7,z,30\n');

  it('keeps repeated items and lets each session be a user where nobody is named', async () => {
    const data = await loadSequences({ data: { files: [path], columns: { user: null } } });
    expect(textsOf(data.sequences, data.items.ids)).toEqual(['y', 'x x z']);
    expect(data.users?.ids).toEqual(['7', '8']);
  });

  it('refuses data in which nobody and no session can be told', async () => {
    const bare = write('bare.csv', 'ItemId,Time\nx,1\n');
    expect(await codeOf(() => loadSequences({ data: { files: [bare], columns: { user: null } } }))).toBe('config');
  });

  it('has a hash that depends on items, ends and times, not on ids of sessions', async () => {
    const load = async (text: string) =>
      (await loadSequences({ data: { files: [write('h.csv', text)], columns: { user: null } } })).hash;
    const head = 'SessionId,ItemId,Time\n';
    const hash = await load(`${head}1,a,1\n1,b,2\n2,a,3\n`);
    expect(await load(`${head}9,a,1\n9,b,2\n8,a,3\n`)).toBe(hash);
    expect(await load(`${head}2,a,3\n1,a,1\n1,b,2\n`)).toBe(hash);
    for (const other of ['1,a,1\n1,b,2\n1,a,3\n', '1,a,1\n1,b,2\n2,b,3\n', '1,a,1\n1,b,2\n2,a,4\n'])
      expect(await load(head + other)).not.toBe(hash);
  });
});
