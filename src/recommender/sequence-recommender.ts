/**
 * A trained model of sequences in use: it continues a session or a history, given by the ids of its items in order. Saved as a
 * folder that stands alone, like every recommender.
 */
import { loadArtifact, saveArtifact } from '../artifact/artifact.ts';
import type { ArtifactInfo, Manifest } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { float32Tensor, type NamedTensors } from '../core/named-tensors.ts';
import { displayName, type FieldTable } from '../data/dataset.ts';
import { noFields } from '../data/side-information.ts';
import { rowOf } from '../data/sparse-rows.ts';
import type { Vocabulary } from '../data/vocabulary.ts';
import { Engine, type EngineOptions } from '../engine/runtime/engine.ts';
import { type AnySequenceModel, findSequenceModel } from '../models/index.ts';
import type { RunningSequences, SequenceScorer } from '../models/sequence-scorer.ts';
import { sequenceScorerOf } from '../models/sequence-scoring.ts';
import type { Answer, Recommendation, RecommendOptions } from './recommender.ts';
import { topItems } from './top-items.ts';
import { asSeen, type UserHistories } from './user-histories.ts';

/** Name of the tensor with the training events of each item, kept beside the weights of every model of sequences. */
export const ITEM_COUNTS = 'itemCounts';

export interface ContinueOptions extends Omit<RecommendOptions, 'includeSeen'> {
  /**
   * Also return items of the history. By default as the model was measured: not with `filter: 'history'`, else yes, since people
   * come back to what they looked at.
   */
  readonly includeSeen?: boolean;
  /** What to do when no item of the history is known: say so, or show what most people took and say that. */
  readonly whenEmpty?: 'error' | 'popularity';
}

export interface SequenceRecommenderParts {
  readonly info: ArtifactInfo;
  /** The model's tensors and {@link ITEM_COUNTS}. */
  readonly weights: NamedTensors;
  readonly items: Vocabulary;
  readonly itemFields: FieldTable;
  /** Histories of users to go on with; null where the sequences were nobody's. */
  readonly histories: UserHistories | null;
}

export class SequenceRecommender {
  readonly parts: SequenceRecommenderParts;
  readonly model: AnySequenceModel;
  #engine: Engine | null;
  readonly #ownsEngine: boolean;
  readonly #engineOptions: EngineOptions;
  #scorer: SequenceScorer | null = null;

  /** @param engine shared with other work; absent = one of its own, made if the model needs one and closed by `close` */
  constructor(parts: SequenceRecommenderParts, engine?: Engine, options: EngineOptions = {}) {
    this.parts = parts;
    this.model = findSequenceModel(parts.info.model.name);
    this.#engine = engine ?? null;
    this.#ownsEngine = engine === undefined;
    this.#engineOptions = options;
  }

  /** @throws 'artifact' when the folder is truncated, altered or of a newer format; 'not-found' when it is not there */
  static async load(path: string, options: EngineOptions = {}): Promise<SequenceRecommender> {
    return new SequenceRecommender(await SequenceRecommender.read(path), undefined, options);
  }

  /** The parts of a saved one, to be used with an engine of one's own. @throws as load */
  static async read(path: string): Promise<SequenceRecommenderParts> {
    const { manifest, weights, items, itemFields, users, seen } = await loadArtifact(path);
    const histories = users.size > 0 ? { users, rows: seen } : null;
    return { info: manifest, weights, items, itemFields, histories };
  }

  /** Writes the folder; an artifact that is there is replaced only when the new one is complete. */
  async save(path: string, attachments: ReadonlyMap<string, string> = new Map()): Promise<Manifest> {
    const { histories, ...parts } = this.parts;
    const { users, seen } = asSeen(histories);
    const people = { users, seen, userFields: noFields(users.size), perUser: null };
    return saveArtifact(path, { ...parts, ...people, checkpoint: null, attachments });
  }

