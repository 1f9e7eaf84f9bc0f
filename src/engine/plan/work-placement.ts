/**
 * Where the tensors of a plan lie that outlive a tile: leaves, what is kept, sums over the batch and gradients of dense
 * parameters. What lives within a tile gets its scratch when its program is made.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import type { ParameterStore } from '../runtime/parameter-store.ts';
import { feedChain } from './feed.ts';
import type { Place } from './place.ts';
import { Placement } from './placement.ts';
import type { RowWorkOptions } from './row-work-options.ts';
import { isReduction, kernelCall, type Level, requirements } from './schedule.ts';
import { tileSize } from './tile-size.ts';
import { viewed } from './views.ts';

/** Every lane starts with the f64 sum of its losses, in a cache line of its own. */
export const LANE_HEADER = 64;

export class WorkPlacement {
  readonly placement: Placement;
  /** Address of the plan's header. */
  readonly header: number;
  readonly tileRows: number;
  /** Gradients of the dense parameters, laid out like the parameters. */
  readonly gradientBlock: number;
  readonly #store: ParameterStore;
  readonly #options: RowWorkOptions;
  /** Gradients that need no copy to where the update expects them. */
  readonly #madeInPlace = new Set<Tensor>();
  #laneBytes: number;

  constructor(
    engine: Engine,
    store: ParameterStore,
    options: RowWorkOptions,
    levels: readonly Level[],
    levelOf: ReadonlyMap<Tensor, number>,
  ) {
    this.#store = store;
    this.#options = options;
    this.placement = new Placement(engine, store);
    this.header = this.placement.allocate(code.PLAN_WORDS * 4);
    this.gradientBlock = this.placement.allocate(Math.max(64, store.denseLength * 4));
    this.#laneBytes = LANE_HEADER + (options.inBlocks ? 0 : store.denseLength * 4);
    const rowsOfLevels = levels.map(({ rows }) => rows);
    this.#placeLeaves(levelOf);
    this.#placeKept(rowsOfLevels.flat(), levelOf);
    this.#placeSummedGradients(levelOf);
    this.#placeOtherSums(levels.flatMap(({ reductions }) => reductions));
    for (const tensor of levelOf.keys()) checkCapacity(tensor, options.batchSize);
    this.#placeComputedGradients();
    for (const { shared } of levels)
      for (const tensor of shared) if (!this.placement.isPlaced(tensor)) this.placement.setShared(tensor);
    this.tileRows = tileSize(engine, options, rowsOfLevels);
    this.#reserveWorkspace(rowsOfLevels.flat());
  }

  /** Bytes that a lane adds up in. */
  get laneBytes(): number {
    return this.#laneBytes;
  }

  /** Whether the tiles add a sum over the batch up in lanes; else it is computed by blocks of its rows. */
  isInLanes(tensor: Tensor): boolean {
    return isReduction(tensor) && !this.#options.inBlocks && !tensor.op.onlyBlocks;
  }

  /** Whether a gradient is made where the update expects it. */
  isMadeInPlace(gradient: Tensor): boolean {
    return this.#madeInPlace.has(gradient);
  }

  /** Where the gradient of a dense parameter that is not made in place is copied to. */
  copiedGradient(parameter: Tensor, stride: number): Place {
    if (this.#options.inBlocks) return this.#gradientOf(parameter, stride);
    // the later reduction of the whole block adds lanes that nothing wrote to (zeros), so lane 0 carries the value
    return { offset: LANE_HEADER + this.#denseOffset(parameter), mode: code.LANE, stride };
  }

  /** Where the update expects the gradient of a dense parameter. */
  #gradientOf(parameter: Tensor, stride: number): Place {
    return { offset: this.gradientBlock + this.#denseOffset(parameter), mode: code.ABSOLUTE, stride };
  }

  #denseOffset(parameter: Tensor): number {
    return this.#store.addressOf(parameter) - this.#store.denseStart;
  }

  #placeLeaves(levelOf: ReadonlyMap<Tensor, number>): void {
    const { batchSize, feed, fedByCaller = [], carried = [] } = this.#options;
    const fed = [
      ...feedChain(feed).flatMap(({ outputs }) => outputs),
      ...fedByCaller,
      ...carried.map(({ leaf }) => leaf),
    ];
    for (const leaf of new Set(fed)) {
      if (leaf.rows === 'shared') this.placement.setShared(leaf);
      else this.placement.setBatchArray(leaf, batchSize);
    }
    for (const tensor of levelOf.keys()) {
      const { headerWord } = tensor.op;
      if (headerWord === undefined) continue;
      this.placement.set(tensor, { offset: this.header + headerWord * 4, mode: code.ABSOLUTE, stride: 1 });
    }
  }

