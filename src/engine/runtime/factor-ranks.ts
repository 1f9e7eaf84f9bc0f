/**
 * Items ordered along every factor of their vectors as they are now, for draws by rank (see ops/hard-negatives.ts). The order is
 * that of the last `refresh`: between two of them a draw costs no more than its vector is wide.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { FactorRanking } from '../ops/index.ts';
import { RowPlan } from '../plan/row-plan.ts';
import type { Engine } from './engine.ts';
import type { ParameterStore } from './parameter-store.ts';
import type { SamplerRecord } from './sampler.ts';

export interface FactorRanksOptions {
  readonly store: ParameterStore;
  /** Whose key the draws are made by, and which items it rejects. */
  readonly sampler: SamplerRecord;
  /** The vector of an item, batch [B, width], of the index leaf `item`. */
  readonly vector: Tensor;
  readonly item: Tensor;
  readonly nItems: number;
  /** λ: ranks are drawn ∝ e^(−rank / λ). */
  readonly scale: number;
  /** What the vectors share is computed by blocks of rows, see RowWorkOptions. */
  readonly inBlocks?: boolean;
}

export class FactorRanks {
  readonly ranking: FactorRanking;
  readonly #engine: Engine;
  readonly #plan: RowPlan;
  readonly #nItems: number;
  readonly #width: number;
  readonly #record: number;
  readonly #order: number;
  readonly #spread: number;
  readonly #allocations: number[] = [];

  constructor(engine: Engine, { store, sampler, vector, item, nItems, scale, inBlocks }: FactorRanksOptions) {
    if (!(scale > 0))
      throw new DeepTasteError('config', `draws by rank: the scale of ranks must be positive, got ${scale}`);
    this.#engine = engine;
    this.#nItems = nItems;
    this.#width = vector.size;
    this.#plan = new RowPlan(engine, store, [vector], [item], nItems, { inBlocks });
    this.#plan.feed(
      item,
      Int32Array.from({ length: nItems }, (_, i) => i),
    );
    const keep = (bytes: number): number => {
      const address = engine.allocate(bytes);
      this.#allocations.push(address);
      return address;
    };
    this.#order = keep(this.#width * nItems * 4);
    this.#spread = keep(this.#width * 4);
    this.#record = keep(code.FACTORS_WORDS * 4);
    const { offset, stride } = this.#plan.placeOf(vector);
    const workBytes = 16 * nItems + 4 * 2048 + 64;
    const words = engine.i32(this.#record, code.FACTORS_WORDS);
    words[code.FACTORS_SAMPLER] = sampler.address;
    words[code.FACTORS_VECTORS] = offset;
    words[code.FACTORS_STRIDE] = stride;
    words[code.FACTORS_N_ITEMS] = nItems;
    words[code.FACTORS_WIDTH] = this.#width;
    words[code.FACTORS_ORDER] = this.#order;
    words[code.FACTORS_SPREAD] = this.#spread;
    words[code.FACTORS_WORK_BYTES] = workBytes;
    words[code.FACTORS_WORK] = keep(workBytes * engine.threads);
    const reals = engine.f32(this.#record, code.FACTORS_WORDS);
    reals[code.FACTORS_SCALE] = scale;
    reals[code.FACTORS_REACH] = 1 - Math.exp(-nItems / scale);
    const now = () => ({
      order: engine.i32(this.#order, this.#width * nItems).slice(),
      spread: engine.f32(this.#spread, this.#width).slice(),
    });
    this.ranking = { record: this.#record, key: sampler.key, scale, nItems, now };
  }

  /** Orders the items anew, by the present weights, on all threads. */
  refresh(): void {
    this.#plan.run(this.#nItems);
    this.#engine.run(code.JOB_FACTORS, this.#record);
  }

  /** The order and the spread as words, in place: what a run needs besides its weights to go on between two refreshes. */
  get state(): readonly Float32Array[] {
    return [this.#engine.f32(this.#order, this.#width * this.#nItems), this.#engine.f32(this.#spread, this.#width)];
  }

  /** Bytes besides those of the vectors. */
  static bytes(width: number, nItems: number, threads: number): number {
    return 4 * width * (nItems + 1) + threads * 16 * nItems;
  }

  free(): void {
    this.#plan.free();
    for (const address of this.#allocations.splice(0)) this.#engine.free(address);
  }
}
