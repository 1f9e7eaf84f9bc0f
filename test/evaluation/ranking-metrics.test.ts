import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { parseMetric, parseMetrics } from '../../src/evaluation/metric-name.ts';
import { metricValues } from '../../src/evaluation/metric-values.ts';
import type { TieRule } from '../../src/evaluation/tie-groups.ts';
import { rankCountsOf, type ScoredUser } from './rank-counts-of.ts';

function metricOf(user: ScoredUser, metric: string, rule: TieRule = 'expected'): number {
  const values = metricValues(rankCountsOf([user]), [parseMetric(metric)], rule).get(metric)!;
  return values.perUser === null ? values.overall : values.perUser[0];
}

// ---- Oracle: metrics of one definite order, straight from the textbook, averaged over all orders within ties. ----

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((p) => [item, ...p]),
  );
}

/** All orders of the items by descending score: the product of the permutations of each tie group. */
function orders(scores: readonly number[]): number[][] {
  const levels = [...new Set(scores)].sort((a, b) => b - a);
  let lists: number[][] = [[]];
  for (const level of levels) {
    const group = scores.map((_, item) => item).filter((item) => scores[item] === level);
    const ways = permutations(group);
    lists = lists.flatMap((list) => ways.map((way) => [...list, ...way]));
  }
  return lists;
}

function ofOrder(order: readonly number[], relevant: ReadonlySet<number>, family: string, k: number): number {
  const isHit = order.slice(0, k).map((item) => relevant.has(item));
  const hits = isHit.filter(Boolean).length;
  const ideal = Math.min(k, relevant.size);
  switch (family) {
    case 'hr':
      return hits > 0 ? 1 : 0;
    case 'recall':
      return hits / relevant.size;
    case 'precision':
      return hits / k;
    case 'mrr':
      return hits > 0 ? 1 / (isHit.indexOf(true) + 1) : 0;
    case 'ndcg': {
      const gain = (flags: boolean[]) => flags.reduce((sum, hit, p) => sum + (hit ? Math.LN2 / Math.log(p + 2) : 0), 0);
      return gain(isHit) / gain(new Array(ideal).fill(true));
    }
    case 'map': {
      let sum = 0;
      isHit.forEach((hit, p) => {
        if (hit) sum += isHit.slice(0, p + 1).filter(Boolean).length / (p + 1);
      });
      return sum / ideal;
    }
    case 'auc': {
      let won = 0;
      let pairs = 0;
      order.forEach((i, p) => {
        order.forEach((j, q) => {
          if (!relevant.has(i) || relevant.has(j)) return;
          pairs++;
          if (p < q) won++;
        });
      });
      return won / pairs;
    }
    default:
      throw new Error(family);
  }
}

const families = ['hr', 'recall', 'precision', 'ndcg', 'mrr', 'map'];

function randomUser(stream: RandomStream): ScoredUser {
  const nItems = 3 + stream.below(5);
  const nLevels = 1 + stream.below(3);
  const scores = Array.from({ length: nItems }, () => stream.below(nLevels));
  const items = stream.shuffle(scores.map((_, item) => item));
  return { scores, relevant: items.slice(0, 1 + stream.below(nItems - 1)) };
}

describe('tie rules against enumeration of all orders', () => {
  const stream = new RandomStream(7, 'test/ties');
  const users = Array.from({ length: 40 }, () => randomUser(stream));
  const cases = users.flatMap((user) => families.flatMap((f) => [1, 2, 3, 5, 9].map((k) => ({ user, f, k }))));
  const enumerated = new Map(users.map((user) => [user, orders(user.scores)]));
  const oracle = ({ user, f, k }: { user: ScoredUser; f: string; k: number }) =>
    enumerated.get(user)!.map((order) => ofOrder(order, new Set(user.relevant), f, k));

  it('expected is the mean over all orders', () => {
    for (const c of cases) {
      const values = oracle(c);
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      expect(metricOf(c.user, `${c.f}@${c.k}`), JSON.stringify(c)).toBeCloseTo(mean, 11);
    }
  });

  it('optimistic is the best order, conservative the worst', () => {
    for (const c of cases) {
      const values = oracle(c);
      expect(metricOf(c.user, `${c.f}@${c.k}`, 'optimistic'), JSON.stringify(c)).toBeCloseTo(Math.max(...values), 11);
      expect(metricOf(c.user, `${c.f}@${c.k}`, 'conservative'), JSON.stringify(c)).toBeCloseTo(Math.min(...values), 11);
    }
  });

  it('without a cutoff the whole list counts; AUC is the mean over orders too', () => {
    for (const user of users)
      for (const f of ['ndcg', 'mrr', 'map', 'auc']) {
        const values = enumerated.get(user)!.map((order) => ofOrder(order, new Set(user.relevant), f, order.length));
        const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
        expect(metricOf(user, f)).toBeCloseTo(mean, 11);
        expect(metricOf(user, f, 'optimistic')).toBeCloseTo(Math.max(...values), 11);
        expect(metricOf(user, f, 'conservative')).toBeCloseTo(Math.min(...values), 11);
      }
  });
});

