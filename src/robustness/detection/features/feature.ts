/** A number about each person that tells fake profiles from real ones, more or less. */
import type { RandomStream } from '../../../core/random.ts';
import type { Engine } from '../../../engine/runtime/engine.ts';
import type { Profiles } from '../profiles.ts';

export interface FeatureContext {
  readonly engine: Engine;
  readonly random: RandomStream;
}

export interface ProfileFeature {
  readonly name: string;
  readonly title: string;
  /** The formula in words, with its form for rows without ratings. */
  readonly doc: string;
  /** Source, author and year. */
  readonly source: string;
  /** The end of the scale at which injected profiles are looked for. */
  readonly suspicious: 'high' | 'low';
  /** What the rows must carry. */
  readonly needs?: 'ratings' | 'times';
  /** [nUsers] */
  of(profiles: Profiles, context: FeatureContext): Float64Array;
}

/** Whether the rows carry what a feature looks at. */
export function hasWhatItNeeds({ needs }: ProfileFeature, { rating, interactions }: Profiles): boolean {
  if (needs === 'ratings') return rating !== null;
  return needs !== 'times' || interactions.time !== null;
}

/** The feature turned so that higher is more suspicious. */
export function suspicionBy({ suspicious }: ProfileFeature, values: Float64Array): Float64Array {
  return suspicious === 'high' ? values : values.map((value) => -value);
}
