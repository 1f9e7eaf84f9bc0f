/** The closed list of worlds. */
import type { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import type { RandomStream } from '../../core/random.ts';
import { filmClubWorldOptions, openFilmClub } from './film-club.ts';
import { interestEvolutionOptions, openInterestEvolution } from './interest-evolution.ts';
import { longTermSatisfactionOptions, openLongTermSatisfaction } from './long-term-satisfaction.ts';
import { syntheticOptions } from './synthetic-bandit.ts';
import { openSyntheticWorld } from './synthetic-world.ts';
import type { World } from './world.ts';

/** A kind of worlds, of which one is opened for each run. */
export interface WorldKind {
  readonly name: string;
  /** One line for people: what happens there. */
  readonly title: string;
  /** Policies that are worth a look there. */
  readonly policies: readonly string[];
  readonly options: z.ZodObject;
  /** The same stream is the same world. @param options as they were parsed */
  open(options: Readonly<Record<string, unknown>>, random: RandomStream): World;
}

export const worlds: readonly WorldKind[] = [
  {
    name: 'synthetic',
    title: 'contexts with a logistic reward of each action',
    policies: ['uniform', 'epsilon-greedy', 'linucb', 'lints', 'logistic-ts'],
    options: syntheticOptions.omit({ beta: true }),
    open: (options, random) => openSyntheticWorld(options, random),
  },
  {
    name: 'interest-evolution',
    title: 'interests that move with what is watched, and a budget of time',
    policies: ['uniform', 'myopic', 'slateq'],
    options: interestEvolutionOptions,
    open: (options) => openInterestEvolution(options),
  },
  {
    name: 'long-term-satisfaction',
    title: 'clickbait, and the satisfaction that it costs',
    policies: ['uniform', 'myopic', 'slateq'],
    options: longTermSatisfactionOptions,
    open: (options) => openLongTermSatisfaction(options),
  },
  {
    name: 'film-club',
    title: 'tastes that drift, boredom, clickbait, and people who leave',
    policies: ['uniform', 'next-click', 'reinforce', 'slateq'],
    options: filmClubWorldOptions,
    open: (options, random) => openFilmClub(options, random),
  },
];

/** A kind of worlds by its name. @throws DeepTasteError `usage` */
export function worldNamed(name: string): WorldKind {
  const kind = worlds.find((each) => each.name === name);
  const names = worlds.map((each) => each.name);
  if (!kind)
    throw new DeepTasteError('usage', `policy simulate: no world is called "${name}"${suggestion(name, names)}`);
  return kind;
}
