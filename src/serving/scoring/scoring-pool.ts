/**
 * Recommenders in threads of their own, so that a score that takes long keeps nobody else waiting. Each thread holds them all; a question
 * goes to the one that has the least to do, those of a session always to the same one. What is read from the folders of runs, such as
 * tests between them, may take long: a thread without recommenders does that, while there is such work.
 */
import { hashName } from '../../core/random.ts';
import type { EngineOptions } from '../../engine/runtime/engine.ts';
import type { StoredItem } from '../store/records.ts';
import { Gone, requireWaiting } from './dropped-questions.ts';
import type { AboutModel, MeasuredRun, MeasureQuestion, Question, ReplyTo, Scoring } from './question.ts';
import { ScoringWorker, ThreadLost } from './scoring-worker.ts';
import type { ModelSource } from './served-models.ts';

export interface PoolOptions {
  readonly sources: readonly ModelSource[];
  readonly engine: EngineOptions;
  /** Threads. */
  readonly workers: number;
  /** Questions that may wait; beyond them the server says that it is busy. */
  readonly queue: number;
  /** Told when a thread ends that should not; another takes its place. */
  readonly onLost: (error: Error) => void;
}

/** After so long a thread that could not be started is tried again. */
const RETRY_MS = 5_000;
/** After so long without work the thread that reads folders ends. */
const IDLE_MS = 60_000;

/** More than the server can answer in time. */
export class Busy extends Error {}

export class ScoringPool implements Scoring {
  readonly #options: PoolOptions;
  #sources: readonly ModelSource[];
  /** Those that answer. */
  #workers: ScoringWorker[];
  /** Those that are told of changed items: beside them the ones that are about to answer, or to end. */
  readonly #told = new Set<ScoringWorker>();
  /** What the store says of items, for threads that start later. */
  readonly #items = new Map<string, StoredItem>();
  #about: readonly AboutModel[] = [];
  #reader: Promise<ScoringWorker> | null = null;
  #readerIdle: NodeJS.Timeout | undefined;
  /** Resolves when no artifacts are being loaded. */
  #reloading: Promise<void> = Promise.resolve();
  /** A reload whose turn has not come. */
  #nextReload: Promise<void> | null = null;
  #nDropped = 0;
  #isClosed = false;

  private constructor(options: PoolOptions) {
    this.#options = options;
    this.#sources = options.sources;
    this.#workers = [];
  }

  /** @throws as `Recommender.load` */
  static async start(options: PoolOptions): Promise<ScoringPool> {
    const pool = new ScoringPool(options);
    await pool.#replace(options.sources);
    return pool;
  }

  get about(): readonly AboutModel[] {
    return this.#about;
  }

  get isThere(): boolean {
    return this.#workers.length > 0;
  }

  get runs(): readonly MeasuredRun[] {
    return this.#about.map(({ name, version }, n) => ({ name, version, path: this.#sources[n].path }));
  }

  get waiting(): number {
    return this.#workers.reduce((n, worker) => n + worker.waiting, 0);
  }

  /** The artifacts that are served. */
  get sources(): readonly ModelSource[] {
    return this.#sources;
  }

  get nDropped(): number {
    return this.#nDropped;
  }

