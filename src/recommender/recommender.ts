/** A trained recommender: asked for recommendations by user id or by items, saved as a folder, loaded without the data. */
import { type Artifact, type LoadedArtifact, loadArtifact, saveArtifact } from '../artifact/artifact.ts';
import { fitting } from '../artifact/fitting.ts';
import type { ArtifactInfo, Manifest } from '../artifact/manifest.ts';
import type { PerUserValues } from '../artifact/tables.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type Id, idOf } from '../core/ids.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import { RandomStream } from '../core/random.ts';
import { quotedNames } from '../core/shown.ts';
import { displayName, type FieldTable } from '../data/dataset.ts';
import { rowOf, type SparseRows, sparseRows } from '../data/sparse-rows.ts';
import type { Vocabulary } from '../data/vocabulary.ts';
import { Engine, type EngineOptions } from '../engine/runtime/engine.ts';
import { type EvaluationResult, toColumns } from '../evaluation/evaluation-result.ts';
import { findModel } from '../models/index.ts';
import type { Model } from '../models/model.ts';
import { type Scorer, scorerOf } from '../models/scoring.ts';
import { foldIn } from '../training/fold-in.ts';
import { type TrainingOptions, trainingOptions } from '../training/options.ts';
import { BestItems } from './best-items.ts';
import { reasonFinder } from './reasons.ts';
import { historyOf, recommendOptions, requestOptions } from './request.ts';
import { checkStoredModel } from './stored-model.ts';

export interface Recommendation {
  readonly item: string;
  /** Title where the data has one, else the id. */
  readonly title: string;
  readonly score: number;
  /** Items of the person's history that speak most for this one, best first. */
  readonly because: readonly { readonly item: string; readonly title: string }[];
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
}

/** What a recommender is made of. */
export interface RecommenderParts {
  readonly info: ArtifactInfo;
  readonly weights: NamedTensors;
  readonly users: Vocabulary;
  readonly items: Vocabulary;
  readonly userFields: FieldTable;
  readonly itemFields: FieldTable;
  readonly seen: SparseRows;
}

const REASONS = 2;

export class Recommender {
  readonly parts: RecommenderParts;
  readonly model: Model;
  readonly engine: Engine;
  readonly #ownsEngine: boolean;
  readonly #config: unknown;
  #scorer: Scorer | null = null;
  #bestItems: BestItems | null = null;

  /** @param engine shared with other work; absent = an engine of its own, closed by `close` */
  constructor(parts: RecommenderParts, engine?: Engine, options: EngineOptions = {}) {
    this.parts = parts;
    this.model = findModel(parts.info.model.name);
    this.#config = this.model.options.parse(parts.info.model.config);
    this.#ownsEngine = engine === undefined;
    this.engine = engine ?? new Engine(options);
  }

  /** @throws 'artifact' when the folder is truncated, altered or of a newer format; 'not-found' when it is not there */
  static async load(path: string, options: EngineOptions = {}): Promise<Recommender> {
    const loaded: LoadedArtifact = await loadArtifact(path);
    await checkStoredModel(path, loaded.manifest.model, findModel);
    const recommender = new Recommender({ ...loaded, info: loaded.manifest }, undefined, options);
    try {
      await fitting(path, () => recommender.scorer());
    } catch (error) {
      recommender.close();
      throw error;
    }
    return recommender;
  }

  /** Writes the folder; an artifact that is there is replaced only when the new one is complete. */
  async save(
    path: string,
    result: EvaluationResult | null = null,
    attachments: ReadonlyMap<string, string> = new Map(),
  ): Promise<Manifest> {
    const perUser = result && perUserValues(result, this.parts.users);
    const artifact: Artifact = { ...this.parts, perUser, checkpoint: null, attachments };
    return saveArtifact(path, artifact);
  }

