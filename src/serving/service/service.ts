/** What the parts of the server share. */
import type { Log } from '../log.ts';
import type { Scoring } from '../scoring/question.ts';
import type { ServerSettings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import type { Bandits } from './bandits.ts';
import type { Guard } from './guard.ts';
import type { Watcher } from './watcher.ts';

export interface Service {
  readonly store: Store;
  readonly scoring: Scoring;
  readonly settings: ServerSettings;
  /** Told what is going on, for metrics. */
  readonly watcher: Watcher;
  readonly log: Log;
  /** What Thompson sampling learns from feedback. */
  readonly bandits: Bandits;
  /** Says which feedback is held back. */
  readonly guard: Guard;
  /** Of whoever waits for the answer: aborted when the connection is closed. Absent = of nobody in particular. */
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. */
  now(): number;
  /** An id that nobody guesses. */
  newId(): string;
  /** Told when an item of the store has changed. */
  readonly onItems?: () => void;
}
