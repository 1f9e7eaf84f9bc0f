/** The stages of a step in their order, and the header from which the threads read a plan. */
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import type { Placement } from './placement.ts';

interface Stage {
  readonly kind: number;
  readonly words: readonly number[];
  barrier: boolean;
}

export class Stages {
  readonly #stages: Stage[] = [];
  #address = 0;

  get length(): number {
    return this.#stages.length;
  }

  /** @param barrier all threads wait for each other after it */
  add(kind: number, words: readonly number[], barrier = false): void {
    this.#stages.push({ kind, words, barrier });
  }

  barrierAfterLast(): void {
    this.#stages[this.#stages.length - 1].barrier = true;
  }

  /** Writes the stages into newly allocated memory of the plan and returns their address. */
  write(engine: Engine, placement: Placement): number {
    this.#address = placement.allocate(this.length * code.STAGE_WORDS * 4);
    this.#stages.forEach(({ kind, words, barrier }, n) => {
      const target = engine.i32(this.#address + n * code.STAGE_WORDS * 4, code.STAGE_WORDS);
      target.set([kind, ...words]);
      target[7] = barrier ? 1 : 0;
    });
    return this.#address;
  }

  /** The kinds of the stages that were written, with their addresses. */
  get written(): { readonly kind: number; readonly address: number }[] {
    return this.#stages.map(({ kind }, n) => ({ kind, address: this.#address + n * code.STAGE_WORDS * 4 }));
  }
}

/** What a header says besides its stages. */
export interface PlanSizes {
  readonly batchSize: number;
  readonly tileRows: number;
  /** Bytes a worker needs besides its lanes. */
  readonly scratchBytes: number;
  readonly laneBytes: number;
  /** See RowWorkOptions. */
  readonly ownProducts: boolean;
}

/** Writes stages and header of a plan, and allocates what its workers need. */
export function writeHeader(engine: Engine, placement: Placement, at: number, stages: Stages, sizes: PlanSizes): void {
  const stagesAt = stages.write(engine, placement);
  const scratchBytes = Math.ceil(sizes.scratchBytes / 4096) * 4096 + 64;
  const laneBytes = Math.ceil(sizes.laneBytes / 64) * 64 + 64;
  const header = engine.i32(at, code.PLAN_WORDS);
  header[code.PLAN_STAGES] = stagesAt;
  header[code.PLAN_N_STAGES] = stages.length;
  header[code.PLAN_BATCH] = sizes.batchSize;
  header[code.PLAN_TILE] = sizes.tileRows;
  header[code.PLAN_SCRATCH] = placement.allocate(scratchBytes * engine.threads);
  header[code.PLAN_SCRATCH_BYTES] = scratchBytes;
  header[code.PLAN_LANES] = placement.allocate(laneBytes * code.LANES);
  header[code.PLAN_LANE_BYTES] = laneBytes;
  header[code.PLAN_OWN_PRODUCTS] = sizes.ownProducts ? 1 : 0;
  header[code.PLAN_NORMS] = placement.allocate(code.OWNERS * 8);
}
