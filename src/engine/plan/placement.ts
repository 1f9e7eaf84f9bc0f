/** Where the value of every tensor lies while a plan runs, and the reuse of tile scratch by liveness. */
import { DeepTasteError } from '../../core/errors.ts';
import type { PlanConstant, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { RangeAllocator } from '../runtime/allocator.ts';
import type { Engine } from '../runtime/engine.ts';
import type { ParameterStore } from '../runtime/parameter-store.ts';
import type { Place } from './place.ts';
import { viewed } from './views.ts';

const SCRATCH_LIMIT = 1 << 30;

export class Placement {
  readonly #engine: Engine;
  readonly #store: ParameterStore;
  readonly #places = new Map<Tensor, Place>();
  readonly #lanePlaces = new Map<Tensor, Place>();
  readonly #scratch = new RangeAllocator(0, SCRATCH_LIMIT, 64);
  readonly #allocations: number[] = [];
  #workspace: Place | null = null;

  constructor(engine: Engine, store: ParameterStore) {
    this.#engine = engine;
    this.#store = store;
  }

  /** Bytes of scratch a worker needs, with room for reads past the last row. */
  get scratchBytes(): number {
    return this.#scratch.highWater + 128;
  }

  /** Allocates memory that lives as long as the plan. */
  allocate(bytes: number): number {
    const start = this.#engine.allocate(bytes);
    this.#allocations.push(start);
    return start;
  }

  free(): void {
    for (const start of this.#allocations.splice(0)) this.#engine.free(start);
  }

  set(tensor: Tensor, place: Place): void {
    this.#places.set(tensor, place);
  }

  /** Where kernels that need working memory find it: the same for all, since none outlives its call. */
  get workspace(): Place {
    if (!this.#workspace)
      throw new DeepTasteError('config', 'plan: an op needs working memory, which programs of pairs do not have');
    return this.#workspace;
  }

  /** Reserves working memory of `length` numbers in every worker's scratch. */
  reserveWorkspace(length: number): void {
    const offset = this.#scratch.allocate(length * 4 + 64);
    this.#workspace = { offset, mode: code.SCRATCH, stride: 0 };
  }

  /** Gives a batch tensor an array of `rows` rows, `stride` elements apart, that stays after the tile. */
  setBatchArray(tensor: Tensor, rows: number, stride = tensor.size): number {
    const offset = this.allocate(rows * stride * 4 + 64);
    this.set(tensor, { offset, mode: code.BATCH, stride });
    return offset;
  }

  setShared(tensor: Tensor): number {
    const offset = this.allocate(tensor.size * 4 + 64);
    this.set(tensor, { offset, mode: code.ABSOLUTE, stride: lastSize(tensor) });
    return offset;
  }

  /** Where the tiles add up a sum over the batch. */
  setLane(tensor: Tensor, offset: number): void {
    this.#lanePlaces.set(tensor, { offset, mode: code.LANE, stride: lastSize(tensor) });
  }

  isPlaced(tensor: Tensor): boolean {
    return this.#places.has(tensor);
  }

  /** Where kernels find the value of a tensor. */
  read(tensor: Tensor): Place {
    const known = this.#places.get(tensor);
    if (known) return known;
    const { view, constant } = tensor.op;
    if (view) {
      const source = this.read(tensor.inputs[0]);
      const { offset, stride } = view(tensor, source.stride);
      return { ...source, offset: source.offset + offset * 4, stride };
    }
    if (constant) {
      this.set(tensor, this.#placeConstant(tensor, constant(tensor)));
      return this.read(tensor);
    }
    if (this.#store.has(tensor))
      return { offset: this.#store.addressOf(tensor), mode: code.ABSOLUTE, stride: this.#store.strideOf(tensor) };
    throw new DeepTasteError('config', `plan: ${tensor} has no value; it is no parameter and nothing feeds it`);
  }

  #placeConstant(tensor: Tensor, value: PlanConstant): Place {
    if (value instanceof Int32Array || value instanceof Float32Array)
      return { offset: this.#copy(value), mode: code.ABSOLUTE, stride: lastSize(tensor) };
    const pointers = value.map((array) => this.#copy(array));
    return { offset: this.#copy(Int32Array.from(pointers)), mode: code.ABSOLUTE, stride: 0 };
  }

  /** Copies numbers into memory of the plan and returns their address. */
  #copy(values: Int32Array | Float32Array): number {
    const address = this.allocate(values.byteLength + 64);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#engine.bytes(address, values.byteLength).set(bytes);
    return address;
  }

  /** Where the kernel of a tensor writes. */
  write(tensor: Tensor): Place {
    return this.#lanePlaces.get(tensor) ?? this.read(tensor);
  }

  /**
   * Places the batch tensors of one tile program in scratch; a range is free again after its last reader.
   * @param uses for every instruction the tensors it reads (roots), in program order
   */
  placeInScratch(program: readonly Tensor[], uses: readonly (readonly Tensor[])[], tileRows: number): void {
    const lastUse = new Map<Tensor, number>();
    uses.forEach((tensors, n) => {
      for (const tensor of tensors) lastUse.set(viewed(tensor), n);
    });
    const offsets = new Map<Tensor, number>();
    program.forEach((tensor, n) => {
      if (tensor.rows === 'batch' && !this.isPlaced(tensor)) {
        const offset = this.#scratch.allocate(tileRows * tensor.size * 4);
        offsets.set(tensor, offset);
        this.set(tensor, { offset, mode: code.SCRATCH, stride: tensor.size });
      }
      for (const [dead, offset] of offsets)
        if ((lastUse.get(dead) ?? n) <= n) {
          this.#scratch.release(offset);
          offsets.delete(dead);
        }
    });
    for (const offset of offsets.values()) this.#scratch.release(offset);
  }
}

function lastSize(tensor: Tensor): number {
  return tensor.shape.length === 0 ? 1 : tensor.shape[tensor.shape.length - 1];
}
