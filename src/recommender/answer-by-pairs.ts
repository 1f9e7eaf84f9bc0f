/** How models of users and items answer: people by their rows of a user table or by the items that they took. */

import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import { quotedNames, shownName } from '../core/shown.ts';
import { counted } from '../data/counted.ts';
import { joinedAscending, missingColumns, rowOf } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { rankingTables, type Tables } from '../engine/runtime/large-tables.ts';
import type { Person } from '../engine/runtime/ranking.ts';
import type { Model } from '../examples/model.ts';
import { foldInWeightsOf } from '../examples/pair-loss.ts';
import { drawsNegatives, pairSettings, rowsOfLoss } from '../examples/pair-settings.ts';
import { isPairModel, type PairModel } from '../examples/pairs.ts';
import { turnSettings } from '../examples/turn-settings.ts';
import { isTurnModel, type TurnModel } from '../examples/turns.ts';
import { isWeightedPairModel, type WeightedPairModel, weightedPairSettings } from '../examples/weighted-pairs.ts';
import type { Scorer } from '../scoring/scorer.ts';
import { FoldIn } from '../training/fold-in.ts';
import type { Answering, Asked, AskedPerson, Ranked, RankedUser, Vectors, WantedOfUsers } from './answer.ts';
import { BestItems } from './best-items.ts';
import { BestListed } from './best-listed.ts';
import { ratingPredictor } from './predict-ratings.ts';
import { knownItems, likenessOf, type ReasonFinder, reasonFinder } from './reasons.ts';
import { emptyHistory, examplesOf, MOST_TAKEN } from './request.ts';
import { listAt, type TopItems, takenItems } from './top-items.ts';
import { blocksOf, someRows } from './users-at-once.ts';

const NOTHING_TO_SERVE_BY = 'has no training rows and took no item that training has';

/** The best k items besides those excluded. */
type Finder = (k: number, excluded: Int32Array) => TopItems;

/**
 * A softmax over all items: for somebody new the others count together as one, in their proportions. With their full number the prior
 * of the trained people means too little, and lists are worse (docs/negatives.md, Limits).
 */
const AGAINST_ALL = { negatives: 1, rejectTaken: true };

export class PairAnswering implements Answering {
  readonly by = ['user', 'history'] as const;
  readonly takenIn = 'the training data';
  readonly includeSeen = false;
  readonly popularity: Int32Array;
  readonly predict: Answering['predict'];
  readonly explain = null;
  readonly sessions = null;
  readonly #engine: () => Engine;
  readonly #model: Model<unknown, 'pairs'>;
  readonly #parts: RecommenderParts;
  readonly #scorer: Scorer;
  #bestItems: BestItems | BestListed | null = null;
  #foldIn: FoldIn | null = null;
  #reasons: ReasonFinder | null = null;

  constructor(engine: () => Engine, model: Model<unknown, 'pairs'>, parts: RecommenderParts, scorer: Scorer) {
    const { rating } = parts.info;
    this.predict = rating ? ratingPredictor(parts, rating, scorer) : null;
    this.#engine = engine;
    this.#model = model;
    this.#parts = parts;
    this.#scorer = scorer;
    this.popularity = new Int32Array(parts.items.size);
    for (const item of parts.seen.columns) this.popularity[item]++;
  }

  isServed(item: number): boolean {
    return this.popularity[item] > 0;
  }

  ask({ user, history, row, whenEmpty }: AskedPerson): Asked {
    if (row !== undefined)
      throw new DeepTasteError(
        'usage',
        `recommend: ${this.#model.title} does not look at the cells of a row; give a user or a history`,
      );
    return user === undefined ? this.#byHistory(history ?? [], whenEmpty) : this.#byUser(user, whenEmpty);
  }

