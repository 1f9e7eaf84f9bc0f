/**
 * Least trimmed squares, and its like for other losses: the rows with the largest losses of an epoch are left out of it.
 * Rousseeuw: Least Median of Squares Regression. JASA 79, 1984; for recommenders Mehta, Hofmann, Nejdl: Robust Collaborative Filtering.
 * RecSys 2007.
 *
 *   loss of a row = L  where L < τ, else 0          τ: quantile 1 − η of L over the rows of the epoch, by the weights at its beginning
 *
 * In the first epoch, in which weights say nothing of the data yet, all rows count. Epochs of many rows are looked at by their first ones.
 */
import { z } from 'zod';
import type { Tensor } from '../engine/expression.ts';
import { fillRows, parameter, reluGradient, subtract } from '../engine/ops/index.ts';
import { StepProbe, type StepProbeOptions } from '../engine/plan/step-probe.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';

export const trimSetting = z
  .number()
  .min(0)
  .max(0.5)
  .default(0)
  .meta({ doc: 'η, share of the rows of an epoch, those with the largest losses, that are left out; 0 = none' });

/** Rows that are looked at before an epoch, at most. */
const MOST_ROWS = 1 << 18;

export class Trimming {
  /** τ, not trained. */
  readonly tensor = parameter('trimmed from', [1]);
  readonly #share: number;

  constructor(share: number) {
    this.#share = share;
  }

  /** @param loss of each row, [B, 1] */
  trimmed(loss: Tensor): Tensor {
    return reluGradient(loss, subtract(fillRows(this.tensor, [1]), loss));
  }

  /** Before the first step of an epoch. @param probe of the step, without its output @param loss before trimming */
  beginEpoch(epoch: number, loss: Tensor, probe: Omit<StepProbeOptions, 'outputs'>): void {
    const { store, batchSize, totalRows } = probe;
    if (epoch === 0) {
      store.write(this.tensor, [Number.MAX_VALUE]);
      return;
    }
    const looking = new StepProbe({ ...probe, outputs: [loss] });
    const losses = new Float32Array(Math.min(totalRows, Math.ceil(MOST_ROWS / batchSize) * batchSize));
    for (let step = 0; step * batchSize < losses.length; step++)
      losses.set(looking.run(epoch, step)[0].subarray(0, losses.length - step * batchSize), step * batchSize);
    looking.free();
    losses.sort();
    store.write(this.tensor, [losses[Math.min(losses.length - 1, Math.ceil(losses.length * (1 - this.#share)))]]);
  }

  /** What a run needs to go on in the middle of an epoch. */
  state(store: ParameterStore): Float32Array {
    return store.engine.f32(store.addressOf(this.tensor), 1);
  }
}
