/** One trained recommender as the server asks it: whoever asks gets a list, and it says how each item came into it. */
import { DeepTasteError } from '../../core/errors.ts';
import { RandomStream } from '../../core/random.ts';
import { joinedAscending } from '../../data/sparse-rows.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import { topItems } from '../../recommender/top-items.ts';
import { AllowedItems } from './allowed-items.ts';
import { priorOf } from './bandit-model.ts';
import { Catalogue } from './catalogue.ts';
import { ContentIndex } from './content-index.ts';
import { diverse } from './diversity.ts';
import { type Explored, explored } from './exploration.ts';
import { ItemDescriptions } from './item-descriptions.ts';
import { itemLikeness, type VectorLikeness } from './item-likeness.ts';
import { KeptSessions } from './kept-sessions.ts';
import { type KnownSomebody, knownSomebody } from './known-person.ts';
import type { NamedItem, Provider, Route, ServedItem, ServedList, SimilarList, Somebody, Wanted } from './question.ts';
import { boosted, merged, type PooledItem, type Source } from './ranked-pool.ts';
import { thompsonSampled } from './thompson-sampling.ts';

/** Items that diversity chooses from, for each that is wanted. */
const POOL_PER_ITEM = 5;
/** The newest items of a person whose descriptions are looked at. */
const LATEST = 50;
const REASONS = 2;

export class ServedModel {
  readonly name: string;
  /** Of the files. */
  readonly recommender: Recommender;
  readonly catalogue: Catalogue;
  readonly #sessions: KeptSessions;
  #content: { readonly revision: number; readonly index: ContentIndex } | null = null;
  #descriptions: ItemDescriptions | null = null;
  #vectors: VectorLikeness | null | undefined;
  #unservedItems: Int32Array | null = null;

  constructor(name: string, recommender: Recommender) {
    this.name = name;
    this.recommender = recommender;
    this.catalogue = new Catalogue(recommender.parts);
    this.#sessions = new KeptSessions(recommender);
  }

  recommend(person: Somebody, wanted: Wanted): ServedList {
    const { catalogue } = this;
    const known = knownSomebody(this.recommender, catalogue, person);
    const notes: string[] = [];
    const allowed = this.#allowed(person, known, wanted, notes);
    return this.#list(person, known, wanted, allowed, notes);
  }

