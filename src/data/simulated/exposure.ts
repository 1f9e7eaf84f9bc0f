/**
 * Which films a member is shown. Each showing comes from one channel, drawn anew every time:
 *
 *   E(i | context) = w_pop · P(i) + w_new · N(i | t) + w_session · R(i | previous) + w_social · H(i | t)
 *
 * P: popularity, the power law · N: uniform over films released in the last 28 days · R: the 20 films most related to the
 * previous one of the evening, ∝ 1/rank · H: uniform over what friends have talked about in the last 30 days (a film that two
 * friends talked about counts twice). A channel that has nothing to show leaves its weight to popularity.
 */
import type { RandomStream } from '../../core/random.ts';
import { type Films, nTraits, secondsPerDay } from './films.ts';
import { genres } from './genres.ts';
import type { FilmClubOptions } from './options.ts';
import { choose, runningSums } from './weighted-choice.ts';

const premiereSeconds = 28 * secondsPerDay;
const nRelatedFilms = 20;
/** In catalogues larger than this, related films are sought among so many random ones. */
const nRelatedCandidates = 2000;

/** What the channels need, prepared once. */
interface Channels {
  readonly popularitySums: Float64Array; // [I] running sums of P
  readonly nRelated: number;
  /** Row i: the films most related to film i, most related first. */
  readonly related: Int32Array; // [I × nRelated]
  readonly relatedSums: Float64Array; // [nRelated] running sums of 1/rank
  /** Films by release time, and those times. */
  readonly byRelease: Int32Array; // [I]
  readonly releaseTimes: Float64Array; // [I] ascending
}

/** What is fixed about an evening before its first film. */
export interface Evening {
  readonly userIndex: number;
  readonly time: number; // seconds; drift and releases count as of the evening's beginning
  readonly taste: Float64Array; // [nTraits]
  readonly heard: Int32Array; // films friends have talked about, with repeats
}

/** No film has been watched yet this evening. */
export const noFilm = -1;

export interface ExposureWorld {
  readonly options: FilmClubOptions;
  readonly films: Films;
  readonly channels: Channels;
}

export function makeChannels(films: Films, random: RandomStream): Channels {
  const nItems = films.titles.length;
  const nRelated = Math.min(nRelatedFilms, nItems - 1);
  const byRelease = Int32Array.from({ length: nItems }, (_, item) => item);
  byRelease.sort((a, b) =>
    films.releaseTime[a] < films.releaseTime[b] ? -1 : films.releaseTime[a] > films.releaseTime[b] ? 1 : a - b,
  );
  return {
    popularitySums: runningSums(films.exposure),
    nRelated,
    related: findRelated(films, nRelated, random),
    relatedSums: runningSums(Array.from({ length: nRelated }, (_, rank) => 1 / (rank + 1))),
    byRelease,
    releaseTimes: Float64Array.from(byRelease, (item) => films.releaseTime[item]),
  };
}

/** Genre and style agreement (dot product of the traits, styles counted half) less the distance in era. */
function relatedness(films: Films, a: number, b: number): number {
  const { traits, mapPosition } = films;
  const nGenres = genres.length;
  const length = nTraits;
  let genre = 0;
  let style = 0;
  for (let k = 0; k < nGenres; k++) genre += traits[a * length + k] * traits[b * length + k];
  for (let k = nGenres; k < length; k++) style += traits[a * length + k] * traits[b * length + k];
  return genre + 0.5 * style - 0.5 * Math.abs(mapPosition[2 * a] - mapPosition[2 * b]);
}

function findRelated(films: Films, nRelated: number, random: RandomStream): Int32Array {
  const nItems = films.titles.length;
  const related = new Int32Array(nItems * nRelated);
  const circle = random.shuffle(Int32Array.from({ length: nItems }, (_, item) => item));
  const nCandidates = Math.min(nItems - 1, nRelatedCandidates);
  const candidates = new Int32Array(nCandidates);
  for (const [place, item] of circle.entries()) {
    // The films that follow on a shuffled circle: a random sample without repeats, without a draw for each.
    for (let n = 0; n < nCandidates; n++) candidates[n] = circle[(place + 1 + n) % nItems];
    related.set(mostRelated(films, item, candidates, nRelated), item * nRelated);
  }
  return related;
}

