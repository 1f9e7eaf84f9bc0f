/** The part of a plan that computes: levels of shared and tile work with their placement, as stages of the step. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { opOf } from '../ops/index.ts';
import type { Engine } from '../runtime/engine.ts';
import { nameOf, type ParameterStore, readRows } from '../runtime/parameter-store.ts';
import { type Carried, type Feed, feedChain } from './feed.ts';
import { type Place, Placement } from './placement.ts';
import { blockInstructionFor, type Cost, type Instruction, instructionFor, noCost, writeProgram } from './program.ts';
import { isReduction, kernelCall, type Level, requirements, schedule } from './schedule.ts';
import { type BlockJob, blockCall, sharedWaves } from './shared-work.ts';

/** Bytes of tile scratch to aim at: half of a small second-level cache. */
const SCRATCH_TARGET = 384 * 1024;
/** Rows of the smallest tile where batches are small, so that a second thread has work. */
const SMALL_TILE = 16;
/** The system BLAS copies the weights anew in every call: larger tiles make that small against the product. */
const BLAS_SCRATCH_TARGET = 16 * 1024 ** 2;
const LARGEST_TILE = 512;
/** Every lane starts with the f64 sum of its losses, in a cache line of its own. */
const LANE_HEADER = 64;

export interface RowWorkOptions {
  readonly batchSize: number;
  /** Per-row loss to be summed; absent in plans that only compute. */
  readonly loss?: Tensor;
  readonly feed?: Feed;
  /** Leaves whose batch arrays the caller fills. */
  readonly fedByCaller?: readonly Tensor[];
  /** Batch tensors that must outlive the tile. */
  readonly kept: readonly Tensor[];
  /** Dense parameters with the expressions of their gradients. */
  readonly denseGradients: readonly (readonly [Tensor, Tensor])[];
  /**
   * Sums over the batch and other shared work are computed by blocks of their rows on all threads, not in lanes: best where
   * batches are small and shared tensors large.
   */
  readonly inBlocks?: boolean;
  /** Batch rows carried from step to step; their outputs outlive the step. */
  readonly carried?: readonly Carried[];
  /** Address of 1/B, from the address of the plan's header. */
  readonly header: (header: number) => number;
}

interface Stage {
  readonly kind: number;
  readonly words: readonly number[];
  barrier: boolean;
}

/** Something whose time a profile tells. */
export interface TimedPart {
  readonly label: string;
  readonly kind: 'op' | 'sampling' | 'update';
  readonly cost: Cost;
  /** Rows of a call. */
  readonly rows: number;
}

/** Instructions that assemble the batch. */
const drawing: readonly number[] = [
  ...[code.DRAW_POINTWISE, code.DRAW_PAIRWISE, code.DRAW_ROWS, code.FETCH_SLOTS],
  ...[code.FEED_SESSIONS, code.DRAW_CANDIDATES],
];

/** Stages that are not lists of instructions. */
const stageLabels: Readonly<Record<number, string>> = {
  [code.STAGE_REDUCE]: 'sum of the lanes',
  [code.STAGE_CHECK_LOSS]: 'check of the loss',
  [code.STAGE_NORM_DENSE]: 'gradient norm, dense',
  [code.STAGE_NORM_ROWS]: 'gradient norm, rows',
  [code.STAGE_UPDATE_DENSE]: 'update, dense',
  [code.STAGE_UPDATE_ROWS]: 'update, table rows',
};

