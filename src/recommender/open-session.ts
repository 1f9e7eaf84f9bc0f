/** A running session of a recommender of sequences: told its events one by one, asked at any time. */
import type { ArtifactInfo } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type Id, idOf } from '../core/ids.ts';
import { float32Tensor } from '../core/named-tensors.ts';
import { quotedNames } from '../core/shown.ts';
import { displayName } from '../data/dataset.ts';
import type { Vocabulary } from '../data/vocabulary.ts';
import type { RunningSequences } from '../scoring/sequence-scorer.ts';
import { fillByPopularity, popularityNote } from './fill-by-popularity.ts';
import type { Answer, Recommendation, RecommendOptions } from './recommender.ts';
import { continueOptions, emptyHistory, requestOptions } from './request.ts';
import { ITEM_COUNTS, type SequenceRecommenderParts } from './sequence-parts.ts';
import { topItems } from './top-items.ts';

export interface ContinueOptions extends Omit<RecommendOptions, 'includeSeen'> {
  /**
   * Also return items of the history. By default as the model was measured: not with `filter: 'history'`, else yes, since people
   * come back to what they looked at.
   */
  readonly includeSeen?: boolean;
  /** What to do when no item of the history is known: say so, or show what most people took and say that. */
  readonly whenEmpty?: 'error' | 'popularity';
}

/** One running session; its state is kept, so that an answer costs one event, not the whole history. */
export class OpenSession {
  readonly #parts: SequenceRecommenderParts;
  readonly #running: RunningSequences;
  readonly #title: string;
  readonly #scores: Float32Array;
  readonly #seen: Uint8Array;
  readonly #unknown: string[] = [];
  #nKnown = 0;

  constructor(parts: SequenceRecommenderParts, running: RunningSequences, title: string) {
    this.#parts = parts;
    this.#running = running;
    this.#title = title;
    this.#scores = new Float32Array(parts.items.size);
    this.#seen = new Uint8Array(parts.items.size);
  }

  /** Appends an event; false when the item is unknown, which leaves the session as it was. */
  add(itemId: Id): boolean {
    const id = idOf(itemId, 'session: the item');
    const item = this.#parts.items.indexOf(id);
    if (item === undefined) {
      this.#unknown.push(id);
      return false;
    }
    this.#running.feed(Int32Array.of(0), Int32Array.of(item));
    this.#seen[item] = 1;
    this.#nKnown++;
    return true;
  }

  /** What comes next. @throws as SequenceRecommender.recommendForHistory */
  recommend(options: ContinueOptions = {}): Answer {
    const wanted = requestOptions(continueOptions, options);
    const { k, whenEmpty, includeSeen = wasMeasuredWithSeen(this.#parts.info) } = wanted;
    const isEmpty = this.#nKnown === 0;
    if (isEmpty && whenEmpty === 'error') throw this.#nothingKnown();
    if (!isEmpty) this.#running.score(Int32Array.of(0), this.#scores);
    const popularity = this.#popularity();
    const scores = isEmpty ? popularity : this.#scores;
    const top = topItems(scores, k, includeSeen ? null : this.#seen);
    const knows = isEmpty ? null : (this.#running.knows?.(0, scores) ?? null);
    const found = fillByPopularity(top, knows, popularity, (item) => includeSeen || this.#seen[item] === 0);
    const note = popularityNote(this.#title, found.byPopularity);
    return {
      recommendations: Array.from(found.items, (item, n) => ({
        ...this.#named(item, found.scores[n]),
        ...(found.byPopularity[n] === 1 && { byPopularity: true as const }),
      })),
      how: isEmpty ? 'no item of the history is known: what most people took' : this.#how(),
      unknownItems: [...this.#unknown],
      notes: note === null ? [] : [note],
    };
  }

  close(): void {
    this.#running.free();
  }

  #popularity(): Float32Array {
    return float32Tensor(this.#parts.weights, ITEM_COUNTS, [this.#parts.items.size]);
  }

  #how(): string {
    const skipped = this.#unknown.length > 0 ? `, ${this.#unknown.length} unknown skipped` : '';
    return `${this.#title} continues the ${this.#nKnown} known item${this.#nKnown === 1 ? '' : 's'}${skipped}`;
  }

  #named(index: number, score: number): Recommendation {
    const { items, itemFields } = this.#parts;
    return { item: items.idOf(index), title: displayName(items, itemFields, index), score, because: [] };
  }

  #nothingKnown(): DeepTasteError {
    if (this.#unknown.length === 0) return emptyHistory();
    return new DeepTasteError(
      'not-found',
      `recommend: an item of the training data is needed, found only unknown ${quotedNames(this.#unknown)}; ids look like ${examplesOf(this.#parts.items)}`,
      { unknownItems: [...this.#unknown] },
    );
  }
}

function wasMeasuredWithSeen({ protocol }: ArtifactInfo): boolean {
  return (protocol as { readonly filter?: unknown } | null)?.filter !== 'history';
}

/** A few ids, to show what they look like. */
export function examplesOf({ ids }: Vocabulary): string {
  return quotedNames(ids.slice(0, 3));
}
