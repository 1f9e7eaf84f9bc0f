/**
 * Who is friends with whom. Members choose friends among random acquaintances ∝ exp(homophily · similarity); friendship is
 * mutual. Wishes for friends are skewed (log-normal), so that some members know many others.
 */
import type { RandomStream } from '../../core/random.ts';
import { type SparseRows, sparseRows } from '../sparse-rows.ts';
import { nTraits } from './films.ts';
import type { FilmClubOptions } from './options.ts';
import type { People } from './people.ts';

const nAcquaintances = 150;

/** Half the cosine of two members' first-day tastes plus half the nearness of their favourite corners; in [−½, 1]. */
function tasteSimilarity(people: People, a: number, b: number): number {
  const { tasteStart, corner } = people;
  const length = nTraits;
  let dot = 0;
  let squareA = 0;
  let squareB = 0;
  for (let k = 0; k < length; k++) {
    const x = tasteStart[a * length + k];
    const y = tasteStart[b * length + k];
    dot += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  const era = corner[2 * a] - corner[2 * b];
  const mood = corner[2 * a + 1] - corner[2 * b + 1];
  return 0.5 * (dot / Math.sqrt(squareA * squareB)) + 0.5 * Math.exp(-(era * era + mood * mood) / 0.5);
}

/** Friends of each member, ascending, without repeats; the relation is symmetric and nobody is their own friend. */
export function makeFriendships(options: FilmClubOptions, people: People, random: RandomStream): SparseRows {
  const from: number[] = [];
  const to: number[] = [];
  for (let user = 0; user < options.nUsers; user++) {
    // Each friendship counts for both, so a member chooses half of them.
    const wish = (options.friends / 2) * Math.exp(0.6 * random.normal() - 0.18);
    const count = Math.floor(wish + random.uniform());
    for (const friend of chooseFriends(user, count, options, people, random)) {
      from.push(user, friend);
      to.push(friend, user);
    }
  }
  return sparseRows(options.nUsers, Int32Array.from(from), Int32Array.from(to), true);
}

/** The `count` acquaintances of highest homophily · similarity + Gumbel noise: draws without replacement ∝ exp(…). */
function chooseFriends(
  user: number,
  count: number,
  options: FilmClubOptions,
  people: People,
  random: RandomStream,
): number[] {
  if (count === 0) return [];
  const acquaintances = new Set<number>();
  const wanted = Math.min(options.nUsers - 1, Math.max(nAcquaintances, 2 * count));
  if (wanted === options.nUsers - 1) for (let other = 0; other < options.nUsers; other++) acquaintances.add(other);
  else while (acquaintances.size < wanted) acquaintances.add(random.below(options.nUsers));
  acquaintances.delete(user);
  const ranked = Array.from(acquaintances, (other) => {
    const gumbel = -Math.log(-Math.log(1 - random.uniform()));
    return { other, score: options.homophily * tasteSimilarity(people, user, other) + gumbel };
  });
  ranked.sort((a, b) => b.score - a.score);
  return ranked.slice(0, count).map(({ other }) => other);
}
