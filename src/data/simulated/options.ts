/** What can be set about the simulated film club: every mechanism with its default, range and meaning. */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';

export const filmClubSchema = z.strictObject({
  seed: z.int().min(0).max(4294967295).default(1).meta({ doc: 'same seed and options, same world' }),
  nUsers: z.int().min(2).max(200_000).default(3000).meta({ doc: 'members of the club' }),
  nItems: z.int().min(2).max(20_000).default(1200).meta({ doc: 'films' }),
  days: z.int().min(7).max(3650).default(730).meta({ doc: 'length of the record in days, from 2023-01-01 UTC' }),
  activity: z.number().min(1).max(5000).default(35).meta({
    doc: 'median number of films a member watches (at least 5, at most 60 % of the films that are out from the start)',
  }),
  activitySpread: z.number().min(0).max(2).default(0.8).meta({ doc: 'standard deviation of the log of that number' }),
  tasteStrength: z.number().min(0).max(5).default(1.6).meta({
    doc: 'weight of genre, style and corner in the acceptance logit; 0 = all members alike',
  }),
  nonlinearity: z.number().min(0).max(3).default(0.7).meta({
    doc: "weight of the favourite corner (era × mood), which no dot product with a film's attributes gives",
  }),
  quality: z.number().min(0).max(5).default(0.6).meta({ doc: 'weight of what all members agree on about a film' }),
  drift: z.number().min(0).max(1).default(0.3).meta({
    doc: 'how far tastes turn from the first to the last day; 1 = into independent ones',
  }),
  noise: z.number().min(0).max(1).default(0.03).meta({
    doc: 'chance that a shown film is decided without regard to taste; 1 = taste plays no part',
  }),
  popularityExponent: z.number().min(0).max(3).default(0.85).meta({
    doc: 'power law of exposure: the film of rank r is shown ∝ r^−exponent; 0 = all equally',
  }),
  newReleases: z.number().min(0).max(0.9).default(0.1).meta({ doc: 'share of films that come out during the record' }),
  premiereInfluence: z.number().min(0).max(0.9).default(0.05).meta({
    doc: 'share of exposure that goes to films released in the last 28 days',
  }),
  sessionLength: z.number().min(1).max(20).default(2.5).meta({ doc: 'mean number of films an evening' }),
  sessionInfluence: z.number().min(0).max(0.9).default(0.08).meta({
    doc: 'share of exposure, after the first film of an evening, that goes to films related to the previous one',
  }),
  socialInfluence: z.number().min(0).max(0.9).default(0.05).meta({
    doc: 'share of exposure that goes to films which friends have talked about in the last 30 days',
  }),
  friends: z.number().min(0).max(100).default(8).meta({ doc: 'mean number of friends' }),
  homophily: z.number().min(0).max(20).default(8).meta({
    doc: 'how strongly friends are chosen by similar taste; 0 = at random',
  }),
  fieldNoise: z.number().min(0).max(1).default(0.3).meta({
    doc: "chance that a member's favourite genre, age band or region says nothing about the member's taste",
  }),
});

export type FilmClubOptions = z.output<typeof filmClubSchema>;
export type FilmClubInput = z.input<typeof filmClubSchema>;

/**
 * Checks options and fills in the defaults.
 * @throws DeepTasteError 'config' when an option is unknown or out of range, or the influences leave too little exposure
 */
export function parseFilmClubOptions(input: FilmClubInput): FilmClubOptions {
  const options = parseOptions(filmClubSchema, input, 'film club');
  const { premiereInfluence, sessionInfluence, socialInfluence } = options;
  const sum = premiereInfluence + sessionInfluence + socialInfluence;
  if (sum > 0.95) {
    throw new DeepTasteError(
      'config',
      `film club: premiereInfluence + sessionInfluence + socialInfluence must be at most 0.95, found ${sum.toFixed(3)}; ` +
        'the rest is the exposure of ordinary popularity: lower one of them',
      { premiereInfluence, sessionInfluence, socialInfluence },
    );
  }
  return options;
}
