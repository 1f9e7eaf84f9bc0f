/** One thread of the pool, as the server sees it. */
import { Worker } from 'node:worker_threads';
import { DeepTasteError } from '../../core/errors.ts';
import type { StoredItem } from '../store/records.ts';
import { DroppedQuestions, Gone } from './dropped-questions.ts';
import { errorOf } from './failure.ts';
import type { Question } from './question.ts';
import { LOADING, type Outcome, type ScoringData, type ScoringSources, type Task } from './scoring-thread.ts';

/** The thread ended while it had the question: another may answer it. */
export class ThreadLost extends Error {}

interface Waiting {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class ScoringWorker {
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #dropped = new DroppedQuestions();
  readonly #idle: (() => void)[] = [];
  #nTasks = LOADING;
  /** Tasks of this turn of the event loop, which go to the thread together. */
  #leaving: Task[] = [];
  #isOver = false;

  private constructor(sources: ScoringSources, onLost: (worker: ScoringWorker, error: Error) => void) {
    const file = import.meta.url.endsWith('.ts') ? './scoring-thread.ts' : './scoring-thread.js';
    const data: ScoringData = { ...sources, dropped: this.#dropped.memory };
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
  static async start(
    sources: ScoringSources,
    onLost: (worker: ScoringWorker, error: Error) => void,
  ): Promise<ScoringWorker> {
    const worker = new ScoringWorker(sources, onLost);
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

  /** @throws Gone where the signal came before it was scored */
  async ask(question: Question, signal?: AbortSignal): Promise<unknown> {
    const id = ++this.#nTasks;
    const drop = (): void => this.#dropped.add(id);
    signal?.addEventListener('abort', drop);
    try {
      return await this.#task({ id, question });
    } finally {
      signal?.removeEventListener('abort', drop);
    }
  }

  async itemsChanged(items: readonly StoredItem[]): Promise<void> {
    await this.#task({ id: ++this.#nTasks, items });
  }

  #task(task: Task): Promise<unknown> {
    if (this.#isOver) return Promise.reject(new ThreadLost('the thread has ended'));
    if (this.#leaving.push(task) === 1) setImmediate(() => this.#send());
    return this.#outcome(task.id);
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
    else if ('dropped' in outcome) waiting?.reject(new Gone());
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