  async ask<Q extends Question>(question: Q, signal?: AbortSignal): Promise<ReplyTo<Q>> {
    if (question.kind === 'measures' || question.kind === 'compare' || question.kind === 'layout')
      return (await this.#read(question)) as ReplyTo<Q>;
    if (this.waiting >= this.#options.queue)
      throw new Busy(`${this.#options.queue} questions wait already; ask again later`);
    try {
      return (await this.#asked(question, signal)) as ReplyTo<Q>;
    } catch (error) {
      if (error instanceof Gone) this.#nDropped++;
      throw error;
    }
  }

  /** Of one thread, and where that is lost, of another one. */
  async #asked(question: Question, signal: AbortSignal | undefined): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      requireWaiting(signal);
      try {
        return await this.#workerFor(question).ask(question, signal);
      } catch (error) {
        if (!(error instanceof ThreadLost) || attempt > 0) throw error;
      }
    }
  }

  async #read(question: MeasureQuestion): Promise<unknown> {
    if (this.#isClosed) throw new Busy('the server is stopping');
    const { engine, onLost } = this.#options;
    const isGone = (): void => {
      this.#reader = null;
    };
    this.#reader ??= ScoringWorker.start({ sources: [], engine }, (_, error) => {
      isGone();
      onLost(error);
    });
    this.#reader.catch(isGone);
    clearTimeout(this.#readerIdle);
    try {
      return await (await this.#reader).ask(question);
    } finally {
      clearTimeout(this.#readerIdle);
      this.#readerIdle = setTimeout(() => void this.#endReader(), IDLE_MS).unref();
    }
  }

  async #endReader(): Promise<void> {
    clearTimeout(this.#readerIdle);
    const reader = await this.#reader?.catch(() => null);
    if (reader && reader.waiting > 0 && !this.#isClosed) return;
    this.#reader = null;
    await reader?.close();
  }

  #workerFor(question: Question): ScoringWorker {
    if (this.#workers.length === 0) throw new Busy('no thread is ready; ask again later');
    const session = question.kind === 'recommend' ? question.person.session : null;
    if (session !== null) return this.#workers[hashName(session) % this.#workers.length];
    return this.#workers.reduce((a, b) => (b.waiting < a.waiting ? b : a));
  }

  async itemsChanged(items: readonly StoredItem[]): Promise<void> {
    for (const item of items) this.#items.set(item.id, item);
    await Promise.all([...this.#told].map((worker) => worker.itemsChanged(items).catch(ignoreLost)));
  }

  /**
   * Loads the artifacts anew, and only when all threads have them lets go of the former ones. Calls while it is going on are one more,
   * after it: it may have read files that were replaced since.
   * @throws what loading throws; then the former ones stay
   */
  reload(): Promise<void> {
    this.#nextReload ??= this.#afterReloading(() => {
      this.#nextReload = null;
      return this.#sources;
    });
    return this.#nextReload;
  }

  /** Serves other artifacts from now on, as {@link reload}. One call at a time. @throws what loading throws; then the former ones stay */
  serve(sources: readonly ModelSource[]): Promise<void> {
    return this.#afterReloading(() => sources);
  }

  /** @param sources asked when its turn has come */
  #afterReloading(sources: () => readonly ModelSource[]): Promise<void> {
    const replaced = this.#reloading.then(() => this.#replace(sources()));
    this.#reloading = replaced.catch(() => {});
    return replaced;
  }

  async #replace(sources: readonly ModelSource[]): Promise<void> {
    if (this.#isClosed) throw new Busy('the server is stopping');
    const workers = await this.#startWorkers(sources);
    const about = (await workers[0].ask({ kind: 'about' })) as readonly AboutModel[];
    const former = this.#workers;
    this.#workers = workers;
    this.#sources = sources;
    this.#about = about;
    if (this.#isClosed) former.push(...workers);
    await this.#end(former);
  }

  async #startWorkers(sources: readonly ModelSource[]): Promise<ScoringWorker[]> {
    const { workers, engine } = this.#options;
    const started = await Promise.allSettled(
      Array.from({ length: workers }, () => this.#startWorker({ sources, engine })),
    );
    const failed = started.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    const there = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    if (!failed) return there;
    await this.#end(there);
    throw failed.reason;
  }

  async #startWorker(data: Pick<PoolOptions, 'sources' | 'engine'>): Promise<ScoringWorker> {
    const worker = await ScoringWorker.start(data, (lost, error) => this.#replaceLost(lost, error));
    this.#told.add(worker);
    await worker.itemsChanged([...this.#items.values()]);
    return worker;
  }

  #replaceLost(lost: ScoringWorker, error: Error): void {
    this.#told.delete(lost);
    const place = this.#workers.indexOf(lost);
    if (place < 0 || this.#isClosed) return;
    this.#workers.splice(place, 1);
    this.#options.onLost(error);
    this.#startAnother(this.#workers);
  }

  /** Beside the others that answer, as long as those do; where it cannot be loaded, such as from a folder that is gone, it is tried again. */
  #startAnother(others: ScoringWorker[]): void {
    const isWanted = (): boolean => this.#workers === others && !this.#isClosed;
    this.#startWorker({ sources: this.#sources, engine: this.#options.engine }).then(
      (worker) => {
        if (isWanted()) others.push(worker);
        else void this.#end([worker]);
      },
      (failure: Error) => {
        this.#options.onLost(failure);
        setTimeout(() => isWanted() && this.#startAnother(others), RETRY_MS).unref();
      },
    );
  }

  async #end(workers: readonly ScoringWorker[]): Promise<void> {
    for (const worker of workers) this.#told.delete(worker);
    await Promise.all(workers.map((worker) => worker.close()));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reloading;
    await Promise.all([this.#endReader(), this.#end(this.#workers)]);
  }
}

/** A thread that is gone is replaced by one that is told all changes. */
function ignoreLost(error: unknown): void {
  if (!(error instanceof ThreadLost)) throw error;
}
