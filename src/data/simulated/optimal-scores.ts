/**
 * The best that any model can do on a simulated world, because the probability of every next film is known.
 *
 * Protocol: the held-out event is one event of a member, by default the last (leave-one-out by time), ranked among the films
 * the member has not seen before it. The score is p(i | u, context) of viewing.ts, from which the record itself was drawn,
 * with everything known: true tastes at that time, exposure, the evening's previous film, what friends have said, releases.
 * Ranking by it maximises the expected value of HR@k, NDCG@k, MRR and every other metric that falls with the rank. For the
 * last event this holds against every model, also one that reads the whole rest of the record: nothing in it depends on a
 * member's last evening. For an earlier event it holds against models that read only what happened before that event.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { RandomStream } from '../../core/random.ts';
import { type Evening, noFilm } from './exposure.ts';
import type { SimulatedWorld } from './film-club.ts';
import { beginEvening, drawNextFilm, nextFilmProbabilities } from './viewing.ts';

interface HeldOutEvent {
  /** Which of the member's events, counted from 0 in order of time; negative counts from the end. Default −1, the last. */
  readonly position?: number;
  /**
   * `full` (default): all is known. `none`: the evening's previous film and the friends' talk are left out, so exposure is
   * popularity and premieres only: a line of reference for models that know tastes and popularity but not the context.
   */
  readonly context?: 'full' | 'none';
}

interface Situation {
  readonly evening: Evening;
  readonly previous: number;
  readonly isSeen: Uint8Array; // [nItems]
  readonly item: number;
}

/** Everything about an event before it happens, and the film that was then watched. */
function situationOf(world: SimulatedWorld, userIndex: number, held: HeldOutEvent): Situation {
  const { userStart, eventStart } = world.calendar;
  const { nUsers } = world.options;
  if (!(Number.isInteger(userIndex) && userIndex >= 0 && userIndex < nUsers))
    throw notFound(`user index must be an integer in [0, ${nUsers}), found ${userIndex}`, { userIndex });
  const first = eventStart[userStart[userIndex]];
  const end = eventStart[userStart[userIndex + 1]];
  const position = held.position ?? -1;
  const event = position < 0 ? end + position : first + position;
  if (!(Number.isInteger(event) && event >= first && event < end)) {
    const n = end - first;
    throw notFound(`event position must be an integer in [−${n}, ${n}) for user ${userIndex}, found ${position}`, {
      position,
    });
  }
  let e = userStart[userIndex];
  while (eventStart[e + 1] <= event) e++;
  const isFirst = held.context === 'none' || event === eventStart[e];
  const isSeen = new Uint8Array(world.options.nItems);
  for (let earlier = first; earlier < event; earlier++) isSeen[world.watched[earlier]] = 1;
  const evening = beginEvening(world, world.watched, userIndex, e);
  return {
    evening: held.context === 'none' ? { ...evening, heard: new Int32Array(0) } : evening,
    previous: isFirst ? noFilm : world.watched[event - 1],
    isSeen,
    item: world.watched[event],
  };
}

function notFound(what: string, details: Record<string, unknown>): DeepTasteError {
  return new DeepTasteError('not-found', `film club: ${what}; ask for one that exists`, details);
}

/**
 * Probability of each film to be the held-out one, given everything before it; 0 for films seen before or not yet out.
 * Sums to 1. @returns [nItems] @throws DeepTasteError 'not-found' for a member or event that does not exist
 */
export function optimalScores(world: SimulatedWorld, userIndex: number, held: HeldOutEvent = {}): Float64Array {
  const { evening, previous, isSeen } = situationOf(world, userIndex, held);
  return nextFilmProbabilities(world, evening, previous, isSeen);
}

/** The film that the member watched at that event. @throws DeepTasteError 'not-found' */
export function heldOutItem(world: SimulatedWorld, userIndex: number, position = -1): number {
  return situationOf(world, userIndex, { position }).item;
}

/** A fresh draw of that event, by the same process as the record. @throws DeepTasteError 'not-found' */
export function redrawEvent(
  world: SimulatedWorld,
  userIndex: number,
  random: RandomStream,
  held: HeldOutEvent = {},
): number {
  const { evening, previous, isSeen } = situationOf(world, userIndex, held);
  return drawNextFilm(world, evening, previous, isSeen, random);
}

interface BestPossible {
  readonly k: number;
  readonly hitRate: number;
  readonly ndcg: number;
}

/**
 * Expected HR@k and NDCG@k of the optimal ranking, averaged over all members: with p₍₁₎ ≥ p₍₂₎ ≥ … of a member,
 * HR@k = Σ_{r≤k} p₍ᵣ₎ and NDCG@k = Σ_{r≤k} p₍ᵣ₎ / log₂(r + 1). No sampling noise: the metrics that a model measures on the
 * one held-out event of each member scatter around what it can expect.
 */
export function bestPossible(world: SimulatedWorld, k: number, position = -1): BestPossible {
  if (!(Number.isInteger(k) && k >= 1)) {
    throw new DeepTasteError('config', `film club: k must be an integer of at least 1, found ${k}; pass e.g. 10`, {
      k,
    });
  }
  const { nUsers } = world.options;
  let hitRate = 0;
  let ndcg = 0;
  for (let user = 0; user < nUsers; user++) {
    const best = optimalScores(world, user, { position }).sort().reverse().subarray(0, k);
    for (const [rank, probability] of best.entries()) {
      hitRate += probability / nUsers;
      ndcg += probability / Math.log2(rank + 2) / nUsers;
    }
  }
  return { k, hitRate, ndcg };
}
