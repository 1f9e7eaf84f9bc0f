/** A trained recommender: asked by external ids, saved as a folder that stands alone, loaded without the data. */
import { resolve } from 'node:path';
import { loadArtifact, saveArtifact } from '../artifact/artifact.ts';
import { FEATURES_FILE, writeFieldFile } from '../artifact/field-file.ts';
import { fitting } from '../artifact/fitting.ts';
import { type Manifest, versionOf } from '../artifact/manifest.ts';
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import type { PerUserValues } from '../artifact/tables.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type Id, shownValue } from '../core/ids.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { Vocabulary } from '../data/vocabulary.ts';
import { checkEngineOptions, Engine, type EngineOptions } from '../engine/runtime/engine.ts';
import { type EvaluationResult, toColumns } from '../evaluation/evaluation-result.ts';
import { type Form, type Forms, formTitles } from '../examples/forms.ts';
import type { AnyModel, TaskName } from '../examples/model.ts';
import { isRowModel } from '../examples/rows.ts';
import { findModel, models } from '../models/index.ts';
import { type Answer, type Answering, answerOf, type Candidates } from './answer.ts';
import { type EmbeddingOwner, type Embeddings, embeddingsOf } from './embeddings.ts';
import type { Explanation } from './explain-row.ts';
import { answeringOf, scorerOf, withOwnParts } from './forms.ts';
import { type FoundReport, foundReport } from './found-report.ts';
import type { RowPrediction, RowRecord } from './named-rows.ts';
import { OpenSession } from './open-session.ts';
import { ListsInWork, listsForAll, type UserList } from './recommend-all.ts';
import { candidatesFor } from './recommend-list.ts';
import {
  checkedRequest,
  type RecommendAllOptions,
  type RecommendOptions,
  type Request,
  rowRecord,
  rowsOf,
  type SessionOptions,
  sessionOwner,
  wantedOf,
  wantedOfAll,
} from './request.ts';
import { checkSaving } from './saving.ts';
import { type SimilarItems, type SimilarOptions, type SimilarUsers, similarItems, similarUsers } from './similar.ts';
import { currentModel, storedModel } from './stored-model.ts';

export class Recommender {
  readonly parts: RecommenderParts;
  readonly model: AnyModel;
  readonly #engineOptions: EngineOptions;
  readonly #ownsEngine: boolean;
  #engine: Engine | null;
  #scorer: Forms[Form]['scorer'] | null = null;
  #answering: Answering | null = null;
  readonly #sessions = new Set<OpenSession>();
  #listsInWork = new ListsInWork();

  /** @param engine shared with other work; absent = one of its own, made when it is needed and closed by `close` */
  constructor(parts: RecommenderParts, engine?: Engine, options: EngineOptions = {}) {
    this.parts = parts;
    this.model = storedModel(parts.info);
    this.#engine = engine ?? null;
    this.#ownsEngine = engine === undefined;
    this.#engineOptions = options;
  }

  /** @throws 'artifact' when the folder is truncated, altered or of a newer format; 'not-found' when it is not there; 'config' for wrong options of the engine */
  static async load(path: string, options: EngineOptions = {}): Promise<Recommender> {
    checkEngineOptions(options);
    const recommender = new Recommender(await Recommender.read(path), undefined, options);
    try {
      await fitting(path, () => recommender.#anyScorer());
    } catch (error) {
      recommender.close();
      throw error;
    }
    return recommender;
  }

  /** The parts of a saved one, for an engine that is shared. @throws as load */
  static async read(path: string): Promise<RecommenderParts> {
    const { manifest, weights, users, items, userFields, itemFields, seen, heldOut } = await loadArtifact(path);
    const info = { ...manifest, model: await currentModel(path, manifest) };
    const saved = { version: versionOf(manifest), path: resolve(path), created: manifest.created };
    const parts = { info, saved, weights, users, items, userFields, itemFields, seen, heldOut };
    return withOwnParts(findModel(info.model.name), path, parts);
  }

  /** Writes the folder; an artifact that is there is replaced only when the new one is complete. @throws 'usage' for a wrong call */
  async save(
    path: string,
    result: EvaluationResult | null = null,
    attachments: ReadonlyMap<string, string | Uint8Array> = new Map(),
  ): Promise<Manifest> {
    checkSaving(path, result, attachments);
    const { fields, ...parts } = this.parts;
    const files = new Map(attachments);
    if (fields) files.set(FEATURES_FILE, writeFieldFile(fields));
    const perUser = result && !result.protocol.nextItem ? perUserValues(result, parts.users) : null;
    return saveArtifact(path, { ...parts, perUser, checkpoint: null, attachments: files });
  }

  get engine(): Engine {
    this.#engine ??= new Engine(this.#engineOptions);
    return this.#engine;
  }

  /**
   * How the model scores; made once.
   * @param form of the data that the model learned from
   * @throws 'usage' for a model that learned from data of another form
   */
  scorer<F extends Form>(form: F): Forms[F]['scorer'] {
    if (this.model.form !== form)
      throw new DeepTasteError(
        'usage',
        `${this.model.title}: must be one of the ${formTitles[form]} for this, found one of the ${formTitles[this.model.form]}`,
      );
    return this.#anyScorer() as Forms[F]['scorer'];
  }

  #anyScorer(): Forms[Form]['scorer'] {
    this.#scorer ??= scorerOf<Form>(() => this.engine, this.model, this.parts);
    return this.#scorer;
  }