  /** What the optimizer or a later level reads must outlive the tile. */
  #placeKept(rows: readonly Tensor[], levelOf: ReadonlyMap<Tensor, number>): void {
    const carried = (this.#options.carried ?? []).map(({ output }) => output);
    const kept = new Set([...this.#options.kept, ...carried].map(viewed));
    for (const [user, level] of levelOf)
      for (const tensor of requirements(user)) {
        const source = viewed(tensor);
        const usedAt = this.isInLanes(user) ? level - 1 : level;
        if (source.rows === 'batch' && usedAt > (levelOf.get(source) as number)) kept.add(source);
      }
    for (const tensor of rows)
      if (kept.has(tensor)) this.placement.setBatchArray(tensor, this.#options.batchSize, this.#strideOf(tensor));
  }

  /** Long rows that blocks of columns read one below the other must not all fall on the same lines of the cache. */
  #strideOf({ size }: Tensor): number {
    if (!this.#options.inBlocks || size < 512) return size;
    const lines = Math.ceil(size / 16);
    return (lines % 2 === 0 ? lines + 1 : lines) * 16;
  }

  /** A sum that is the gradient of one parameter and nothing else adds up where the parameter lies in the dense block. */
  #placeSummedGradients(levelOf: ReadonlyMap<Tensor, number>): void {
    const { denseGradients, inBlocks } = this.#options;
    const uses = new Map<Tensor, number>();
    const gradients = denseGradients.map(([, gradient]) => gradient);
    for (const tensor of [...[...levelOf.keys()].flatMap(requirements), ...gradients])
      uses.set(tensor, (uses.get(tensor) ?? 0) + 1);
    for (const [parameter, gradient] of denseGradients) {
      if (!isReduction(gradient) || uses.get(gradient) !== 1) continue;
      // the reduction of the lanes would write over it
      if (!inBlocks && !this.isInLanes(gradient)) continue;
      this.#madeInPlace.add(gradient);
      this.placement.set(gradient, this.#gradientOf(parameter, gradient.shape[gradient.shape.length - 1]));
      if (!inBlocks) this.placement.setLane(gradient, LANE_HEADER + this.#denseOffset(parameter));
    }
  }

  /** Other sums over the batch get places of their own. */
  #placeOtherSums(reductions: readonly Tensor[]): void {
    for (const tensor of reductions) {
      if (this.placement.isPlaced(tensor)) continue;
      this.placement.setShared(tensor);
      if (!this.isInLanes(tensor)) continue;
      this.placement.setLane(tensor, this.#laneBytes);
      this.#laneBytes += Math.ceil(tensor.size / 16) * 64;
    }
  }

  /** Without lanes, a computed gradient of one parameter is made where the update expects it. */
  #placeComputedGradients(): void {
    if (!this.#options.inBlocks) return;
    for (const [parameter, gradient] of this.#options.denseGradients) {
      const made = viewed(gradient);
      // a view of a part
      if (made.size !== gradient.size) continue;
      if (this.placement.isPlaced(made) || made.rows !== 'shared' || kernelCall(made) === null) continue;
      this.#madeInPlace.add(gradient);
      this.placement.set(made, this.#gradientOf(parameter, made.shape[made.shape.length - 1] ?? 1));
    }
  }

  #reserveWorkspace(rows: readonly Tensor[]): void {
    const length = Math.max(0, ...rows.map((tensor) => kernelCall(tensor)?.workspace ?? 0));
    if (length > 0) this.placement.reserveWorkspace(length);
  }
}

/** What is computed for all rows of a batch at once has room for so many. */
function checkCapacity(tensor: Tensor, batchSize: number): void {
  const capacity = tensor.op.capacity?.(tensor) ?? batchSize;
  if (capacity < batchSize)
    throw new DeepTasteError(
      'shape',
      `${tensor.label}: was made for batches of ${capacity} rows at most, got ${batchSize} (make it with the plan's batch size)`,
    );
}
