/**
 * Feeds session-parallel steps: every row of the batch is a lane that runs through one sequence after the other. The caller
 * fills one window of steps at a time; extra negatives are drawn inside the step, shared by all its rows.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { Feed } from '../plan/feed.ts';
import type { Engine } from './engine.ts';
import { aliasTable } from './sampler.ts';

export interface SessionFeedOptions {
  /** Rows of a full batch. */
  readonly batchSize: number;
  /** Steps of a window: at most so many are run at a time. */
  readonly windowSteps: number;
  readonly nItems: number;
  /** Weights by which extra negatives are drawn, [nItems]; null = uniformly. */
  readonly weights: Float64Array | null;
  /** Philox key of the extra negatives. */
  readonly key: readonly [number, number];
}

/** One window of steps; row r of step s is at s × batchSize + r. Views of the engine's memory: ask anew for every window. */
export interface SessionWindow {
  readonly items: Int32Array;
  readonly targets: Int32Array;
  /** Row of the lane in the step before, −1 where a sequence begins. */
  readonly sources: Int32Array;
  /** Rows of each step, [windowSteps]. */
  readonly stepRows: Int32Array;
}

export class SessionFeed {
  readonly stepRows: number;
  readonly #engine: Engine;
  readonly #options: SessionFeedOptions;
  readonly #record: number;
  readonly #arrays: readonly number[];
  readonly #allocations: number[] = [];

  constructor(engine: Engine, options: SessionFeedOptions) {
    this.#engine = engine;
    this.#options = options;
    const { batchSize, windowSteps, nItems, weights, key } = options;
    if (weights && weights.length !== nItems)
      throw new DeepTasteError('shape', `session feed: needs ${nItems} weights, got ${weights.length}`);
    const keep = (address: number): number => {
      this.#allocations.push(address);
      return address;
    };
    this.#arrays = [0, 1, 2].map(() => keep(engine.allocate(windowSteps * batchSize * 4)));
    this.stepRows = keep(engine.allocate(windowSteps * 4));
    this.#record = keep(engine.allocate(code.SESSION_WORDS * 4));
    const words = new Int32Array(code.SESSION_WORDS);
    words[code.SESSION_BATCH] = batchSize;
    words[code.SESSION_N_ITEMS] = nItems;
    [words[code.SESSION_ITEMS], words[code.SESSION_TARGETS], words[code.SESSION_SOURCES]] = this.#arrays;
    [words[code.SESSION_KEY_0], words[code.SESSION_KEY_1]] = key;
    if (weights) {
      const { threshold, alias } = aliasTable(weights);
      words[code.SESSION_THRESHOLDS] = keep(engine.place(threshold));
      words[code.SESSION_ALIASES] = keep(engine.place(alias));
    }
    engine.i32(this.#record, code.SESSION_WORDS).set(words);
  }

  /** Fills (input item index [B], candidates [batchSize + extra]): row r's target is candidate r, the rest are drawn. */
  feed(item: Tensor, candidates: Tensor): Feed {
    if (candidates.size < this.#options.batchSize)
      throw new DeepTasteError(
        'shape',
        `session feed: ${candidates} must hold the batch's ${this.#options.batchSize} targets`,
      );
    return {
      opcode: code.FEED_SESSIONS,
      record: this.#record,
      outputs: [item, candidates],
      once: true,
      drawn: { opcode: code.DRAW_CANDIDATES, lists: [candidates] },
      carryOpcode: code.CARRY,
    };
  }

  window(): SessionWindow {
    const { batchSize, windowSteps } = this.#options;
    const [items, targets, sources] = this.#arrays.map((at) => this.#engine.i32(at, batchSize * windowSteps));
    return { items, targets, sources, stepRows: this.#engine.i32(this.stepRows, windowSteps) };
  }

  free(): void {
    for (const address of this.#allocations.splice(0)) this.#engine.free(address);
  }
}
