/**
 * Lists as a server would make them for people whose newest feedback is held back: with what they were told of before, fold-in, content and
 * popularity where the model does not know them. Both recommenders of a retraining are measured by the same people and items.
 */
import { createHash } from 'node:crypto';
import { RandomStream } from '../../core/random.ts';
import { version } from '../../core/version.ts';
import { rowOf } from '../../data/sparse-rows.ts';
import { type EvaluationResult, summarise } from '../../evaluation/evaluation-result.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import { NOBODY, type Somebody } from '../../serving/scoring/question.ts';
import { ServedModel } from '../../serving/scoring/served-model.ts';
import { wantedOf } from '../../serving/service/asking.ts';
import { EVENTS, tasteOf } from '../../serving/service/history.ts';
import type { ServerSettings } from '../../serving/settings.ts';
import type { StoredItem } from '../../serving/store/records.ts';
import type { Store } from '../../serving/store/store.ts';
import type { FeedbackTables } from './new-feedback.ts';

const METRICS = ['ndcg@10', 'hr@10', 'recall@20', 'mrr@10'] as const;
export const JUDGED_BY: (typeof METRICS)[number] = 'ndcg@10';
const LIST_LENGTH = 20;
/** As rank counts call what stands in no list. */
const NOT_LISTED = 2;
const ITEMS_AT_ONCE = 10_000;
const SEED = 1;

/** Somebody to make a list for, and the items to find. */
export interface HeldBackPerson {
  readonly id: string;
  readonly person: Somebody;
  readonly items: readonly string[];
}

/**
 * People with items held back that they had not taken before: lists leave those out.
 * @param former recommender that is served
 */
export async function heldBackPeople(
  store: Store,
  settings: ServerSettings,
  { heldBack, heldBackEvents }: FeedbackTables,
  former: Recommender,
): Promise<HeldBackPerson[]> {
  const people: HeldBackPerson[] = [];
  const { users, items, seen, heldOut } = former.parts;
  for (const [id, found] of heldBack) {
    const { ids, fields, events } = await store.person(id, EVENTS);
    const before = events.filter((event) => !heldBackEvents.has(event.id));
    const { taken, refused } = tasteOf(before, settings);
    const known = new Set(taken);
    const rows = ids.flatMap((each) => users.indexOf(each) ?? []);
    const trained = rows.flatMap((row) => [seen, heldOut].flatMap((part) => (part ? [...rowOf(part, row)] : [])));
    for (const item of trained) known.add(items.idOf(item));
    const wanted = former.asks.includeSeen
      ? [...new Set(found)]
      : [...new Set(found)].filter((item) => !known.has(item));
    if (wanted.length === 0) continue;
    const person: Somebody = { ...NOBODY, ids, items: taken, isGiven: false, refused, fields };
    people.push({ id, person, items: wanted });
  }
  return people;
}

/** What the store says of items. */
export async function storedItems(store: Store): Promise<StoredItem[]> {
  const items: StoredItem[] = [];
  for (let after = 0; ; ) {
    const more = await store.itemsAfter(after, ITEMS_AT_ONCE);
    if (more.length === 0) return items;
    items.push(...more);
    after = more[more.length - 1].version;
  }
}

/** As it is asked for without a scenario. */
const wanted = wantedOf(LIST_LENGTH, { reasons: false }, {}, [], 'retrain');

/** @param from time from which feedback is held back, milliseconds since 1970 */
export function measureServed(
  recommender: Recommender,
  people: readonly HeldBackPerson[],
  items: readonly StoredItem[],
  from: number,
): EvaluationResult {
  const started = performance.now();
  const model = new ServedModel('retrained', recommender);
  for (const item of items) model.catalogue.apply(item);
  const numbers = new Map<string, number>();
  const numberOf = (item: string): number => {
    if (!numbers.has(item)) numbers.set(item, numbers.size);
    return numbers.get(item) as number;
  };
  const nPairs = people.reduce((n, { items: found }) => n + found.length, 0);
  const rowStart = new Int32Array(people.length + 1);
  const [relevantItems, greater, isMiss] = [new Int32Array(nPairs), new Int32Array(nPairs), new Uint8Array(nPairs)];
  let pair = 0;
  people.forEach(({ person, items: found }, n) => {
    const places = new Map(model.recommend(person, wanted).items.map(({ id }, place) => [id, place]));
    for (const item of found) {
      relevantItems[pair] = numberOf(item);
      const place = places.get(item);
      greater[pair] = place ?? 0;
      isMiss[pair++] = place === undefined ? NOT_LISTED : 0;
    }
    rowStart[n + 1] = pair;
  });
  const counts = {
    users: Int32Array.from(people, (_, n) => n),
    rowStart,
    relevantItems,
    greater,
    isMiss,
    equal: new Int32Array(nPairs),
    nCandidates: new Int32Array(people.length).fill(model.catalogue.size),
    topItems: null,
    listLength: 0,
  };
  const hash = createHash('sha256').update(JSON.stringify(people.map(({ id, items: found }) => [id, found])));
  return summarise(counts, {
    metrics: METRICS,
    protocol: {
      data: { name: 'feedback', hash: hash.digest('hex') },
      split: { method: 'newest-feedback', from: new Date(from).toISOString() },
      part: 'test',
      candidates: 'all',
      filter: recommender.asks.includeSeen ? 'none' : 'train+validation',
      tieRule: 'expected',
      seed: SEED,
      versions: { deeptaste: version, node: process.versions.node, kernels: recommender.engine.build },
    },
    userId: (n) => people[n].id,
    seconds: (performance.now() - started) / 1000,
    stream: new RandomStream(SEED, 'retrain'),
  });
}
