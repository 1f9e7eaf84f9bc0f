/** A trained recommender: asked for recommendations by user id or by items, saved as a folder, loaded without the data. */
import { type Artifact, type LoadedArtifact, loadArtifact, saveArtifact } from '../artifact/artifact.ts';
import { fitting } from '../artifact/fitting.ts';
import type { ArtifactInfo, Manifest } from '../artifact/manifest.ts';
import type { PerUserValues } from '../artifact/tables.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type Id, idOf } from '../core/ids.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import { quotedNames, shownName } from '../core/shown.ts';
import { counted } from '../data/counted.ts';
import { displayName, type FieldTable } from '../data/dataset.ts';
import { joinedAscending, missingColumns, rowOf, type SparseRows } from '../data/sparse-rows.ts';
import type { Vocabulary } from '../data/vocabulary.ts';
import { Engine, type EngineOptions } from '../engine/runtime/engine.ts';
import type { Person } from '../engine/runtime/ranking.ts';
import { type EvaluationResult, toColumns } from '../evaluation/evaluation-result.ts';
import type { Model } from '../examples/model.ts';
import { isPairModel, type PairModel, pairSettings } from '../examples/pairs.ts';
import { findModelOf } from '../models/index.ts';
import type { Scorer } from '../scoring/scorer.ts';
import { FoldIn } from '../training/fold-in.ts';
import { BestItems } from './best-items.ts';
import { fillByPopularity, popularityNote } from './fill-by-popularity.ts';
import { knownItems, reasonFinder } from './reasons.ts';
import { historyOf, recommendOptions, requestOptions } from './request.ts';
import { checkSaving } from './saving.ts';
import { checkStoredModel } from './stored-model.ts';
import type { TopItems } from './top-items.ts';

export interface Recommendation {
  readonly item: string;
  /** Title where the data has one, else the id. */
  readonly title: string;
  readonly score: number;
  /** Items of the person's history that speak most for this one, best first. */
  readonly because: readonly { readonly item: string; readonly title: string }[];
  /** True where the model knows nothing of the item for this person and popularity gave it the place; else absent. */
  readonly byPopularity?: true;
}

export interface RecommendOptions {
  /** Number of items, default 10. */
  readonly k?: number;
  /** Also return items the person already took, default false. */
  readonly includeSeen?: boolean;
}

export interface Answer {
  readonly recommendations: readonly Recommendation[];
  /** How the person was represented: 'trained', or one sentence about the fold-in. */
  readonly how: string;
  /** Ids of a given history that the recommender does not know. */
  readonly unknownItems: readonly string[];
  /** One line each, for people: who is unknown to training, which places went by popularity. */
  readonly notes: readonly string[];
}

/** What a recommender is made of. */
export interface RecommenderParts {
  readonly info: ArtifactInfo;
  readonly weights: NamedTensors;
  readonly users: Vocabulary;
  readonly items: Vocabulary;
  readonly userFields: FieldTable;
  readonly itemFields: FieldTable;
  /** What each user took in training, ascending. */
  readonly seen: SparseRows;
  /** What each user took in rows that training did not have; absent = nothing. */
  readonly heldOut?: SparseRows;
}

const REASONS = 2;

export class Recommender {
  readonly parts: RecommenderParts;
  readonly model: Model<unknown, 'pairs'>;
  readonly engine: Engine;
  readonly #ownsEngine: boolean;
  readonly #config: unknown;
  #scorer: Scorer | null = null;
  #bestItems: BestItems | null = null;
  #foldIn: FoldIn | null = null;
  #training: TrainingItems | null = null;

  /** @param engine shared with other work; absent = an engine of its own, closed by `close` */
  constructor(parts: RecommenderParts, engine?: Engine, options: EngineOptions = {}) {
    this.parts = parts;
    this.model = findModelOf('pairs', parts.info.model.name);
    this.#config = this.model.options.parse(parts.info.model.config);
    this.#ownsEngine = engine === undefined;
    this.engine = engine ?? new Engine(options);
  }

  /** @throws 'artifact' when the folder is truncated, altered or of a newer format; 'not-found' when it is not there */
  static async load(path: string, options: EngineOptions = {}): Promise<Recommender> {
    const loaded: LoadedArtifact = await loadArtifact(path);
    await checkStoredModel(path, loaded.manifest.model, (name) => findModelOf('pairs', name));
    const recommender = new Recommender({ ...loaded, info: loaded.manifest }, undefined, options);
    try {
      await fitting(path, () => recommender.scorer());
    } catch (error) {
      recommender.close();
      throw error;
    }
    return recommender;
  }