describe('values by hand', () => {
  // Ranks of the relevant items: 1, 3, 6 of 6 candidates.
  const user: ScoredUser = { scores: [6, 5, 4, 3, 2, 1], relevant: [5, 0, 2] };

  it.each([
    ['hr@1', 1],
    ['recall@3', 2 / 3],
    ['precision@4', 2 / 4],
    ['precision@10', 3 / 10],
    ['ndcg@3', (1 + 1 / 2) / (1 + 1 / Math.log2(3) + 1 / 2)],
    ['mrr', 1],
    ['map', (1 / 1 + 2 / 3 + 3 / 6) / 3],
    ['map@2', 1 / 2],
    ['auc', (3 + 2 + 0) / (3 * 3)],
  ])('%s', (metric, value) => {
    expect(metricOf(user, metric)).toBeCloseTo(value, 12);
  });

  it('one relevant item among equals: HR@k = clamp((k − g)/(e + 1), 0, 1)', () => {
    const tied: ScoredUser = { scores: [9, 9, 5, 5, 5, 5, 1], relevant: [3] };
    expect([1, 2, 3, 4, 6, 7].map((k) => metricOf(tied, `hr@${k}`))).toEqual([0, 0, 1 / 4, 2 / 4, 1, 1]);
    expect(metricOf(tied, 'mrr')).toBeCloseTo((1 / 3 + 1 / 4 + 1 / 5 + 1 / 6) / 4, 12);
    expect(metricOf(tied, 'hr@3', 'optimistic')).toBe(1);
    expect(metricOf(tied, 'hr@5', 'conservative')).toBe(0);
  });

  it('many relevant items in a huge tie stay finite and exact', () => {
    const scores = new Array(4000).fill(0);
    const all: ScoredUser = { scores, relevant: scores.map((_, i) => i).slice(0, 500) };
    expect(metricOf(all, 'recall@20')).toBeCloseTo(20 / 4000, 12);
    expect(metricOf(all, 'auc')).toBeCloseTo(0.5, 12);
    expect(metricOf(all, 'hr@1')).toBeCloseTo(500 / 4000, 12);
    // 1 − C(3500, 20)/C(4000, 20)
    let miss = 1;
    for (let t = 0; t < 20; t++) miss *= (3500 - t) / (4000 - t);
    expect(metricOf(all, 'hr@20')).toBeCloseTo(1 - miss, 12);
  });

  it('undefined is NaN: no relevant items, or (AUC) nothing else to rank', () => {
    expect(metricOf({ scores: [1, 2], relevant: [] }, 'recall@1')).toBeNaN();
    expect(metricOf({ scores: [1, 2], relevant: [0, 1] }, 'auc')).toBeNaN();
    expect(metricOf({ scores: [1, 2], relevant: [0, 1] }, 'ndcg@5')).toBe(1);
  });

  it('GAUC weighs users by their relevant items', () => {
    const counts = rankCountsOf([user, { scores: [1, 2, 3], relevant: [0] }]);
    const gauc = metricValues(counts, parseMetrics(['gauc'])).get('gauc')!;
    expect(gauc.perUser && [...gauc.perUser]).toEqual([5 / 9, 0]);
    expect(gauc.perUser && [...gauc.weights!]).toEqual([3, 1]);
  });

  it('values lie in [0, 1] and the order of relevant items is of no consequence', () => {
    const stream = new RandomStream(3, 'test/bounds');
    for (let n = 0; n < 50; n++) {
      const { scores, relevant } = randomUser(stream);
      for (const family of families) {
        const value = metricOf({ scores, relevant }, `${family}@3`);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1 + 1e-12);
        expect(metricOf({ scores, relevant: [...relevant].reverse() }, `${family}@3`)).toBe(value);
      }
    }
  });
});
