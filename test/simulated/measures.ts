/** Statistics of simulated worlds, computed plainly; nothing here comes from the code under test. */
import type { SimulatedWorld } from '../../src/data/simulated/film-club.ts';

export interface Event {
  readonly user: number;
  readonly item: number;
  readonly time: number;
  readonly session: number;
}

/** The data set's rows as objects, grouped by member, each member's in order of time. */
export function historiesOf({ dataset }: SimulatedWorld): Event[][] {
  const histories: Event[][] = Array.from({ length: dataset.users.size }, () => []);
  const { userIndex, itemIndex, time, session } = dataset.interactions;
  for (const [row, user] of userIndex.entries())
    histories[user].push({ user, item: itemIndex[row], time: time![row], session: session![row] });
  return histories.map((events) => events.sort((a, b) => a.time - b.time));
}

export const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
export const mean = (values: Iterable<number>) => {
  const list = [...values];
  return sum(list) / list.length;
};
export const standardDeviation = (values: readonly number[]) => {
  const centre = mean(values);
  return Math.sqrt(sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1));
};
export const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const x = Array.from(a);
  const y = Array.from(b);
  const mx = mean(x);
  const my = mean(y);
  const covariance = sum(x.map((value, n) => (value - mx) * (y[n] - my))) / (x.length - 1);
  return covariance / (standardDeviation(x) * standardDeviation(y));
}

/** Gini coefficient of non-negative counts: 0 = all equal, towards 1 = one has all. */
export function gini(counts: ArrayLike<number>): number {
  const sorted = Array.from(counts).sort((a, b) => a - b);
  const n = sorted.length;
  return sum(sorted.map((count, rank) => (2 * (rank + 1) - n - 1) * count)) / (n * sum(sorted));
}

export function itemCounts(world: SimulatedWorld): number[] {
  const counts = new Array<number>(world.options.nItems).fill(0);
  for (const item of world.dataset.interactions.itemIndex) counts[item]++;
  return counts;
}

/** NDCG@k of one held-out item: 1 / log₂(rank + 1), excluded items last; ties count against the item. */
export function ndcg(scores: ArrayLike<number>, target: number, excluded: ReadonlySet<number>, k = 10): number {
  let rank = 1;
  for (let item = 0; item < scores.length; item++)
    if (item !== target && !excluded.has(item) && scores[item] >= scores[target]) rank++;
  return rank <= k ? 1 / Math.log2(rank + 1) : 0;
}
