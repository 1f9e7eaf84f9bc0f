/** Recommenders in this very thread: for programs that serve one beside other work. */
import type { Recommender } from '../../recommender/recommender.ts';
import type { StoredItem } from '../store/records.ts';
import { Gone } from './dropped-questions.ts';
import type { AboutModel, MeasuredRun, Question, ReplyTo, Scoring } from './question.ts';
import { ServedModel } from './served-model.ts';
import { ServedModels } from './served-models.ts';

export class LocalScoring implements Scoring {
  readonly isThere = true;
  readonly waiting = 0;
  nDropped = 0;
  readonly about: readonly AboutModel[];
  readonly runs: readonly MeasuredRun[];
  readonly #models: ServedModels;

  /** @param name under which the recommender is asked */
  constructor(name: string, recommender: Recommender) {
    this.#models = new ServedModels([new ServedModel(name, recommender)]);
    this.about = this.#models.answer({ kind: 'about' });
    const { saved } = recommender.parts;
    this.runs = [{ name, path: saved?.path ?? null, version: this.about[0].version }];
  }

  async ask<Q extends Question>(question: Q, signal?: AbortSignal): Promise<ReplyTo<Q>> {
    if (signal?.aborted) {
      this.nDropped++;
      throw new Gone();
    }
    return this.#models.answer(question);
  }

  async itemsChanged(items: readonly StoredItem[]): Promise<void> {
    this.#models.itemsChanged(items);
  }

  /** The recommender stays open: it is the caller's. */
  async close(): Promise<void> {}
}
