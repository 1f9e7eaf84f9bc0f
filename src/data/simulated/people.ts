/**
 * The members of the simulated club and what is true of them: taste at the first and last day, the favourite corner of film
 * history, and the fields that hint at these.
 */
import type { RandomStream } from '../../core/random.ts';
import { nTraits } from './films.ts';
import { genres } from './genres.ts';
import type { FilmClubOptions } from './options.ts';
import { makeNames } from './person-names.ts';
import { drawWeighted } from './weighted-choice.ts';

export const ageBands = ['18–24', '25–34', '35–44', '45–54', '55–64', '65+'] as const;
export const regions = ['Northmark', 'Eastvale', 'Southreach', 'Westfold', 'Midlands', 'Isles'] as const;

export interface People {
  readonly names: readonly string[]; // [U]
  /** Younger members tend to like newer films. */
  readonly ageBands: readonly string[]; // [U]
  /** Each region has its own leaning in genres. */
  readonly regions: readonly string[]; // [U]
  /** What the member said when joining: leans to the highest genre affinity. One member in ten left it out. */
  readonly favouriteGenres: readonly (string | null)[]; // [U]
  /** Affinity to each film trait, variance about 1 each. */
  readonly tasteStart: Float32Array; // [U × nTraits]
  readonly tasteEnd: Float32Array; // [U × nTraits]
  /** The favourite place on the films' map (era, mood), each in [−1, 1]. */
  readonly corner: Float32Array; // [U × 2]
}

/** Genre affinities are mostly a mix of a few temperaments: who likes one genre tends to like certain others. */
const nTemperaments = 3;
const regionVariance = 0.15;
const temperamentVariance = 0.7;
const ownVariance = 0.15;

/** `n` random rows of genre leanings, each leaning of the given variance. [n × genres] */
function drawLeanings(n: number, variance: number, random: RandomStream): Float32Array {
  return Float32Array.from({ length: n * genres.length }, () => Math.sqrt(variance) * random.normal());
}

/** Genre affinities: region + temperaments, mixed by the member, + own deviation. Styles are all the member's own. */
function drawTaste(
  out: Float32Array,
  start: number,
  regionLeaning: Float32Array,
  temperaments: Float32Array,
  random: RandomStream,
): void {
  const mix = Array.from({ length: nTemperaments }, () => random.normal() / Math.sqrt(nTemperaments));
  for (let g = 0; g < genres.length; g++) {
    const mixed = mix.reduce((sum, weight, t) => sum + weight * temperaments[t * genres.length + g], 0);
    out[start + g] = regionLeaning[g] + mixed + Math.sqrt(ownVariance) * random.normal();
  }
  for (let k = genres.length; k < nTraits; k++) out[start + k] = random.normal();
}

/** The stated favourite: a genre drawn ∝ exp(2·affinity), so that it mostly is one of the two or three best liked. */
function stateGenre(taste: Float32Array, start: number, random: RandomStream): string {
  const weights = genres.map((_, g) => Math.exp(2 * taste[start + g]));
  return genres[drawWeighted(weights, random)].name;
}

/** The age band whose centre fits the favourite era: era +1 (new films) → youngest, −1 → oldest, with one band of scatter. */
function ageBandOf(era: number, random: RandomStream): string {
  const position = ((1 - era) / 2) * (ageBands.length - 1) + random.normal();
  return ageBands[Math.min(ageBands.length - 1, Math.max(0, Math.round(position)))];
}

/** @param random draws of each kind come from children of this stream */
export function makePeople(options: FilmClubOptions, random: RandomStream): People {
  const { nUsers, fieldNoise } = options;
  const regionLeanings = drawLeanings(regions.length, regionVariance, random.child('regions'));
  const temperaments = drawLeanings(nTemperaments, temperamentVariance, random.child('temperaments'));
  const tastes = random.child('tastes');
  const fields = random.child('fields');
  const tasteStart = new Float32Array(nUsers * nTraits);
  const tasteEnd = new Float32Array(nUsers * nTraits);
  const corner = new Float32Array(nUsers * 2);
  const stated = Array.from({ length: nUsers }, (_, user) => {
    const region = tastes.below(regions.length);
    const leaning = regionLeanings.subarray(region * genres.length, (region + 1) * genres.length);
    drawTaste(tasteStart, user * nTraits, leaning, temperaments, tastes);
    drawTaste(tasteEnd, user * nTraits, leaning, temperaments, tastes);
    corner.set([2 * tastes.uniform() - 1, 2 * tastes.uniform() - 1], user * 2);
    const isNoise = () => fields.uniform() < fieldNoise;
    return {
      region: isNoise() ? regions[fields.below(regions.length)] : regions[region],
      ageBand: ageBandOf(isNoise() ? 2 * fields.uniform() - 1 : corner[user * 2], fields),
      genre: isNoise() ? genres[fields.below(genres.length)].name : stateGenre(tasteStart, user * nTraits, fields),
      isSilent: fields.uniform() < 0.1,
    };
  });
  return {
    names: makeNames(nUsers, random.child('names')),
    ageBands: stated.map((person) => person.ageBand),
    regions: stated.map((person) => person.region),
    favouriteGenres: stated.map((person) => (person.isSilent ? null : person.genre)),
    tasteStart,
    tasteEnd,
    corner,
  };
}
