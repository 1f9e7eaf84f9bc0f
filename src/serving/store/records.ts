/** What a store keeps. Times are milliseconds since 1970-01-01 UTC. */
import { createHash } from 'node:crypto';

/** Under which somebody is remembered as forgotten: the id itself is not kept. */
export function hashOfId(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

/** A cell of what describes a user or an item. */
export type Cell = string | number | boolean | readonly string[] | null;

export type Cells = Readonly<Record<string, Cell>>;

/** Something that a person did with an item. */
export interface FeedbackEvent {
  /** A second event with the same id is not stored. */
  readonly id: string;
  /** Null for events of a session that is nobody's. */
  readonly user: string | null;
  readonly item: string;
  readonly type: string;
  readonly value: number | null;
  readonly time: number;
  readonly session: string | null;
  /** The recommendation that the person followed. */
  readonly recommendation: string | null;
}

export interface StoredItem {
  readonly id: string;
  readonly fields: Cells;
  /** False: in no list. */
  readonly available: boolean;
  /** True: it is not there any more, whatever the model knows. */
  readonly deleted: boolean;
  /** Grows with every change of an item of the store. */
  readonly version: number;
}

export interface StoredUser {
  readonly id: string;
  readonly fields: Cells;
}

/** All that the store knows of somebody, for one answer. */
export interface KnownPerson {
  /** The id after merges. */
  readonly id: string;
  /** This id and those merged into it, without those that were forgotten: under them the training may know the person. */
  readonly ids: readonly string[];
  readonly fields: Cells;
  /** The newest, the oldest of them first. */
  readonly events: readonly FeedbackEvent[];
}

/** An event that is held back. */
export interface HeldEvent {
  readonly event: FeedbackEvent;
  /** One clause for people. */
  readonly reason: string;
  /** When. */
  readonly held: number;
}

/** An answer that was given: what a page after it, feedback and off-policy estimates need. */
export interface GivenRecommendation {
  readonly id: string;
  readonly time: number;
  readonly user: string | null;
  /** The session that it was given in. */
  readonly session: string | null;
  /** Name and version of the model. */
  readonly model: string;
  readonly version: string;
  readonly scenario: string | null;
  readonly variant: string | null;
  /** As it was asked for. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly items: readonly { readonly id: string; readonly route: string; readonly probability: number }[];
  /** Items of the pages before. */
  readonly before: readonly string[];
  /** What Thompson sampling looked at, by place; absent = it did not choose. */
  readonly features?: readonly (readonly number[] | null)[];
}

export const ACCESS_LEVELS = ['read', 'write', 'admin'] as const;
export type Access = (typeof ACCESS_LEVELS)[number];

export interface StoredKey {
  readonly id: string;
  /** SHA-256 (hex) of the key; the key itself is kept nowhere. */
  readonly hash: string;
  readonly access: Access;
  readonly name: string;
  readonly created: number;
}

/** A work that one process at a time may do, such as retraining a run; who does it says so again before `until`. */
export interface StoredWork {
  /** Mark of the process that does it, or did it last. */
  readonly holder: string;
  /** The work is free from then on; 0 = it has ended. */
  readonly until: number;
  /** When it ended last, and how; null = never. */
  readonly ended: number | null;
  readonly outcome: string | null;
}

/** Events by type in one stretch of time. */
export interface EventCount {
  /** The beginning of the stretch. */
  readonly time: number;
  readonly type: string;
  readonly n: number;
}

/** What became of the lists of a scenario's variant. */
export interface VariantCount {
  /** Null = everybody who stands in no variant. */
  readonly variant: string | null;
  readonly lists: number;
  /** Lists that an event followed. */
  readonly followedLists: number;
  /** People to whom lists were shown, and those who followed one. */
  readonly people: number;
  readonly followers: number;
}

/** Which events mean that somebody followed a list. */
export interface Following {
  /** Types that do not. */
  readonly otherTypes: readonly string[];
  /** Type → the least value with which it does. */
  readonly atLeast: Readonly<Record<string, number>>;
}
