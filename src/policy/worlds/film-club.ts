/**
 * The film club in motion: people whose tastes drift, who get bored of what they just saw, and who leave sooner the less they were pleased; and films
 * that are clicked because they promise more than they hold. What is taken now and what a person is worth are two things here, and both are known.
 *
 *   films      of one genre g each; clickbait c: of a share of them U(.8, 1), of the others U(0, .2); appeal e ~ N(0, .3²)
 *   person     taste u ~ N(0, .7²) of each genre, boredom b = 0, satisfaction S = 0
 *   choice     P(i) = v_i / (v_∅ + Σ_j v_j),  ln v_i = u_g − b_g + 1.5 c_i + e_i,  ln v_∅ = 1
 *   reward     1 for a film that is taken
 *   boredom    b_g ← .7 b_g + .6 [g was taken]
 *   taste      u_g ← u_g + N(0, .05²),  and + .1 (1 − c) for the genre taken
 *   pleased    S ← .8 S + .2 (1 − 2 c), where nothing is taken S ← .8 S − .06
 *   leaving    with probability .015 e^{1.5 (1 − S)}: .015 of the pleased (S = 1), .30 of the displeased (S = −1)
 *
 * A policy knows genre and clickbait of the films and what the person took: of each genre a sum that decays by .7 a decision, the same of clickbait, and
 * whether the last decision was taken. Satisfaction, boredom and taste cannot be seen.
 */
import { z } from 'zod';
import { FastRandom } from '../../core/fast-random.ts';
import { parseOptions } from '../../core/options.ts';
import type { RandomStream } from '../../core/random.ts';
import type { Outcome, World } from './world.ts';

export const filmClubWorldOptions = z
  .strictObject({
    films: z.int().min(1).max(1000).default(30).meta({ doc: 'films of the club' }),
    slate: z.int().min(1).max(20).default(3).meta({ doc: 'films that a decision shows' }),
    genres: z.int().min(1).max(50).default(5).meta({ doc: 'genres' }),
    clickbait: z
      .number()
      .min(0)
      .max(1)
      .default(0.3)
      .meta({ doc: 'share of the films that promise more than they hold' }),
  })
  .refine(({ films, slate }) => slate <= films, {
    path: ['slate'],
    message: 'Invalid input: a slate must not show more films than the club has',
  });

export type FilmClubWorldOptions = z.input<typeof filmClubWorldOptions>;

/** What never changes. */
export interface ClubFilms {
  readonly genre: Int32Array; // [films]
  readonly clickbait: Float64Array; // [films]
  readonly appeal: Float64Array; // [films]
}

/** Somebody's state; `evening` changes it. */
export interface Guest {
  readonly taste: Float64Array; // [genres]
  readonly boredom: Float64Array; // [genres]
  satisfaction: number;
}

/** What is drawn in a step: two uniform numbers, and a standard normal one for each genre. */
export interface EveningDraws {
  readonly choice: number;
  readonly leaving: number;
  readonly drift: ArrayLike<number>;
}

const NOTHING = Math.E;

/** ln v of a film is this, for somebody now. */
const logAppeal = ({ taste, boredom }: Guest, { genre, clickbait, appeal }: ClubFilms, film: number): number =>
  taste[genre[film]] - boredom[genre[film]] + 1.5 * clickbait[film] + appeal[film];

/** Probability to leave after a step. */
export const leaves = (satisfaction: number): number => Math.min(1, 0.015 * Math.exp(1.5 * (1 - satisfaction)));

/** One transition. @param shown films */
export function evening(guest: Guest, films: ClubFilms, shown: ArrayLike<number>, draws: EveningDraws): Outcome {
  const { taste, boredom } = guest;
  const weights = Array.from(shown, (film) => Math.exp(logAppeal(guest, films, film)));
  let rest = draws.choice * weights.reduce((sum, weight) => sum + weight, NOTHING);
  let taken = -1;
  for (let place = 0; place < weights.length && taken < 0; place++) {
    if (rest < weights[place]) taken = place;
    rest -= weights[place];
  }
  for (let g = 0; g < taste.length; g++) {
    boredom[g] *= 0.7;
    taste[g] += 0.05 * draws.drift[g];
  }
  if (taken < 0) guest.satisfaction = 0.8 * guest.satisfaction - 0.06;
  else {
    const g = films.genre[shown[taken]];
    const c = films.clickbait[shown[taken]];
    boredom[g] += 0.6;
    taste[g] += 0.1 * (1 - c);
    guest.satisfaction = 0.8 * guest.satisfaction + 0.2 * (1 - 2 * c);
  }
  return { reward: taken < 0 ? 0 : 1, taken, isOver: draws.leaving < leaves(guest.satisfaction) };
}

/** @param random of the films: the same stream is the same club @throws DeepTasteError `config`: an option */
export function openFilmClub(options: FilmClubWorldOptions, random: RandomStream): World {
  const parsed = parseOptions(filmClubWorldOptions, options, 'world film-club');
  const { films: n, slate, genres, clickbait: share } = parsed;
  const made = new FastRandom(random.child('films'));
  const isBait = Array.from({ length: n }, (_, film) => film < Math.round(share * n));
  const films: ClubFilms = {
    genre: Int32Array.from(isBait, (_, film) => film % genres),
    clickbait: Float64Array.from(isBait, (bait) => (bait ? 0.8 : 0) + 0.2 * made.uniform()),
    appeal: Float64Array.from(isBait, () => 0.3 * made.normal()),
  };
  const itemFeatures = genres + 1;
  const items = new Float64Array(n * itemFeatures);
  for (let film = 0; film < n; film++) {
    items[film * itemFeatures + films.genre[film]] = 1;
    items[film * itemFeatures + genres] = films.clickbait[film];
  }
  const reset = (visitor: RandomStream) => {
    const luck = new FastRandom(visitor.child('luck'));
    const guest: Guest = {
      taste: Float64Array.from({ length: genres }, () => 0.7 * luck.normal()),
      boredom: new Float64Array(genres),
      satisfaction: 0,
    };
    const context = new Float64Array(genres + 2);
    const drift = new Float64Array(genres);
    const step = (shown: Int32Array): Outcome => {
      const [choice, leaving] = [luck.uniform(), luck.uniform()];
      for (let g = 0; g < genres; g++) drift[g] = luck.normal();
      const outcome = evening(guest, films, shown, { choice, leaving, drift });
      for (let f = 0; f <= genres; f++) context[f] *= 0.7;
      const taken = outcome.taken ?? -1;
      context[genres + 1] = taken < 0 ? 0 : 1;
      if (taken >= 0) {
        context[films.genre[shown[taken]]]++;
        context[genres] += films.clickbait[shown[taken]];
      }
      return outcome;
    };
    return { context, items, step };
  };
  return { name: 'film-club', actions: n, features: genres + 2, slate, itemFeatures, isFixed: true, reset };
}