  /** The given items in the order in which the person is likely to want them; those that nobody knows come last. */
  rank(person: Somebody, items: readonly string[], wanted: Wanted): ServedList {
    const { catalogue } = this;
    const known = knownSomebody(this.recommender, catalogue, person);
    const mask = new Uint8Array(catalogue.size);
    for (const id of items) {
      const item = catalogue.indexOf(id);
      if (item !== undefined) mask[item] = 1;
    }
    const list = this.#list(
      person,
      known,
      { ...wanted, k: Math.max(1, items.length) },
      new AllowedItems(mask.length, mask),
      [],
    );
    const strangers = [...new Set(items)].filter((id) => catalogue.indexOf(id) === undefined);
    const last = strangers.map(
      (id): ServedItem => ({ id, title: id, score: 0, probability: 1, route: 'popular', because: [] }),
    );
    return {
      ...list,
      items: [...list.items, ...last],
      unknownItems: [...new Set([...list.unknownItems, ...strangers])],
    };
  }

  #list(person: Somebody, known: KnownSomebody, wanted: Wanted, allowed: AllowedItems, notes: string[]): ServedList {
    let how = 'nothing is known of the person';
    const tell = (text: string, more: readonly string[]): void => {
      how = text;
      for (const note of more) if (!notes.includes(note)) notes.push(note);
    };
    const sources: Record<Provider, Source> = {
      model: (k, left) => this.#modelItems(person, known, k, left, tell),
      content: (k, left) => this.#contentItems(known, k, left),
      popular: (k, left) => this.#popularItems(k, left),
    };
    const boosts = wanted.boost.map(({ where, by }) => ({ rows: this.catalogue.matching(where).rows, by }));
    const best = (from: Provider, k: number, left: AllowedItems) => boosted(sources[from], k, left, boosts);
    const { k, diversity, explore } = wanted;
    const size = Math.max(diversity > 0 ? POOL_PER_ITEM * k : k, explore?.among ?? 0);
    const lists = wanted.providers.map(({ from, weight }) => ({ from, weight, items: best(from, size, allowed) }));
    const chosen: Explored[] = [...this.#chosen(merged(lists, size), wanted)];
    for (const from of wanted.fallback) {
      if (chosen.length >= k) break;
      const left = allowed.without(chosen.map(({ chosen: { item } }) => item));
      for (const each of best(from, k - chosen.length, left)) chosen.push({ chosen: each, probability: 1 });
    }
    return {
      items: chosen.map(({ chosen: each, probability }) => ({
        ...this.named(each.item),
        score: each.score,
        probability,
        route: each.route,
        because: wanted.reasons ? each.because().map((item) => this.named(item)) : [],
      })),
      how,
      unknownItems: known.unknownItems,
      notes,
      ...(explore?.method === 'thompson' && { features: chosen.map(({ features = null }) => features) }),
    };
  }

  #chosen(pool: readonly PooledItem[], { k, diversity, explore, posterior, seed }: Wanted): readonly Explored[] {
    if (pool.length === 0) return [];
    const size = Math.max(k, explore?.among ?? 0);
    const ordered = diversity > 0 ? diverse(pool, size, diversity, this.#likeness()) : pool;
    const random = new RandomStream(0, seed);
    if (explore?.method === 'thompson') {
      const among = ordered.slice(0, Math.max(k, explore.among));
      const known = posterior ?? priorOf(explore.ridge);
      return thompsonSampled(among, k, known, explore.scale, (item) => this.#described().of(item), random);
    }
    if (explore) return explored(ordered, k, explore, random);
    return ordered.slice(0, k).map((chosen) => ({ chosen, probability: 1 }));
  }

  /** What is available and fulfils all conditions, besides some. */
  #matching(where: readonly string[], notes: string[], leftOut: readonly number[]): AllowedItems {
    const { catalogue } = this;
    const conditions = where.map((condition) => {
      const { rows, note } = catalogue.matching(condition);
      if (note !== null) notes.push(note);
      return rows;
    });
    const all = conditions.reduce<Uint8Array | null>(
      (former, rows) => former?.map((flag, item) => flag & rows[item]) ?? rows,
      null,
    );
    return new AllowedItems(catalogue.size, all, [...catalogue.unavailable, ...leftOut]);
  }

  /** Items that the list may hold. */
  #allowed(person: Somebody, known: KnownSomebody, wanted: Wanted, notes: string[]): AllowedItems {
    const { catalogue } = this;
    const includeSeen = wanted.includeSeen ?? this.recommender.asks.includeSeen;
    const named = [...wanted.exclude, ...person.refused].flatMap((id) => catalogue.indexOf(id) ?? []);
    return this.#matching(wanted.where, notes, includeSeen ? named : [...known.taken, ...named]);
  }

  /** By what somebody is served first, where nothing else is asked for. */
  routeOf({ request, route, taken }: KnownSomebody): Route {
    if (request !== null) return route;
    return this.#contentIndex().likeness(taken.slice(-LATEST)) === null ? 'popular' : 'content';
  }

  #modelItems(
    person: Somebody,
    { request, route }: KnownSomebody,
    k: number,
    allowed: AllowedItems,
    tell: (how: string, notes: readonly string[]) => void,
  ): PooledItem[] {
    if (request === null) return [];
    const { nKnown } = this.catalogue;
    const { leftOut } = allowed;
    const options =
      leftOut === null
        ? { k, among: allowed.mask.subarray(0, nKnown), without: this.#unserved(), includeSeen: true }
        : {
            k,
            without: joinedAscending(
              leftOut.filter((item) => item < nKnown),
              this.#unserved(),
            ),
            includeSeen: true,
          };
    const found = this.#sessions.candidates(person, request, options);
    tell(found.how, found.notes);
    return Array.from(found.items, (item, n) => ({
      item,
      score: found.scores[n],
      value: found.scores[n],
      route: found.byPopularity[n] === 1 ? ('popular' as const) : route,
      because: () => found.because(item),
    }));
  }

  /** Items without training rows, ascending: some models have nothing of them but the values they started from. */
  #unserved(): Int32Array {
    const { asks } = this.recommender;
    this.#unservedItems ??= Int32Array.from({ length: this.catalogue.nKnown }, (_, item) => item).filter(
      (item) => !asks.isServed(item),
    );
    return this.#unservedItems;
  }

  #contentItems({ taken }: KnownSomebody, k: number, { mask }: AllowedItems): PooledItem[] {
    const latest = taken.slice(-LATEST);
    const content = this.#contentIndex();
    const scores = content.likeness(latest);
    if (scores === null) return [];
    const reasons = (item: number): number[] =>
      latest
        .map((reason) => ({ reason, value: content.between(item, reason) }))
        .filter(({ reason, value }) => value > 0 && reason !== item)
        .sort((a, b) => b.value - a.value)
        .slice(0, REASONS)
        .map(({ reason }) => reason);
    return this.#top(scores, k, (item) => mask[item] === 1 && scores[item] > 0, 'content', reasons);
  }

  #popularItems(k: number, { mask }: AllowedItems): PooledItem[] {
    const counts = new Float32Array(this.catalogue.size);
    counts.set(Float32Array.from(this.recommender.asks.popularity));
    return this.#top(
      counts,
      k,
      (item) => mask[item] === 1,
      'popular',
      () => [],
    );
  }

  #top(
    scores: Float32Array,
    k: number,
    isIn: (item: number) => boolean,
    route: Route,
    because: (item: number) => readonly number[],
  ): PooledItem[] {
    const excluded = new Uint8Array(scores.length);
    for (let item = 0; item < excluded.length; item++) excluded[item] = isIn(item) ? 0 : 1;
    const best = topItems(scores, k, excluded);
    return Array.from(best.items, (item, n) => ({
      item,
      score: best.scores[n],
      value: best.scores[n],
      route,
      because: () => because(item),
    }));
  }

  /** Items like one: by the model, and where it does not know the item, by what describes it. Null for an item of which nothing is known. */
  similar(id: string, k: number, where: readonly string[], exclude: readonly string[]): SimilarList | null {
    const { catalogue } = this;
    const item = catalogue.indexOf(id);
    if (item === undefined) return null;
    const notes: string[] = [];
    const leftOut = [item, ...exclude.flatMap((each) => catalogue.indexOf(each) ?? [])];
    const { mask } = this.#matching(where, notes, leftOut);
    const byModel = this.#similarByModel(item, k, mask);
    if (byModel !== null) return { ...byModel, notes };
    const scores = this.#contentIndex().likeness([item]);
    if (scores === null) return { items: [], how: 'nothing describes the item', notes };
    const best = this.#top(
      scores,
      k,
      (other) => mask[other] === 1 && scores[other] > 0,
      'content',
      () => [],
    );
    const items = best.map((each) => ({ ...this.named(each.item), score: each.score, route: each.route }));
    return { items, how: 'by the cosine of what describes the items', notes };
  }

  /** Null for an item without training rows, and for a model that knows no likeness of items. */
  #similarByModel(item: number, k: number, mask: Uint8Array): Omit<SimilarList, 'notes'> | null {
    const { catalogue, recommender } = this;
    if (item >= catalogue.nKnown || !(recommender.asks.popularity[item] > 0)) return null;
    try {
      const among = mask.subarray(0, catalogue.nKnown);
      const { similar, how } = recommender.similar(catalogue.idOf(item), { k, among });
      const items = similar.map((each) => ({
        ...this.named(catalogue.indexOf(each.item) as number),
        score: each.score,
        route: 'model' as const,
      }));
      return { items, how };
    } catch (error) {
      if (error instanceof DeepTasteError && error.code === 'usage') return null;
      throw error;
    }
  }

  named(item: number): NamedItem {
    return { id: this.catalogue.idOf(item), title: this.catalogue.titleOf(item) };
  }

  #described(): ItemDescriptions {
    this.#descriptions ??= new ItemDescriptions(this.recommender, this.catalogue);
    return this.#descriptions;
  }

  #contentIndex(): ContentIndex {
    const { revision } = this.catalogue;
    if (this.#content?.revision !== revision)
      this.#content = { revision, index: new ContentIndex(this.catalogue.table) };
    return this.#content.index;
  }

  /** By the vectors of the model, of items that it has none of by what describes them. */
  #likeness(): (a: number, b: number) => number {
    this.#vectors ??= itemLikeness(this.recommender);
    const vectors = this.#vectors;
    const content = this.#contentIndex();
    if (vectors === null && content.isEmpty)
      throw new DeepTasteError(
        'usage',
        `diversity: needs to know how alike items are, and ${this.recommender.model.title} has no vectors of items, nor are they ` +
          'described; train with --items FILE, or ask another model',
      );
    return (a, b) => vectors?.(a, b) ?? content.between(a, b);
  }

  close(): void {
    this.#sessions.close();
    this.recommender.close();
  }
}
