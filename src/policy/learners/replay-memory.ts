/**
 * The last decisions with what came of them, in arrays of a fixed size: the oldest makes room for the newest (Lin 1992; Mnih et al.: Human-level
 * control through deep reinforcement learning. Nature 2015). Draws are uniform, with repeats.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { FastRandom } from '../../core/fast-random.ts';
import type { Place } from '../worlds/world.ts';
import type { Outcomes, Situations } from './learner.ts';

/** Beyond this a memory is refused. */
const MOST_BYTES = 4 * 1024 ** 3;

/** Rows of numbers. */
class Column {
  readonly width: number;
  readonly #values: Float32Array;

  constructor(rows: number, width: number) {
    this.width = width;
    this.#values = new Float32Array(rows * width);
  }

  keep(row: number, from: ArrayLike<number>, at: number): void {
    for (let k = 0; k < this.width; k++) this.#values[row * this.width + k] = from[at * this.width + k];
  }

  give(row: number, to: Float64Array | Int32Array | Uint8Array, at: number): void {
    for (let k = 0; k < this.width; k++) to[at * this.width + k] = this.#values[row * this.width + k];
  }
}

const situations = ({ features, actions, itemFeatures }: Place, n: number): Situations => ({
  n,
  contexts: new Float64Array(n * features),
  items: new Float64Array(n * actions * itemFeatures),
});

/** Arrays for n decisions and what came of them. */
export function outcomesOf(place: Place, n: number): Outcomes {
  return {
    before: situations(place, n),
    shown: new Int32Array(n * place.slate),
    taken: new Int32Array(n),
    reward: new Float64Array(n),
    isOver: new Uint8Array(n),
    after: situations(place, n),
  };
}

export class ReplayMemory {
  readonly capacity: number;
  readonly #columns: { readonly column: Column; of(outcomes: Outcomes): Float64Array | Int32Array | Uint8Array }[];
  #added = 0;

  /** @throws DeepTasteError `memory`: so many decisions of this world do not fit */
  constructor(place: Place, capacity: number) {
    this.capacity = capacity;
    const { features, actions, itemFeatures, slate, world } = place;
    const numbers = 2 * (features + actions * itemFeatures) + slate + 3;
    const bytes = 4 * numbers * capacity;
    if (bytes > MOST_BYTES)
      throw new DeepTasteError(
        'memory',
        `replay memory: ${capacity.toLocaleString('en-US')} decisions of ${world} must fit into ${MOST_BYTES / 1024 ** 3} GiB, found ` +
          `${(bytes / 1024 ** 3).toFixed(1)}; keep fewer (memory), or let the world offer fewer items`,
      );
    const column = (width: number, of: (outcomes: Outcomes) => Float64Array | Int32Array | Uint8Array) => ({
      column: new Column(capacity, width),
      of,
    });
    this.#columns = [
      column(features, ({ before }) => before.contexts),
      column(actions * itemFeatures, ({ before }) => before.items),
      column(slate, ({ shown }) => shown),
      column(1, ({ taken }) => taken),
      column(1, ({ reward }) => reward),
      column(1, ({ isOver }) => isOver),
      column(features, ({ after }) => after.contexts),
      column(actions * itemFeatures, ({ after }) => after.items),
    ];
  }

  /** Decisions that are kept now. */
  get length(): number {
    return Math.min(this.#added, this.capacity);
  }

  add(outcomes: Outcomes): void {
    for (let n = 0; n < outcomes.before.n; n++) {
      const row = this.#added++ % this.capacity;
      for (const { column, of } of this.#columns) column.keep(row, of(outcomes), n);
    }
  }

  /** Fills `batch` with decisions drawn among those kept. */
  draw(batch: Outcomes, random: FastRandom): void {
    for (let n = 0; n < batch.before.n; n++) {
      const row = random.below(this.length);
      for (const { column, of } of this.#columns) column.give(row, of(batch), n);
    }
  }
}
