import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/core/random.ts';
import { compareResults } from '../../../src/evaluation/comparison.ts';
import { fromStored, toColumns, toJson } from '../../../src/evaluation/evaluation-result.ts';
import { rankEvents } from '../../../src/evaluation/next-item/rank-events.ts';
import { summariseEvents } from '../../../src/evaluation/next-item/summarise-events.ts';
import { targetEvents } from '../../../src/evaluation/next-item/target-events.ts';
import type { TieRule } from '../../../src/evaluation/tie-groups.ts';
import { testRandom } from '../../data/made-data.ts';
import { madeSequences } from '../../data/sequences/made-sequences.ts';
import { codeOf } from '../../data/temporary-files.ts';
import { protocolOf } from '../protocol-of.ts';
import { hashedScore, madeScorer } from './made-scorer.ts';

const nItems = 30;
const below = testRandom(11);
const rows = Array.from({ length: 60 }, () =>
  Array.from({ length: 1 + below(7) }, () => below(nItems + 2) - 1).map((i) => (i >= nItems ? -1 : i)),
);
const targets = targetEvents({ kind: 'sequences', sequences: madeSequences(rows, nItems) });

function evaluated(
  score = hashedScore,
  tieRule: TieRule = 'conservative',
  metrics: readonly string[] | undefined = undefined,
) {
  const { cutoffs: _, nUsers: __, ...protocol } = { ...protocolOf({}), tieRule };
  return summariseEvents(rankEvents(madeScorer(nItems, 5, score), targets), targets, {
    protocol,
    seconds: 1,
    metrics,
    stream: new RandomStream(1, 'bootstrap'),
    resamples: 200,
  });
}

/** Mean over the events of what the definition says, ties by the rule. */
function plain(k: number, value: (rank: number) => number, rule: TieRule): number {
  const values = rows.flatMap((row) =>
    row.slice(1).map((item, n) => {
      if (item < 0) return 0;
      const prefix = row.slice(0, n + 1).filter((i) => i >= 0);
      const scores = Array.from({ length: nItems }, (_, i) => hashedScore(prefix, i));
      const first = 1 + scores.filter((s) => s > scores[item]).length;
      const last = scores.filter((s) => s >= scores[item]).length;
      const at = (rank: number): number => (rank <= k ? value(rank) : 0);
      if (rule === 'optimistic') return at(first);
      if (rule === 'conservative') return at(last);
      const all = Array.from({ length: last - first + 1 }, (_, t) => at(first + t));
      return all.reduce((a, b) => a + b) / all.length;
    }),
  );
  return values.reduce((a, b) => a + b) / values.length;
}

describe('summariseEvents', () => {
  it.each(['conservative', 'expected', 'optimistic'] as const)('means over events, ties %s', (rule) => {
    const { metrics } = evaluated(hashedScore, rule);
    for (const k of [5, 10, 20]) {
      expect(metrics[`recall@${k}`].mean).toBeCloseTo(
        plain(k, () => 1, rule),
        12,
      );
      expect(metrics[`mrr@${k}`].mean).toBeCloseTo(
        plain(k, (rank) => 1 / rank, rule),
        12,
      );
    }
    expect(metrics['recall@1'].mean).toBeCloseTo(
      plain(1, () => 1, rule),
      12,
    );
  });

  it('a miss is 0 even where the cutoff holds the whole catalogue', () => {
    const { metrics, protocol } = evaluated(hashedScore, 'conservative', ['recall@1000', 'ndcg@1000']);
    const { nEvents, nMisses } = protocol.nextItem!;
    expect(nMisses).toBe(rows.flatMap((row) => row.slice(1)).filter((item) => item < 0).length);
    expect(nMisses).toBeGreaterThan(0);
    expect(metrics['recall@1000'].mean).toBeCloseTo(1 - nMisses / nEvents, 12);
  });

  it('keeps a weighted value of every sequence, which make the mean', () => {
    const { perUser, weights, users, metrics, protocol } = evaluated();
    const long = rows.flatMap((row, s) => (row.length > 1 ? [s] : []));
    expect(users).toEqual(long.map(String));
    expect([...weights['recall@20']]).toEqual(long.map((s) => rows[s].length - 1));
    const sum = perUser['recall@20'].reduce((a, v, u) => a + v * weights['recall@20'][u], 0);
    expect(sum / protocol.nextItem!.nEvents).toBeCloseTo(metrics['recall@20'].mean, 12);
    const { low, high, mean } = metrics['recall@20'];
    expect(low! < mean && mean < high!).toBe(true);
  });

  it('takes its intervals over sequences: events that hang together make them wide', () => {
    // every event of a sequence hits or none does, 20 sequences of 50 targets
    const made = Array.from({ length: 20 }, (_, s) => Array.from({ length: 51 }, () => s % 2));
    const clustered = targetEvents({ kind: 'sequences', sequences: madeSequences(made, 2) });
    const { cutoffs: _, nUsers: __, ...protocol } = protocolOf({});
    const result = summariseEvents(
      rankEvents(
        madeScorer(2, 3, (___, item) => item),
        clustered,
      ),
      clustered,
      {
        protocol,
        seconds: 0,
        metrics: ['recall@1'],
        stream: new RandomStream(1, 'bootstrap'),
      },
    );
    const { low, high } = result.metrics['recall@1'];
    // √(¼ / 20) = 0.112 over sequences; √(¼ / 1000) = 0.016 over events
    expect(high! - low!).toBeGreaterThan(0.3);
  });

  it('goes through the paired comparison and the stored form', () => {
    const [a, b] = [evaluated(), evaluated((events, item) => -hashedScore(events, item))];
    const stored = fromStored(JSON.parse(JSON.stringify(toJson(a))), toColumns(a));
    expect(stored.perUser).toEqual(a.perUser);
    const runs = [
      { name: 'a', result: stored },
      { name: 'b', result: b },
    ];
    const { rows: table } = compareResults(runs, 'mrr@20', { stream: new RandomStream(1, 'compare'), baseline: 'b' });
    const difference = table.find((row) => row.name === 'a')?.difference;
    expect(difference?.mean).toBeCloseTo(a.metrics['mrr@20'].mean - b.metrics['mrr@20'].mean, 12);
  });

  it('is not compared with ranks of other events, ties or users', async () => {
    const a = evaluated();
    const { nextItem: _, ...perUser } = a.protocol;
    const others = [evaluated(hashedScore, 'expected'), { ...a, protocol: perUser }];
    for (const other of others)
      expect(
        await codeOf(() =>
          compareResults(
            [
              { name: 'a', result: a },
              { name: 'o', result: other },
            ],
            'mrr@20',
            { stream: new RandomStream(1, 'c') },
          ),
        ),
      ).toBe('protocol');
  });

  it.each(['auc', 'coverage@10', 'rmse', 'novelty@5'])('config: %s is no matter of the next rank', async (metric) => {
    expect(await codeOf(() => evaluated(hashedScore, 'expected', [metric]))).toBe('config');
  });
});