  /** How the model scores; made once. */
  scorer(): SequenceScorer {
    if (this.#scorer) return this.#scorer;
    const { weights, items, info } = this.parts;
    const engine = (): Engine => {
      this.#engine ??= new Engine(this.#engineOptions);
      return this.#engine;
    };
    const { model } = this;
    const config = model.options.parse(info.model.config);
    this.#scorer = sequenceScorerOf({ model, config, weights, nItems: items.size }, engine);
    return this.#scorer;
  }

  /** Begins an empty session that is told its events one by one and can be asked at any time. */
  startSession(): OpenSession {
    return new OpenSession(this.parts, this.scorer().open(1), this.model.title);
  }

  /**
   * What comes next after these items, the oldest first. Unknown ids are skipped and listed in the answer.
   * @throws 'not-found' when none of the items is known, unless `whenEmpty` is 'popularity'; 'usage' for a wrong k
   */
  recommendForHistory(itemIds: readonly string[], options: ContinueOptions = {}): Answer {
    const session = this.startSession();
    try {
      for (const id of itemIds) session.add(id);
      return session.recommend(options);
    } finally {
      session.close();
    }
  }

  /**
   * What comes next for a user of the training data.
   * @throws 'not-found' for an unknown id; 'usage' when the sequences were nobody's
   */
  recommendForUser(userId: string, options: ContinueOptions = {}): Answer {
    const { histories, items } = this.parts;
    if (histories === null)
      throw new DeepTasteError(
        'usage',
        `recommend: this ${this.model.title} was trained on sessions that are nobody's and knows no users; ` +
          'give the items of the session (--history ID,ID,…)',
      );
    const user = histories.users.indexOf(userId);
    if (user === undefined)
      throw new DeepTasteError(
        'not-found',
        `recommend: no user "${userId}" was in the training data (ids look like ${examplesOf(histories.users)}); ` +
          'give the items the person took instead (--history)',
      );
    const ids = Array.from(rowOf(histories.rows, user), (item) => items.idOf(item));
    return this.recommendForHistory(ids, options);
  }

  close(): void {
    this.#scorer?.free();
    this.#scorer = null;
    if (this.#ownsEngine) this.#engine?.close();
    if (this.#ownsEngine) this.#engine = null;
  }
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
  add(itemId: string): boolean {
    const item = this.#parts.items.indexOf(itemId);
    if (item === undefined) {
      this.#unknown.push(itemId);
      return false;
    }
    this.#running.feed(Int32Array.of(0), Int32Array.of(item));
    this.#seen[item] = 1;
    this.#nKnown++;
    return true;
  }

  /** What comes next. @throws as SequenceRecommender.recommendForHistory */
  recommend(options: ContinueOptions = {}): Answer {
    const { k = 10, includeSeen = wasMeasuredWithSeen(this.#parts.info), whenEmpty = 'error' } = options;
    if (!Number.isInteger(k) || k < 1)
      throw new DeepTasteError('usage', `recommend: k must be a positive integer, got ${k}`);
    const isEmpty = this.#nKnown === 0;
    if (isEmpty && whenEmpty === 'error') throw this.#nothingKnown();
    if (!isEmpty) this.#running.score(Int32Array.of(0), this.#scores);
    const scores = isEmpty ? this.#popularity() : this.#scores;
    const top = topItems(scores, k, includeSeen ? null : this.#seen);
    return {
      recommendations: Array.from(top.items, (item, n) => this.#named(item, top.scores[n])),
      how: isEmpty ? 'no item of the history is known: what most people took' : this.#how(),
      unknownItems: [...this.#unknown],
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
    const given = this.#unknown.length === 0 ? 'the history is empty' : `found only unknown ${quoted(this.#unknown)}`;
    return new DeepTasteError(
      'not-found',
      `recommend: an item of the training data is needed, ${given}; ids look like ${examplesOf(this.#parts.items)}`,
      { unknownItems: [...this.#unknown] },
    );
  }
}

function wasMeasuredWithSeen({ protocol }: ArtifactInfo): boolean {
  return (protocol as { readonly filter?: unknown } | null)?.filter !== 'history';
}

/** A few ids, to show what they look like. */
function examplesOf({ ids }: Vocabulary): string {
  return quoted(ids.slice(0, 3));
}

function quoted(ids: readonly string[]): string {
  const shown = ids.slice(0, 5).map((id) => `"${id}"`);
  return ids.length > 5 ? `${shown.join(', ')} and ${ids.length - 5} more` : shown.join(', ');
}
