/** How models over feature fields answer: people by what describes them, in the context that a row gives. */

import type { FieldParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import { quotedNames, shownName } from '../core/shown.ts';
import type { EncodedRow } from '../data/features/feature-encoder.ts';
import type { FieldRows } from '../data/features/field-rows.ts';
import { joinedAscending, rowOf } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { RankingTables } from '../engine/runtime/ranking.ts';
import { type FieldRanking, probabilityOf, type RowPredictor } from '../scoring/row-scorer.ts';
import type { Scorer } from '../scoring/scorer.ts';
import type { Answering, Asked, AskedPerson, RankedUser, Vectors, WantedOfUsers } from './answer.ts';
import { bestOfFew, bestOfPerson, itemsBut } from './best-of-few.ts';
import { type Explanation, explanationOf } from './explain-row.ts';
import {
  entitiesOf,
  examplesOfRows,
  idKey,
  type RowPrediction,
  type RowRecord,
  repeatedRow,
  rowCompleter,
  stackedRows,
} from './named-rows.ts';
import { likenessByVectors } from './reasons.ts';
import { MOST_TAKEN } from './request.ts';
import { listAt, type TopItems, takenItems, topItems } from './top-items.ts';
import { blocksOf, listsAtRows } from './users-at-once.ts';

export class FieldAnswering implements Answering {
  readonly by = ['user', 'row'] as const;
  readonly takenIn = 'the training data';
  readonly includeSeen = false;
  readonly popularity: Int32Array;
  readonly sessions = null;
  readonly #engine: () => Engine;
  readonly #parts: FieldParts;
  readonly #predictor: RowPredictor;
  readonly #complete: (record: RowRecord) => RowRecord;
  #ranking: FieldRanking | null = null;
  #items: FieldRows | null = null;
  #tables: RankingTables | null = null;

  constructor(engine: () => Engine, parts: FieldParts, predictor: RowPredictor) {
    this.#engine = engine;
    this.#parts = parts;
    this.#predictor = predictor;
    this.#complete = rowCompleter(parts);
    this.popularity = new Int32Array(parts.items.size);
    for (const item of parts.seen.columns) this.popularity[item]++;
  }

  predict(rows: readonly RowRecord[]): RowPrediction[] {
    const { task, offset, ratingRange } = this.#parts.fields;
    const encoded = rows.map((row) => this.#encoded(row));
    const outputs = this.#predictor.logits(examplesOfRows(encoded));
    return encoded.map(({ notes }, n) => {
      if (task !== 'rating') return { value: probabilityOf(outputs[n]), output: outputs[n], notes };
      const rating = outputs[n] + offset;
      const { low, high } = ratingRange ?? { low: rating, high: rating };
      return { value: Math.min(high, Math.max(low, rating)), output: rating, notes };
    });
  }

  explain(row: RowRecord, nPairs: number): Explanation {
    return explanationOf(this.#parts.fields, this.#predictor, this.#encoded(row), nPairs);
  }

  isServed(): boolean {
    return true;
  }

  ask({ user, history, row, whenEmpty }: AskedPerson): Asked {
    if (history !== undefined)
      throw new DeepTasteError(
        'usage',
        'recommend: models over feature fields know people by their fields, found a history; give a user (--user ID), or the cells ' +
          'that describe somebody (--row key=value)',
      );
    this.#requireRanking();
    if (user !== undefined) return this.#byUser(user, row ?? {}, whenEmpty);
    return this.#asked(row ?? {}, row ?? {}, undefined, 'somebody not seen in training, from the given fields');
  }

  /** A user in the context that `row` gives. Somebody whom training did not have is served from what `row` says. */
  #byUser(id: string, row: RowRecord, whenEmpty: AskedPerson['whenEmpty']): Asked {
    const { users } = this.#parts;
    const known = users.indexOf(id);
    const key = idKey(this.#parts, 'user');
    const isNobody = known === undefined && Object.keys(row).length === 0;
    if (isNobody && whenEmpty === 'popularity') return this.#nobodyKnown();
    if (isNobody)
      throw new DeepTasteError(
        'not-found',
        `recommend: no user ${quotedNames([id])} was in the training data (ids look like ${quotedNames(users.idsFrom(0, 3))}); ` +
          'describe somebody new by --row key=value',
      );
    const named = key === null ? row : { ...row, [key]: id };
    if (known === undefined)
      return this.#asked(named, row, known, 'a user not seen in training, from the given fields');
    const how = this.#howKnown(this.#encoded(named));
    const asked = this.#asked(named, row, known, how);
    if (how === 'trained') return asked;
    const note = `user ${shownName(id)} was not, or rarely, seen in training: served from what else is known`;
    return { ...asked, notes: [note, ...asked.notes] };
  }

  #nobodyKnown(): Asked {
    const none = new Int32Array(0);
    const rank: Asked['rank'] = (k, excluded) => {
      const isExcluded = new Uint8Array(this.#parts.items.size);
      for (const item of excluded) isExcluded[item] = 1;
      const counts = Float32Array.from(this.popularity);
      return { ...topItems(counts, k, isExcluded), knows: null, how: MOST_TAKEN.user };
    };
    return { taken: none, history: none, unknownItems: [], notes: [], rank };
  }

  /** Untrained are users whose id training has no value for, where the fields have the ids of users. */
  #howKnown({ notes }: EncodedRow): string {
    const { encoder } = this.#parts.fields;
    const field = encoder.fitted.fields.find(({ owner, source }) => owner === 'user' && source === 'id');
    const isUntrained = field !== undefined && notes.some((note) => note.startsWith(`"${field.name}"`));
    return isUntrained ? 'a user not seen in training, from what else is known' : 'trained';
  }

  #encoded(row: RowRecord): EncodedRow {
    return this.#parts.fields.encoder.encodeRow(this.#complete(row));
  }

  #takenBy(user: number): Int32Array {
    const { seen, heldOut } = this.#parts;
    return joinedAscending(rowOf(seen, user), heldOut && rowOf(heldOut, user));
  }

  requireUsers(): void {
    this.#requireRanking();
    if (idKey(this.#parts, 'user') !== null) return;
    throw new DeepTasteError(
      'usage',
      'recommend: needs rows of the training that name users, those of this run name none; describe somebody by --row key=value',
    );
  }

  /** Every user, in no context, is a request; those of a block are ranked together. */
  *rankUsers(users: Int32Array, wanted: WantedOfUsers): Generator<readonly RankedUser[]> {
    for (const block of blocksOf(users, this.#parts.items.size)) yield this.#rankBlock(block, wanted);
  }

  #rankBlock(users: Int32Array, wanted: WantedOfUsers): RankedUser[] {
    const none = new Int32Array(0);
    const rows = Array.from(users, (user) => this.#rowOf(user));
    const encoded = rows.map((row) => this.#encoded(row));
    const own = Array.from(users, (user) => (wanted.includeSeen ? none : this.#takenBy(user)));
    const lists = this.#predictor.readsPairs
      ? rows.map((row, n) => this.#bestOfPairs(row, joinedAscending(own[n], wanted.excluded), wanted.k))
      : this.#bestOfRequests(encoded, own, wanted.k, wanted.excluded);
    return Array.from(users, (user, n) => {
      const ranked = { ...this.#shown(lists[n]), knows: null, how: this.#howKnown(encoded[n]) };
      return { user, excluded: own[n], ranked };
    });
  }

  /** Scores as people know them: ratings with what was taken from them in training. */
  #shown({ items, scores }: TopItems): TopItems {
    const { task, offset } = this.#parts.fields;
    return { items, scores: task === 'rating' ? scores.map((score) => score + offset) : scores };
  }

  /** @param given what the caller says of somebody: of that, what the model does not know is told */
  #asked(row: RowRecord, given: RowRecord, user: number | undefined, how: string): Asked {
    const none = new Int32Array(0);
    const encoded = this.#encoded(row);
    return {
      taken: user === undefined ? none : this.#takenBy(user),
      history: none,
      unknownItems: [],
      notes: this.#notesOn(given, encoded),
      rank: (k, excluded) => {
        const best = this.#predictor.readsPairs
          ? this.#bestOfPairs(row, excluded, k)
          : this.#bestOfOne(encoded, excluded, k);
        return { ...this.#shown(best), knows: null, how };
      },
    };
  }

  /** What is missing of the cells that were not given (those of items among them) is no news. */
  #notesOn(given: RowRecord, { notes }: EncodedRow): string[] {
    const { fields } = this.#parts.fields.encoder.fitted;
    const names = [...Object.keys(given), ...fields.filter(({ key }) => key in given).map(({ name }) => name)];
    return notes.filter((note) => names.some((name) => note.startsWith(`"${name}"`)));
  }

  /** Every item with the row is an example of its own: what crosses of item fields with others need. */
  #bestOfPairs(row: RowRecord, excluded: Int32Array, k: number): TopItems {
    const { items, fields } = this.#parts;
    const { encoder } = fields;
    const completed = this.#complete(row);
    const encoded = encoder.encodeRow(completed);
    const none = new Int32Array(items.size);
    const scores = this.#predictor.logits({
      nRows: items.size,
      user: none,
      item: none.map((_, item) => item),
      label: new Float32Array(items.size),
      users: encoded.user,
      items: this.#encodedItems(),
      context: repeatedRow(encoded.context, items.size),
      crosses: encoder.encodeCrossesWithItems(completed, entitiesOf(this.#parts)),
    });
    const isExcluded = new Uint8Array(items.size);
    for (const item of excluded) isExcluded[item] = 1;
    return topItems(scores, Math.min(k, items.size), isExcluded);
  }

  /** The best items of one request, from tables that are made once; of few items that are left, from these alone. */
  #bestOfOne(request: EncodedRow, excluded: Int32Array, k: number): TopItems {
    const nItems = this.#parts.items.size;
    return this.#scoredFor([request], ({ form }) => {
      if (form.form !== 'pair') throw new Error('internal: requests of field models are scored pair by pair');
      const isFew = nItems - excluded.length <= nItems / 2;
      if (isFew) return bestOfFew(this.#engine(), form, itemsBut(excluded, nItems), k);
      this.#tables ??= new RankingTables(this.#engine(), form, nItems);
      return bestOfPerson(this.#tables, { vector: form.users }, k, excluded, nItems);
    });
  }

  /**
   * The best items of each request.
   * @param excluded of each request, ascending
   * @param last items, ascending, that no list may hold
   */
  #bestOfRequests(
    requests: readonly EncodedRow[],
    excluded: readonly Int32Array[],
    k: number,
    last?: Int32Array,
  ): TopItems[] {
    const nRequests = requests.length;
    const topK = Math.min(k, this.#parts.items.size);
    return this.#scoredFor(requests, ({ form }) => {
      const tables = new RankingTables(this.#engine(), { ...form, last }, this.#parts.items.size);
      try {
        const users = Int32Array.from({ length: nRequests }, (_, n) => n);
        const outcome = tables.rank({ users, excluded: listsAtRows(nRequests, users, (n) => excluded[n]), topK });
        return requests.map((_, n) => listAt(outcome, n, topK));
      } finally {
        tables.free();
      }
    });
  }

  #rankingOfItems(): FieldRanking {
    const { encoder } = this.#parts.fields;
    this.#ranking ??= this.#predictor.ranking(this.#encodedItems(), encoder.encodeItemCrosses(entitiesOf(this.#parts)));
    return this.#ranking;
  }

  /** The fields of all items that the recommender knows; encoded once. */
  #encodedItems(): FieldRows {
    this.#items ??= this.#parts.fields.encoder.encodeItems(entitiesOf(this.#parts));
    return this.#items;
  }

  reasons(): number[] {
    return [];
  }

  /** By what a score needs of the items alone. */
  likeness(item: number): ReturnType<Answering['likeness']> {
    if (this.#predictor.readsPairs) return null;
    this.#requireRanking();
    return this.#scoredFor([this.#parts.fields.encoder.encodeRow({})], ({ itemVectors }) =>
      likenessByVectors(itemVectors, item),
    );
  }

  /** Of users those in no context. */
  vectors(owner: 'item' | 'user'): Vectors | null {
    if (this.#predictor.readsPairs) return null;
    if (owner === 'item') {
      this.#requireRanking();
      return this.#scoredFor(
        [this.#parts.fields.encoder.encodeRow({})],
        ({ itemVectors }) => itemVectors && { ...itemVectors, rows: takenItems(this.popularity) },
      );
    }
    this.requireUsers();
    const { users, seen } = this.#parts;
    const all = Int32Array.from({ length: users.size }, (_, user) => user);
    const rows = all.filter((user) => rowOf(seen, user).length > 0);
    return this.#scoredFor(
      Array.from(all, (user) => this.#encoded(this.#rowOf(user))),
      ({ form }) => (form.form === 'pair' ? { rows, width: form.userWidth, values: form.users } : null),
    );
  }

  #rowOf(user: number): RowRecord {
    return { [idKey(this.#parts, 'user') as string]: this.#parts.users.idOf(user) };
  }

  #scoredFor<T>(requests: readonly EncodedRow[], work: (scorer: Scorer) => T): T {
    const stacked = (part: 'user' | 'context' | 'crosses') => stackedRows(requests.map((request) => request[part]));
    const scorer = this.#rankingOfItems().scorer({
      nRequests: requests.length,
      users: stacked('user'),
      context: stacked('context'),
      crosses: stacked('crosses'),
    });
    try {
      return work(scorer);
    } finally {
      scorer.free();
    }
  }

  #requireRanking(): void {
    const { encoder, unnamed } = this.#parts.fields;
    if (!unnamed.includes('item') && encoder.layout.fields.some(({ owner }) => owner === 'item')) return;
    throw new DeepTasteError(
      'config',
      'recommend: needs a run whose rows name items, those of this run name none; predict rows with "deeptaste explain RUN --row …"',
    );
  }

  free(): void {
    this.#tables?.free();
    this.#ranking?.free();
    this.#predictor.free();
  }
}
