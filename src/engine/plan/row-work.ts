/** The part of a plan that computes: levels of shared and tile work with their placement, as stages of the step. */
import type { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import { nameOf, type ParameterStore } from '../runtime/parameter-store.ts';
import { choosingWork } from './choosing-work.ts';
import { type Feed, feedChain } from './feed.ts';
import type { Place } from './place.ts';
import type { Placement } from './placement.ts';
import * as plain from './plain-instructions.ts';
import { blockInstructionFor, type Instruction, instructionFor, type WrittenProgram, writeProgram } from './program.ts';
import type { RowWorkOptions } from './row-work-options.ts';
import { type Level, requirements, schedule } from './schedule.ts';
import { type BlockJob, blockCall, sharedWaves } from './shared-work.ts';
import { Stages, writeHeader } from './stages.ts';
import { type TimedPart, timedPartsOf } from './timed-parts.ts';
import { viewed } from './views.ts';
import { LANE_HEADER, WorkPlacement } from './work-placement.ts';

export class RowWork {
  readonly placement: Placement;
  readonly header: number;
  readonly tileRows: number;
  /** Gradients of the dense parameters, laid out like the parameters. */
  readonly gradientBlock: number;
  /** In the order of execution. */
  readonly programs: WrittenProgram[] = [];
  /** See Feed. */
  readonly carryOpcode: number | undefined;
  readonly #engine: Engine;
  readonly #store: ParameterStore;
  readonly #options: RowWorkOptions;
  readonly #placed: WorkPlacement;
  readonly #stages = new Stages();
  /** The programs that set kept parameters; they are no part of a traced batch. */
  readonly #assignments: WrittenProgram[] = [];
  /** What is the work of the sampler. */
  readonly #choosing: ReadonlySet<Tensor>;
  #extraScratch = 0;

  constructor(engine: Engine, store: ParameterStore, options: RowWorkOptions) {
    this.#engine = engine;
    this.#store = store;
    this.#options = options;
    this.carryOpcode = options.feed?.carryOpcode;
    const gradients = options.denseGradients.map(([, gradient]) => gradient);
    const carried = (options.carried ?? []).map(({ output }) => output);
    const outputs = [...(options.loss ? [options.loss] : []), ...options.kept, ...carried, ...gradients];
    const { levels, levelOf } = schedule(outputs);
    this.#choosing = choosingWork(outputs);
    this.#placed = new WorkPlacement(engine, store, options, levels, levelOf);
    this.placement = this.#placed.placement;
    this.header = this.#placed.header;
    this.tileRows = this.#placed.tileRows;
    this.gradientBlock = this.#placed.gradientBlock;
    const lossLevel = options.loss ? levelOf.get(options.loss) : -1;
    for (const [n, level] of levels.entries())
      this.#addLevel(level, levels[n + 1]?.reductions ?? [], n, n === lossLevel ? options.loss : undefined);
    this.#copyComputedGradients(levels.length);
  }

  #addLevel(level: Level, sums: readonly Tensor[], n: number, loss: Tensor | undefined): void {
    const isInLanes = (tensor: Tensor): boolean => this.#placed.isInLanes(tensor);
    if (n > 0) this.#addReductions(level.reductions.filter(isInLanes));
    this.#addShared([...level.reductions.filter((tensor) => !isInLanes(tensor)), ...level.shared], n);
    const program = [...level.rows, ...sums.filter(isInLanes)];
    this.placement.placeInScratch(program, program.map(requirements), this.tileRows);
    const instructions = program.map((tensor) => this.#instruction(tensor));
    const perTile = n === 0 ? feedChain(this.#options.feed).filter(({ once }) => !once) : [];
    const first = perTile.map((each) => plain.feedInstruction(each, this.placement));
    // right after the loss itself, before its scratch is reused
    if (loss) instructions.splice(program.indexOf(viewed(loss)) + 1, 0, plain.lossSumInstruction(loss, this.placement));
    this.#addProgram([...first, ...instructions], true, n);
  }

  /** Sums over the batch and shared tensors of a level, in blocks of rows where they can be and the plan wants it. */
  #addShared(tensors: readonly Tensor[], n: number): void {
    const { feed, inBlocks } = this.#options;
    const drawn = n === 0 && inBlocks ? (feed?.drawn?.lists ?? []) : [];
    const waves = sharedWaves(tensors, drawn, ({ op }) => inBlocks === true || op.onlyBlocks === true);
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
      for (const tensor of tensors) this.reserveScratch(tensor.op.workBytes?.(tensor) ?? 0);
      const address = writeProgram(this.#engine, this.placement, instructions);
      this.programs.push({ address, instructions, rows: false, blocksOf: rows, blockRows });
      const words = [address, instructions.length, rows, blockRows, nBlocks];
      this.#engine.i32(records + n * code.BLOCK_JOB_WORDS * 4, code.BLOCK_JOB_WORDS).set(words);
      nBlocks += Math.ceil(rows / blockRows);
    });
    this.addStage(code.STAGE_BLOCKS, [records, jobs.length, nBlocks], true);
  }

  #blockInstruction(tensor: Tensor): Instruction {
    const call = blockCall(tensor);
    if (call) return blockInstructionFor(tensor, call, this.placement, this.#options.batchSize);
    return plain.drawInstruction(this.#options.feed as Feed, tensor, this.placement);
  }

  /** What happens once at the beginning of a step: feeding of whole batches, and what rows carry over. */
  #once(level: number): Instruction[] {
    const { feed, carried = [] } = this.#options;
    if (!feed?.once || level > 0) return [];
    const carry = carried.map((each) => plain.carryInstruction(feed, each, this.placement));
    return [plain.feedInstruction(feed, this.placement), ...carry];
  }

  #instruction(tensor: Tensor): Instruction {
    const instruction = instructionFor(tensor, this.placement);
    if (!this.#choosing.has(tensor)) return instruction;
    return { ...instruction, kind: 'sampling', label: `${instruction.label} of candidates` };
  }

  #addProgram(instructions: readonly Instruction[], rows: boolean, level: number): void {
    // the first serial stage always runs: it sets what the step's other stages read
    if (instructions.length === 0 && (rows || level > 0)) return;
    const address = writeProgram(this.#engine, this.placement, instructions);
    this.programs.push({ address, instructions, rows });
    if (rows) {
      const laneBytes = level === 0 ? this.#placed.laneBytes : 0;
      this.addStage(code.STAGE_ROWS, [address, instructions.length, 0, laneBytes], true);
    } else this.addStage(code.STAGE_SERIAL, [address, instructions.length], true);
  }

  /** Sums that are not gradients of parameters are reduced one by one. */
  #addReductions(reductions: readonly Tensor[]): void {
    const own = reductions.filter((tensor) => !this.#placed.isMadeInPlace(tensor));
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
    const copies = this.#options.denseGradients.filter(([, gradient]) => !this.#placed.isMadeInPlace(gradient));
    const instructions = copies.map(([parameter, gradient]) => {
      const to = this.#placed.copiedGradient(parameter, gradient.size);
      return plain.copyInstruction(gradient, to, `gradient of ${gradient.label}`, this.placement);
    });
    this.#addProgram(instructions, false, level);
  }

  /** Copies shared values into parameters, by one thread. */
  addAssignments(assignments: readonly (readonly [Tensor, Tensor])[]): void {
    const instructions = assignments.map(([target, value]) => {
      const to: Place = { offset: this.#store.addressOf(target), mode: code.ABSOLUTE, stride: target.size };
      return plain.copyInstruction(value, to, nameOf(target), this.placement);
    });
    const address = writeProgram(this.#engine, this.placement, instructions);
    this.#assignments.push({ address, instructions, rows: false });
    this.addStage(code.STAGE_ASSIGN, [address, instructions.length]);
  }

  addStage(kind: number, words: readonly number[], barrier = false): void {
    this.#stages.add(kind, words, barrier);
  }

  barrierAfterLast(): void {
    this.#stages.barrierAfterLast();
  }

  /** Makes room for other per-worker needs that share the scratch. */
  reserveScratch(bytes: number): void {
    this.#extraScratch = Math.max(this.#extraScratch, bytes);
  }

  /** Writes the stages and the header; nothing can be added afterwards. */
  finish(): void {
    writeHeader(this.#engine, this.placement, this.header, this.#stages, {
      batchSize: this.#options.batchSize,
      tileRows: this.tileRows,
      scratchBytes: Math.max(this.placement.scratchBytes, this.#extraScratch),
      laneBytes: this.#placed.laneBytes,
      ownProducts: this.#options.ownProducts === true,
    });
  }

  /** Arithmetic of the matrix products of a step on a full batch. */
  get flopsOfStep(): number {
    let sum = 0;
    for (const { instructions, rows, blocksOf } of this.programs)
      for (const { cost, rows: ownRows } of instructions)
        sum += cost.flopsOfRow * (rows ? this.#options.batchSize : (blocksOf ?? ownRows));
    return sum;
  }

  /** What lies at the addresses that a profile's events name. */
  timedParts(): Map<number, TimedPart> {
    return timedPartsOf(this.programs, this.#assignments, this.#stages, this.tileRows);
  }
}
