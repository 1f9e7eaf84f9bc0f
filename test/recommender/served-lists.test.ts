/** What is reported equals what the served lists contain: metrics are computed again from lists, one by one, by their formulas. */
import { afterAll, describe, expect, it } from 'vitest';
import { type Dataset, type Interactions, type Split, selectRows } from '../../src/data/dataset.ts';
import { sequencesOf } from '../../src/data/sequences/from-interactions.ts';
import { splitByLastDays } from '../../src/data/sequences/last-days.ts';
import { leaveLastOut } from '../../src/data/sequences/leave-last-out.ts';
import type { SequenceSplit } from '../../src/data/sequences/sequence-data.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { EvaluationResult } from '../../src/evaluation/evaluation-result.ts';
import { targetEvents } from '../../src/evaluation/next-item/target-events.ts';
import { isRowResult } from '../../src/evaluation/result.ts';
import type { TieRule } from '../../src/evaluation/tie-groups.ts';
import { trainFieldRecommender, trainRecommender, trainSequenceRecommender } from '../../src/runs/train-recommender.ts';
import { fieldDataOf } from '../../src/tasks/prepare-fields.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { parseFieldRunSettings } from '../../src/tasks/row-settings.ts';
import { type MadeRow, madeDataset, testRandom } from '../data/made-data.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

/** Metrics of one list by their formulas; the list is what was served, best first. */
const formulas: Readonly<Record<string, (list: readonly string[], relevant: ReadonlySet<string>) => number>> = {
  'hr@3': (list, relevant) => (list.slice(0, 3).some((id) => relevant.has(id)) ? 1 : 0),
  'recall@3': (list, relevant) => list.slice(0, 3).filter((id) => relevant.has(id)).length / relevant.size,
  'precision@3': (list, relevant) => list.slice(0, 3).filter((id) => relevant.has(id)).length / 3,
  'mrr@5': (list, relevant) => 1 / (list.slice(0, 5).findIndex((id) => relevant.has(id)) + 1 || Infinity),
  'ndcg@5': (list, relevant) => gain(list.slice(0, 5), relevant) / idealGain(Math.min(5, relevant.size)),
  ndcg: (list, relevant) => gain(list, relevant) / idealGain(relevant.size),
  'map@5': (list, relevant) => {
    let [hits, sum] = [0, 0];
    list.slice(0, 5).forEach((id, n) => {
      if (relevant.has(id)) sum += ++hits / (n + 1);
    });
    return sum / Math.min(5, relevant.size);
  },
};
const metrics = Object.keys(formulas);

function gain(list: readonly string[], relevant: ReadonlySet<string>): number {
  return list.reduce((sum, id, n) => sum + (relevant.has(id) ? 1 / Math.log2(n + 2) : 0), 0);
}

function idealGain(n: number): number {
  return Array.from({ length: n }, (_, p) => 1 / Math.log2(p + 2)).reduce((a, b) => a + b, 0);
}

interface Served {
  readonly list: readonly string[];
  readonly relevant: ReadonlySet<string>;
}

const meanOf = (name: string, served: readonly Served[]): number =>
  served.reduce((sum, { list, relevant }) => sum + formulas[name](list, relevant), 0) / served.length;

/** Lists break ties by some order: what is measured under the two strict rules stands on either side. */
function expectWithin(
  of: (rule: TieRule) => EvaluationResult,
  served: readonly Served[],
  isWithoutTies: boolean,
): void {
  const [low, high] = [of('conservative'), of('optimistic')];
  for (const name of metrics) {
    const seen = meanOf(name, served);
    expect(low.metrics[name].mean, name).toBeLessThanOrEqual(seen + 1e-9);
    expect(high.metrics[name].mean, name).toBeGreaterThanOrEqual(seen - 1e-9);
    if (isWithoutTies) expect(of('expected').metrics[name].mean, name).toBeCloseTo(seen, 9);
  }
}

/** Pairs that are in several parts, as a log of listens has them; user u7 has held-out items only that were taken before. */
function repeatedPairs(): Split {
  const below = testRandom(4);
  const rows: [MadeRow, number][] = [];
  for (let user = 0; user < 12; user++)
    for (let n = 0; n < 14; n++) rows.push([[`u${user}`, `i${(below(10) * below(3) + user) % 17}`], n % 7]);
  for (let item = 0; item < 17; item++) rows.push([['u0', `i${item}`], item < 9 ? 0 : 5]);
  const part = rows.map(([[user], n], r) => (user === 'u7' && n >= 5 ? -1 : n < 4 ? 0 : n === 4 ? 1 : r % 2 ? 0 : 2));
  const repeated = rows.findIndex(([[user]], r) => user === 'u7' && part[r] === 0);
  rows.push([rows[repeated][0], 6]);
  part.push(2);
  const dataset = madeDataset(rows.map(([row]) => row));
  const rowsOf = (wanted: number): Interactions =>
    selectRows(
      dataset.interactions,
      Int32Array.from(part.keys()).filter((r) => part[r] === wanted),
    );
  return {
    dataset,
    train: rowsOf(0),
    validation: rowsOf(1),
    test: rowsOf(2),
    validationCandidates: null,
    testCandidates: null,
    description: { method: 'made' },
  };
}

const itemsOf = ({ users, items }: Dataset, part: Interactions, user: string): Set<string> =>
  new Set(
    [...part.itemIndex].filter((_, r) => part.userIndex[r] === users.indexOf(user)).map((item) => items.idOf(item)),
  );