  #answers(): Answering {
    this.#answering ??= answeringOf<Form>(() => this.engine, this.model, this.parts, this.#anyScorer());
    return this.#answering;
  }

  /** What it can be asked by, what lists of it hold, and how many took each item. */
  get asks(): Pick<Answering, 'by' | 'takenIn' | 'popularity' | 'includeSeen' | 'isServed' | 'sessions'> {
    return this.#answers();
  }

  /**
   * Recommendations for somebody: a user of the data, somebody new by the items taken, or by what describes them.
   * @throws 'not-found' for ids of which none is known; 'usage' for a wrong call, or what the model does not look at
   */
  recommend(request: Request, options: RecommendOptions = {}): Answer {
    return answerOf(this.parts, this.candidates(request, options));
  }

  /**
   * What `recommend` recommends by dense index, without titles; reasons are found for the items that are asked about.
   * @throws as recommend
   */
  candidates(request: Request, options: RecommendOptions = {}): Candidates {
    const person = checkedRequest(request);
    const wanted = wantedOf(options);
    const asked = this.#answers().ask({ ...person, whenEmpty: wanted.whenEmpty });
    try {
      return candidatesFor(this.parts, this.model.title, this.#answers(), asked, wanted);
    } finally {
      asked.free?.();
    }
  }

  /**
   * Recommendations for many users of the data, ranked in blocks on all threads: the items that `recommend({ user })` gives each of
   * them, without reasons. Memory does not grow with the number of users. Users of whom nothing is known have an empty list that says
   * why.
   * @throws at once 'not-found' when none of the users is known, 'usage' for a wrong call or a model that knows no users
   */
  recommendAll(
    options: RecommendAllOptions = {},
    progress: Progress = silent,
  ): AsyncGenerator<UserList, void, undefined> {
    return listsForAll(this.parts, this.#answers(), wantedOfAll(options), progress, this.#listsInWork);
  }

  /**
   * The items most alike to one.
   * @param options number of items, 10 by default, and a condition on their fields
   * @throws 'not-found' for an unknown item; 'usage' for a model that knows no likeness of items, and for a wrong call
   */
  similar(itemId: Id, options: SimilarOptions = {}): SimilarItems {
    return similarItems(this.parts, this.model.title, this.#answers(), itemId, options);
  }

  /**
   * The users of the training data whose vectors are most alike to those of one.
   * @param options number of users, 10 by default
   * @throws 'not-found' for a user without training rows; 'usage' for a model without vectors of users, and for a wrong call
   */
  similarUsers(userId: Id, options: { readonly k?: number } = {}): SimilarUsers {
    return similarUsers(this.parts, this.model.title, this.#answers(), userId, options);
  }

  /**
   * The vectors by which the model knows the items, or the users, that training had: what a score needs of either alone. Where scores
   * are dot products (mf, ials …) that of a user and an item is their score.
   * @throws 'usage' for a model without such vectors
   */
  embeddings(owner: EmbeddingOwner): Embeddings {
    return embeddingsOf(this.parts, this.model.title, this.#answers(), owner);
  }

  /**
   * Predicts rows given by the names of their columns, e.g. `{ user_id: 'ann', genre: ['Comedy'], age: 31 }`. Of users and items
   * that training knew, what describes them is filled in where the row does not say it. Models of users and items that predict ratings
   * read the user and the item of a row; of whoever and whatever training did not have they know no terms, which a note says.
   * @throws 'usage' when it is no list of objects, and for models that predict no rows
   */
  predict(rows: readonly RowRecord[]): RowPrediction[] {
    const answering = this.#answers();
    if (!answering.predict)
      throw this.#notAble(
        'predict',
        `a model over feature fields (${namesFor('click')}), or one trained on ratings (--task rating)`,
      );
    const records = rowsOf(rows);
    return records.length === 0 ? [] : answering.predict(records);
  }

  /**
   * Why a row is predicted as it is: what each of its values adds.
   * @param nPairs strongest pairs to list
   * @throws 'usage' for models that predict no rows, and for a wrong number of pairs
   */
  explain(row: RowRecord, nPairs = 10): Explanation {
    const answering = this.#answers();
    if (!answering.explain) throw this.#notAble('explain', `a model over feature fields (${namesFor('click')})`);
    if (!Number.isInteger(nPairs) || nPairs < 0)
      throw new DeepTasteError(
        'usage',
        `explain: the number of pairs must be a whole number from 0, found ${shownValue(nPairs)}`,
      );
    return answering.explain(rowRecord(row, 'explain: the row'), nPairs);
  }

  /**
   * What a search has left of the model's parts: pairs of fields, or fields.
   * @throws 'usage' for models that search none
   */
  found(): FoundReport {
    const { model, parts } = this;
    if (!isRowModel(model) || !model.found || !parts.fields) {
      const able = models.filter((each) => isRowModel(each) && each.found).map(({ name }) => name);
      throw new DeepTasteError(
        'usage',
        `found: needs a model that searches among its parts (${able.join(', ')}), found ${model.title}; ask it with explain`,
      );
    }
    const config = model.options.parse(parts.info.model.config);
    return foundReport(model.found(config, parts.fields.encoder.layout, parts.weights));
  }

  #notAble(call: string, needed: string): DeepTasteError {
    return new DeepTasteError('usage', `${call}: needs ${needed}, found ${this.model.title}; ask it with recommend`);
  }

  /**
   * Begins a session that is told its events one by one and can be asked at any time.
   * @param options a user of the data, with whose history it begins; without one it is empty
   * @throws 'usage' unless the model is one of sequences, and for a wrong call; 'not-found' for a user without a history
   */
  startSession(options: SessionOptions = {}): OpenSession {
    const owner = sessionOwner(options);
    const answering = this.#answers();
    const { sessions } = answering;
    if (!sessions) throw this.#notAble('session', `a model of sequences (${namesFor('next-item')})`);
    const { parts, model } = this;
    const history = owner === undefined ? [] : sessions.historyOf(owner, 'error');
    const onClose = () => this.#sessions.delete(session);
    const session: OpenSession = new OpenSession(parts, model.title, answering, sessions, owner, onClose);
    this.#sessions.add(session);
    for (const item of history) session.add(item);
    return session;
  }

  /** Gives back memory and threads, and what open sessions and lists in work hold: these say so when they are asked further. */
  close(): void {
    this.#listsInWork.close();
    this.#listsInWork = new ListsInWork();
    for (const session of this.#sessions) session.close();
    if (this.#answering) this.#answering.free();
    else this.#scorer?.free();
    this.#answering = null;
    this.#scorer = null;
    if (this.#ownsEngine) this.#engine?.close();
    if (this.#ownsEngine) this.#engine = null;
  }
}

/** Names of the models that can be asked for a task. */
function namesFor(task: TaskName): string {
  return models
    .filter(({ tasks }) => tasks.includes(task))
    .map(({ name }) => name)
    .join(', ');
}

/** The values of users, and their weights where a metric has some, by dense user index. */
function perUserValues(result: EvaluationResult, users: Vocabulary): PerUserValues {
  const { user: ids, ...columns } = toColumns(result);
  return {
    userIndex: Int32Array.from(ids as readonly string[], (id) => users.indexOf(id) as number),
    metrics: new Map(Object.entries(columns as Record<string, Float64Array>)),
  };
}
