/** How models of sequences answer: they go on with a history, the oldest item first. */

import { ITEM_COUNTS, type RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import { float32Tensor } from '../core/named-tensors.ts';
import { quotedNames } from '../core/shown.ts';
import { joinedAscending, rowOf } from '../data/sparse-rows.ts';
import type { RunningSequences, SequenceScorer } from '../scoring/sequence-scorer.ts';
import type {
  Answering,
  Asked,
  AskedPerson,
  Ranked,
  RankedUser,
  SequenceSoFar,
  SessionAnswering,
  Vectors,
  WantedOfUsers,
} from './answer.ts';
import { HistoryLanes } from './history-lanes.ts';
import { emptyHistory, examplesOf, MOST_TAKEN } from './request.ts';
import { takenItems, topItems } from './top-items.ts';
import { blocksOf } from './users-at-once.ts';

const NOTHING_KNOWN = 'took no item that was in the training data';

const lane = Int32Array.of(0);

export class SequenceAnswering implements Answering, SessionAnswering {
  readonly by = ['user', 'history'] as const;
  readonly takenIn = 'the data';
  readonly includeSeen: boolean;
  readonly predict = null;
  readonly explain = null;
  readonly sessions = this;
  readonly popularity: Float32Array;
  readonly #title: string;
  readonly #parts: RecommenderParts;
  readonly #scorer: SequenceScorer;

  constructor(title: string, parts: RecommenderParts, scorer: SequenceScorer) {
    this.#title = title;
    this.#parts = parts;
    this.#scorer = scorer;
    this.includeSeen = wasMeasuredWithSeen(parts);
    this.popularity = float32Tensor(parts.weights, ITEM_COUNTS, [parts.items.size]);
  }

  open(user?: string): RunningSequences {
    const running = this.#scorer.open(1);
    const owner = user === undefined ? undefined : this.#parts.users.indexOf(user);
    if (owner !== undefined) running.reset(lane, Int32Array.of(owner));
    return running;
  }

  isServed(): boolean {
    return true;
  }

  ask({ user, history, row, whenEmpty }: AskedPerson): Asked {
    if (row !== undefined)
      throw new DeepTasteError(
        'usage',
        `recommend: ${this.#title} does not look at the cells of a row; give a history, or a user`,
      );
    const ids = user === undefined ? (history ?? []) : this.historyOf(user, whenEmpty);
    const running = this.open(user);
    try {
      const items = new Set<number>();
      const unknownItems: string[] = [];
      let nKnown = 0;
      for (const id of ids) {
        const item = this.#parts.items.indexOf(id);
        if (item === undefined) {
          unknownItems.push(id);
          continue;
        }
        running.feed(lane, Int32Array.of(item));
        items.add(item);
        nKnown++;
      }
      const asked = this.askRunning(
        { running, items, nKnown, unknownItems },
        whenEmpty,
        user === undefined ? 'history' : 'user',
      );
      return { ...asked, free: () => running.free() };
    } catch (error) {
      running.free();
      throw error;
    }
  }

  /**
   * Somebody in the middle of a sequence.
   * @throws 'not-found' when none of the items is known, unless `whenEmpty` is 'popularity'; 'usage' for an empty sequence
   */
  askRunning(sequence: SequenceSoFar, whenEmpty: AskedPerson['whenEmpty'], by: 'user' | 'history' = 'history'): Asked {
    const { running, items, nKnown, unknownItems } = sequence;
    const isEmpty = nKnown === 0;
    if (isEmpty && whenEmpty === 'error') throw this.#nothingKnown(unknownItems);
    const how = isEmpty ? MOST_TAKEN[by] : this.#continued(nKnown, unknownItems.length);
    return {
      taken: Int32Array.from(items).sort(),
      history: new Int32Array(0),
      unknownItems: [...unknownItems],
      notes: [],
      rank: (k, excluded) => {
        const scores = isEmpty ? this.popularity : this.#scoresOf(running);
        const isExcluded = new Uint8Array(scores.length);
        for (const item of excluded) isExcluded[item] = 1;
        const knows = isEmpty ? null : (running.knows?.(0, scores) ?? null);
        return { ...topItems(scores, k, isExcluded), knows, how };
      },
    };
  }

  #continued(nKnown: number, nUnknown: number): string {
    const skipped = nUnknown > 0 ? `, ${nUnknown} unknown skipped` : '';
    return `${this.#title} continues the ${nKnown} known item${nKnown === 1 ? '' : 's'}${skipped}`;
  }

  /** The histories of a block run side by side, as many as the model steps best. */
  *rankUsers(users: Int32Array, wanted: WantedOfUsers): Generator<readonly RankedUser[]> {
    const { items, seen } = this.#parts;
    const includeSeen = wanted.includeSeen ?? this.includeSeen;
    const lanes = new HistoryLanes(this.#scorer, users.length);
    try {
      for (const block of blocksOf(users, items.size)) {
        const histories = Array.from(block, (user) => rowOf(seen, user));
        const own = histories.map((history) => (includeSeen ? new Int32Array(0) : distinct(history)));
        const lists = this.#rankHistories(lanes, block, histories, own, wanted);
        yield Array.from(block, (user, n) => {
          const ranked = lists[n];
          return ranked ? { user, excluded: own[n], ranked } : { user, unserved: NOTHING_KNOWN };
        });
      }
    } finally {
      lanes.free();
    }
  }

  /** Undefined for empty histories. */
  #rankHistories(
    lanes: HistoryLanes,
    users: Int32Array,
    histories: readonly Int32Array[],
    own: readonly Int32Array[],
    { k, excluded }: WantedOfUsers,
  ): Ranked[] {
    const lists: Ranked[] = [];
    const isExcluded = new Uint8Array(this.#parts.items.size);
    lanes.run(users, histories, (n, scores, knows) => {
      const left = joinedAscending(own[n], excluded);
      for (const item of left) isExcluded[item] = 1;
      lists[n] = { ...topItems(scores, k, isExcluded), knows, how: this.#continued(histories[n].length, 0) };
      for (const item of left) isExcluded[item] = 0;
    });
    return lists;
  }

  #scoresOf(running: RunningSequences): Float32Array {
    const scores = new Float32Array(this.#parts.items.size);
    running.score(lane, scores);
    return scores;
  }

  historyOf(id: string, whenEmpty: AskedPerson['whenEmpty']): string[] {
    const { users, seen, items } = this.#parts;
    this.requireUsers();
    const user = users.indexOf(id);
    if (user === undefined && whenEmpty === 'popularity') return [];
    if (user === undefined)
      throw new DeepTasteError(
        'not-found',
        `recommend: no user ${quotedNames([id])} was in the training data (ids look like ${examplesOf(users)}); ` +
          'give the items the person took instead (--history)',
      );
    const ids = Array.from(rowOf(seen, user), (item) => items.idOf(item));
    if (ids.length > 0 || whenEmpty === 'popularity') return ids;
    throw new DeepTasteError(
      'not-found',
      `recommend: user ${quotedNames([id])} ${NOTHING_KNOWN}; give the items of a history (--history)`,
    );
  }

  requireUsers(): void {
    if (this.#parts.users.size > 0) return;
    throw new DeepTasteError(
      'usage',
      `recommend: this ${this.#title} was trained on sessions that are nobody's and knows no users; ` +
        'give the items of the session (--history ID,ID,…)',
    );
  }

  reasons(): number[] {
    return [];
  }

  /** What comes next after the item alone. */
  likeness(item: number): ReturnType<Answering['likeness']> {
    const running = this.#scorer.open(1);
    try {
      running.feed(lane, Int32Array.of(item));
      return { scores: this.#scoresOf(running), how: `what ${this.#title} expects next after it` };
    } finally {
      running.free();
    }
  }

  /** Of items those against which the state of a sequence is scored, without what is added for each item. */
  vectors(owner: 'item' | 'user'): Vectors | null {
    const vectors = owner === 'item' ? this.#scorer.itemVectors?.() : undefined;
    return vectors ? { ...vectors, rows: takenItems(this.popularity) } : null;
  }

  #nothingKnown(unknownItems: readonly string[]): DeepTasteError {
    if (unknownItems.length === 0) return emptyHistory();
    return new DeepTasteError(
      'not-found',
      `recommend: an item of the training data is needed, found only unknown ${quotedNames(unknownItems)}; ids look like ${examplesOf(this.#parts.items)}`,
      { unknownItems: [...unknownItems] },
    );
  }

  free(): void {
    this.#scorer.free();
  }
}

function distinct(items: Int32Array): Int32Array {
  const sorted = items.slice().sort();
  let n = 0;
  for (const item of sorted) if (n === 0 || item !== sorted[n - 1]) sorted[n++] = item;
  return sorted.slice(0, n);
}

/** People come back to what they looked at, unless the model was measured without that (`filter: 'history'`). */
function wasMeasuredWithSeen({ info }: RecommenderParts): boolean {
  return (info.protocol as { readonly filter?: unknown } | null)?.filter !== 'history';
}
