/** A policy that learns while it acts, on many people at a time: what a simulation lets loose in a world. */
import type { z } from 'zod';
import type { RandomStream } from '../../core/random.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import type { Place } from '../worlds/world.ts';

/** What is known of n people before a decision. */
export interface Situations {
  readonly n: number;
  readonly contexts: Float64Array; // [n × features]
  readonly items: Float64Array; // [n × actions × itemFeatures]
}

/** What came of a decision about each of n people. Nothing of it is kept by the one who passes it on. */
export interface Outcomes {
  readonly before: Situations;
  /** Items that were shown [n × slate]. */
  readonly shown: Int32Array;
  /** Place of the slate that was taken [n], −1 = nothing. */
  readonly taken: Int32Array;
  readonly reward: Float64Array; // [n]
  /** 1 where the person has left [n]; what stands in `after` is then about somebody else. */
  readonly isOver: Uint8Array;
  readonly after: Situations;
}

export interface Learner {
  /** Decides for each of n people. @param shown items, different ones for each person [n × slate] */
  choose(situations: Situations, shown: Int32Array): void;
  /** The next decision waits for it. */
  learn(outcomes: Outcomes): void | Promise<void>;
  free?(): void;
}

/** What a learner is opened with. */
export interface Opening {
  readonly place: Place;
  readonly random: RandomStream;
  /** The engine of the simulation; it is started when it is asked for. */
  engine(): Engine;
}

/** A kind of learners, of which one is made for each world. */
export interface LearnerKind {
  readonly name: string;
  readonly title: string;
  /** Options; every field has a default, a range and a `doc`. */
  readonly options: z.ZodObject;
  /**
   * The same stream and the same rewards give the same choices. @param options as they were parsed
   * @throws DeepTasteError `config`: it cannot act in such a world, or options that contradict each other there
   */
  open(opening: Opening, options: Readonly<Record<string, unknown>>): Learner;
}

/** Declares a kind; its options are typed by the schema. */
export function learnerKind<S extends z.ZodObject>(kind: {
  readonly name: string;
  readonly title: string;
  readonly options: S;
  open(opening: Opening, options: z.output<S>): Learner;
}): LearnerKind {
  return { ...kind, open: (opening, options) => kind.open(opening, options as z.output<S>) };
}
