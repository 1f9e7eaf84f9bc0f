/**
 * When members come to the club, drawn before and independently of what they watch: how many films each one watches, on which
 * evenings, and at what times.
 */
import type { RandomStream } from '../../core/random.ts';
import { type Films, secondsPerDay, startTime } from './films.ts';
import type { FilmClubOptions } from './options.ts';

/** All evenings in one list, grouped by member and ascending in time; an evening's films are consecutive events. */
export interface Calendar {
  /** Evenings of user u are userStart[u] … userStart[u+1). */
  readonly userStart: Int32Array; // [U + 1]
  readonly eveningTime: Float64Array; // [E] seconds; the first film starts then
  /** Events of evening e are eventStart[e] … eventStart[e+1). */
  readonly eventStart: Int32Array; // [E + 1]
  readonly eventTime: Float64Array; // [N] seconds, whole, strictly ascending within a member
}

const leastActivity = 5;
const firstFilmHour = 17;
const filmSeconds = 110 * 60;

/** Number of films a member watches: log-normal, within what the options' docs promise. */
function drawActivity(options: FilmClubOptions, films: Films, random: RandomStream): number {
  const nOld = films.releaseTime.reduce((count, time) => count + (time < startTime ? 1 : 0), 0);
  const most = Math.max(1, Math.floor(0.6 * nOld));
  const drawn = Math.round(options.activity * Math.exp(options.activitySpread * random.normal()));
  return Math.min(most, Math.max(leastActivity, drawn));
}

/** The days of membership: most join early, half of the members stay to the end. At least a fifth of the record long. */
function drawMembership(days: number, random: RandomStream): { first: number; length: number } {
  const first = Math.floor(0.7 * days * random.uniform() ** 2);
  const staysFor = random.uniform() < 0.5 ? 1 : random.uniform();
  const least = Math.ceil(days / 5);
  return { first, length: Math.max(least, Math.floor((days - first) * staysFor)) };
}

/** `count` different integers of [0, n), ascending. */
function drawDistinct(count: number, n: number, random: RandomStream): number[] {
  const chosen = new Set<number>();
  // Floyd's method: every subset is equally likely, `count` draws.
  for (let top = n - count; top < n; top++) {
    const candidate = random.below(top + 1);
    chosen.add(chosen.has(candidate) ? top : candidate);
  }
  return [...chosen].sort((a, b) => a - b);
}

/** Start of each evening's events among the member's: a random composition of n into k parts of at least 1. */
function drawEveningStarts(nEvents: number, nEvenings: number, random: RandomStream): number[] {
  return [0, ...drawDistinct(nEvenings - 1, nEvents - 1, random).map((cut) => cut + 1)];
}

export function makeCalendar(options: FilmClubOptions, films: Films, random: RandomStream): Calendar {
  const userStart = new Int32Array(options.nUsers + 1);
  const eveningTime: number[] = [];
  const eventStart: number[] = [];
  const eventTime: number[] = [];
  for (let user = 0; user < options.nUsers; user++) {
    const nEvents = drawActivity(options, films, random);
    const membership = drawMembership(options.days, random);
    const nEvenings = Math.min(options.days, Math.ceil(nEvents / options.sessionLength));
    const { first, length } = nEvenings > membership.length ? { first: 0, length: options.days } : membership;
    const days = drawDistinct(nEvenings, length, random);
    const starts = drawEveningStarts(nEvents, nEvenings, random);
    for (const [evening, day] of days.entries()) {
      const nFilms = (starts[evening + 1] ?? nEvents) - starts[evening];
      eveningTime.push(startTime + (first + day) * secondsPerDay + firstFilmHour * 3600 + random.below(3 * 3600));
      eventStart.push(eventTime.length);
      addFilmTimes(eventTime, eveningTime[eveningTime.length - 1], nFilms, random);
    }
    userStart[user + 1] = eveningTime.length;
  }
  eventStart.push(eventTime.length);
  return {
    userStart,
    eveningTime: Float64Array.from(eveningTime),
    eventStart: Int32Array.from(eventStart),
    eventTime: Float64Array.from(eventTime),
  };
}

/** One film after the other, in at most 20 hours even in the longest of nights, so that evenings never overlap. */
function addFilmTimes(eventTime: number[], evening: number, nFilms: number, random: RandomStream): void {
  const slot = Math.min(filmSeconds, Math.floor((20 * 3600) / nFilms));
  for (let film = 0; film < nFilms; film++)
    eventTime.push(evening + film * slot + (film === 0 ? 0 : random.below(Math.ceil(slot / 2))));
}
