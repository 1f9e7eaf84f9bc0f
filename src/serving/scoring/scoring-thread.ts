/** A thread that holds the recommenders and answers what the server asks, one question after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import type { EngineOptions } from '../../engine/runtime/engine.ts';
import type { StoredItem } from '../store/records.ts';
import { type Failure, failureOf } from './failure.ts';
import type { Question } from './question.ts';
import { loadModels, type ModelSource } from './served-models.ts';

export interface ScoringData {
  readonly sources: readonly ModelSource[];
  readonly engine: EngineOptions;
}

export type Task =
  | { readonly id: number; readonly question: Question }
  | { readonly id: number; readonly items: readonly StoredItem[] };

export type Outcome =
  | { readonly id: number; readonly reply: unknown }
  | { readonly id: number; readonly failure: Failure };

/** The number of the outcome that says whether the recommenders could be loaded. */
export const LOADING = 0;

if (parentPort) await serve(workerData as ScoringData);

async function serve({ sources, engine }: ScoringData): Promise<void> {
  const tell = (outcome: Outcome): void => parentPort?.postMessage(outcome);
  try {
    const models = await loadModels(sources, engine);
    parentPort?.on('message', async (task: Task) => {
      try {
        if ('items' in task) models.itemsChanged(task.items);
        // what needs no file is answered before the next task is looked at
        const reply = 'items' in task ? null : models.answer(task.question);
        tell({ id: task.id, reply: reply instanceof Promise ? await reply : reply });
      } catch (error) {
        tell({ id: task.id, failure: failureOf(error) });
      }
    });
    tell({ id: LOADING, reply: null });
  } catch (error) {
    tell({ id: LOADING, failure: failureOf(error) });
  }
}
