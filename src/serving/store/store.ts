/** What the server needs of a store. Writing is done when the promise resolves, and the next reading sees it; what fails is a StoreFailure. */
import type {
  EventCount,
  FeedbackEvent,
  Following,
  GivenRecommendation,
  HeldEvent,
  KnownPerson,
  StoredItem,
  StoredKey,
  StoredUser,
  StoredWork,
  VariantCount,
} from './records.ts';

export interface Store {
  /** Names it in messages and metrics: `sqlite`, `postgres`. */
  readonly kind: string;

  /** A number by which this store is known from others; it stays. */
  identity(): Promise<number>;

  /** @returns those that were new by their ids */
  addEvents(events: readonly FeedbackEvent[]): Promise<readonly FeedbackEvent[]>;
  /** Keeps events that are held back, apart from the others. */
  holdEvents(events: readonly HeldEvent[]): Promise<void>;
  /** The newest of them. */
  heldEvents(limit: number): Promise<readonly HeldEvent[]>;
  /** Those of the ids that are held. */
  heldNamed(ids: readonly string[]): Promise<readonly FeedbackEvent[]>;
  /** @returns how many were held */
  dropHeld(ids: readonly string[]): Promise<number>;
  nHeld(): Promise<number>;
  /** All that is known of somebody, with the newest `limit` events. */
  person(user: string, limit: number): Promise<KnownPerson>;
  /** The newest events of a session, the oldest of them first. */
  eventsOfSession(session: string, limit: number): Promise<readonly FeedbackEvent[]>;
  /** Events in the order in which they were told, those after `after` (0 = from the beginning), each with its place. */
  eventsAfter(after: number, limit: number): Promise<readonly (FeedbackEvent & { readonly place: number })[]>;

  /** Null where the store says nothing of the user. */
  user(id: string): Promise<StoredUser | null>;
  putUser(user: StoredUser): Promise<void>;
  /** Removes everything that is stored about a person, and has recommenders forget what training knew. @returns rows that were removed */
  deleteUser(id: string): Promise<number>;
  /** Everything of `from` becomes that of `into`. @returns events that changed hands */
  mergeUsers(from: string, into: string): Promise<number>;
  /** Users of the store whose ids hold the text, by id. */
  users(search: string, limit: number): Promise<readonly StoredUser[]>;
  /** How many ids of people there are whom recommenders shall not know; it only grows. */
  nForgotten(): Promise<number>;
  /** The ids without those of people whom recommenders shall not know. */
  withoutForgotten(ids: readonly string[]): Promise<readonly string[]>;

  item(id: string): Promise<StoredItem | null>;
  /** @returns what was stored, with its version */
  putItem(item: Omit<StoredItem, 'version'>): Promise<StoredItem>;
  /** Items that changed after a version, in the order of their changes; 0 = all. */
  itemsAfter(version: number, limit: number): Promise<readonly StoredItem[]>;

  /** Whether an answer may be given before it is kept: nobody else asks for it, and nothing says that it could not be. */
  readonly mayAnswerBefore: boolean;
  /** Keeps it together with others, within some milliseconds; `recommendation` waits for it. */
  addRecommendation(given: GivenRecommendation): Promise<void>;
  recommendation(id: string): Promise<GivenRecommendation | null>;
  /** Which of these answers it keeps. */
  knownRecommendations(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Which of these events count already. */
  knownEvents(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Events that name one of these answers. */
  eventsFollowing(recommendations: readonly string[]): Promise<readonly FeedbackEvent[]>;
  /** The place of the event that was told last; 0 = there is none. */
  lastPlace(): Promise<number>;
  /** Removes events that were held before a time. @returns how many */
  pruneHeld(before: number): Promise<number>;
  /** Answers in the order of time and id, those after one (null = from the beginning). */
  recommendationsAfter(
    after: Pick<GivenRecommendation, 'time' | 'id'> | null,
    limit: number,
  ): Promise<readonly GivenRecommendation[]>;
  /** Removes those given before a time. @returns how many */
  pruneRecommendations(before: number): Promise<number>;

  /** Events by type from a time on, in stretches of so many milliseconds. */
  eventCounts(since: number, stretch: number): Promise<readonly EventCount[]>;
  /** Lists that were given in a scenario from a time on, by variant. */
  variantCounts(scenario: string, since: number, following: Following): Promise<readonly VariantCount[]>;

  /**
   * Takes a work that one process at a time may do: one that is free, that the holder has already, or that `gone` held.
   * @param until milliseconds since 1970; unless it is taken again before, the work is free then
   * @returns whether it is the holder's now
   */
  takeWork(name: string, holder: string, until: number, gone?: string): Promise<boolean>;
  /** Gives a work back that the holder has, and says how it ended. */
  endWork(name: string, holder: string, outcome: string): Promise<void>;
  /** Null for a work that was never done. */
  work(name: string): Promise<StoredWork | null>;

  addKey(key: StoredKey): Promise<void>;
  keys(): Promise<readonly StoredKey[]>;
  /** @returns whether there was one of this id */
  removeKey(id: string): Promise<boolean>;

  /** Numbers of rows, for people and metrics. */
  counts(): Promise<{ readonly events: number; readonly users: number; readonly items: number }>;
  /** Where the last writing has failed, tries one. @throws StoreFailure while that fails, too */
  requireWritable(): Promise<void>;
  close(): Promise<void>;
}
