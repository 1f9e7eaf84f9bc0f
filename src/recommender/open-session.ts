/** A running session of a model of sequences: told its events one by one, asked at any time. */

import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type Id, idOf } from '../core/ids.ts';
import type { RunningSequences } from '../scoring/sequence-scorer.ts';
import { type Answer, type Answering, answerOf, type Candidates, type SessionAnswering } from './answer.ts';
import { candidatesFor } from './recommend-list.ts';
import { type RecommendOptions, wantedOf } from './request.ts';

const lane = Int32Array.of(0);

/** One running session; its state is kept, so that an answer costs one event, not the whole history. */
export class OpenSession {
  readonly #parts: RecommenderParts;
  readonly #title: string;
  readonly #answering: Answering;
  readonly #sessions: SessionAnswering;
  readonly #running: RunningSequences;
  readonly #items = new Set<number>();
  readonly #unknown: string[] = [];
  readonly #onClose: () => void;
  #isClosed = false;
  #nKnown = 0;

  /** @param sessions those of `answering` @param user of the data, whose it is; absent = nobody's @param onClose called once */
  constructor(
    parts: RecommenderParts,
    title: string,
    answering: Answering,
    sessions: SessionAnswering,
    user: string | undefined,
    onClose: () => void,
  ) {
    this.#onClose = onClose;
    this.#parts = parts;
    this.#title = title;
    this.#answering = answering;
    this.#sessions = sessions;
    this.#running = sessions.open(user);
  }

  /**
   * Appends an event; false when the item is unknown, which leaves the session as it was.
   * @throws 'usage' for what is no id, and when the session is closed
   */
  add(itemId: Id): boolean {
    this.#requireOpen('add');
    const id = idOf(itemId, 'session: the item');
    const item = this.#parts.items.indexOf(id);
    if (item === undefined) {
      this.#unknown.push(id);
      return false;
    }
    this.#running.feed(lane, Int32Array.of(item));
    this.#items.add(item);
    this.#nKnown++;
    return true;
  }

  /** What comes next. @throws as Recommender.recommend; 'usage' when the session is closed */
  recommend(options: RecommendOptions = {}): Answer {
    return answerOf(this.#parts, this.candidates(options));
  }

  /** The same by dense index, without titles. @throws as recommend */
  candidates(options: RecommendOptions = {}): Candidates {
    this.#requireOpen('recommend');
    const wanted = wantedOf(options);
    const sequence = {
      running: this.#running,
      items: this.#items,
      nKnown: this.#nKnown,
      unknownItems: this.#unknown,
    };
    const asked = this.#sessions.askRunning(sequence, wanted.whenEmpty);
    return candidatesFor(this.#parts, this.#title, this.#answering, asked, wanted);
  }

  #requireOpen(call: string): void {
    if (this.#isClosed)
      throw new DeepTasteError('usage', `session: ${call}: the session is closed; begin another with startSession`);
  }

  /** Gives back its state; closing the recommender does so too. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#running.free();
    this.#onClose();
  }
}