  get #sizes() {
    return { nUsers: this.parts.users.size, nItems: this.parts.items.size };
  }

  /** How the model scores its training users; made once. */
  scorer(): Scorer {
    const { weights, seen } = this.parts;
    this.#scorer ??= scorerOf(
      this.engine,
      { model: this.model, config: this.#config, sizes: this.#sizes, weights },
      seen,
    );
    return this.#scorer;
  }

  /** Recommendations for a person of the training data. @throws 'not-found' for an unknown id; 'usage' for a wrong call */
  recommendForUser(userId: Id, options: RecommendOptions = {}): Answer {
    const wanted = requestOptions(recommendOptions, options);
    const id = idOf(userId, 'recommend: the user');
    const user = this.parts.users.indexOf(id);
    if (user === undefined)
      throw new DeepTasteError(
        'not-found',
        `recommend: no user ${quotedNames([id])} was in the training data (ids look like ${examples(this.parts.users)}); ` +
          'give the items the person took instead (--history)',
      );
    this.#bestItems ??= new BestItems(this.engine, this.scorer().form, this.parts.items.size);
    const history = rowOf(this.parts.seen, user);
    return {
      recommendations: this.#best(this.#bestItems, user, history, this.parts.seen, wanted),
      how: 'trained',
      unknownItems: [],
    };
  }

  /**
   * Recommendations for somebody the model never saw, from the items that person took.
   * @throws 'not-found' when none of the items is known; 'usage' for a wrong call, such as an empty history
   */
  recommendForHistory(itemIds: readonly Id[], options: RecommendOptions = {}): Answer {
    const wanted = requestOptions(recommendOptions, options);
    const { items } = this.parts;
    const ids = historyOf(itemIds);
    const known = ids.filter((id) => items.indexOf(id) !== undefined);
    const unknownItems = ids.filter((id) => items.indexOf(id) === undefined);
    if (known.length === 0)
      throw new DeepTasteError(
        'not-found',
        `recommend: none of the items ${quotedNames(ids)} was in the training data; ` +
          `ids look like ${examples(items)}`,
      );
    const history = Int32Array.from(new Set(known), (id) => items.indexOf(id) as number).sort();
    const histories = sparseRows(1, new Int32Array(history.length), history);
    const { scorer, how } = this.#foldIn(histories);
    const best = new BestItems(this.engine, scorer.form, items.size);
    try {
      return { recommendations: this.#best(best, 0, history, histories, wanted), how, unknownItems };
    } finally {
      best.free();
      scorer.free();
    }
  }

  /** A scorer for people given by their histories (rows). */
  #foldIn(histories: SparseRows): { scorer: Scorer; how: string } {
    const { model, engine } = this;
    const { weights, info } = this.parts;
    if (model.kind === 'gradient') {
      const training: TrainingOptions = trainingOptions.parse(info.training);
      const random = new RandomStream(info.seed, 'fold-in');
      return foldIn({ engine, model, config: this.#config, training, sizes: this.#sizes, weights, histories, random });
    }
    const score = model.score(weights, this.#sizes, this.#config);
    if (score.form === 'history') {
      const how = 'the item-to-item weights of the given items, added up as for every user';
      return { scorer: { form: { ...score, history: histories }, itemVectors: null, free: () => {} }, how };
    }
    if (!model.foldIn) throw new DeepTasteError('config', `recommend: ${model.title} cannot serve new people`);
    const { vector, how } = model.foldIn(weights, this.#sizes, this.#config, rowOf(histories, 0));
    return { scorer: { form: { ...score, users: vector }, itemVectors: null, free: () => {} }, how };
  }

  #best(
    best: BestItems,
    row: number,
    history: Int32Array,
    seen: SparseRows,
    { k, includeSeen }: { readonly k: number; readonly includeSeen?: boolean },
  ): Recommendation[] {
    const { items, itemFields } = this.parts;
    const found = best.find(row, k, includeSeen ? null : seen);
    const reasons = reasonFinder(this.scorer(), items.size);
    const named = (index: number) => ({ item: items.idOf(index), title: displayName(items, itemFields, index) });
    return Array.from(found.items, (index, n) => ({
      ...named(index),
      score: found.scores[n],
      because: reasons(index, history, REASONS).map(named),
    }));
  }

  close(): void {
    this.#bestItems?.free();
    this.#scorer?.free();
    this.#bestItems = null;
    this.#scorer = null;
    if (this.#ownsEngine) this.engine.close();
  }
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
