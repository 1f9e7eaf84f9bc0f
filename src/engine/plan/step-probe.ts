/** Looks at what a step of a training would compute now, by the same feed and expression, without any update. */
import type { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import type { ParameterStore } from '../runtime/parameter-store.ts';
import type { Feed } from './feed.ts';
import { RowWork } from './row-work.ts';

export interface StepProbeOptions {
  readonly engine: Engine;
  readonly store: ParameterStore;
  readonly feed: Feed;
  /** Batch tensors to look at: computed ones, or leaves that the feed fills. */
  readonly outputs: readonly Tensor[];
  readonly batchSize: number;
  /** Rows of an epoch. */
  readonly totalRows: number;
  /** See RowWorkOptions. */
  readonly inBlocks?: boolean;
}

export class StepProbe {
  readonly #options: StepProbeOptions;
  readonly #work: RowWork;

  constructor(options: StepProbeOptions) {
    this.#options = options;
    const { engine, store, feed, outputs, batchSize, inBlocks } = options;
    this.#work = new RowWork(engine, store, { batchSize, feed, kept: outputs, denseGradients: [], inBlocks });
    this.#work.finish();
    const words = engine.i32(this.#work.header, code.PLAN_WORDS);
    words[code.PLAN_SCHEDULE] = this.#work.header;
    words[code.PLAN_N_STEPS] = 1;
    words[code.PLAN_TOTAL_ROWS] = options.totalRows;
  }

  /** Computes a step of an epoch and returns its outputs, [rows × size] each; whole numbers of those that hold them. */
  run(epoch: number, step: number): readonly (Float32Array | Int32Array)[] {
    const { engine, outputs, batchSize, totalRows } = this.#options;
    const words = engine.i32(this.#work.header, code.PLAN_WORDS);
    words[code.PLAN_EPOCH] = epoch;
    words[code.PLAN_FIRST_STEP] = step;
    engine.run(code.JOB_STEPS, this.#work.header);
    const rows = Math.min(batchSize, totalRows - step * batchSize);
    return outputs.map((output) => {
      const { offset, stride } = this.#work.placement.read(output);
      const memory = output.op.integers ? engine.i32(offset, rows * stride) : engine.f32(offset, rows * stride);
      const values = memory.slice(0, rows * output.size);
      if (stride !== output.size)
        for (let r = 0; r < rows; r++)
          values.set(memory.subarray(r * stride, r * stride + output.size), r * output.size);
      return values;
    });
  }

  free(): void {
    this.#work.placement.free();
  }
}
