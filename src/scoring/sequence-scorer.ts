/** How a model of sequences scores: many running sequences ("lanes") at once, an event at a time, all items. */

/** A trained model of sequences. It holds weights only; the running sequences are in `RunningSequences`. */
export interface SequenceScorer {
  readonly nItems: number;
  /** Running sequences that a large evaluation should step at once; the model's own optimum. */
  readonly preferredLanes: number;
  /** Begins `nLanes` empty sequences. */
  open(nLanes: number): RunningSequences;
  /** What states are scored against, a row of `width` for each item; absent where scores are made otherwise. */
  itemVectors?(): { readonly values: Float32Array; readonly width: number };
  /** Gives back what the scorer itself holds (engine memory); its running sequences are freed first. */
  free(): void;
}

/**
 * The state of `nLanes` running sequences. A lane is independent of all others: what it answers depends on nothing but
 * the events fed to it since its last `reset`, whatever lanes are fed or scored beside it.
 */
export interface RunningSequences {
  readonly nLanes: number;
  /**
   * Empties lanes: their next event begins a new sequence.
   * @param owners user index of whoever each of these sequences is of, −1 = nobody; absent: all are nobody's
   */
  reset(lanes: Int32Array, owners?: Int32Array): void;
  /**
   * Appends one event to each listed lane (each lane at most once a call).
   * @param items dense item indices [lanes.length]; −1 (unknown to training) leaves the lane as it was
   */
  feed(lanes: Int32Array, items: Int32Array): void;
  /**
   * The scores of all items as the next one of each listed lane, higher is better. An empty lane is scored too (where the
   * model knows nothing of an empty sequence: all 0).
   * @param scores [≥ lanes.length × nItems], row n for lanes[n]; written over
   */
  score(lanes: Int32Array, scores: Float32Array): void;
  /**
   * 1 for the items of which the model knows something after the events of a lane [nItems]; absent: of all of them.
   * @param scores those of the lane [nItems]
   */
  knows?(lane: number, scores: Float32Array): Uint8Array;
  free(): void;
}
