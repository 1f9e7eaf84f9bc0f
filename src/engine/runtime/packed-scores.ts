/**
 * Scores of a few vectors against all rows of a table, on all threads: the table is packed for the product kernel, once or anew when
 * its numbers have changed.
 */
import { DeepTasteError } from '../../core/errors.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from './engine.ts';

export class PackedScores {
  readonly width: number;
  readonly columns: number;
  /** Vectors of one call at most. */
  readonly capacity: number;
  readonly #engine: Engine;
  readonly #panels: number;
  readonly #rows: number;
  readonly #out: number;
  readonly #record: number;

  /** @param table [columns × width], copied */
  constructor(engine: Engine, table: Float32Array, width: number, capacity: number) {
    this.#engine = engine;
    this.width = width;
    this.columns = table.length / width;
    this.capacity = capacity;
    // vectors past the last row are read, and must lie inside the memory
    this.#panels = engine.allocate(Math.ceil(this.columns / 8) * 8 * width * 4 + 64);
    const source = engine.place(table);
    this.pack(source, width);
    engine.free(source);
    this.#rows = engine.allocate(capacity * width * 4 + 64);
    this.#out = engine.allocate(capacity * this.columns * 4 + 64);
    this.#record = engine.allocate(code.SCORES_WORDS * 4);
    const words = engine.i32(this.#record, code.SCORES_WORDS);
    words[code.SCORES_ROWS] = this.#rows;
    words[code.SCORES_ROW_STRIDE] = width;
    words[code.SCORES_PANELS] = this.#panels;
    words[code.SCORES_WIDTH] = width;
    words[code.SCORES_OUT] = this.#out;
    words[code.SCORES_OUT_STRIDE] = this.columns;
    words[code.SCORES_COLUMNS] = this.columns;
  }

  /** Takes other numbers of a table of the same size. @param address of its first row @param stride elements from row to row */
  pack(address: number, stride: number): void {
    this.#engine.kernels.packPanels(address, 1, stride, this.#panels, this.width, this.columns);
  }

  /** The vectors of the next call, [capacity × width]; a view of the engine's memory, good until memory is allocated. */
  vectors(): Float32Array {
    return this.#engine.f32(this.#rows, this.capacity * this.width);
  }

  /** Scores of the first n vectors, [n × columns]: a view that the next call writes over. */
  compute(n: number): Float32Array {
    if (n > this.capacity)
      throw new DeepTasteError('shape', `scores: at most ${this.capacity} vectors a call, got ${n}`);
    this.#engine.i32(this.#record, code.SCORES_WORDS)[code.SCORES_N_ROWS] = n;
    this.#engine.run(code.JOB_SCORES, this.#record);
    return this.#engine.f32(this.#out, n * this.columns);
  }

  free(): void {
    for (const address of [this.#panels, this.#rows, this.#out, this.#record]) this.#engine.free(address);
  }
}
