/** The server as a process: HTTP, threads that score, a store, signals. */
import type { AddressInfo, Server as NetServer } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { EngineOptions } from '../engine/runtime/engine.ts';
import { appOf, tellItems } from './app.ts';
import type { Bus, Signal } from './bus.ts';
import { closed, isLoopback, listen, requireSafeAddress } from './listening.ts';
import type { Log } from './log.ts';
import { Metrics } from './metrics.ts';
import { Retraining, type RetrainingOptions } from './retraining.ts';
import type { ScoringPool } from './scoring/scoring-pool.ts';
import { type ModelSource, modelSources } from './scoring/served-models.ts';
import type { Service } from './service/service.ts';
import { feedback } from './service/telling.ts';
import type { ServerSettings } from './settings.ts';
import { startPool } from './start-pool.ts';
import { FileMark } from './store/file-mark.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';
import type { TrainingMeans } from './training/means.ts';
import { TrainingDesk } from './training/training-desk.ts';
import { watchFolders } from './watch-folders.ts';

export interface ServerOptions {
  /** Folders of saved recommenders; the first one answers when none is named. */
  readonly runs: readonly string[];
  readonly host: string;
  /** 0 = any that is free. */
  readonly port: number;
  /** A SQLite file or postgres://… */
  readonly store: string;
  /** redis://…; null = none. */
  readonly bus: string | null;
  readonly settings: ServerSettings;
  /** Threads that score. */
  readonly workers: number;
  /** Questions that may wait. */
  readonly queue: number;
  readonly engine: EngineOptions;
  /** Requests a second of one caller; null = no limit. */
  readonly rate: number | null;
  readonly mostBody: number;
  readonly origins: readonly string[] | null;
  /** Loads artifacts anew when their folders change. */
  readonly watch: boolean;
  /** Seconds from the signal to stop in which new connections are still taken: until a load balancer has noticed. */
  readonly drain: number;
  /** Days for which answers that were given are kept. */
  readonly keepDays: number;
  /** Retrains the runs so often (milliseconds); null = never. */
  readonly retraining: Pick<RetrainingOptions, 'everyMs' | 'program' | 'args'> | null;
  /** Where and how it trains; null = it does not. */
  readonly training: TrainingMeans | null;
  readonly log: Log;
}

export interface Server {
  readonly url: string;
  /** Loads the artifacts anew; where they cannot be loaded, the former ones stay. @throws what loading throws */
  reload(): Promise<void>;
  /** Is not ready any more, answers what is asked until the connections are drained, gives everything back. */
  stop(): Promise<void>;
}

const DAY_MS = 24 * 3600 * 1000;
const PRUNE_EVERY_MS = 3600 * 1000;
/** How often other servers over the same store are asked for items that they were told of. */
const ITEMS_EVERY_MS = 1000;

/** @throws DeepTasteError: what loading the recommenders and opening the store throw; 'io' for an address that is taken */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { log } = options;
  const store = await openStore(options.store);
  let pool: ScoringPool | null = null;
  try {
    await requireSafeAddress(options.host, store);
    let onLost = (_error: Error): void => {};
    const given = modelSources(options.runs);
    pool = await startPool(options, given, (error) => onLost(error));
    const running = new RunningServer(options, store, pool, given);
    onLost = (error) => running.lost(error);
    await running.start();
    log.write('info', 'started', {
      url: running.url,
      models: pool.about.map(({ name, version }) => ({ name, version })),
    });
    return running;
  } catch (error) {
    await pool?.close();
    await store.close();
    throw error;
  }
}

class RunningServer implements Server {
  readonly #options: ServerOptions;
  readonly #store: Store;
  readonly #pool: ScoringPool;
  readonly #metrics: Metrics;
  readonly #http: NetServer;
  readonly #timers: NodeJS.Timeout[] = [];
  #itemVersion = 0;
  #isStopping = false;
  #bus: Bus | null = null;
  readonly #service: Service;
  readonly #training: TrainingDesk | null;
  #retraining: Retraining | null = null;
  #stopWatching: () => void = () => {};
  /** Of the SQLite file; null = the store is none. */
  readonly #mark: FileMark | null;

