/**
 * What Thompson sampling learns (bandit-model.ts): of every list that it gave the items that were looked at, and which of them somebody
 * followed by an event with the list's recommendationId. All of it stands in the store, from which each server of a fleet learns alike,
 * and anew after a start. Another artifact begins anew: its vectors mean something else.
 */
import { choleskyFactor, invertUpperTriangular, solveFactored } from '../../engine/linalg/cholesky.ts';
import type { Log } from '../log.ts';
import { FEATURES, type Posterior, PRIOR_MEAN } from '../scoring/bandit-model.ts';
import type { ServerSettings } from '../settings.ts';
import type { FeedbackEvent, GivenRecommendation } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { meaningOf } from './history.ts';

/** Least time between two readings of the store. */
const EVERY_MS = 1_000;
/** Lists younger than this are left to the next reading: others may still be on their way into the store. */
const SETTLED_MS = 2_000;
const AT_ONCE = 1_000;
/** Lists of this server that wait for events; what follows older ones is learned at the next start. Some 2 kB each. */
const MOST_LISTS = 20_000;

/** Whose lists teach together. */
type Whose = Pick<GivenRecommendation, 'scenario' | 'variant' | 'model' | 'version'>;

/** Sums of what was shown. */
interface Sums {
  /** Σ x xᵀ, upper triangle [FEATURES × FEATURES]. */
  readonly squares: Float64Array;
  /** Σ r x [FEATURES]. */
  readonly rewards: Float64Array;
  lists: number;
  /** Made when it is asked for, by ridge. */
  posterior: { readonly ridge: number; readonly value: Posterior } | null;
}

interface GivenList {
  readonly sums: Sums;
  /** Of the items that were not followed yet. */
  readonly features: Map<string, readonly number[]>;
}

export interface BanditTimes {
  readonly everyMs: number;
  readonly settledMs: number;
}

export class Bandits {
  readonly #store: Store;
  readonly #settings: ServerSettings;
  readonly #log: Log;
  readonly #times: BanditTimes;
  readonly #sums = new Map<string, Sums>();
  readonly #lists = new Map<string, GivenList>();
  #after: Pick<GivenRecommendation, 'time' | 'id'> | null = null;
  /** Of the last event that was read; null = none was. */
  #place: number | null = null;
  /** Whether all that was there has been read once: what is known before leaves out most rewards. */
  #isRead = false;
  #reading: Promise<void> | null = null;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(
    store: Store,
    settings: ServerSettings,
    log: Log,
    times: BanditTimes = { everyMs: EVERY_MS, settledMs: SETTLED_MS },
  ) {
    this.#store = store;
    this.#settings = settings;
    this.#log = log;
    this.#times = times;
  }

  /** What is known by now; null = nothing. What came meanwhile is being read, and the next answers know of it. */
  posterior(whose: Whose, ridge: number): Posterior | null {
    if (performance.now() - this.#readAt >= this.#times.everyMs) void this.refresh();
    const sums = this.#isRead ? this.#sums.get(keyOf(whose)) : undefined;
    if (sums === undefined) return null;
    if (sums.posterior?.ridge !== ridge) sums.posterior = { ridge, value: posteriorOf(sums, ridge) };
    return sums.posterior.value;
  }

  /** How many lists have taught. */
  listsOf(whose: Whose): number {
    return this.#sums.get(keyOf(whose))?.lists ?? 0;
  }

  /** Resolves when what the store has is read; a store that fails is told by the log, and read again later. */
  refresh(): Promise<void> {
    this.#readAt = performance.now();
    this.#reading ??= this.#read()
      .catch((error: Error) => this.#log.write('error', 'bandits', { message: error.message }))
      .finally(() => {
        this.#reading = null;
      });
    return this.#reading;
  }

  async #read(): Promise<void> {
    // events up to here are asked for with their lists
    this.#place ??= await this.#store.lastPlace();
    const until = Date.now() - this.#times.settledMs;
    for (let isMore = true; isMore; ) {
      const given = await this.#store.recommendationsAfter(this.#after, AT_ONCE);
      const settled = given.filter(({ time }) => time <= until);
      const sampled = settled.filter(({ features }) => features !== undefined);
      const followed = await this.#store.eventsFollowing(sampled.map(({ id }) => id));
      for (const each of sampled) this.#show(each);
      for (const event of followed) this.#follow(event);
      const last = settled.at(-1);
      if (last) this.#after = { time: last.time, id: last.id };
      isMore = settled.length === AT_ONCE;
    }
    for (let isMore = true; isMore; ) {
      const events = await this.#store.eventsAfter(this.#place, AT_ONCE);
      for (const event of events) this.#follow(event);
      this.#place = events.at(-1)?.place ?? this.#place;
      isMore = events.length === AT_ONCE;
    }
    this.#isRead = true;
  }

  #show(given: GivenRecommendation): void {
    const key = keyOf(given);
    const sums = this.#sums.get(key) ?? noSums();
    this.#sums.set(key, sums);
    const list: GivenList = { sums, features: new Map() };
    given.features?.forEach((x, n) => {
      // an artifact of another version of this package may have looked at other things
      if (x?.length !== FEATURES) return;
      list.features.set(given.items[n].id, x);
      for (let a = 0; a < FEATURES; a++)
        for (let b = a; b < FEATURES; b++) sums.squares[a * FEATURES + b] += x[a] * x[b];
    });
    sums.lists++;
    sums.posterior = null;
    this.#lists.set(given.id, list);
    if (this.#lists.size > MOST_LISTS) this.#lists.delete(this.#lists.keys().next().value as string);
  }

  /** An item of a list counts once; lists that were never read, or long ago, say nothing. */
  #follow(event: FeedbackEvent): void {
    if (event.recommendation === null || meaningOf(event, this.#settings) !== 'taken') return;
    const list = this.#lists.get(event.recommendation);
    const x = list?.features.get(event.item);
    if (list === undefined || x === undefined) return;
    list.features.delete(event.item);
    for (let d = 0; d < FEATURES; d++) list.sums.rewards[d] += x[d];
    list.sums.posterior = null;
  }
}

function keyOf({ scenario, variant, model, version }: Whose): string {
  return JSON.stringify([scenario, variant, model, version]);
}

function noSums(): Sums {
  return {
    squares: new Float64Array(FEATURES * FEATURES),
    rewards: new Float64Array(FEATURES),
    lists: 0,
    posterior: null,
  };
}

/** A = λI + Σ x xᵀ = UᵀU, mean A⁻¹(λθ₀ + Σ r x), V = U⁻¹. */
function posteriorOf({ squares, rewards }: Sums, ridge: number): Posterior {
  const factor = squares.slice();
  for (let d = 0; d < FEATURES; d++) factor[d * FEATURES + d] += ridge;
  choleskyFactor(factor, FEATURES);
  const mean = rewards.map((sum, d) => sum + ridge * PRIOR_MEAN[d]);
  solveFactored(factor, FEATURES, mean);
  invertUpperTriangular(factor, FEATURES);
  for (let a = 0; a < FEATURES; a++) factor.fill(0, a * FEATURES, a * FEATURES + a);
  return { mean: [...mean], factor: [...factor] };
}
