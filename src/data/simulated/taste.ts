/**
 * Who likes what: the probability that a member accepts a film that is shown.
 *
 *   accept(u, i, t) = (1 − noise) · σ(z) + noise · 0.1
 *   z(u, i, t)      = −3.6 + quality · qᵢ + tasteStrength · ( a_u(t)·xᵢ + nonlinearity · b(u, i) )
 *   a_u(t)          = a⁰_u cos φ + a¹_u sin φ,   φ = drift · π/2 · (t − first day)/(length of the record)
 *   b(u, i)         = ( exp(−|cᵤ − mᵢ|² / 2w²) − 0.2 ) / 0.28,   w = 0.35
 *
 * xᵢ: genre weights and styles of the film (first dot product) · qᵢ: quality · mᵢ: place on the era × mood map · c_u: the
 * member's favourite corner there. b is not a dot product of attributes: one likes old dark films and new light ones or not.
 */
import { type Films, nTraits, secondsPerDay, startTime } from './films.ts';
import type { FilmClubOptions } from './options.ts';
import type { People } from './people.ts';

const offset = -3.6;
const cornerWidth = 0.35;
/** Mean and spread of the corner's bell over uniform corners and places, so that b has mean about 0 and variance about 1. */
const cornerMean = 0.2;
const cornerSpread = 0.28;
const noisyAcceptance = 0.1;

/** What acceptance needs to know of the world. */
export interface TasteWorld {
  readonly options: FilmClubOptions;
  readonly films: Films;
  readonly people: People;
}

/** A member's taste vector at a time. @param time seconds; outside the record the nearest day counts. @returns [nTraits] */
export function tasteAt(world: TasteWorld, userIndex: number, time: number): Float64Array {
  const { tasteStart, tasteEnd } = world.people;
  const elapsed = (time - startTime) / (world.options.days * secondsPerDay);
  const angle = world.options.drift * (Math.PI / 2) * Math.min(1, Math.max(0, elapsed));
  const fromStart = Math.cos(angle);
  const fromEnd = Math.sin(angle);
  const first = userIndex * nTraits;
  return Float64Array.from(
    { length: nTraits },
    (_, k) => fromStart * tasteStart[first + k] + fromEnd * tasteEnd[first + k],
  );
}

/** b(u, i): how well a film lies in the favourite corner; mean about 0, variance about 1 over members and films. */
function cornerMatch(world: TasteWorld, userIndex: number, itemIndex: number): number {
  const { corner } = world.people;
  const { mapPosition } = world.films;
  const era = corner[2 * userIndex] - mapPosition[2 * itemIndex];
  const mood = corner[2 * userIndex + 1] - mapPosition[2 * itemIndex + 1];
  const bell = Math.exp(-(era * era + mood * mood) / (2 * cornerWidth * cornerWidth));
  return (bell - cornerMean) / cornerSpread;
}

/** Probability that the member accepts the film when it is shown. @param taste the member's `tasteAt` [nTraits] */
export function acceptance(world: TasteWorld, userIndex: number, taste: Float64Array, itemIndex: number): number {
  const { quality, tasteStrength, nonlinearity, noise } = world.options;
  const { traits } = world.films;
  const length = taste.length;
  const first = itemIndex * length;
  let match = 0;
  for (let k = 0; k < length; k++) match += taste[k] * traits[first + k];
  if (nonlinearity > 0) match += nonlinearity * cornerMatch(world, userIndex, itemIndex);
  const logit = offset + quality * world.films.quality[itemIndex] + tasteStrength * match;
  return (1 - noise) / (1 + Math.exp(-logit)) + noise * noisyAcceptance;
}

/**
 * The member's true preference for every film: the probability of accepting it when it is shown. Exposure, context and what
 * was seen before play no part in it. @param time seconds; the last day by default
 */
export function preference(
  world: TasteWorld,
  userIndex: number,
  time = startTime + world.options.days * secondsPerDay,
): Float32Array {
  const taste = tasteAt(world, userIndex, time);
  return Float32Array.from({ length: world.options.nItems }, (_, item) => acceptance(world, userIndex, taste, item));
}