  /** Writes the folder; an artifact that is there is replaced only when the new one is complete. @throws 'usage' for a wrong call */
  async save(
    path: string,
    result: EvaluationResult | null = null,
    attachments: ReadonlyMap<string, string> = new Map(),
  ): Promise<Manifest> {
    checkSaving(path, result, attachments);
    const perUser = result && perUserValues(result, this.parts.users);
    const artifact: Artifact = { ...this.parts, perUser, checkpoint: null, attachments };
    return saveArtifact(path, artifact);
  }

  get #sizes() {
    return { nUsers: this.parts.users.size, nItems: this.parts.items.size };
  }

  /** How the model scores its training users; made once. Items without training rows rank last. */
  scorer(): Scorer {
    const { weights, seen } = this.parts;
    this.#scorer ??= withLast(
      this.model.scorerOf(() => this.engine, {
        config: this.#config,
        weights,
        about: { sizes: this.#sizes, history: seen },
      }),
      this.#ofTraining.missing,
    );
    return this.#scorer;
  }

  get #ofTraining(): TrainingItems {
    this.#training ??= trainingItems(this.parts.seen, this.parts.items.size);
    return this.#training;
  }

  /**
   * Recommendations for a person of the data. Somebody without training rows is served from the items that the data hold.
   * @throws 'not-found' for an unknown id, or one of whom no training item is known; 'usage' for a wrong call
   */
  recommendForUser(userId: Id, options: RecommendOptions = {}): Answer {
    const wanted = requestOptions(recommendOptions, options);
    const id = idOf(userId, 'recommend: the user');
    const user = this.parts.users.indexOf(id);
    if (user === undefined) throw this.#unknownUser(id, 'no user', 'was in the training data');
    const { seen } = this.parts;
    const history = rowOf(seen, user);
    const taken = this.#takenBy(user);
    if (history.length === 0) return this.#recommendUntrained(id, taken, wanted);
    return this.#answer((k, excluded) => this.#best().find(user, k, excluded), history, taken, wanted, 'trained');
  }

  /** Items that a user took in training or in rows that it did not have, ascending. */
  #takenBy(user: number): Int32Array {
    const { seen, heldOut } = this.parts;
    return joinedAscending(rowOf(seen, user), heldOut && rowOf(heldOut, user));
  }

  /** For a user whose rows were all held out: nothing was learned of this person, hence as for somebody new. */
  #recommendUntrained(id: string, taken: Int32Array, wanted: Wanted): Answer {
    const history = taken.filter((item) => this.#ofTraining.counts[item] > 0);
    if (history.length === 0)
      throw this.#unknownUser(id, 'user', 'has no training rows and took no item that training has');
    const note = `user ${shownName(id)} has no training rows: served from the ${counted(history.length, 'item')} of the held-out rows`;
    return this.#serveNew(history, taken, wanted, [note]);
  }

  #unknownUser(id: string, what: string, why: string): DeepTasteError {
    return new DeepTasteError(
      'not-found',
      `recommend: ${what} ${quotedNames([id])} ${why} (ids look like ${examples(this.parts.users)}); ` +
        'give the items the person took instead (--history)',
    );
  }

  /**
   * Recommendations for somebody the model never saw, from the items that person took. Items without training rows are unknown.
   * @throws 'not-found' when none of the items is known; 'usage' for a wrong call, such as an empty history
   */
  recommendForHistory(itemIds: readonly Id[], options: RecommendOptions = {}): Answer {
    const wanted = requestOptions(recommendOptions, options);
    const { items } = this.parts;
    const ids = historyOf(itemIds);
    const isKnown = (id: string) => this.#ofTraining.counts[items.indexOf(id) ?? -1] > 0;
    const known = ids.filter(isKnown);
    const unknownItems = ids.filter((id) => !isKnown(id));
    if (known.length === 0)
      throw new DeepTasteError(
        'not-found',
        `recommend: none of the items ${quotedNames(ids)} was in the training data; ` +
          `ids look like ${examples(items)}`,
      );
    const history = Int32Array.from(new Set(known), (id) => items.indexOf(id) as number).sort();
    return { ...this.#serveNew(history, history, wanted, []), unknownItems };
  }

  #serveNew(history: Int32Array, taken: Int32Array, wanted: Wanted, notes: readonly string[]): Answer {
    const { person, how } = this.#newPerson(history);
    const find: Finder = (k, excluded) => this.#best().findFor(person, k, excluded);
    const answer = this.#answer(find, history, taken, wanted, how);
    return { ...answer, notes: [...notes, ...answer.notes] };
  }

  /** What the best items are found by for somebody with these items; and how it was made. */
  #newPerson(history: Int32Array): { person: Person; how: string } {
    const { model } = this;
    const { form, foldIn } = this.scorer();
    if (isPairModel(model)) {
      const { vector, how } = this.#trainedFoldIn(model).foldIn(history);
      return { person: { vector }, how };
    }
    if (form.form === 'history')
      return { person: { history }, how: 'the item-to-item weights of the given items, added up as for every user' };
    if (!foldIn) throw new DeepTasteError('config', `recommend: ${model.title} cannot serve new people`);
    const { vector, how } = foldIn(history);
    return { person: form.form === 'takers' ? { vector, history } : { vector }, how };
  }

  #trainedFoldIn(model: PairModel): FoldIn {
    const { weights, info } = this.parts;
    const training = pairSettings.parse(info.training);
    this.#foldIn ??= new FoldIn(
      { engine: this.engine, model, config: this.#config, training, sizes: this.#sizes, weights },
      this.scorer(),
    );
    return this.#foldIn;
  }

  /** What finds the best items; made once. */
  #best(): BestItems {
    this.#bestItems ??= new BestItems(this.engine, this.scorer().form, this.parts.items.size);
    return this.#bestItems;
  }

  #answer(find: Finder, history: Int32Array, taken: Int32Array, { k, includeSeen }: Wanted, how: string): Answer {
    const { items, itemFields } = this.parts;
    const { counts } = this.#ofTraining;
    const excluded = includeSeen ? new Int32Array(0) : taken;
    const isExcluded = new Set(excluded);
    const top = find(k, excluded);
    const knows = top.scores.includes(0) ? knownItems(this.scorer().form, history, items.size) : null;
    const found = fillByPopularity(top, knows, counts, (item) => counts[item] > 0 && !isExcluded.has(item));
    const reasons = reasonFinder(this.scorer(), items.size);
    const named = (index: number) => ({ item: items.idOf(index), title: displayName(items, itemFields, index) });
    const recommendations = Array.from(found.items, (index, n) => ({
      ...named(index),
      score: found.scores[n],
      because: reasons(index, history, REASONS).map(named),
      ...(found.byPopularity[n] === 1 && { byPopularity: true as const }),
    }));
    const note = popularityNote(this.model.title, found.byPopularity);
    return { recommendations, how, unknownItems: [], notes: note === null ? [] : [note] };
  }

  close(): void {
    this.#bestItems?.free();
    this.#foldIn?.free();
    this.#scorer?.free();
    this.#bestItems = null;
    this.#foldIn = null;
    this.#scorer = null;
    if (this.#ownsEngine) this.engine.close();
  }
}

