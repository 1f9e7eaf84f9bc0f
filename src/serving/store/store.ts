/** What the server needs of a store. Writing is done when the promise resolves, and the next reading sees it; what fails is a StoreFailure. */
import type { FeedbackEvent, GivenRecommendation, KnownPerson, StoredItem, StoredKey, StoredUser } from './records.ts';

export interface Store {
  /** Names it in messages and metrics: `sqlite`, `postgres`. */
  readonly kind: string;

  /** @returns how many were new by their ids */
  addEvents(events: readonly FeedbackEvent[]): Promise<number>;
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
  /** SHA-256 (hex) of the ids of people whom recommenders shall not know. */
  forgotten(): Promise<readonly string[]>;

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
  /** Removes those given before a time. @returns how many */
  pruneRecommendations(before: number): Promise<number>;

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
