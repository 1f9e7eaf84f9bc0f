/**
 * A trained model over feature fields: predicts clicks or ratings of rows, ranks items for users, and says why. Users, items and
 * values that training did not have are served from what else is known of them; nothing unknown is an error. Saved as a folder
 * that stands alone, like every recommender.
 */
import { loadArtifact, loadAttachment, saveArtifact } from '../artifact/artifact.ts';
import { fitting } from '../artifact/fitting.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type Id, idOf } from '../core/ids.ts';
import { quotedNames, shownName } from '../core/shown.ts';
import { displayName } from '../data/dataset.ts';
import type { EncodedRow } from '../data/features/feature-encoder.ts';
import type { FieldRows } from '../data/features/field-rows.ts';
import { joinedAscending, rowOf, sparseRows } from '../data/sparse-rows.ts';
import { Engine, type EngineOptions } from '../engine/runtime/engine.ts';
import { RankingTables } from '../engine/runtime/ranking.ts';
import { type EvaluationResult, toColumns } from '../evaluation/evaluation-result.ts';
import type { Model } from '../examples/model.ts';
import { findModelOf } from '../models/index.ts';
import type { FieldRanking, RowPredictor } from '../scoring/row-scorer.ts';
import { probabilityOf } from './evaluate-rows.ts';
import { type Explanation, explanationOf } from './explain-row.ts';
import { FEATURES_FILE, type FieldRecommenderParts, parseFieldFile, writeFieldFile } from './field-file.ts';
import { entitiesOf, examplesOfRows, idKey, type RowRecord, repeatedRow, rowCompleter } from './named-rows.ts';
import type { RankItems } from './rank-fields.ts';
import type { Answer, RecommendOptions } from './recommender.ts';
import { fieldRecommendOptions, recommendOptions, requestOptions, rowRecord, rowsOf } from './request.ts';
import { checkSaving } from './saving.ts';
import { checkStoredModel } from './stored-model.ts';
import { topItems } from './top-items.ts';

export interface RowPrediction {
  /** The probability of a label, the rating, or for rankings the chance against drawn items. */
  readonly value: number;
  /** What the model gives: a logit, or the rating again. */
  readonly output: number;
  /** One line each: cells that are missing or were never seen in training, names that are no field. */
  readonly notes: readonly string[];
}

export interface FieldRecommendOptions extends RecommendOptions {
  /** Cells by the names of their columns: the context, and what describes a user who is not known. */
  readonly row?: RowRecord;
}

type Wanted = ReturnType<typeof requestOptions<typeof recommendOptions>>;

export class FieldRecommender {
  readonly parts: FieldRecommenderParts;
  readonly model: Model<unknown, 'rows'>;
  readonly #engineOptions: EngineOptions;
  readonly #ownsEngine: boolean;
  readonly #complete: (record: RowRecord) => RowRecord;
  #engine: Engine | null;
  #predictor: RowPredictor | null = null;
  #ranking: FieldRanking | null = null;

  /** @param engine shared with other work; absent = one of its own, made when needed and closed by `close` */
  constructor(parts: FieldRecommenderParts, engine?: Engine, options: EngineOptions = {}) {
    this.parts = parts;
    this.model = findModelOf('rows', parts.info.model.name);
    this.#engine = engine ?? null;
    this.#ownsEngine = engine === undefined;
    this.#engineOptions = options;
    this.#complete = rowCompleter(parts);
  }

  /** @throws 'artifact' when the folder is truncated, altered or of a newer format; 'not-found' when it is not there */
  static async load(path: string, options: EngineOptions = {}): Promise<FieldRecommender> {
    const recommender = new FieldRecommender(await FieldRecommender.read(path), undefined, options);
    try {
      await fitting(path, () => recommender.predictor());
    } catch (error) {
      recommender.close();
      throw error;
    }
    return recommender;
  }

  /** What a folder holds, for an engine that is shared. @throws as load */
  static async read(path: string): Promise<FieldRecommenderParts> {
    const { manifest: info, weights, users, items, userFields, itemFields, seen, heldOut } = await loadArtifact(path);
    const attached = await loadAttachment(path, FEATURES_FILE);
    await checkStoredModel(path, info.model, (name) => findModelOf('rows', name));
    const stored = await fitting(path, () => parseFieldFile(attached, path));
    return { ...stored, info, weights, users, items, userFields, itemFields, seen, heldOut };
  }

