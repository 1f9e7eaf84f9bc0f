/**
 * How the record comes about, one film after the other. The next film of member u in a context is drawn from
 *
 *   p(i | u, context) ∝ E(i | context) · accept(u, i, t) · 1[i is out and u has not seen it]
 *
 * that is: films are shown until one is accepted. Evenings happen in the order of their beginnings, so a context depends on
 * the past only. On arriving, a member talks to friends about the films of the PREVIOUS evening; a member's last evening is
 * therefore never talked about, and nothing in the rest of the record depends on it.
 */
import type { RandomStream } from '../../core/random.ts';
import { rowOf, type SparseRows } from '../sparse-rows.ts';
import type { Calendar } from './calendar.ts';
import { type Evening, type ExposureWorld, exposureProbabilities, exposureSampler, noFilm } from './exposure.ts';
import { secondsPerDay } from './films.ts';
import { acceptance, type TasteWorld, tasteAt } from './taste.ts';
import { choose, runningSums } from './weighted-choice.ts';

const talkSeconds = 30 * secondsPerDay;
/** After so many refused films the draw is made from the listed probabilities: the same distribution, bounded work. */
const mostShown = 200;

/** What the process needs to know of the world before anything is watched. */
export interface ViewingWorld extends TasteWorld, ExposureWorld {
  readonly friends: SparseRows;
  readonly calendar: Calendar;
}

/** Films talked about by friends who arrived in the 30 days before `time`: those of their evening before. With repeats. */
function heardFilms(world: ViewingWorld, watched: Int32Array, userIndex: number, time: number): Int32Array {
  const { userStart, eveningTime, eventStart } = world.calendar;
  const heard: number[] = [];
  for (const friend of rowOf(world.friends, userIndex)) {
    for (let evening = userStart[friend + 1] - 1; evening > userStart[friend]; evening--) {
      if (eveningTime[evening] >= time) continue;
      if (eveningTime[evening] < time - talkSeconds) break;
      for (let event = eventStart[evening - 1]; event < eventStart[evening]; event++) heard.push(watched[event]);
    }
  }
  return Int32Array.from(heard);
}

/** @param watched item of each event so far; only events before the evening are read */
export function beginEvening(world: ViewingWorld, watched: Int32Array, userIndex: number, evening: number): Evening {
  const time = world.calendar.eveningTime[evening];
  const heard = world.options.socialInfluence > 0 ? heardFilms(world, watched, userIndex, time) : new Int32Array(0);
  return { userIndex, time, taste: tasteAt(world, userIndex, time), heard };
}

/** p(i | u, context) of every film; sums to 1 over films that are out and not seen. @param isSeen [nItems] 1 = seen @returns [nItems] */
export function nextFilmProbabilities(
  world: ViewingWorld,
  evening: Evening,
  previous: number,
  isSeen: Uint8Array,
): Float64Array {
  const { releaseTime } = world.films;
  const probabilities = exposureProbabilities(world, evening, previous);
  let total = 0;
  for (let item = 0; item < probabilities.length; item++) {
    const isPossible = isSeen[item] === 0 && releaseTime[item] <= evening.time && probabilities[item] > 0;
    if (isPossible) probabilities[item] *= acceptance(world, evening.userIndex, evening.taste, item);
    else probabilities[item] = 0;
    total += probabilities[item];
  }
  return probabilities.map((probability) => probability / total);
}

/** One draw from p(i | u, context). */
export function drawNextFilm(
  world: ViewingWorld,
  evening: Evening,
  previous: number,
  isSeen: Uint8Array,
  random: RandomStream,
): number {
  const { releaseTime } = world.films;
  const show = exposureSampler(world, evening, previous, random);
  for (let shown = 0; shown < mostShown; shown++) {
    const item = show();
    if (isSeen[item] === 1 || releaseTime[item] > evening.time) continue;
    if (random.uniform() < acceptance(world, evening.userIndex, evening.taste, item)) return item;
  }
  return choose(runningSums(nextFilmProbabilities(world, evening, previous, isSeen)), random.uniform());
}

/** The film of every event of the calendar. @returns [N] item indices, in the calendar's order */
export function simulateViewings(world: ViewingWorld, random: RandomStream): Int32Array {
  const { userStart, eveningTime, eventStart, eventTime } = world.calendar;
  const watched = new Int32Array(eventTime.length);
  // The marks of one member at a time: set before the evening, cleared after it.
  const isSeen = new Uint8Array(world.options.nItems);
  const userOf = new Int32Array(eveningTime.length);
  for (let user = 0; user < world.options.nUsers; user++) userOf.fill(user, userStart[user], userStart[user + 1]);
  for (const e of eveningOrder(world.calendar)) {
    const userIndex = userOf[e];
    const evening = beginEvening(world, watched, userIndex, e);
    const firstEvent = eventStart[userStart[userIndex]];
    for (let event = firstEvent; event < eventStart[e]; event++) isSeen[watched[event]] = 1;
    let previous = noFilm;
    for (let event = eventStart[e]; event < eventStart[e + 1]; event++) {
      previous = watched[event] = drawNextFilm(world, evening, previous, isSeen, random);
      isSeen[previous] = 1;
    }
    for (let event = firstEvent; event < eventStart[e + 1]; event++) isSeen[watched[event]] = 0;
  }
  return watched;
}

/** Evenings by their beginning; those that begin in the same second do not see each other, so their order is free. */
export function eveningOrder(calendar: Calendar): Int32Array {
  const { eveningTime } = calendar;
  const order = Int32Array.from({ length: eveningTime.length }, (_, evening) => evening);
  return order.sort((a, b) => eveningTime[a] - eveningTime[b] || a - b);
}
