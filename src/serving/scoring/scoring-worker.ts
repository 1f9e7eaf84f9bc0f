/** One thread of the pool, as the server sees it. */
import { Worker } from 'node:worker_threads';
import { DeepTasteError } from '../../core/errors.ts';
import type { StoredItem } from '../store/records.ts';
import { errorOf } from './failure.ts';
import type { Question } from './question.ts';
import { LOADING, type Outcome, type ScoringData, type Task } from './scoring-thread.ts';

/** The thread ended while it had the question: another may answer it. */
export class ThreadLost extends Error {}

interface Waiting {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class ScoringWorker {
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #idle: (() => void)[] = [];
  #nTasks = LOADING;
  /** Tasks of this turn of the event loop, which go to the thread together. */
  #leaving: Task[] = [];
  #isOver = false;

  private constructor(data: ScoringData, onLost: (worker: ScoringWorker, error: Error) => void) {
    const file = import.meta.url.endsWith('.ts') ? './scoring-thread.ts' : './scoring-thread.js';
    this.#thread = new Worker(new URL(file, import.meta.url), { workerData: data, execArgv: [] });
    const lost = (error: Error): void => {
      if (this.#isOver) return;
      this.#isOver = true;
      for (const { reject } of this.#waiting.values()) reject(new ThreadLost(error.message));
      this.#waiting.clear();
      onLost(this, error);
    };
    this.#thread.on('message', (text: string) => {
      for (const outcome of JSON.parse(text) as readonly Outcome[]) this.#settle(outcome);
    });
    this.#thread.on('error', lost);
    this.#thread.on('exit', (code) => lost(new Error(`the thread ended with code ${code}`)));
  }

  /** @throws what loading the recommenders throws */
  static async start(data: ScoringData, onLost: (worker: ScoringWorker, error: Error) => void): Promise<ScoringWorker> {
    const worker = new ScoringWorker(data, onLost);
    try {
      await worker.#outcome(LOADING);
    } catch (error) {
      await worker.#end();
      throw error instanceof ThreadLost ? new DeepTasteError('memory', `serve: ${error.message} while loading`) : error;
    }
    return worker;
  }

  /** Tasks that wait or are being worked on. */
  get waiting(): number {
    return this.#waiting.size;
  }

  ask(question: Question): Promise<unknown> {
    return this.#task((id) => ({ id, question }));
  }

  async itemsChanged(items: readonly StoredItem[]): Promise<void> {
    await this.#task((id) => ({ id, items }));
  }

  #task(make: (id: number) => Task): Promise<unknown> {
    if (this.#isOver) return Promise.reject(new ThreadLost('the thread has ended'));
    const id = ++this.#nTasks;
    if (this.#leaving.push(make(id)) === 1) setImmediate(() => this.#send());
    return this.#outcome(id);
  }

  #send(): void {
    const tasks = this.#leaving;
    this.#leaving = [];
    this.#thread.postMessage(JSON.stringify(tasks));
  }

  #outcome(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #settle(outcome: Outcome): void {
    const waiting = this.#waiting.get(outcome.id);
    this.#waiting.delete(outcome.id);
    if ('failure' in outcome) waiting?.reject(errorOf(outcome.failure));
    else waiting?.resolve(outcome.reply);
    if (this.#waiting.size === 0) for (const tell of this.#idle.splice(0)) tell();
  }

  /** Ends the thread when it has answered all that it was asked. */
  async close(): Promise<void> {
    if (this.#waiting.size > 0 && !this.#isOver) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    await this.#thread.terminate();
  }
}