describe('users and items', () => {
  const split = repeatedPairs();
  const { dataset, train, validation, test } = split;
  const served = (filter: string, ranked: (user: string) => readonly string[]): Served[] =>
    dataset.users.ids.flatMap((user) => {
      const relevant = itemsOf(dataset, test!, user);
      if (relevant.size === 0) return [];
      const parts = { none: [], train: [train], 'train+validation': [train, validation!] }[filter]!;
      const taken = new Set(parts.flatMap((part) => [...itemsOf(dataset, part, user)]));
      return [{ list: ranked(user).filter((id) => !taken.has(id)), relevant }];
    });
  const cases = ['ease', 'ials', 'mf', 'item-knn', 'popularity'].flatMap((model) =>
    (['none', 'train', 'train+validation'] as const).map((filter) => [model, filter] as const),
  );

  it.each(cases)('%s, filter %s', async (model, filter) => {
    const of = async (tieRule: TieRule) =>
      trainRecommender({
        engine,
        split,
        settings: parseRunSettings({
          data: { simulated: {} },
          model,
          final: false,
          training: model === 'mf' ? { epochs: 2 } : {},
          evaluation: { filter, tieRule, metrics },
        }),
      });
    const runs = {
      conservative: await of('conservative'),
      optimistic: await of('optimistic'),
      expected: await of('expected'),
    };
    const { recommender } = runs.expected;
    const all = { k: dataset.items.size, includeSeen: true };
    const lists = served(filter, (user) =>
      recommender.recommend({ user }, all).recommendations.map(({ item }) => item),
    );
    expectWithin((rule) => runs[rule].result!, lists, model === 'mf' || model === 'ials');
    const unlisted = lists.flatMap(({ list, relevant }) => [...relevant].filter((id) => !list.includes(id))).length;
    expect(runs.expected.result!.protocol.takenBefore?.n ?? 0).toBe(unlisted);
    expect(unlisted > 0).toBe(filter !== 'none');
    for (const { recommender: each } of Object.values(runs)) each.close();
  });

  it.each(['train', 'train+validation', 'none'] as const)('fm over fields, filter %s', async (filter) => {
    const of = async (tieRule: TieRule) => {
      const settings = parseFieldRunSettings({
        data: { simulated: {} },
        model: 'fm',
        task: 'ranking',
        final: false,
        training: { epochs: 2 },
        evaluation: { filter, tieRule, metrics },
      });
      const { recommender, result } = await trainFieldRecommender({
        engine,
        data: fieldDataOf(split, settings),
        settings,
      });
      if (result === null || isRowResult(result)) throw new Error('a ranking was expected');
      return { recommender, result };
    };
    const runs = {
      conservative: await of('conservative'),
      optimistic: await of('optimistic'),
      expected: await of('expected'),
    };
    const all = { k: dataset.items.size, includeSeen: true };
    const { recommender } = runs.expected;
    const lists = served(filter, (user) =>
      recommender.recommend({ user }, all).recommendations.map(({ item }) => item),
    );
    expectWithin((rule) => runs[rule].result, lists, true);
    for (const { recommender: each } of Object.values(runs)) each.close();
  });
});

describe('sequences', () => {
  const below = testRandom(9);
  const rows: MadeRow[] = [];
  for (let s = 0; s < 120; s++) {
    let item = below(8);
    for (let n = 0; n < 2 + below(6); n++) {
      rows.push([`u${s}`, `film ${item}`, s * 3600 + n, s]);
      item = below(4) === 0 ? below(8) : (item + 1) % 8;
    }
  }
  const bySession = splitByLastDays(sequencesOf(madeDataset(rows)), { days: 1 });
  const byUser = leaveLastOut(sequencesOf(madeDataset(rows), { by: 'user' }));
  const splits: readonly (readonly [string, SequenceSplit])[] = [
    ['sessions', bySession],
    ['histories', byUser],
  ];
  const models = ['markov', 'vsknn', 'session-item-knn', 'sequence-popularity', 'gru4rec'];
  const cases = splits.flatMap(([title, split]) =>
    models.flatMap((model) => (['none', 'history'] as const).map((filter) => [model, title, filter, split] as const)),
  );

  it.each(cases)('%s of %s, filter %s', async (model, _, filter, split) => {
    const training = model === 'gru4rec' ? { epochs: 1, batchSize: 8 } : {};
    const config = model === 'gru4rec' ? { hidden: [6] } : {};
    const of = async (tieRule: TieRule) =>
      trainSequenceRecommender({
        engine,
        split,
        model,
        config,
        training,
        final: false,
        evaluation: { filter, tieRule, metrics },
      });
    const runs = {
      conservative: await of('conservative'),
      optimistic: await of('optimistic'),
      expected: await of('expected'),
    };
    const { recommender, result } = runs.expected;
    const { sequences, targetOf, sequenceOf, item } = targetEvents(split.test!);
    const idOf = (index: number) => split.items.idOf(index);
    const served: Served[] = [];
    for (let event = 0; event < targetOf.length; event++) {
      const target = targetOf[event];
      if (target < 0) continue;
      const history = Array.from(sequences.items.subarray(sequences.start[sequenceOf[target]], event), idOf);
      const list = recommender.recommend({ history }, { k: split.items.size }).recommendations.map((r) => r.item);
      served.push({ list, relevant: new Set([idOf(item[target])]) });
    }
    expectWithin((rule) => runs[rule].result!, served, model === 'gru4rec');
    const unlisted = served.filter(({ list, relevant }) => !list.some((id) => relevant.has(id))).length;
    expect(result!.protocol.takenBefore ?? { n: 0, of: served.length }).toEqual({ n: unlisted, of: served.length });
    expect(unlisted > 0).toBe(filter === 'history');
    for (const { recommender: each } of Object.values(runs)) each.close();
  });
});