  /** Writes the folder; an artifact that is there is replaced only when the new one is complete. @throws 'usage' for a wrong call */
  async save(
    path: string,
    result: EvaluationResult | null = null,
    attachments: ReadonlyMap<string, string> = new Map(),
  ): Promise<Manifest> {
    checkSaving(path, result, attachments);
    const { info, weights, users, items, userFields, itemFields, seen, heldOut } = this.parts;
    const files = new Map([...attachments, [FEATURES_FILE, writeFieldFile(this.parts)]]);
    const parts = { info, weights, users, items, userFields, itemFields, seen, heldOut };
    return saveArtifact(path, {
      ...parts,
      perUser: result && this.#perUser(result),
      checkpoint: null,
      attachments: files,
    });
  }

  #perUser(result: EvaluationResult) {
    const { user: ids, ...columns } = toColumns(result);
    const userIndex = Int32Array.from(ids as readonly string[], (id) => this.parts.users.indexOf(id) as number);
    return { userIndex, metrics: new Map(Object.entries(columns as Record<string, Float64Array>)) };
  }

  get engine(): Engine {
    this.#engine ??= new Engine(this.#engineOptions);
    return this.#engine;
  }

  /** How the model predicts; made once. */
  predictor(): RowPredictor {
    const { info, encoder, weights } = this.parts;
    const config = this.model.options.parse(info.model.config);
    this.#predictor ??= this.model.scorerOf(() => this.engine, { config, weights, about: { layout: encoder.layout } });
    return this.#predictor;
  }

  /** A ranking of these items. @throws 'config' for a model that reads crosses of item fields with others */
  readonly rankItems: RankItems = (items, crosses) => this.predictor().ranking(items, crosses);

  /**
   * Predicts rows given by the names of their columns, e.g. `{ user_id: 'ann', genre: ['Comedy'], age: 31 }`. Of users and items
   * that training knew, what describes them is filled in where the row does not say it.
   * @throws 'usage' when it is no list of objects
   */
  predict(rows: readonly RowRecord[]): RowPrediction[] {
    const records = rowsOf(rows);
    if (records.length === 0) return [];
    const encoded = this.#encode(records);
    const outputs = this.predictor().logits(examplesOfRows(encoded));
    return encoded.map(({ notes }, n) => ({ ...this.#valueOf(outputs[n]), notes }));
  }

  #encode(rows: readonly RowRecord[]): EncodedRow[] {
    return rows.map((row) => this.parts.encoder.encodeRow(this.#complete(row)));
  }

  #valueOf(output: number): { value: number; output: number } {
    const { task, offset, ratingRange } = this.parts;
    if (task !== 'rating') return { value: probabilityOf(output), output };
    const rating = output + offset;
    const { low, high } = ratingRange ?? { low: rating, high: rating };
    return { value: Math.min(high, Math.max(low, rating)), output: rating };
  }

  /** Why a row is predicted as it is: what each of its values adds. @param nPairs strongest pairs to list */
  explain(row: RowRecord, nPairs = 10): Explanation {
    const [encoded] = this.#encode([rowRecord(row, 'explain: the row')]);
    return explanationOf(this.parts, this.predictor(), encoded, nPairs);
  }

  /**
   * The best items for a user, in the context that `row` gives. A user whom training did not have is served from what `row` says.
   * @throws 'not-found' for an unknown user of whom nothing is said; 'config' when rows name no users and items; 'usage' for a wrong call
   */
  recommendForUser(userId: Id, options: FieldRecommendOptions = {}): Answer {
    const { users } = this.parts;
    const { row = {}, ...wanted } = requestOptions(fieldRecommendOptions, options);
    const id = idOf(userId, 'recommend: the user');
    const known = users.indexOf(id);
    const key = idKey(this.parts, 'user');
    if (known === undefined && Object.keys(row).length === 0)
      throw new DeepTasteError(
        'not-found',
        `recommend: no user ${quotedNames([id])} was in the training data (ids look like ${quotedNames(users.idsFrom(0, 3))}); ` +
          'describe somebody new by --row key=value',
      );
    const named = key === null ? row : { ...row, [key]: id };
    const how = known === undefined ? 'a user not seen in training, from the given fields' : 'trained';
    const answer = this.#recommend(named, known, wanted, how);
    if (known === undefined || !this.#isUntrained(named)) return answer;
    const note = `user ${shownName(id)} was not, or rarely, seen in training: served from what else is known`;
    return { ...answer, how: 'a user not seen in training, from what else is known', notes: [note] };
  }

  /** Whether the fields have the ids of users, and training has no value for this one. */
  #isUntrained(row: RowRecord): boolean {
    const field = this.parts.encoder.fitted.fields.find(({ owner, source }) => owner === 'user' && source === 'id');
    return field !== undefined && this.#encode([row])[0].notes.some((note) => note.startsWith(`"${field.name}"`));
  }

  /** The best items for somebody new, or for nobody in particular, from the cells of `row` alone. @throws 'config', 'usage' */
  recommendForRow(row: RowRecord, options: RecommendOptions = {}): Answer {
    const record = rowRecord(row, 'recommend: the row');
    const wanted = requestOptions(recommendOptions, options);
    return this.#recommend(record, undefined, wanted, 'somebody not seen in training, from the given fields');
  }

  #recommend(row: RowRecord, user: number | undefined, { k, includeSeen }: Wanted, how: string): Answer {
    const { seen, heldOut } = this.parts;
    this.#requireRanking();
    const own =
      user === undefined || includeSeen
        ? new Int32Array(0)
        : joinedAscending(rowOf(seen, user), heldOut && rowOf(heldOut, user));
    const recommendations = this.predictor().readsPairs
      ? this.#bestOfPairs(row, own, k)
      : this.#bestOfRanking(row, own, k);
    return { recommendations, how, unknownItems: [], notes: [] };
  }

  /** Every item with the row is an example of its own: what crosses of item fields with others need. */
  #bestOfPairs(row: RowRecord, own: Int32Array, k: number) {
    const { items, encoder } = this.parts;
    const [encoded] = this.#encode([row]);
    const none = new Int32Array(items.size);
    const context = repeatedRow(encoded.context, items.size);
    const scores = this.predictor().logits({
      ...{ nRows: items.size, user: none, item: none.map((_, item) => item), label: new Float32Array(items.size) },
      ...{ users: encoded.user, items: this.encodedItems(), context },
      crosses: encoder.encodeCrossesWithItems(this.#complete(row), entitiesOf(this.parts)),
    });
    const excluded = new Uint8Array(items.size);
    for (const item of own) excluded[item] = 1;
    const best = topItems(scores, Math.min(k, items.size), excluded);
    return this.#named(best.items, best.scores);
  }

  #bestOfRanking(row: RowRecord, own: Int32Array, k: number) {
    const { items, encoder } = this.parts;
    const [encoded] = this.#encode([row]);
    this.#ranking ??= this.rankItems(this.encodedItems(), encoder.encodeItemCrosses(entitiesOf(this.parts)));
    const { user: users, context, crosses } = encoded;
    const scorer = this.#ranking.scorer({ nRequests: 1, users, context, crosses });
    const tables = new RankingTables(this.engine, scorer.form, items.size);
    try {
      const excluded = sparseRows(1, new Int32Array(own.length), own);
      const outcome = tables.rank({ users: Int32Array.of(0), excluded, topK: Math.min(k, items.size) });
      return this.#named(outcome.topItems, outcome.topScores);
    } finally {
      tables.free();
      scorer.free();
    }
  }

  #named(topItems: Int32Array, scores: Float32Array) {
    const { items, itemFields, task, offset } = this.parts;
    return [...topItems].flatMap((index, n) => {
      if (index < 0) return [];
      const score = task === 'rating' ? scores[n] + offset : scores[n];
      return [{ item: items.idOf(index), title: displayName(items, itemFields, index), score, because: [] }];
    });
  }

  /** The fields of all items that the recommender knows. */
  encodedItems(): FieldRows {
    return this.parts.encoder.encodeItems(entitiesOf(this.parts));
  }

  #requireRanking(): void {
    const { encoder, unnamed } = this.parts;
    if (!unnamed.includes('item') && encoder.layout.fields.some(({ owner }) => owner === 'item')) return;
    throw new DeepTasteError(
      'config',
      'recommend: needs a run whose rows name items, those of this run name none; predict rows with "deeptaste explain RUN --row …"',
    );
  }

  close(): void {
    this.#ranking?.free();
    this.#predictor?.free();
    this.#ranking = null;
    this.#predictor = null;
    if (this.#ownsEngine) this.#engine?.close();
    if (this.#ownsEngine) this.#engine = null;
  }
}