  /** @param given runs of the command line */
  constructor(options: ServerOptions, store: Store, pool: ScoringPool, given: readonly ModelSource[]) {
    this.#options = options;
    this.#store = store;
    this.#pool = pool;
    this.#metrics = new Metrics(pool, Date.now);
    this.#mark = store.kind === 'sqlite' && options.store !== ':memory:' ? new FileMark(options.store) : null;
    const { rate, mostBody, origins, settings, log, training } = options;
    const added = pool.sources.filter((source) => !given.includes(source)).map(({ name }) => name);
    this.#training = training === null ? null : new TrainingDesk(training, pool, settings, log, added);
    const { fetch, service } = appOf({
      store,
      scoring: pool,
      settings,
      metrics: this.#metrics,
      rate,
      mostBody,
      origins,
      studio: true,
      training: this.#training ?? undefined,
      log,
      requireKeys: !isLoopback(options.host),
      running: { isReady: () => !this.#isStopping, reload: () => this.#reloadAll() },
      onItems: () => void this.#announce('items'),
    });
    this.#service = service;
    this.#http = createAdaptorServer({ fetch }) as NetServer;
  }

  get url(): string {
    const { address, port, family } = this.#http.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  async start(): Promise<void> {
    const { host, port, keepDays, watch, retraining, log } = this.#options;
    const other = this.#mark?.claim() ?? null;
    if (other !== null)
      log.write('warn', 'shared file', {
        message:
          `store: process ${other} serves over the same file; feedback is seen by both, but neither hears of items that the other is told ` +
          'of before it starts again; several servers want --store postgres://…',
      });
    await this.#training?.jobs.removeLeft();
    this.#itemVersion = await tellItems(this.#store, this.#pool);
    const { bus } = this.#options;
    if (bus !== null) {
      // the client of Redis is large, and most servers need none
      const { openBus } = await import('./bus.ts');
      this.#bus = await openBus({
        url: bus,
        log,
        onSignal: (signal) => this.#follow(signal),
        record: (events) => feedback(this.#service, events),
      });
    }
    await listen(this.#http, host, port);
    const prune = async () => {
      const before = Date.now() - keepDays * DAY_MS;
      await this.#store.pruneRecommendations(before);
      await this.#store.pruneHeld(before);
    };
    this.#every(PRUNE_EVERY_MS, prune);
    if (this.#store.kind === 'postgres') this.#every(ITEMS_EVERY_MS, () => this.#readItems());
    const runs = () => this.#pool.runs.flatMap(({ path, version }) => (path === null ? [] : [{ path, version }]));
    if (watch) this.#stopWatching = watchFolders(runs, () => void this.reload().catch(() => {}), log);
    if (retraining !== null) this.#retraining = this.#startRetraining(retraining);
  }

  #startRetraining(means: NonNullable<ServerOptions['retraining']>): Retraining {
    return new Retraining({
      ...means,
      store: this.#store,
      log: this.#options.log,
      runs: () =>
        this.#pool.sources.map((source) => {
          const created = this.#pool.about.find(({ name }) => name === source.name)?.created ?? null;
          return { ...source, created: created === null ? null : Date.parse(created) };
        }),
      observe: (result) => this.#metrics.retrained(result),
      onPromoted: () => this.#reloadAll(),
    });
  }

  /** What another server says. */
  #follow(signal: Signal): void {
    const work = signal === 'items' ? this.#readItems() : this.reload();
    work.catch((error: Error) => this.#options.log.write('error', 'failure', { message: error.message }));
  }

  async #announce(signal: Signal): Promise<void> {
    await this.#bus?.announce(signal).catch((error: Error) => {
      this.#options.log.write('error', 'bus', { message: error.message });
    });
  }

  /** This server, then the others. */
  async #reloadAll(): Promise<void> {
    await this.reload();
    await this.#announce('reload');
  }

  /** Repeats a work that may fail; one at a time. */
  #every(milliseconds: number, work: () => Promise<unknown>): void {
    let isGoingOn = false;
    const timer = setInterval(() => {
      if (isGoingOn) return;
      isGoingOn = true;
      work()
        .catch((error: Error) => this.#options.log.write('error', 'failure', { message: error.message }))
        .finally(() => {
          isGoingOn = false;
        });
    }, milliseconds);
    timer.unref();
    this.#timers.push(timer);
  }

  async #readItems(): Promise<void> {
    this.#itemVersion = await tellItems(this.#store, this.#pool, this.#itemVersion);
  }

  lost(error: Error): void {
    this.#metrics.lostThread();
    this.#options.log.write('error', 'thread lost', { message: error.message });
  }

  async reload(): Promise<void> {
    const { log } = this.#options;
    try {
      await this.#pool.reload();
    } catch (error) {
      this.#metrics.reloaded('refused');
      log.write('error', 'reload refused', { message: (error as Error).message });
      throw error;
    }
    this.#metrics.reloaded('done');
    log.write('info', 'reloaded', { models: this.#pool.about.map(({ name, version }) => ({ name, version })) });
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#options.log.write('info', 'stopping');
    for (const timer of this.#timers) clearInterval(timer);
    this.#stopWatching();
    await Promise.all([this.#retraining?.stop(), this.#training?.close()]);
    await new Promise((resolve) => setTimeout(resolve, this.#options.drain * 1000));
    await closed(this.#http);
    await this.#bus?.close();
    await this.#pool.close();
    await this.#store.close();
    this.#mark?.release();
    this.#metrics.close();
    this.#options.log.write('info', 'stopped');
  }
}