  /** Somebody of the data. Somebody without training rows is served from the items that the data hold. */
  #byUser(id: string, whenEmpty: AskedPerson['whenEmpty']): Asked {
    const user = this.#parts.users.indexOf(id);
    if (user === undefined && whenEmpty === 'popularity') return this.#nobodyKnown(MOST_TAKEN.user);
    if (user === undefined) throw this.#unknownUser(id, 'no user', 'was in the training data');
    const trained = rowOf(this.#parts.seen, user);
    if (trained.length > 0) {
      const find: Finder = (k, excluded) => this.#best().find(user, k, excluded);
      return this.#asked(trained, this.#takenBy(user), find, 'trained');
    }
    const asked = this.#byHeldOut(user);
    if (asked !== null) return asked;
    if (whenEmpty === 'popularity') return this.#nobodyKnown(MOST_TAKEN.user);
    throw this.#unknownUser(id, 'user', NOTHING_TO_SERVE_BY);
  }

  /** Somebody without training rows, by the items of the held-out ones; null where training has none of these. */
  #byHeldOut(user: number): Asked | null {
    const taken = this.#takenBy(user);
    const history = taken.filter((item) => this.isServed(item));
    if (history.length === 0) return null;
    const id = this.#parts.users.idOf(user);
    const note = `user ${shownName(id)} has no training rows: served from the ${counted(history.length, 'item')} of the held-out rows`;
    return { ...this.#somebodyNew(history, taken), notes: [note] };
  }

