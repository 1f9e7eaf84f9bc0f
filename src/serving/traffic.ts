/**
 * What was asked in the last 24 hours, minute by minute, in memory: requests and their times by route, lists and how many came from a
 * fallback. Times are counted in classes, so that percentiles of any stretch of time come from sums.
 */

const MINUTE_MS = 60_000;
const MINUTES = 24 * 60;

/** Upper ends of the classes of times in seconds: from 0.1 ms, each 1.25 times the one before; above the last one there is one more. */
const CLASSES = Float64Array.from({ length: 56 }, (_, n) => 0.0001 * 1.25 ** n);

interface RouteMinute {
  requests: number;
  /** Answered with 4xx, and with 5xx. */
  refused: number;
  failed: number;
  readonly times: Uint32Array;
}

interface Minute {
  /** Number of the minute since 1970; another one = the slot is old. */
  number: number;
  lists: number;
  fallbacks: number;
  readonly routes: Map<string, RouteMinute>;
}

export interface RouteTraffic {
  readonly requests: number;
  readonly refused: number;
  readonly failed: number;
  /** Seconds below which so many of the answers were given; null without requests. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface Traffic {
  readonly routes: readonly ({ readonly route: string } & RouteTraffic)[];
  /** In time, the oldest first. */
  readonly series: readonly ({
    /** Milliseconds since 1970 at its beginning. */
    readonly time: number;
    readonly lists: number;
    readonly fallbacks: number;
  } & RouteTraffic)[];
}

export class TrafficRing {
  readonly #now: () => number;
  readonly #minutes: Minute[] = Array.from({ length: MINUTES }, () => emptyMinute(-1));

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  observe(route: string, status: number, seconds: number): void {
    const { routes } = this.#minute();
    let of = routes.get(route);
    if (!of) {
      of = emptyRoute();
      routes.set(route, of);
    }
    of.requests++;
    if (status >= 500) of.failed++;
    else if (status >= 400) of.refused++;
    of.times[classOf(seconds)]++;
  }

  listed(isFallback: boolean): void {
    const minute = this.#minute();
    minute.lists++;
    if (isFallback) minute.fallbacks++;
  }

  #minute(): Minute {
    const number = Math.floor(this.#now() / MINUTE_MS);
    const slot = number % MINUTES;
    if (this.#minutes[slot].number !== number) this.#minutes[slot] = emptyMinute(number);
    return this.#minutes[slot];
  }

  /**
   * @param minutes how far back, this minute among them
   * @param step minutes of each point of the series
   */
  read(minutes: number, step: number): Traffic {
    const last = Math.floor(this.#now() / MINUTE_MS);
    const first = last - minutes + 1;
    const all = new Map<string, RouteMinute>();
    const series: Traffic['series'][number][] = [];
    for (let start = first; start <= last; start += step) {
      const sum = { lists: 0, fallbacks: 0 };
      const together = emptyRoute();
      for (let number = start; number < start + step && number <= last; number++) {
        const minute = this.#minutes[number % MINUTES];
        if (minute.number !== number) continue;
        sum.lists += minute.lists;
        sum.fallbacks += minute.fallbacks;
        for (const [route, of] of minute.routes) {
          add(together, of);
          const own = all.get(route) ?? emptyRoute();
          add(own, of);
          all.set(route, own);
        }
      }
      series.push({ time: start * MINUTE_MS, ...sum, ...summaryOf(together) });
    }
    const routes = [...all]
      .map(([route, of]) => ({ route, ...summaryOf(of) }))
      .sort((a, b) => b.requests - a.requests || (a.route < b.route ? -1 : 1));
    return { routes, series };
  }
}

function emptyMinute(number: number): Minute {
  return { number, lists: 0, fallbacks: 0, routes: new Map() };
}

function emptyRoute(): RouteMinute {
  return { requests: 0, refused: 0, failed: 0, times: new Uint32Array(CLASSES.length + 1) };
}

function add(sum: RouteMinute, { requests, refused, failed, times }: RouteMinute): void {
  sum.requests += requests;
  sum.refused += refused;
  sum.failed += failed;
  for (let n = 0; n < times.length; n++) sum.times[n] += times[n];
}

function classOf(seconds: number): number {
  let [low, high] = [0, CLASSES.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (CLASSES[middle] < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

function summaryOf({ requests, refused, failed, times }: RouteMinute): RouteTraffic {
  const at = (share: number): number | null => percentile(times, requests, share);
  return { requests, refused, failed, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The upper end of the class in which the share is reached: at most 25 % too much. */
function percentile(times: Uint32Array, requests: number, share: number): number | null {
  if (requests === 0) return null;
  let sum = 0;
  for (let n = 0; n < times.length; n++) {
    sum += times[n];
    if (sum >= share * requests) return CLASSES[Math.min(n, CLASSES.length - 1)];
  }
  return CLASSES[CLASSES.length - 1];
}