export class RowWork {
  readonly placement: Placement;
  readonly header: number;
  readonly tileRows: number;
  /** Gradients of the dense parameters, laid out like the parameters. */
  readonly gradientBlock: number;
  /** All instructions in the order of execution, for naming the one that made a NaN. */
  readonly instructions: Instruction[] = [];
  readonly #engine: Engine;
  readonly #store: ParameterStore;
  readonly #options: RowWorkOptions;
  readonly #stages: Stage[] = [];
  readonly #programs: {
    readonly address: number;
    readonly count: number;
    readonly rows: boolean;
    readonly first: number;
    /** Of programs that run on blocks: rows of all blocks, and of one. */
    readonly blocksOf?: number;
    readonly blockRows?: number;
  }[] = [];
  /** Gradients that need no copy to where the update expects them. */
  readonly #summedInPlace = new Set<Tensor>();
  /** The instructions that set kept parameters, by address; they are no part of a traced batch. */
  readonly #assigned = new Map<number, Instruction>();
  #laneBytes: number;
  #extraScratch = 0;

  constructor(engine: Engine, store: ParameterStore, options: RowWorkOptions) {
    this.#engine = engine;
    this.#store = store;
    this.#options = options;
    this.placement = new Placement(engine, store);
    this.header = this.placement.allocate(code.PLAN_WORDS * 4);
    this.gradientBlock = this.placement.allocate(Math.max(64, store.denseLength * 4));
    this.#laneBytes = LANE_HEADER + (options.inBlocks ? 0 : store.denseLength * 4);
    const gradients = options.denseGradients.map(([, gradient]) => gradient);
    const carried = (options.carried ?? []).map(({ output }) => output);
    const outputs = [...(options.loss ? [options.loss] : []), ...options.kept, ...carried, ...gradients];
    const { levels, levelOf } = schedule(outputs);
    this.#placeLeaves(levelOf);
    this.#placeKept(
      levels.map(({ rows }) => rows),
      levelOf,
    );
    this.#placeReductions(
      levels.map(({ reductions }) => reductions),
      levelOf,
    );
    for (const tensor of levelOf.keys()) checkCapacity(tensor, options.batchSize);
    this.#placeComputedGradients();
    for (const { shared } of levels)
      for (const tensor of shared) if (!this.placement.isPlaced(tensor)) this.placement.setShared(tensor);
    this.tileRows = this.#chooseTile(levels.map(({ rows }) => rows));
    this.#reserveWorkspace(levels.flatMap(({ rows }) => rows));
    const lossLevel = options.loss ? levelOf.get(options.loss) : -1;
    for (const [n, level] of levels.entries())
      this.#addLevel(level, levels[n + 1]?.reductions ?? [], n, n === lossLevel ? options.loss : undefined);
    this.#copyComputedGradients(levels.length);
  }

  #placeLeaves(levelOf: ReadonlyMap<Tensor, number>): void {
    const fed = [
      ...feedChain(this.#options.feed).flatMap(({ outputs }) => outputs),
      ...(this.#options.fedByCaller ?? []),
      ...(this.#options.carried ?? []).map(({ leaf }) => leaf),
    ];
    for (const leaf of new Set(fed)) {
      if (leaf.rows === 'shared') this.placement.setShared(leaf);
      else this.placement.setBatchArray(leaf, this.#options.batchSize);
    }
    for (const tensor of levelOf.keys())
      if (tensor.op === 'inverseRows')
        this.placement.set(tensor, { offset: this.#options.header(this.header), mode: code.ABSOLUTE, stride: 1 });
  }

  /** What the optimizer or a later level reads must outlive the tile. */
  #placeKept(rowsOfLevels: readonly (readonly Tensor[])[], levelOf: ReadonlyMap<Tensor, number>): void {
    const carried = (this.#options.carried ?? []).map(({ output }) => output);
    const kept = new Set([...this.#options.kept, ...carried].map(Placement.root));
    for (const [user, level] of levelOf)
      for (const tensor of requirements(user)) {
        const source = Placement.root(tensor);
        const usedAt = this.#isInLanes(user) ? level - 1 : level;
        if (source.rows === 'batch' && usedAt > (levelOf.get(source) as number)) kept.add(source);
      }
    for (const rows of rowsOfLevels)
      for (const tensor of rows)
        if (kept.has(tensor)) this.placement.setBatchArray(tensor, this.#options.batchSize, this.#strideOf(tensor));
  }

  /** Long rows that blocks of columns read one below the other must not all fall on the same lines of the cache. */
  #strideOf({ size }: Tensor): number {
    if (!this.#options.inBlocks || size < 512) return size;
    const lines = Math.ceil(size / 16);
    return (lines % 2 === 0 ? lines + 1 : lines) * 16;
  }

  /**
   * A sum that is the gradient of one parameter and nothing else adds up where the parameter lies in the dense block; other
   * sums get places of their own.
   */
  #placeReductions(reductionsOfLevels: readonly (readonly Tensor[])[], levelOf: ReadonlyMap<Tensor, number>): void {
    const uses = new Map<Tensor, number>();
    const gradients = this.#options.denseGradients.map(([, gradient]) => gradient);
    for (const tensor of [...[...levelOf.keys()].flatMap(requirements), ...gradients])
      uses.set(tensor, (uses.get(tensor) ?? 0) + 1);
    for (const [parameter, gradient] of this.#options.denseGradients) {
      if (!isReduction(gradient) || uses.get(gradient) !== 1) continue;
      // the reduction of the lanes would write over it
      if (!this.#options.inBlocks && !this.#isInLanes(gradient)) continue;
      this.#summedInPlace.add(gradient);
      const offset = this.#store.addressOf(parameter) - this.#store.denseStart;
      const place: Place = {
        offset: this.gradientBlock + offset,
        mode: code.ABSOLUTE,
        stride: gradient.shape[gradient.shape.length - 1],
      };
      this.placement.set(gradient, place);
      if (!this.#options.inBlocks) this.placement.setLane(gradient, LANE_HEADER + offset);
    }
    for (const tensor of reductionsOfLevels.flat()) {
      if (this.placement.isPlaced(tensor)) continue;
      this.placement.setShared(tensor);
      if (!this.#isInLanes(tensor)) continue;
      this.placement.setLane(tensor, this.#laneBytes);
      this.#laneBytes += Math.ceil(tensor.size / 16) * 64;
    }
  }

  #reserveWorkspace(rows: readonly Tensor[]): void {
    const length = Math.max(0, ...rows.map((tensor) => kernelCall(tensor)?.workspace ?? 0));
    if (length > 0) this.placement.reserveWorkspace(length);
  }

  /** Without lanes, a computed gradient of one parameter is made where the update expects it. */
  #placeComputedGradients(): void {
    if (!this.#options.inBlocks) return;
    for (const [parameter, gradient] of this.#options.denseGradients) {
      const made = gradient.op === 'propagated' ? gradient.inputs[0] : gradient;
      if (this.placement.isPlaced(made) || made.rows !== 'shared' || kernelCall(made) === null) continue;
      this.#summedInPlace.add(gradient);
      const offset = this.gradientBlock + this.#store.addressOf(parameter) - this.#store.denseStart;
      this.placement.set(made, { offset, mode: code.ABSOLUTE, stride: made.shape[made.shape.length - 1] ?? 1 });
    }
  }

  /** A power of two of rows whose activations fit the cache, small enough that every lane gets work. */
  #chooseTile(rowsOfLevels: readonly (readonly Tensor[])[]): number {
    const window = windowOf(rowsOfLevels.flat());
    if (window > 0) return window;
    const widest = Math.max(...rowsOfLevels.map((rows) => rows.reduce((sum, { size }) => sum + size, 0)), 1);
    const share = Math.ceil(this.#options.batchSize / code.LANES);
    let tile = this.#options.inBlocks ? SMALL_TILE : 32;
    const target = this.#engine.blas && !this.#options.inBlocks ? BLAS_SCRATCH_TARGET : 2 * SCRATCH_TARGET;
    while (tile * 2 <= LARGEST_TILE && tile < share && tile * 2 * widest * 4 <= target) tile *= 2;
    return tile;
  }

  /** Whether the tiles add a sum over the batch up in lanes; else it is computed by blocks of its rows. */
  #isInLanes(tensor: Tensor): boolean {
    return isReduction(tensor) && !this.#options.inBlocks && !opOf(tensor.op).onlyBlocks;
  }

  #addLevel(level: Level, sums: readonly Tensor[], n: number, loss: Tensor | undefined): void {
    const isInLanes = (tensor: Tensor): boolean => this.#isInLanes(tensor);
    if (n > 0) this.#addReductions(level.reductions.filter(isInLanes));
    this.#addShared([...level.reductions.filter((tensor) => !isInLanes(tensor)), ...level.shared], n);
    const program = [...level.rows, ...sums.filter(isInLanes)];
    this.placement.placeInScratch(program, program.map(requirements), this.tileRows);
    const instructions = program.map((tensor) => instructionFor(tensor, this.placement));
    const perTile = n === 0 ? feedChain(this.#options.feed).filter(({ once }) => !once) : [];
    const first = perTile.map((each) => this.#feedInstruction(each));
    const last = loss ? this.#lossInstruction(loss, program, instructions) : instructions;
    this.#addProgram([...first, ...last], true, n);
  }

  /** Sums over the batch and shared tensors of a level, in blocks of rows where they can be and the plan wants it. */
  #addShared(tensors: readonly Tensor[], n: number): void {
    const { feed, inBlocks } = this.#options;
    const drawn = n === 0 && inBlocks ? (feed?.drawn?.lists ?? []) : [];
    const waves = sharedWaves(tensors, drawn, ({ op }) => inBlocks === true || opOf(op).onlyBlocks === true);
    if (waves.length === 0) waves.push({ serial: [], jobs: [] });
    for (const [w, { serial, jobs }] of waves.entries()) {
      const once = w === 0 ? this.#once(n) : [];
      const instructions = serial.map((tensor) => instructionFor(tensor, this.placement));
      this.#addProgram([...once, ...instructions], false, n + w);
      if (jobs.length > 0) this.#addBlocks(jobs);
    }
  }

  #addBlocks(jobs: readonly BlockJob[]): void {
    let nBlocks = 0;
    const records = this.placement.allocate(jobs.length * code.BLOCK_JOB_WORDS * 4);
    jobs.forEach(({ rows, blockRows, tensors }, n) => {
      const instructions = tensors.map((tensor) => this.#blockInstruction(tensor));
      for (const tensor of tensors) this.reserveScratch(opOf(tensor.op).workBytes?.(tensor) ?? 0);
      const address = writeProgram(this.#engine, this.placement, instructions);
      const first = this.instructions.length;
      this.#programs.push({ address, count: instructions.length, rows: false, first, blocksOf: rows, blockRows });
      this.instructions.push(...instructions);
      const words = [address, instructions.length, rows, blockRows, nBlocks];
      this.#engine.i32(records + n * code.BLOCK_JOB_WORDS * 4, code.BLOCK_JOB_WORDS).set(words);
      nBlocks += Math.ceil(rows / blockRows);
    });
    this.addStage(code.STAGE_BLOCKS, [records, jobs.length, nBlocks], true);
  }

  #blockInstruction(tensor: Tensor): Instruction {
    const call = blockCall(tensor);
    if (call) return blockInstructionFor(tensor, call, this.placement, this.#options.batchSize);
    const feed = this.#options.feed as Feed;
    const { offset } = this.placement.read(tensor);
    const operands = [recordPlace(feed), { offset, mode: code.BATCH, stride: 1 }];
    const opcode = (feed.drawn as NonNullable<Feed['drawn']>).opcode;
    return {
      opcode,
      rows: 0,
      parameters: [],
      operands,
      label: `drawing of ${tensor.label}`,
      cost: noCost,
      output: null,
    };
  }

  /** What happens once at the beginning of a step: feeding of whole batches, and what rows carry over. */
  #once(level: number): Instruction[] {
    const { feed, carried = [] } = this.#options;
    if (!feed?.once || level > 0) return [];
    const carry = carried.map(({ leaf, output }): Instruction => {
      const [from, to] = [output, leaf].map((tensor) => ({ ...this.placement.read(tensor), mode: code.ABSOLUTE }));
      const operands = [recordPlace(feed), from, to];
      const opcode = feed.carryOpcode as number;
      return {
        opcode,
        rows: 0,
        parameters: [leaf.size],
        operands,
        label: `carried ${leaf.label}`,
        cost: noCost,
        output: null,
      };
    });
    return [this.#feedInstruction(feed), ...carry];
  }

  /** Puts the summing of the loss right after the loss itself, before its scratch is reused. */
  #lossInstruction(loss: Tensor, program: readonly Tensor[], instructions: readonly Instruction[]): Instruction[] {
    const sum: Instruction = {
      opcode: code.SUM_LOSS,
      rows: 0,
      parameters: [],
      operands: [this.placement.read(loss), { offset: 0, mode: code.LANE, stride: 1 }],
      label: 'sum of the losses',
      cost: noCost,
      output: null,
    };
    const at = program.indexOf(Placement.root(loss)) + 1;
    return [...instructions.slice(0, at), sum, ...instructions.slice(at)];
  }

  #feedInstruction(feed: Feed): Instruction {
    return {
      opcode: feed.opcode,
      rows: 0,
      parameters: [],
      operands: [
        recordPlace(feed),
        ...[...(feed.inputs ?? []), ...feed.outputs].map((leaf) => this.placement.read(leaf)),
      ],
      label: 'drawing of examples',
      cost: noCost,
      output: null,
    };
  }

  #addProgram(instructions: readonly Instruction[], rows: boolean, level: number): void {
    // the first serial stage always runs: it sets what the step's other stages read
    if (instructions.length === 0 && (rows || level > 0)) return;
    const address = writeProgram(this.#engine, this.placement, instructions);
    this.#programs.push({ address, count: instructions.length, rows, first: this.instructions.length });
    this.instructions.push(...instructions);
    if (rows) {
      const [from, bytes] = level === 0 ? [0, this.#laneBytes] : [0, 0];
      this.addStage(code.STAGE_ROWS, [address, instructions.length, from, bytes], true);
    } else this.addStage(code.STAGE_SERIAL, [address, instructions.length], true);
  }

  /** Sums that are not gradients of parameters are reduced one by one. */
  #addReductions(reductions: readonly Tensor[]): void {
    const own = reductions.filter((tensor) => !this.#summedInPlace.has(tensor));
    own.forEach((tensor, n) => {
      const lane = this.placement.write(tensor).offset;
      const length = Math.ceil(tensor.size / 16) * 16;
      this.addStage(code.STAGE_REDUCE, [lane, length, this.placement.read(tensor).offset], n === own.length - 1);
    });
  }

  /** Reduces the gradients of the dense parameters, all at once. */
  addGradientReduction(barrier: boolean): void {
    if (this.#options.inBlocks) return;
    this.addStage(code.STAGE_REDUCE, [LANE_HEADER, this.#store.denseLength, this.gradientBlock], barrier);
  }

  /** Gradients that are computed from sums, or serve more than one purpose, are copied to where the update expects them. */
  #copyComputedGradients(level: number): void {
    const copies = this.#options.denseGradients.filter(([, gradient]) => !this.#summedInPlace.has(gradient));
    if (copies.length === 0) return;
    const lanes = copies.map(([parameter]) => this.#store.addressOf(parameter) - this.#store.denseStart);
    // the later reduction of the whole block adds lanes that nothing wrote to (zeros), so lane 0 carries the value
    const instructions = copies.map(([, gradient], n): Instruction => {
      const source = this.placement.read(gradient);
      const place: Place = this.#options.inBlocks
        ? { offset: this.gradientBlock + lanes[n], mode: code.ABSOLUTE, stride: gradient.size }
        : { offset: LANE_HEADER + lanes[n], mode: code.LANE, stride: gradient.size };
      const operands = [{ ...source, stride: gradient.size }, place];
      return {
        opcode: code.COPY,
        rows: 1,
        parameters: [gradient.size],
        operands,
        label: `gradient of ${gradient.label}`,
        cost: noCost,
        output: null,
      };
    });
    this.#addProgram(instructions, false, level);
  }

  /** Copies shared values into parameters, by one thread. */
  addAssignments(assignments: readonly (readonly [Tensor, Tensor])[]): void {
    const instructions = assignments.map(([target, value]): Instruction => {
      const at: Place = { offset: this.#store.addressOf(target), mode: code.ABSOLUTE, stride: target.size };
      const operands = [{ ...this.placement.read(value), stride: value.size }, at];
      return {
        opcode: code.COPY,
        rows: 1,
        parameters: [value.size],
        operands,
        label: nameOf(target),
        cost: noCost,
        output: null,
      };
    });
    const address = writeProgram(this.#engine, this.placement, instructions);
    instructions.forEach((instruction, n) => {
      this.#assigned.set(address + n * code.INSTRUCTION_WORDS * 4, instruction);
    });
    this.addStage(code.STAGE_ASSIGN, [address, instructions.length]);
  }

  addStage(kind: number, words: readonly number[], barrier = false): void {
    this.#stages.push({ kind, words, barrier });
  }

  barrierAfterLast(): void {
    this.#stages[this.#stages.length - 1].barrier = true;
  }

  /** Makes room for other per-worker needs that share the scratch. */
  reserveScratch(bytes: number): void {
    this.#extraScratch = Math.max(this.#extraScratch, bytes);
  }

  /** Writes the stages and the header; nothing can be added afterwards. */
  finish(): void {
    const engine = this.#engine;
    const stages = this.placement.allocate(this.#stages.length * code.STAGE_WORDS * 4);
    this.#stages.forEach(({ kind, words, barrier }, n) => {
      const target = engine.i32(stages + n * code.STAGE_WORDS * 4, code.STAGE_WORDS);
      target.set([kind, ...words]);
      target[7] = barrier ? 1 : 0;
    });
    const scratchBytes = Math.ceil(Math.max(this.placement.scratchBytes, this.#extraScratch) / 4096) * 4096 + 64;
    const laneBytes = Math.ceil(this.#laneBytes / 64) * 64 + 64;
    const header = engine.i32(this.header, code.PLAN_WORDS);
    header[code.PLAN_STAGES] = stages;
    header[code.PLAN_N_STAGES] = this.#stages.length;
    header[code.PLAN_BATCH] = this.#options.batchSize;
    header[code.PLAN_TILE] = this.tileRows;
    header[code.PLAN_SCRATCH] = this.placement.allocate(scratchBytes * engine.threads);
    header[code.PLAN_SCRATCH_BYTES] = scratchBytes;
    header[code.PLAN_LANES] = this.placement.allocate(laneBytes * code.LANES);
    header[code.PLAN_LANE_BYTES] = laneBytes;
    header[code.PLAN_NORMS] = this.placement.allocate(code.OWNERS * 8);
  }

  /** Arithmetic of the matrix products of a step on a full batch. */
  get flopsOfStep(): number {
    let sum = 0;
    for (const { count, rows, first, blocksOf } of this.#programs)
      for (const instruction of this.instructions.slice(first, first + count))
        sum += instruction.cost.flopsOfRow * (rows ? this.#options.batchSize : (blocksOf ?? instruction.rows));
    return sum;
  }

  /** What lies at the addresses that a profile's events name. */
  timedParts(): Map<number, TimedPart> {
    const parts = new Map<number, TimedPart>();
    const instructionBytes = code.INSTRUCTION_WORDS * 4;
    for (const { address, count, rows, first, blockRows = 1 } of this.#programs)
      for (let n = 0; n < count; n++) {
        const { label, cost, opcode } = this.instructions[first + n];
        const kind = drawing.includes(opcode) ? 'sampling' : 'op';
        parts.set(address + n * instructionBytes, { label, kind, cost, rows: rows ? this.tileRows : blockRows });
      }
    for (const [address, { label, cost }] of this.#assigned)
      parts.set(address, { label: `assignment of ${label}`, kind: 'update', cost, rows: 1 });
    const stages = this.#engine.i32(this.header, code.PLAN_WORDS)[code.PLAN_STAGES];
    this.#stages.forEach(({ kind }, n) => {
      const label = stageLabels[kind];
      if (label) parts.set(stages + n * code.STAGE_WORDS * 4, { label, kind: 'update', cost: noCost, rows: 1 });
    });
    return parts;
  }

  /** Runs the instructions of one batch one by one on this thread and calls `visit` after each. */
  trace(
    { slot, epoch, rows, step = 0, inWindow = 0 }: TracedBatch,
    visit: (instruction: Instruction, tileStart: number, rows: number) => boolean,
  ): void {
    const { kernels } = this.#engine;
    const header = this.#engine.i32(this.header, code.PLAN_WORDS);
    const bytes = code.INSTRUCTION_WORDS * 4;
    kernels.setExamples(slot, epoch);
    kernels.setBatch(rows, step, inWindow);
    kernels.setBases(header[code.PLAN_SCRATCH], header[code.PLAN_LANES]);
    for (const program of this.#programs) {
      for (let start = 0; start < (program.rows ? rows : 1); start += this.tileRows) {
        const tile = program.rows ? Math.min(this.tileRows, rows - start) : (program.blocksOf ?? rows);
        kernels.setTile(start, tile);
        for (let n = 0; n < program.count; n++) {
          // what was carried into the step still lies there, while its source has been written over
          if (this.instructions[program.first + n].opcode === this.#options.feed?.carryOpcode) continue;
          kernels.runProgram(program.address + n * bytes, 1);
          if (visit(this.instructions[program.first + n], start, tile)) return;
        }
      }
    }
  }
}

/** The batch to repeat: `slot` is the number of its first example, `step` its number in the epoch, `inWindow` in the run. */
export interface TracedBatch {
  readonly epoch: number;
  readonly slot: number;
  readonly rows: number;
  readonly step?: number;
  readonly inWindow?: number;
}

/** Rows that must lie in one tile: the window of ops that look at other rows; 0 where there are none. */
function windowOf(rows: readonly Tensor[]): number {
  const windows = new Set(rows.map(({ attributes }) => attributes.window as number | undefined));
  windows.delete(undefined);
  if (windows.size > 1)
    throw new DeepTasteError('config', `plan: all windows must be of one length, got ${[...windows].join(', ')}`);
  return [...windows][0] ?? 0;
}

/** What is computed for all rows of a batch at once has room for so many. */
function checkCapacity({ label, attributes: { capacity } }: Tensor, batchSize: number): void {
  if (typeof capacity === 'number' && capacity < batchSize)
    throw new DeepTasteError(
      'shape',
      `${label}: was made for batches of ${capacity} rows at most, got ${batchSize} (make it with the plan's batch size)`,
    );
}

const recordPlace = (feed: Feed): Place => ({ offset: feed.record, mode: code.ABSOLUTE, stride: 0 });

/** Names the parameter or op where the first value that is not finite appears in a batch. */
export function findNotFinite(engine: Engine, store: ParameterStore, work: RowWork, batch: TracedBatch): string {
  for (const parameter of store.parameters)
    if (!readRows(engine, store.addressOf(parameter), parameter).every(Number.isFinite))
      return `parameter "${nameOf(parameter)}"`;
  let culprit = 'an input';
  const scratch = engine.i32(work.header, code.PLAN_WORDS)[code.PLAN_SCRATCH];
  work.trace(batch, ({ output, label }, start, tile) => {
    if (!output) return false;
    const { place, width } = output;
    const base =
      place.mode === code.SCRATCH
        ? scratch + place.offset
        : place.offset + (place.mode === code.BATCH ? start * place.stride * 4 : 0);
    const rows = output.rows || tile;
    for (let r = 0; r < rows; r++)
      if (!engine.f32(base + r * place.stride * 4, width).every(Number.isFinite)) {
        culprit = label;
        return true;
      }
    return false;
  });
  return culprit;
}
