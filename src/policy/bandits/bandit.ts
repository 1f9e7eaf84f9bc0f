/** A policy that learns while it acts. */
import type { z } from 'zod';
import type { RandomStream } from '../../core/random.ts';

export interface Bandit {
  /** @param context [features]; it is not kept @returns an action, from 0 */
  choose(context: Float64Array): number;
  /** What came of an action: at once, or later and many at a time. */
  learn(context: Float64Array, action: number, reward: number): void;
}

export interface BanditSizes {
  readonly actions: number;
  /** Length of a context. */
  readonly features: number;
}

/** A kind of bandits, of which one is made for each world. */
export interface BanditKind {
  readonly name: string;
  readonly title: string;
  /** Options; every field has a default, a range and a `doc`. */
  readonly options: z.ZodObject;
  /** The same stream and the same rewards give the same choices. @param options as they were parsed */
  open(sizes: BanditSizes, options: Readonly<Record<string, unknown>>, random: RandomStream): Bandit;
}

/** Declares a kind; its options are typed by the schema. */
export function banditKind<S extends z.ZodObject>(kind: {
  readonly name: string;
  readonly title: string;
  readonly options: S;
  open(sizes: BanditSizes, options: z.output<S>, random: RandomStream): Bandit;
}): BanditKind {
  return { ...kind, open: (sizes, options, random) => kind.open(sizes, options as z.output<S>, random) };
}
