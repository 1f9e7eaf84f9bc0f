/** A thread that holds the recommenders and answers what the server asks, one question after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import type { EngineOptions } from '../../engine/runtime/engine.ts';
import type { StoredItem } from '../store/records.ts';
import { DroppedQuestions } from './dropped-questions.ts';
import { type Failure, failureOf } from './failure.ts';
import type { Question } from './question.ts';
import { loadModels, type ModelSource, type ServedModels } from './served-models.ts';

export interface ScoringSources {
  readonly sources: readonly ModelSource[];
  readonly engine: EngineOptions;
}

export interface ScoringData extends ScoringSources {
  /** Memory of {@link DroppedQuestions}. */
  readonly dropped: SharedArrayBuffer;
}

/** Tasks and outcomes travel as JSON texts, several in a message: that costs less than copies of objects, and threads are woken less often. */
export type Task =
  | { readonly id: number; readonly question: Question }
  | { readonly id: number; readonly items: readonly StoredItem[] };

export type Outcome =
  | { readonly id: number; readonly reply: unknown }
  | { readonly id: number; readonly dropped: true }
  | { readonly id: number; readonly failure: Failure };

/** The number of the outcome that says whether the recommenders could be loaded. */
export const LOADING = 0;

/** Outcomes wait for others at most this long while there are tasks left. */
const TOLD_EVERY_MS = 1;

if (parentPort) await serve(workerData as ScoringData);

async function serve({ sources, engine, dropped: memory }: ScoringData): Promise<void> {
  const dropped = new DroppedQuestions(memory);
  let outcomes: Outcome[] = [];
  const tellAll = (): void => {
    if (outcomes.length > 0) parentPort?.postMessage(JSON.stringify(outcomes));
    outcomes = [];
  };
  const tellLate = (outcome: Outcome): void => {
    outcomes.push(outcome);
    tellAll();
  };
  try {
    const models = await loadModels(sources, engine);
    parentPort?.on('message', (text: string) => {
      let toldAt = performance.now();
      for (const task of JSON.parse(text) as readonly Task[]) {
        const outcome = dropped.has(task.id) ? { id: task.id, dropped: true as const } : outcomeOf(models, task);
        // what has to be read from files comes when it has come
        if (outcome instanceof Promise) void outcome.then((late) => tellLate(late));
        else outcomes.push(outcome);
        if (performance.now() - toldAt < TOLD_EVERY_MS) continue;
        tellAll();
        toldAt = performance.now();
      }
      tellAll();
    });
    outcomes.push({ id: LOADING, reply: null });
  } catch (error) {
    outcomes.push({ id: LOADING, failure: failureOf(error) });
  }
  tellAll();
}

function outcomeOf(models: ServedModels, task: Task): Outcome | Promise<Outcome> {
  const { id } = task;
  const failed = (error: unknown): Outcome => ({ id, failure: failureOf(error) });
  try {
    if (!('items' in task)) {
      const reply = models.answer(task.question);
      return reply instanceof Promise ? reply.then((late): Outcome => ({ id, reply: late }), failed) : { id, reply };
    }
    models.itemsChanged(task.items);
    return { id, reply: null };
  } catch (error) {
    return failed(error);
  }
}
