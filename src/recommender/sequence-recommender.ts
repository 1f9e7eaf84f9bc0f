/**
 * A trained model of sequences in use: it continues a session or a history, given by the ids of its items in order. Saved as a
 * folder that stands alone, like every recommender.
 */
import { loadArtifact, saveArtifact } from '../artifact/artifact.ts';
import { fitting } from '../artifact/fitting.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type Id, idOf, idsOf } from '../core/ids.ts';
import { float32Tensor } from '../core/named-tensors.ts';
import { quotedNames } from '../core/shown.ts';
import { noFields } from '../data/side-information.ts';
import { rowOf } from '../data/sparse-rows.ts';
import { Engine, type EngineOptions } from '../engine/runtime/engine.ts';
import type { Model } from '../examples/model.ts';
import { findModelOf } from '../models/index.ts';
import type { SequenceScorer } from '../scoring/sequence-scorer.ts';
import { type ContinueOptions, examplesOf, OpenSession } from './open-session.ts';
import type { Answer } from './recommender.ts';
import { continueOptions, requestOptions } from './request.ts';
import { checkSaving } from './saving.ts';
import { ITEM_COUNTS, type SequenceRecommenderParts } from './sequence-parts.ts';
import { checkStoredModel } from './stored-model.ts';
import { asSeen } from './user-histories.ts';

export class SequenceRecommender {
  readonly parts: SequenceRecommenderParts;
  readonly model: Model<unknown, 'sequences'>;
  #engine: Engine | null;
  readonly #ownsEngine: boolean;
  readonly #engineOptions: EngineOptions;
  #scorer: SequenceScorer | null = null;

  /** @param engine shared with other work; absent = one of its own, made if the model needs one and closed by `close` */
  constructor(parts: SequenceRecommenderParts, engine?: Engine, options: EngineOptions = {}) {
    this.parts = parts;
    this.model = findModelOf('sequences', parts.info.model.name);
    this.#engine = engine ?? null;
    this.#ownsEngine = engine === undefined;
    this.#engineOptions = options;
  }

  /** @throws 'artifact' when the folder is truncated, altered or of a newer format; 'not-found' when it is not there */
  static async load(path: string, options: EngineOptions = {}): Promise<SequenceRecommender> {
    const recommender = new SequenceRecommender(await SequenceRecommender.read(path), undefined, options);
    try {
      await fitting(path, () => recommender.scorer());
    } catch (error) {
      recommender.close();
      throw error;
    }
    return recommender;
  }

  /** The parts of a saved one, to be used with an engine of one's own. @throws as load */
  static async read(path: string): Promise<SequenceRecommenderParts> {
    const { manifest, weights, items, itemFields, users, seen } = await loadArtifact(path);
    const histories = users.size > 0 ? { users, rows: seen } : null;
    await checkStoredModel(path, manifest.model, (name) => findModelOf('sequences', name));
    await fitting(path, () => {
      const counts = float32Tensor(weights, ITEM_COUNTS, [items.size]);
      if (counts.some((count) => count < 0)) throw new Error(`"${ITEM_COUNTS}" holds a negative number`);
    });
    return { info: manifest, weights, items, itemFields, histories };
  }

  /** Writes the folder; an artifact that is there is replaced only when the new one is complete. @throws 'usage' for a wrong call */
  async save(path: string, attachments: ReadonlyMap<string, string> = new Map()): Promise<Manifest> {
    checkSaving(path, null, attachments);
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
    this.#scorer = model.scorerOf(engine, { config, weights, about: { nItems: items.size } });
    return this.#scorer;
  }

  /** Begins an empty session that is told its events one by one and can be asked at any time. */
  startSession(): OpenSession {
    return new OpenSession(this.parts, this.scorer().open(1), this.model.title);
  }

  /**
   * What comes next after these items, the oldest first. Unknown ids are skipped and listed in the answer.
   * @throws 'not-found' when none of the items is known, unless `whenEmpty` is 'popularity'; 'usage' for a wrong call
   */
  recommendForHistory(itemIds: readonly Id[], options: ContinueOptions = {}): Answer {
    requestOptions(continueOptions, options); // before a session is opened and fed
    const ids = idsOf(itemIds, 'recommend: the history');
    const session = this.startSession();
    try {
      for (const id of ids) session.add(id);
      return session.recommend(options);
    } finally {
      session.close();
    }
  }

  /**
   * What comes next for a user of the training data.
   * @throws 'not-found' for an unknown id; 'usage' when the sequences were nobody's, and for a wrong call
   */
  recommendForUser(userId: Id, options: ContinueOptions = {}): Answer {
    const { histories, items } = this.parts;
    if (histories === null)
      throw new DeepTasteError(
        'usage',
        `recommend: this ${this.model.title} was trained on sessions that are nobody's and knows no users; ` +
          'give the items of the session (--history ID,ID,…)',
      );
    const id = idOf(userId, 'recommend: the user');
    const user = histories.users.indexOf(id);
    if (user === undefined)
      throw new DeepTasteError(
        'not-found',
        `recommend: no user ${quotedNames([id])} was in the training data (ids look like ${examplesOf(histories.users)}); ` +
          'give the items the person took instead (--history)',
      );
    const ids = Array.from(rowOf(histories.rows, user), (item) => items.idOf(item));
    if (ids.length === 0)
      throw new DeepTasteError(
        'not-found',
        `recommend: user ${quotedNames([id])} took no item that was in the training data; give the items of a history (--history)`,
      );
    return this.recommendForHistory(ids, options);
  }

  close(): void {
    this.#scorer?.free();
    this.#scorer = null;
    if (this.#ownsEngine) this.#engine?.close();
    if (this.#ownsEngine) this.#engine = null;
  }
}
