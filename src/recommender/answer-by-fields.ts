/** How models over feature fields answer: people by what describes them, in the context that a row gives. */

import type { FieldParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import { quotedNames, shownName } from '../core/shown.ts';
import type { FieldRows } from '../data/features/field-rows.ts';
import { joinedAscending, rowOf, sparseRows } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { RankingTables } from '../engine/runtime/ranking.ts';
import type { FieldRanking, RowPredictor } from '../scoring/row-scorer.ts';
import type { Answering, Asked, AskedPerson } from './answer.ts';
import { entitiesOf, idKey, type RowRecord, repeatedRow, rowCompleter } from './named-rows.ts';
import { likenessByVectors } from './reasons.ts';
import { type TopItems, topItems } from './top-items.ts';

export class FieldAnswering implements Answering {
  readonly by = ['user', 'row'] as const;
  readonly takenIn = 'the training data';
  readonly popularity: Int32Array;
  readonly #engine: Engine;
  readonly #parts: FieldParts;
  readonly #predictor: RowPredictor;
  readonly #complete: (record: RowRecord) => RowRecord;
  #ranking: FieldRanking | null = null;

  constructor(engine: Engine, parts: FieldParts, predictor: RowPredictor) {
    this.#engine = engine;
    this.#parts = parts;
    this.#predictor = predictor;
    this.#complete = rowCompleter(parts);
    this.popularity = new Int32Array(parts.items.size);
    for (const item of parts.seen.columns) this.popularity[item]++;
  }

  isServed(): boolean {
    return true;
  }

  ask({ user, history, row }: AskedPerson): Asked {
    if (history !== undefined)
      throw new DeepTasteError(
        'usage',
        'recommend: models over feature fields know people by their fields, found a history; give a user (--user ID), or the cells ' +
          'that describe somebody (--row key=value)',
      );
    this.#requireRanking();
    if (user !== undefined) return this.#byUser(user, row ?? {});
    return this.#asked(row ?? {}, undefined, 'somebody not seen in training, from the given fields');
  }

  /** A user in the context that `row` gives. Somebody whom training did not have is served from what `row` says. */
  #byUser(id: string, row: RowRecord): Asked {
    const { users } = this.#parts;
    const known = users.indexOf(id);
    const key = idKey(this.#parts, 'user');
    if (known === undefined && Object.keys(row).length === 0)
      throw new DeepTasteError(
        'not-found',
        `recommend: no user ${quotedNames([id])} was in the training data (ids look like ${quotedNames(users.idsFrom(0, 3))}); ` +
          'describe somebody new by --row key=value',
      );
    const named = key === null ? row : { ...row, [key]: id };
    if (known === undefined) return this.#asked(named, known, 'a user not seen in training, from the given fields');
    if (!this.#isUntrained(named)) return this.#asked(named, known, 'trained');
    const note = `user ${shownName(id)} was not, or rarely, seen in training: served from what else is known`;
    const asked = this.#asked(named, known, 'a user not seen in training, from what else is known');
    return { ...asked, notes: [note] };
  }

  /** Whether the fields have the ids of users, and training has no value for this one. */
  #isUntrained(row: RowRecord): boolean {
    const { encoder } = this.#parts.fields;
    const field = encoder.fitted.fields.find(({ owner, source }) => owner === 'user' && source === 'id');
    const { notes } = encoder.encodeRow(this.#complete(row));
    return field !== undefined && notes.some((note) => note.startsWith(`"${field.name}"`));
  }

  #asked(row: RowRecord, user: number | undefined, how: string): Asked {
    const { seen, heldOut, fields } = this.#parts;
    const none = new Int32Array(0);
    const taken = user === undefined ? none : joinedAscending(rowOf(seen, user), heldOut && rowOf(heldOut, user));
    return {
      taken,
      history: none,
      unknownItems: [],
      notes: [],
      includeSeen: false,
      rank: (k, excluded) => {
        const best = this.#predictor.readsPairs ? this.#bestOfPairs : this.#bestOfRanking;
        const { items, scores } = best.call(this, row, excluded, k);
        const shown = fields.task === 'rating' ? scores.map((score) => score + fields.offset) : scores;
        return { items, scores: shown, knows: null, how };
      },
    };
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

  #bestOfRanking(row: RowRecord, excluded: Int32Array, k: number): TopItems {
    const { items, fields } = this.#parts;
    const { user: users, context, crosses } = fields.encoder.encodeRow(this.#complete(row));
    const scorer = this.#rankingOfItems().scorer({ nRequests: 1, users, context, crosses });
    const tables = new RankingTables(this.#engine, scorer.form, items.size);
    try {
      const outcome = tables.rank({
        users: Int32Array.of(0),
        excluded: sparseRows(1, new Int32Array(excluded.length), excluded),
        topK: Math.min(k, items.size),
      });
      const n = outcome.topItems.indexOf(-1);
      const end = n < 0 ? outcome.topItems.length : n;
      return { items: outcome.topItems.slice(0, end), scores: outcome.topScores.slice(0, end) };
    } finally {
      tables.free();
      scorer.free();
    }
  }

  #rankingOfItems(): FieldRanking {
    const { encoder } = this.#parts.fields;
    this.#ranking ??= this.#predictor.ranking(this.#encodedItems(), encoder.encodeItemCrosses(entitiesOf(this.#parts)));
    return this.#ranking;
  }

  /** The fields of all items that the recommender knows. */
  #encodedItems(): FieldRows {
    return this.#parts.fields.encoder.encodeItems(entitiesOf(this.#parts));
  }

  reasons(): number[] {
    return [];
  }

  /** By what a score needs of the items alone. */
  likeness(item: number): ReturnType<Answering['likeness']> {
    if (this.#predictor.readsPairs) return null;
    this.#requireRanking();
    const { encoder } = this.#parts.fields;
    const nobody = encoder.encodeRow({});
    const { user: users, context, crosses } = nobody;
    const scorer = this.#rankingOfItems().scorer({ nRequests: 1, users, context, crosses });
    try {
      return likenessByVectors(scorer.itemVectors, item);
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
    this.#ranking?.free();
    this.#predictor.free();
  }
}
