/** How a trained model scores all items for its users: the form in which a ranking computes it. */
import type { Lists, ScoreForm } from '../engine/runtime/ranking.ts';

export interface Sizes {
  readonly nUsers: number;
  readonly nItems: number;
}

/** What an item of a history adds to the score of another, as a function of the item scored, then of the other. */
export type WeightsTo = (item: number) => (from: number) => number;

export interface Scorer {
  readonly form: ScoreForm;
  /** Vectors of the items for "similar items": rows of `width`; null where the model has none. */
  readonly itemVectors: { readonly values: Float32Array; readonly width: number } | null;
  /** Item-to-item weights that are not kept but can be computed. */
  readonly weightsTo?: WeightsTo;
  /**
   * Of models that predict ratings: the difference to the mean rating of training for listed pairs, in their order. −1 = a user or an
   * item that is not known, whose terms are left out.
   */
  readonly values?: (users: Int32Array, items: Int32Array) => Float32Array;
  /** How somebody new is scored, from the items that the person took; absent where the form says it (by history). */
  readonly foldIn?: (history: Int32Array) => FoldedIn;
  free(): void;
}

/** The row of a person in the scorer's user table, and in one sentence for people how it was found. */
export interface FoldedIn {
  readonly vector: Float32Array;
  readonly how: string;
  /** The items taken changed nothing: they are no reason for anything. */
  readonly ignoresHistory?: true;
}

/**
 * How a solved model scores: user and item vectors, item-to-item weights applied to the user's history, a number for each user
 * of the training summed over those who took an item, or two steps in the graph of who took what beside vectors.
 */
export type SolvedScore =
  | { readonly form: 'dot'; readonly users: Float32Array; readonly items: Float32Array; readonly width: number }
  | { readonly form: 'history'; readonly weights: Float32Array; readonly sparse: Lists | null }
  | (WithoutHistory<'takers'> & { readonly weightsTo: WeightsTo })
  | (WithoutHistory<'two-steps'> & { readonly weightsTo: WeightsTo });

type WithoutHistory<F extends ScoreForm['form']> = Omit<Extract<ScoreForm, { form: F }>, 'history' | 'last'>;
