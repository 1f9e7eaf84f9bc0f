/**
 * The films of the simulated club and what is true of them: genres, style (partly the director's), quality, the place on
 * the era × mood map, exposure and release time.
 */
import type { RandomStream } from '../../core/random.ts';
import { TitleMaker } from './film-titles.ts';
import { genres } from './genres.ts';
import type { FilmClubOptions } from './options.ts';
import { makeNames } from './person-names.ts';
import { choose, drawWeighted, runningSums } from './weighted-choice.ts';

/** Hidden dimensions in which films differ beyond their genres. */
const nStyles = 3;
/** Length of a film's attribute vector and of a member's taste vector: genres, then styles. */
export const nTraits = genres.length + nStyles;
/** 2023-01-01 00:00:00 UTC in seconds: the record starts here. */
export const startTime = 1672531200;
export const secondsPerDay = 86400;

export interface Films {
  readonly titles: readonly string[]; // [I]
  readonly years: readonly number[]; // [I]
  readonly directors: readonly string[]; // [I]
  readonly genres: readonly (readonly string[])[]; // [I] the most fitting genre first
  /** Genre weights (unit length) and style values / √3: a taste vector times a row has variance about 1 for each part. */
  readonly traits: Float32Array; // [I × nTraits]
  /** Where the film lies on the map of the favourite corners: era and mood, about −1 … 1 each. */
  readonly mapPosition: Float32Array; // [I × 2]
  /** What all members agree on, standard normal. */
  readonly quality: Float32Array; // [I]
  /** Chance that ordinary exposure shows the film; sums to 1. */
  readonly exposure: Float64Array; // [I]
  /** Seconds since 1970-01-01 UTC; −Infinity for films that were out before the record starts. */
  readonly releaseTime: Float64Array; // [I]
}

interface Director {
  readonly name: string;
  readonly style: readonly number[]; // [nStyles] standard normal
}

/** About one director for six films. */
function makeDirectors(nItems: number, random: RandomStream): Director[] {
  const names = makeNames(Math.ceil(nItems / 6), random.child('names'));
  return names.map((name) => ({ name, style: Array.from({ length: nStyles }, () => random.normal()) }));
}

/** One to three distinct genre indices, the most fitting first. */
function drawGenres(shareSums: Float64Array, random: RandomStream): number[] {
  const count = 1 + drawWeighted([0.35, 0.45, 0.2], random);
  const chosen: number[] = [];
  while (chosen.length < count) {
    const genre = choose(shareSums, random.uniform());
    if (!chosen.includes(genre)) chosen.push(genre);
  }
  return chosen;
}

/** Exposure ∝ rank^−exponent, ranks dealt out at random: what is shown most is not what is best. */
function drawExposure(nItems: number, exponent: number, random: RandomStream): Float64Array {
  const ranks = random.shuffle(Int32Array.from({ length: nItems }, (_, i) => i + 1));
  const weights = Float64Array.from(ranks, (rank) => rank ** -exponent);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Release times: a random share of the films comes out during the record, at noon of a random day. */
function drawReleaseTimes(options: FilmClubOptions, random: RandomStream): Float64Array {
  const nNew = Math.floor(options.newReleases * options.nItems);
  const order = random.shuffle(Int32Array.from({ length: options.nItems }, (_, i) => i));
  const times = new Float64Array(options.nItems).fill(Number.NEGATIVE_INFINITY);
  for (let n = 0; n < nNew; n++) times[order[n]] = startTime + (random.below(options.days) + 0.5) * secondsPerDay;
  return times;
}

/** Years lean towards the recent: from 1930 to the year before the record; new releases have the year they came out. */
function drawYear(releaseTime: number, random: RandomStream): number {
  if (releaseTime > 0) return new Date(releaseTime * 1000).getUTCFullYear();
  return 1930 + Math.floor(93 * Math.sqrt(random.uniform()));
}

/** @param random draws of each kind come from children of this stream */
export function makeFilms(options: FilmClubOptions, random: RandomStream): Films {
  const { nItems } = options;
  const directors = makeDirectors(nItems, random.child('directors'));
  const attributes = random.child('attributes');
  const titleMaker = new TitleMaker(random.child('titles'));
  const releaseTime = drawReleaseTimes(options, random.child('releases'));
  const shareSums = runningSums(genres.map((genre) => genre.share));
  const traits = new Float32Array(nItems * nTraits);
  const mapPosition = new Float32Array(nItems * 2);
  const films = Array.from({ length: nItems }, (_, item) => {
    const year = drawYear(releaseTime[item], attributes);
    const chosen = drawGenres(shareSums, attributes);
    const director = directors[attributes.below(directors.length)];
    fillTraits(traits, item, chosen, director, attributes);
    const mood = moodOf(traits, item) + 0.15 * attributes.normal();
    mapPosition.set([eraOf(year), mood], item * 2);
    return {
      year,
      director: director.name,
      genres: chosen.map((g) => genres[g].name),
      title: titleMaker.make(mood, year),
    };
  });
  return {
    titles: films.map((film) => film.title),
    years: films.map((film) => film.year),
    directors: films.map((film) => film.director),
    genres: films.map((film) => film.genres),
    traits,
    mapPosition,
    quality: Float32Array.from({ length: nItems }, () => attributes.normal()),
    exposure: drawExposure(nItems, options.popularityExponent, random.child('exposure')),
    releaseTime,
  };
}

/** 1930 → −1, 1977 → 0, 2024 → 1. */
const eraOf = (year: number) => (year - 1977) / 47;

/** Genre weights 1 : 0.75 : 0.5 at unit length; style = director's and the film's own in equal parts, scaled by 1/√3. */
function fillTraits(
  traits: Float32Array,
  item: number,
  chosen: readonly number[],
  director: Director,
  random: RandomStream,
): void {
  const weights = [1, 0.75, 0.5].slice(0, chosen.length);
  const length = Math.hypot(...weights);
  const start = item * nTraits;
  for (const [order, genre] of chosen.entries()) traits[start + genre] = weights[order] / length;
  for (let s = 0; s < nStyles; s++) {
    const style = Math.SQRT1_2 * (director.style[s] + random.normal());
    traits[start + genres.length + s] = style / Math.sqrt(nStyles);
  }
}

/** The genres' moods, weighted by the squared genre weights (which sum to 1). */
function moodOf(traits: Float32Array, item: number): number {
  return genres.reduce((mood, genre, g) => mood + traits[item * nTraits + g] ** 2 * genre.mood, 0);
}