  #takenBy(user: number): Int32Array {
    const { seen, heldOut } = this.#parts;
    return joinedAscending(rowOf(seen, user), heldOut && rowOf(heldOut, user));
  }

  requireUsers(): void {}

  /** Users with training rows are ranked together, on all threads; the others one by one. */
  *rankUsers(users: Int32Array, wanted: WantedOfUsers): Generator<readonly RankedUser[]> {
    const { form } = this.#scorer;
    const nItems = this.#parts.items.size;
    if (form.form === 'listed') {
      for (const block of blocksOf(users, nItems)) yield Array.from(block, (user) => this.#rankListed(user, wanted));
      return;
    }
    const last = joinedAscending(wanted.excluded, form.last);
    const tables = rankingTables(this.#engine(), { ...form, last }, nItems);
    try {
      for (const block of blocksOf(users, nItems)) yield this.#rankBlock(tables, block, wanted);
    } finally {
      tables.free();
    }
  }

  #rankBlock(tables: Tables, users: Int32Array, wanted: WantedOfUsers): RankedUser[] {
    const { seen, heldOut, items } = this.#parts;
    const none = new Int32Array(0);
    const isTrained = (user: number) => seen.rowStart[user] < seen.rowStart[user + 1];
    const trained = users.filter(isTrained);
    const excluded = wanted.includeSeen ? undefined : someRows(trained, seen, heldOut);
    const topK = Math.min(wanted.k, items.size);
    const outcome = tables.rank({ users: trained, excluded, topK });
    let position = 0;
    return Array.from(users, (user) => {
      if (!isTrained(user)) return this.#rankUntrained(user, wanted.includeSeen ? none : this.#takenBy(user), wanted);
      const top = listAt(outcome, position++, topK);
      const own = excluded ? rowOf(excluded, user) : none;
      return { user, excluded: own, ranked: this.#ranked(top, rowOf(seen, user), 'trained') };
    });
  }

  #rankListed(user: number, wanted: WantedOfUsers): RankedUser {
    const trained = rowOf(this.#parts.seen, user);
    const own = wanted.includeSeen ? new Int32Array(0) : this.#takenBy(user);
    if (trained.length === 0) return this.#rankUntrained(user, own, wanted);
    const top = this.#best().find(user, wanted.k, joinedAscending(own, wanted.excluded));
    return { user, excluded: own, ranked: this.#ranked(top, trained, 'trained') };
  }

  #rankUntrained(user: number, own: Int32Array, { k, excluded }: WantedOfUsers): RankedUser {
    const asked = this.#byHeldOut(user);
    if (asked === null) return { user, unserved: NOTHING_TO_SERVE_BY };
    return { user, excluded: own, ranked: asked.rank(k, joinedAscending(own, excluded)) };
  }

  /** Somebody whom the model never saw, from the items that person took. Items without training rows are unknown. */
  #byHistory(ids: readonly string[], whenEmpty: AskedPerson['whenEmpty']): Asked {
    const { items } = this.#parts;
    const isKnown = (id: string) => this.isServed(items.indexOf(id) ?? -1);
    const known = ids.filter(isKnown);
    const unknownItems = ids.filter((id) => !isKnown(id));
    if (known.length > 0) {
      const history = Int32Array.from(new Set(known), (id) => items.indexOf(id) as number).sort();
      return { ...this.#somebodyNew(history, history), unknownItems };
    }
    if (whenEmpty === 'popularity') return { ...this.#nobodyKnown(MOST_TAKEN.history), unknownItems };
    if (ids.length === 0) throw emptyHistory();
    throw new DeepTasteError(
      'not-found',
      `recommend: none of the items ${quotedNames(ids)} was in the training data; ids look like ${examplesOf(items)}`,
    );
  }

  #somebodyNew(history: Int32Array, taken: Int32Array): Asked {
    const { person, how, ignoresHistory } = this.#newPerson(history);
    const reasons = ignoresHistory ? new Int32Array(0) : history;
    return this.#asked(reasons, taken, (k, excluded) => this.#best().findFor(person, k, excluded), how);
  }

  #nobodyKnown(how: string): Asked {
    const none = new Int32Array(0);
    const find: Finder = (k, excluded) => {
      const isExcluded = new Set(excluded);
      const items = Int32Array.from(this.popularity.keys()).filter(
        (item) => this.isServed(item) && !isExcluded.has(item),
      );
      items.sort((a, b) => this.popularity[b] - this.popularity[a] || a - b);
      const best = items.slice(0, k);
      return { items: best, scores: Float32Array.from(best, (item) => this.popularity[item]) };
    };
    return this.#asked(none, none, find, how);
  }

  #asked(history: Int32Array, taken: Int32Array, find: Finder, how: string): Asked {
    return {
      taken,
      history,
      unknownItems: [],
      notes: [],
      rank: (k, excluded) => this.#ranked(find(k, excluded), history, how),
    };
  }

  #ranked(top: TopItems, history: Int32Array, how: string): Ranked {
    const { rating } = this.#parts.info;
    // scores of ratings are differences to their mean, and 0 says nothing of what the model knows
    if (rating) return { items: top.items, scores: top.scores.map((s) => s + rating.offset), knows: null, how };
    const isUnsure = top.scores.includes(0);
    return { ...top, knows: isUnsure ? knownItems(this.#scorer.form, history, this.#parts.items.size) : null, how };
  }

  /** What the best items are found by for somebody with these items; and how it was made. */
  #newPerson(history: Int32Array): { person: Person; how: string; ignoresHistory?: true } {
    const { form, foldIn } = this.#scorer;
    const fitted = foldIn ? null : this.#fittedFoldIn();
    if (fitted) {
      const { vector, how } = fitted.foldIn(history);
      return { person: { vector }, how };
    }
    if (form.form === 'history')
      return { person: { history }, how: 'the item-to-item weights of the given items, added up as for every user' };
    if (!foldIn) throw new DeepTasteError('config', `recommend: ${this.#model.title} cannot serve new people`);
    const { vector, how, ignoresHistory } = foldIn(history);
    const isByBoth = form.form === 'takers' || form.form === 'two-steps';
    return { person: isByBoth ? { vector, history } : { vector }, how, ignoresHistory };
  }

  /** Of models that are trained by gradients, whose users have vectors; made once. */
  #fittedFoldIn(): FoldIn | null {
    const model = this.#model;
    if (isPairModel(model)) this.#foldIn ??= this.#trainedFoldIn(model);
    else if (isWeightedPairModel(model)) this.#foldIn ??= this.#weightedFoldIn(model);
    else if (isTurnModel(model)) this.#foldIn ??= this.#foldInOfPlayer(model);
    return this.#foldIn;
  }

  #trainedFoldIn(model: PairModel): FoldIn {
    const { weights, info, users, items } = this.#parts;
    // recommenders that were saved before losses could be chosen have that of their model
    const training = pairSettings.parse({ loss: model.learn.defaults.loss, ...info.training });
    const config = model.options.parse(info.model.config);
    const sizes = { nUsers: users.size, nItems: items.size };
    const rows = rowsOfLoss[training.loss];
    const weightsOf = foldInWeightsOf(training, sizes.nItems);
    const drawn = !drawsNegatives(rows) ? { ...training, ...AGAINST_ALL } : training;
    const parts = { engine: this.#engine(), model, rows, config, training: drawn, sizes, weights, weightsOf };
    return new FoldIn(parts, this.#scorer);
  }

  #weightedFoldIn(model: WeightedPairModel): FoldIn {
    const { weights, info, users, items, seen } = this.#parts;
    const { optimizer } = weightedPairSettings.parse(info.training);
    const config = model.options.parse(info.model.config);
    const sizes = { nUsers: users.size, nItems: items.size };
    const weightsOf = model.foldInWeights(config, { sizes, rows: seen });
    // the prior stands for the norm of whole tables; negatives are not rejected, and weigh by the loss
    const training = { negatives: weightsOf(1).negatives, rejectTaken: false, optimizer: { ...optimizer, l2: 0 } };
    const parts = {
      engine: this.#engine(),
      model,
      rows: 'pointwise',
      config,
      training,
      sizes,
      weights,
      weightsOf,
    } as const;
    return new FoldIn(parts, this.#scorer);
  }

  /** Somebody new plays no game: the items are told from others pairwise. */
  #foldInOfPlayer(model: TurnModel): FoldIn {
    const { weights, info, users, items } = this.#parts;
    const config = model.options.parse(info.model.config);
    const { optimizer } = turnSettings.parse(info.training);
    const sizes = { nUsers: users.size, nItems: items.size };
    const training = { negatives: 1, rejectTaken: true, optimizer };
    const parts = { engine: this.#engine(), model, rows: 'pairwise', config, training, sizes, weights } as const;
    return new FoldIn(parts, this.#scorer);
  }

  /** What finds the best items; made once. */
  #best(): BestItems | BestListed {
    const { form } = this.#scorer;
    const nItems = this.#parts.items.size;
    this.#bestItems ??=
      form.form === 'listed' ? new BestListed(this.#scorer, nItems) : new BestItems(this.#engine(), form, nItems);
    return this.#bestItems;
  }

  reasons(item: number, history: Int32Array, n: number): number[] {
    this.#reasons ??= reasonFinder(this.#scorer, this.#parts.items.size);
    return this.#reasons(item, history, n);
  }

  likeness(item: number): ReturnType<Answering['likeness']> {
    return likenessOf(this.#scorer, item, this.#parts.items.size);
  }

  vectors(owner: 'item' | 'user'): Vectors | null {
    if (owner === 'item') {
      const { itemVectors } = this.#scorer;
      return itemVectors && { ...itemVectors, rows: takenItems(this.popularity) };
    }
    const { seen } = this.#parts;
    const rows = Int32Array.from({ length: seen.nRows }, (_, user) => user).filter(
      (user) => rowOf(seen, user).length > 0,
    );
    const { form, itemVectors } = this.#scorer;
    // what is written as a product of vectors without being one, such as sums of biases, has none
    if (form.form === 'dot') return itemVectors && { rows, width: form.width, values: form.users };
    return form.form === 'pair' ? { rows, width: form.userWidth, values: form.users } : null;
  }

  #unknownUser(id: string, what: string, why: string): DeepTasteError {
    return new DeepTasteError(
      'not-found',
      `recommend: ${what} ${quotedNames([id])} ${why} (ids look like ${examplesOf(this.#parts.users)}); ` +
        'give the items the person took instead (--history)',
    );
  }

  free(): void {
    this.#bestItems?.free();
    this.#foldIn?.free();
    this.#scorer.free();
  }
}

/** A scorer that ranks items without training rows last: a model has nothing of them but the values it started from. */
export function trainedItemsFirst(scorer: Scorer, { seen, items }: RecommenderParts): Scorer {
  const last = missingColumns(seen, items.size);
  return last.length === 0 ? scorer : { ...scorer, form: { ...scorer.form, last } };
}
