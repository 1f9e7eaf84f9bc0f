import { describe, expect, it } from 'vitest';
import { loadSequenceSplit, type SequenceSource, splitSequences } from '../../../src/data/sequences/load.ts';
import type { SequenceSplit } from '../../../src/data/sequences/sequence-data.ts';
import { evaluateSequences } from '../../../src/tasks/evaluate-next-items.ts';
import { parseSequenceRunSettings } from '../../../src/tasks/next-item-settings.ts';
import { prepareSequenceSplit } from '../../../src/tasks/prepare-sequences.ts';
import { hashedScore, madeScorer } from '../../evaluation/next-item/made-scorer.ts';
import { codeOf, messageOf, temporaryFolder } from '../temporary-files.ts';

const { write } = temporaryFolder();
const users = ['u0', 'u1', 'u2', 'u3'];
const items = Array.from({ length: 9 }, (_, i) => `i${i}`);
// u3's last item is unknown to training
const events = users.flatMap((user, u) =>
  [0, 1, 2, 3, 4].map((n) => `${user},${u === 3 && n === 4 ? 'new' : items[(u * 2 + n * 4 + 1) % 9]},${u * 100 + n}`),
);
const histories = write('histories.csv', `user,item,time\n${events.join('\n')}\n`);
const list = (name: string, lines: readonly string[]) => write(name, `${lines.join('\n')}\n`);
const plain = list('plain.txt', [
  'u0\ti0\ti1\ti2\ti2',
  'u1\ti3\ti4\tnowhere',
  'u2\ti5\ti6\ti7',
  'u3\ti6\ti0',
  'nobody\ti1',
]);
const source: SequenceSource = { data: { files: [histories] }, sequences: { by: 'user' } };
const split = (candidates: string) => loadSequenceSplit(source, { method: 'leave-one-out', candidates });

function rowsOf({ test, items: vocabulary }: SequenceSplit): string[] {
  const { rowStart, columns } = test!.candidates!;
  return Array.from({ length: rowStart.length - 1 }, (_, s) =>
    Array.from(columns.subarray(rowStart[s], rowStart[s + 1]), (item) => vocabulary.idOf(item))
      .sort()
      .join(' '),
  );
}

describe('candidates of sequences from a file', () => {
  it('are those of the owner, items that training lacks left out and counted', async () => {
    const listed = await split(plain);
    expect(rowsOf(listed)).toEqual(['i0 i1 i2', 'i3 i4', 'i5 i6 i7', 'i0 i6']);
    expect(listed.description).toMatchObject({ testCandidatesUnknownItems: 1, testCandidatesOwnersIgnored: 1 });
  });

  it('stay when the validation part is given back to training, in the items that training then has', async () => {
    const listed = await loadSequenceSplit(source, {
      method: 'leave-one-out',
      candidates: plain,
      validationCandidates: plain,
    });
    const refit = listed.withoutValidation!();
    expect(rowsOf(refit)).toEqual(['i0 i1 i2', 'i3 i4', 'i5 i6 i7', 'i0 i6']);
    expect(refit.validation).toBeNull();
    expect(refit.description).toMatchObject({ testCandidates: 'listed in a file', testCandidatesUnknownItems: 1 });
  });

  it('are what the next item is ranked among, whether or not it is listed itself', async () => {
    const listed = await split(plain);
    const whole = await loadSequenceSplit(source, { method: 'leave-one-out' });
    const scorer = madeScorer(listed.items.size, 2, hashedScore);
    const { protocol, perUser } = evaluateSequences(scorer, listed, { metrics: ['mrr'] });
    expect(protocol.candidates).toEqual({ listed: 'listed in a file', n: 3 });
    if (whole.test?.kind !== 'cases') throw new Error('cases were expected');
    const { prefixes, target } = whole.test.cases;
    const expected = users.map((_, c) => {
      if (target[c] < 0) return 0;
      const prefix = [...prefixes.items.subarray(prefixes.start[c], prefixes.start[c + 1])];
      const others = rowsOf(listed)
        [c].split(' ')
        .map((id) => listed.items.indexOf(id)!)
        .filter((i) => i !== target[c]);
      const own = hashedScore(prefix, target[c]);
      return 1 / (1 + others.filter((item) => hashedScore(prefix, item) >= own).length);
    });
    expect([...perUser.mrr]).toEqual(expected);
    const all = evaluateSequences(scorer, listed, { metrics: ['mrr'], candidates: 'all' });
    expect(all.protocol.candidates).toBe('all');
  });

  it('are read in the form of NCF, and from settings of a run, for sessions by their ids', async () => {
    const last = (user: number) => events[user * 5 + 4].split(',')[1];
    const named = list(
      'ncf.txt',
      users.map((user, u) => `(${user},${last(u)})\ti${u}\ti${u + 4}`),
    );
    expect(rowsOf(await split(named))).toEqual(['i0 i4', 'i1 i5', 'i2 i6', 'i3 i7']);
    const sessions = write('sessions.csv', `session,item,time\n${events.join('\n')}\n`);
    const settings = parseSequenceRunSettings({
      data: { files: [sessions] },
      split: { method: 'last-days', days: 0.0013, candidates: list('days.txt', ['u2\ti0', 'u3\ti1']) },
      model: 'markov',
    });
    expect(rowsOf(await prepareSequenceSplit(settings))).toEqual(['i0', 'i1']);
  });

  it.each([
    ['data', /"u3"/, () => split(list('short.txt', ['u0\ti1', 'u1\ti1', 'u2\ti1']))],
    ['data', /training knows, that of "u1"/, () => split(list('new.txt', ['u0\ti1', 'u1\tnew', 'u2\ti1', 'u3\ti1']))],
    ['data', /belong together/, () => split(list('other.txt', ['(u0,i5)\ti1']))],
    ['data', /no file|absent/, () => split('absent.txt')],
    [
      'config',
      /negatives/,
      () => loadSequenceSplit(source, { method: 'leave-one-out', candidates: plain, negatives: 2 }),
    ],
    [
      'config',
      /validation part/,
      () => loadSequenceSplit(source, { method: 'last-days', days: 0.001, validationCandidates: plain }),
    ],
  ])('%s: %s', async (code, message, action) => {
    expect(await codeOf(action)).toBe(code);
    expect(await messageOf(action)).toMatch(message);
  });

  it('is not passed over by a split of what was read already', async () => {
    const action = () => splitSequences({} as never, { method: 'leave-one-out', candidates: plain });
    expect(await codeOf(action)).toBe('config');
  });
});
