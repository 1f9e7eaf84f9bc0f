/** What could be reached on the film club at all: lines of reference for its leaderboard. */
import type { SimulatedWorld } from '../data/simulated/film-club.ts';
import { bestPossible, optimalScores } from '../data/simulated/optimal-scores.ts';
import type { LeaderboardRow } from '../evaluation/leaderboard.ts';

/**
 * `best possible` ranks by the true probability of every next film; `best without context` by what it would be without the
 * evening's previous film and the friends' talk, which the models here are not shown either. Both are expectations over what
 * the member might have watched, so they have no sampling interval.
 */
export function referenceRows(world: SimulatedWorld, k: number): LeaderboardRow[] {
  const full = bestPossible(world, k);
  const withoutContext = expectedWithoutContext(world, k);
  const row = (model: string, { ndcg, hitRate }: { ndcg: number; hitRate: number }): LeaderboardRow => ({
    model,
    metrics: { [`ndcg@${k}`]: { mean: ndcg }, [`hr@${k}`]: { mean: hitRate } },
    isReference: true,
  });
  return [row('best possible', full), row('best without context', withoutContext)];
}

/** Ranked without context, judged with it: NDCG@k = Σ_{r≤k} p(item at rank r) / log₂(r + 1). */
function expectedWithoutContext(world: SimulatedWorld, k: number): { ndcg: number; hitRate: number } {
  const { nUsers, nItems } = world.options;
  let ndcg = 0;
  let hitRate = 0;
  for (let user = 0; user < nUsers; user++) {
    const known = optimalScores(world, user, { context: 'none' });
    const probability = optimalScores(world, user);
    const order = Int32Array.from({ length: nItems }, (_, item) => item).sort((a, b) => known[b] - known[a] || a - b);
    for (let rank = 0; rank < Math.min(k, nItems); rank++) {
      hitRate += probability[order[rank]] / nUsers;
      ndcg += probability[order[rank]] / Math.log2(rank + 2) / nUsers;
    }
  }
  return { ndcg, hitRate };
}
