import { describe, expect, it } from 'vitest';
import { nestCases } from '../../../src/data/sequences/nested-cases.ts';
import { itemOfHistory } from '../../../src/evaluation/next-item/event-ranks.ts';
import { rankEvents } from '../../../src/evaluation/next-item/rank-events.ts';
import { targetEvents } from '../../../src/evaluation/next-item/target-events.ts';
import { testRandom } from '../../data/made-data.ts';
import { madeSequences } from '../../data/sequences/made-sequences.ts';
import { codeOf } from '../../data/temporary-files.ts';
import { hashedScore, madeScorer } from './made-scorer.ts';

const nItems = 12;
const below = testRandom(5);
/** Lengths 0 to 9, some unknown items. */
const rows = Array.from({ length: 40 }, () => Array.from({ length: below(10) }, () => below(nItems + 1) - 1));

/** [higher, same, candidates] of each target, by comparing it with every candidate. */
function plainRanks(prefixes: number[][], targets: number[], score = hashedScore, lists: number[][] | null = null) {
  return prefixes.map((prefix, t) => {
    const others = (lists?.[t] ?? Array.from({ length: nItems }, (_, i) => i)).filter((i) => i !== targets[t]);
    const known = prefix.filter((item) => item >= 0);
    const own = targets[t] < 0 ? Number.NaN : score(known, targets[t]);
    if (Number.isNaN(own)) return [targets[t] < 0 && !lists ? nItems - 1 : others.length, 0];
    const scores = others.map((item) => score(known, item));
    return [scores.filter((s) => s > own).length, scores.filter((s) => s === own).length];
  });
}

const everyPrefix = rows.flatMap((row) => row.slice(1).map((_, n) => row.slice(0, n + 1)));
const everyTarget = rows.flatMap((row) => row.slice(1));
const sequences = { kind: 'sequences', sequences: madeSequences(rows, nItems) } as const;

describe('rankEvents', () => {
  it.each([
    [1, 1],
    [3, 24],
    [7, 1000],
    [500, 50],
  ])('with %i lanes and blocks of %i scores finds the ranks of a plain loop', (lanes, maxScores) => {
    const ranks = rankEvents(madeScorer(nItems, lanes, hashedScore), targetEvents(sequences), { maxScores });
    const plain = plainRanks(everyPrefix, everyTarget);
    expect(Array.from(ranks.greater, (g, t) => [g, ranks.equal[t]])).toEqual(plain);
    expect([...ranks.isMiss]).toEqual(everyTarget.map((item) => (item < 0 ? 1 : 0)));
  });

  it('ranks listed cases, each as if it were alone', () => {
    const prefixes = [[1, 2, 3], [1, 2], [1], [4, -1], [4], [0]];
    const target = [4, 3, 2, -1, 5, 0];
    const cases = { prefixes: madeSequences(prefixes, nItems), target: Int32Array.from(target) };
    const targets = targetEvents({ kind: 'cases', cases, candidates: null });
    const log: string[] = [];
    const ranks = rankEvents(madeScorer(nItems, 4, hashedScore, log), targets);
    expect(Array.from(ranks.greater, (g, t) => [g, ranks.equal[t]])).toEqual(plainRanks(prefixes, target));
    expect([...targets.sequenceOf]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(log.at(-1)).toBe('free');
  });

  it('steps through nested cases once', () => {
    const prefixes = Array.from({ length: 9 }, (_, n) => Array.from({ length: 9 - n }, (_, k) => k));
    const cases = { prefixes: madeSequences(prefixes, nItems), target: Int32Array.from(prefixes, (p) => p.length) };
    const log: string[] = [];
    const session = { kind: 'sequences', ...nestCases(cases, () => true) } as const;
    rankEvents(madeScorer(nItems, 4, hashedScore, log), targetEvents(session));
    expect(log.filter((line) => line.startsWith('feed'))).toHaveLength(9);
  });

  it('ranks among listed candidates only', () => {
    const prefixes = [[1, 2], [3], [0]];
    const target = [3, 5, -1];
    const lists = [
      [0, 7],
      [1, 2, 4, 11],
      [6, 7],
    ];
    const cases = { prefixes: madeSequences(prefixes, nItems), target: Int32Array.from(target) };
    const candidates = { nRows: 3, rowStart: Int32Array.of(0, 2, 6, 8), columns: Int32Array.from(lists.flat()) };
    const ranks = rankEvents(madeScorer(nItems, 2, hashedScore), targetEvents({ kind: 'cases', cases, candidates }));
    expect(Array.from(ranks.greater, (g, t) => [g, ranks.equal[t]])).toEqual(
      plainRanks(prefixes, target, hashedScore, lists),
    );
    expect([...ranks.nCandidates]).toEqual([3, 5, 3]);
  });

  it('leaves out the history when told to; a target among it is a miss', () => {
    const made = { kind: 'sequences', sequences: madeSequences([[0, 1, 0, 2]], 3) } as const;
    const falling = madeScorer(3, 1, (_, item) => -item);
    const ranks = (excludeHistory: boolean) => [...rankEvents(falling, targetEvents(made), { excludeHistory }).greater];
    expect(ranks(false)).toEqual([1, 0, 2]);
    expect(ranks(true)).toEqual([0, 2, 0]);
    const { isMiss } = rankEvents(falling, targetEvents(made), { excludeHistory: true });
    expect([...isMiss]).toEqual([0, itemOfHistory, 0]);
  });

  it('counts NaN as lowest, and a target of score NaN as last', () => {
    const made = { kind: 'sequences', sequences: madeSequences([[0, 1, 2, 3]], 4) } as const;
    const scorer = madeScorer(4, 1, (_, item) => (item === 1 || item === 3 ? Number.NaN : item));
    const ranks = rankEvents(scorer, targetEvents(made));
    expect([...ranks.greater]).toEqual([3, 0, 3]);
    expect([...ranks.equal]).toEqual([0, 0, 0]);
  });

  it('takes −Infinity for a score like any other', () => {
    const made = { kind: 'sequences', sequences: madeSequences([[0, 1]], 3) } as const;
    const ranks = rankEvents(
      madeScorer(3, 1, () => Number.NEGATIVE_INFINITY),
      targetEvents(made),
    );
    expect([ranks.greater[0], ranks.equal[0]]).toEqual([0, 2]);
  });

  it.each([
    ['data', 'other items', () => rankEvents(madeScorer(nItems + 1, 1, hashedScore), targetEvents(sequences))],
    ['data', 'nothing to predict', () => targetEvents({ kind: 'sequences', sequences: madeSequences([[1], []], 3) })],
  ])('%s: %s', async (code, _, action) => {
    expect(await codeOf(action)).toBe(code);
  });
});