/** The `count` candidates of highest relatedness, best first, by insertion into a short sorted list. */
function mostRelated(films: Films, item: number, candidates: Int32Array, count: number): Int32Array {
  const best = new Int32Array(count);
  const scores = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  for (const candidate of candidates) {
    const score = relatedness(films, item, candidate);
    if (score <= scores[count - 1]) continue;
    let place = count - 1;
    for (; place > 0 && scores[place - 1] < score; place--) {
      scores[place] = scores[place - 1];
      best[place] = best[place - 1];
    }
    scores[place] = score;
    best[place] = candidate;
  }
  return best;
}

/** First position whose release time is later than `time`. */
function releasedBy(releaseTimes: Float64Array, time: number): number {
  let low = 0;
  let high = releaseTimes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (releaseTimes[middle] > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The range of `byRelease` that is in its first 28 days. */
function premieres(channels: Channels, time: number): { from: number; to: number } {
  const { releaseTimes } = channels;
  return { from: releasedBy(releaseTimes, time - premiereSeconds), to: releasedBy(releaseTimes, time) };
}

/** The share of each channel in this context; popularity has the rest. */
function channelShares(world: ExposureWorld, evening: Evening, previous: number, nPremieres: number) {
  const { sessionInfluence, socialInfluence, premiereInfluence } = world.options;
  return {
    session: previous === noFilm ? 0 : sessionInfluence,
    social: evening.heard.length === 0 ? 0 : socialInfluence,
    premiere: nPremieres === 0 ? 0 : premiereInfluence,
  };
}

/** One of `n` equal slots; rounding may have made `uniform` a full 1. */
const slot = (uniform: number, n: number) => Math.min(n - 1, Math.floor(uniform * n));

/**
 * A function that draws shown films in a context. Independent draws; seen and unreleased films occur too and are for the
 * caller to reject. @param previous the evening's last film, or `noFilm`
 */
export function exposureSampler(
  world: ExposureWorld,
  evening: Evening,
  previous: number,
  random: RandomStream,
): () => number {
  const { popularitySums, related, nRelated, relatedSums, byRelease } = world.channels;
  const { heard } = evening;
  const { from, to } = premieres(world.channels, evening.time);
  const shares = channelShares(world, evening, previous, to - from);
  return () => {
    // One number chooses the channel and, stretched to [0, 1), the film.
    let u = random.uniform();
    if (u < shares.session) return related[previous * nRelated + choose(relatedSums, u / shares.session)];
    u -= shares.session;
    if (u < shares.social) return heard[slot(u / shares.social, heard.length)];
    u -= shares.social;
    if (u < shares.premiere) return byRelease[from + slot(u / shares.premiere, to - from)];
    u -= shares.premiere;
    return choose(popularitySums, u / (1 - shares.session - shares.social - shares.premiere));
  };
}

/** E(i | context) of every film, as the sampler draws it; sums to 1. @returns [nItems] */
export function exposureProbabilities(world: ExposureWorld, evening: Evening, previous: number): Float64Array {
  const { related, nRelated, relatedSums, byRelease } = world.channels;
  const { from, to } = premieres(world.channels, evening.time);
  const shares = channelShares(world, evening, previous, to - from);
  const popularity = 1 - shares.session - shares.social - shares.premiere;
  const probabilities = world.films.exposure.map((share) => popularity * share);
  if (shares.session > 0)
    for (let rank = 0; rank < nRelated; rank++)
      probabilities[related[previous * nRelated + rank]] += shares.session / ((rank + 1) * relatedSums[nRelated - 1]);
  if (shares.social > 0) for (const item of evening.heard) probabilities[item] += shares.social / evening.heard.length;
  if (shares.premiere > 0) for (let n = from; n < to; n++) probabilities[byRelease[n]] += shares.premiere / (to - from);
  return probabilities;
}