/** The best k items besides those excluded. */
type Finder = (k: number, excluded: Int32Array) => TopItems;

type Wanted = ReturnType<typeof requestOptions<typeof recommendOptions>>;

/** What the training rows say of the items. */
interface TrainingItems {
  /** Training users of each item [nItems]. */
  readonly counts: Int32Array;
  /** Items without any, ascending: a model has nothing of them but the values it started from. */
  readonly missing: Int32Array;
}

function trainingItems(seen: SparseRows, nItems: number): TrainingItems {
  const counts = new Int32Array(nItems);
  for (const item of seen.columns) counts[item]++;
  return { counts, missing: missingColumns(seen, nItems) };
}

function withLast(scorer: Scorer, last: Int32Array): Scorer {
  return last.length === 0 ? scorer : { ...scorer, form: { ...scorer.form, last } };
}

/** The values of users, and their weights where a metric has some, by dense user index. */
function perUserValues(result: EvaluationResult, users: Vocabulary): PerUserValues {
  const { user: ids, ...columns } = toColumns(result);
  return {
    userIndex: Int32Array.from(ids as readonly string[], (id) => users.indexOf(id) as number),
    metrics: new Map(Object.entries(columns as Record<string, Float64Array>)),
  };
}

/** A few ids, to show what they look like. */
function examples(vocabulary: Vocabulary): string {
  return quotedNames(vocabulary.idsFrom(0, 3));
}
